"""Siirto's command line: move documents between systems, show what became of them.

``demo`` and ``test`` set the project up by themselves; every other command expects an
installed project. Exit codes: 0 all well, 1 some documents are stopped or waiting, 2
rules or settings are wrong, 3 something unexpected, 4 another run holds the lock.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import selfsetup

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parent
LEDGER = "sqlite:///siirto-ledger.sqlite"
OUTCOMES = ("transferred", "stopped", "waiting", "skipped", "note")
LANGUAGES = ("fi", "sv", "en", "nl")
FLAGS = {"--json": "for programs", "--due": "companies whose schedule says so, only"}
OK, STOPPED, WRONG, UNEXPECTED, LOCKED = range(5)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    parser = _parser()
    arguments, left = parser.parse_known_args(argv)
    if left and arguments.command != "test":  # the test runner's own options
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    if arguments.command in ("demo", "test") and not selfsetup.is_inside(ROOT):
        return selfsetup.rerun_inside(ROOT, list(argv or sys.argv[1:]))
    arguments.left = left
    from engine.errors import ConfigError

    try:
        return int(arguments.run(arguments))
    except ConfigError as error:
        from engine.report import render_problems
        from engine.tools import line_reader

        _say(render_problems(error.problems, line_reader(arguments.root)))
        return WRONG
    except BrokenPipeError:  # `log | head` is no fault
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:
        if os.environ.get("SIIRTO_DEBUG"):
            raise
        _say(f"unexpected {type(error).__name__}: {error}")
        _say("  do: run it again with SIIRTO_DEBUG=1 to see where")
        return UNEXPECTED


def _parser() -> argparse.ArgumentParser:
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="runner.py", description=about)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--root", type=Path, default=ROOT, metavar="FOLDER")
    url = os.environ.get("SIIRTO_LEDGER", LEDGER)
    shared.add_argument("--ledger", default=url, metavar="URL", help="sqlite:///FILE")
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, run: Callable[[Any], int], text: str, *options: str) -> Any:
        command = commands.add_parser(name, help=text, parents=[shared])
        command.set_defaults(run=run)
        for option in options:
            if option in FLAGS:
                command.add_argument(option, action="store_true", help=FLAGS[option])
            else:
                command.add_argument(option, metavar="NAME")
        return command

    add("demo", _demo, "set up, then sync two simulated systems and show the log")
    add("test", _test, "set up, then run the tests; takes pytest's options")
    add("sync", _sync, "move what waits", "--company", "--flow", "--due", "--json")
    add("status", _status, "show last runs and what is stuck", "--company", "--json")
    log = add("log", _log, "show what became of each document", "--company", "--json")
    log.add_argument("--outcome", choices=OUTCOMES)
    log.add_argument("--language", choices=LANGUAGES, help="of the advice")
    log.add_argument("--since", metavar="DATE", help="2026-11-24, or a time; UTC")
    retry = add("retry", _retry, "let a stopped document go again", "--company")
    retry.add_argument("key", help="its number, or the source's id")
    return parser


def _sync(arguments: argparse.Namespace) -> int:
    from engine.clock import SystemClock
    from engine.flow.sync import sync_companies
    from engine.ledger import open_ledger
    from engine.notifier import open_notifier
    from engine.project import load_project
    from engine.screens import open_progress, report_to_json, summary_line

    project, clock = load_project(arguments.root), SystemClock()
    shared: dict[str, Any] = {
        "open_ledger": lambda: open_ledger(arguments.ledger, clock),
        "clock": clock,
        "places": _secret_places(arguments.root),
    }
    url, is_shown = os.environ.get("SIIRTO_SMTP_URL"), sys.stderr.isatty()
    mails = open_notifier(project, url, say=_say, **shared)
    with mails as after, open_progress(is_shown=is_shown) as progress:
        reports = sync_companies(
            project,
            company=arguments.company,
            flow=arguments.flow,
            progress=progress,
            after_company=after,
            only_due=arguments.due,
            **shared,
        )
    for report in reports:
        if arguments.json:
            print(json.dumps(report_to_json(report), ensure_ascii=False))
        elif is_shown or report.degraded or report.is_locked:
            _say(summary_line(report))
    if any(report.is_locked for report in reports):
        return LOCKED
    return STOPPED if any(report.has_unfinished for report in reports) else OK


def _log(arguments: argparse.Namespace) -> int:
    from engine.screens import iter_log, parse_since, translate_rows

    since, outcome = parse_since(arguments.since), arguments.outcome
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    with _ledger(arguments) as ledger:
        latest = outcome != "note"
        rows = ledger.log(arguments.company, outcome, since, latest_per_document=latest)
        rows = translate_rows(rows, arguments.language, arguments.root)
        for line in iter_log(rows, as_json=arguments.json, width=width):
            print(line)
    return OK


def _status(arguments: argparse.Namespace) -> int:
    from engine.screens import gather_status, render_status

    with _ledger(arguments) as ledger:
        found = gather_status(ledger, arguments.company)
    as_json = arguments.json
    print(json.dumps(found, ensure_ascii=False) if as_json else render_status(found))
    return STOPPED if any(status["stuck"] for status in found) else OK


def _retry(arguments: argparse.Namespace) -> int:
    with _ledger(arguments) as ledger:
        marked = ledger.retry(arguments.company, arguments.key)
    for transfer in marked:
        where = f"{transfer.company} {transfer.flow} {transfer.label}"
        print(f"{where}: goes again in the next sync")
    if not marked:
        _say(f"{arguments.key}: no stopped or waiting document of that number")
    return OK if marked else STOPPED


def _test(arguments: argparse.Namespace) -> int:
    import pytest

    os.chdir(ROOT)
    return int(pytest.main(arguments.left))


def _demo(_: argparse.Namespace) -> int:
    from tests.simulators.show import run_demo  # the simulated systems live there

    return int(run_demo(ROOT))


def _ledger(arguments: argparse.Namespace) -> Any:
    from engine.clock import SystemClock
    from engine.ledger import open_ledger

    return closing(open_ledger(arguments.ledger, SystemClock(), must_exist=True))


def _secret_places(root: Path) -> Any:
    from engine.credentials import SecretPlaces

    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return SecretPlaces(os.environ, Path(folder) if folder else None, root / ".secrets")


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
