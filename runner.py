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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import selfsetup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.flow.sync import CompanyReport
    from engine.project import Project

ROOT = Path(__file__).resolve().parent
LEDGER = "sqlite:///siirto-ledger.sqlite"
OK, STOPPED, WRONG, UNEXPECTED, LOCKED = range(5)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    arguments = _parser().parse_args(argv)
    if arguments.command in ("demo", "test") and not selfsetup.is_inside(ROOT):
        return selfsetup.rerun_inside(ROOT, list(argv or sys.argv[1:]))
    from engine.errors import ConfigError

    try:
        return int(arguments.run(arguments))
    except ConfigError as error:
        from engine.report import render_problems

        print(render_problems(error.problems, _read_lines(arguments)), file=sys.stderr)
        return WRONG
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:  # noqa: BLE001  # the last net: a code, not a traceback
        if os.environ.get("SIIRTO_DEBUG"):
            raise
        text = f"unexpected {type(error).__name__}: {error}"
        print(
            f"{text}\n  do: run again with SIIRTO_DEBUG=1 for the trace",
            file=sys.stderr,
        )
        return UNEXPECTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="runner.py", description=__doc__.split("\n")[0]
    )
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--root",
        type=Path,
        default=ROOT,
        metavar="FOLDER",
        help="the folder with mappings/ and schemas/ (default: here)",
    )
    shared.add_argument(
        "--ledger",
        default=os.environ.get("SIIRTO_LEDGER", LEDGER),
        metavar="URL",
        help=f"sqlite:///FILE (default: {LEDGER})",
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name, help=text, description=text, parents=[shared]
        )
        command.set_defaults(run=run)
        return command

    add("demo", _demo, "set up, then sync two simulated systems and show the log")
    test = add("test", _test, "set up, then run the tests")
    test.add_argument("arguments", nargs=argparse.REMAINDER, help="passed to pytest")
    sync = add("sync", _sync, "move every document that waits")
    sync.add_argument("--company", metavar="NAME", help="only this company")
    sync.add_argument("--flow", metavar="NAME", help="only this flow")
    sync.add_argument("--json", action="store_true", help="print the report as JSON")
    status = add("status", _status, "show last runs and what is stuck")
    status.add_argument("--company", metavar="NAME")
    status.add_argument("--json", action="store_true")
    log = add("log", _log, "show what became of each document")
    log.add_argument("--json", action="store_true", help="one JSON object per line")
    log.add_argument("--company", metavar="NAME")
    log.add_argument(
        "--outcome", choices=("transferred", "stopped", "waiting", "skipped", "note")
    )
    log.add_argument("--since", metavar="DATE", help="2026-11-24 or a full time, UTC")
    retry = add("retry", _retry, "try a stopped document again in the next sync")
    retry.add_argument("key", help="its number, or the source's id")
    retry.add_argument("--company", metavar="NAME")
    return parser


def _sync(arguments: argparse.Namespace) -> int:
    from engine.clock import SystemClock
    from engine.errors import SettingsError
    from engine.flow.sync import Opener, check_secrets, choose_work, sync_company
    from engine.ledger import open_ledger
    from engine.project import load_project
    from engine.screens import open_progress

    project = load_project(arguments.root)
    work = choose_work(project, company=arguments.company, flow=arguments.flow)
    places = _places(arguments.root)
    problems = [
        problem
        for company, flows in work
        for problem in check_secrets(project, company, flows, places)
    ]
    if problems:
        raise SettingsError(problems)
    clock = SystemClock()
    ledger = open_ledger(arguments.ledger, clock)
    opener = Opener(project, clock)
    reports = []
    with open_progress(is_shown=sys.stderr.isatty()) as progress:
        for company, flows in work:
            reports.append(
                sync_company(
                    project,
                    company,
                    flows,
                    ledger=ledger,
                    clock=clock,
                    opener=opener,
                    places=places,
                    progress=progress,
                )
            )
    ledger.close()
    return _tell(reports, project, as_json=arguments.json)


def _tell(reports: list[CompanyReport], project: Project, *, as_json: bool) -> int:
    from engine.screens import report_to_json, summary_line

    for report in reports:
        if as_json:
            print(json.dumps(report_to_json(report), ensure_ascii=False))
        elif sys.stdout.isatty() or report.degraded or report.is_locked:
            print(summary_line(report), file=sys.stderr)
    if any(report.is_locked for report in reports):
        return LOCKED
    unfinished = ("stopped", "waiting", "still stopped")
    if any(
        report.degraded or any(report.outcomes[o] for o in unfinished)
        for report in reports
    ):
        return STOPPED
    return OK


def _log(arguments: argparse.Namespace) -> int:
    from engine.screens import parse_since, render_log

    with _ledger(arguments) as ledger:
        rows = ledger.log(
            arguments.company,
            arguments.outcome,
            parse_since(arguments.since),
            latest_per_document=arguments.outcome != "note",
        )
        if arguments.json:
            for row in rows:
                print(json.dumps(row.to_json(), ensure_ascii=False))
        else:
            width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
            print(render_log(rows, width=width))
    return OK


def _status(arguments: argparse.Namespace) -> int:
    from engine.screens import gather_status, render_status

    with _ledger(arguments) as ledger:
        found = gather_status(ledger, arguments.company)
    print(
        json.dumps(found, ensure_ascii=False)
        if arguments.json
        else render_status(found)
    )
    return STOPPED if any(status["stuck"] for status in found) else OK


def _retry(arguments: argparse.Namespace) -> int:
    with _ledger(arguments) as ledger:
        marked = ledger.retry(arguments.company, arguments.key)
    for transfer in marked:
        print(
            f"{transfer.company} {transfer.flow} {transfer.label}: goes again in the next sync"
        )
    if not marked:
        print(
            f"{arguments.key}: no stopped or waiting document of that number",
            file=sys.stderr,
        )
    return OK if marked else STOPPED


def _test(arguments: argparse.Namespace) -> int:
    import pytest

    os.chdir(ROOT)
    return int(pytest.main(arguments.arguments))


def _demo(_: argparse.Namespace) -> int:
    from tests.simulators.show import (
        run_demo,
    )  # the simulated systems live with the tests

    return int(run_demo(ROOT))


def _ledger(arguments: argparse.Namespace) -> Any:
    from contextlib import closing

    from engine.clock import SystemClock
    from engine.ledger import open_ledger

    return closing(open_ledger(arguments.ledger, SystemClock(), must_exist=True))


def _places(root: Path) -> Any:
    from engine.credentials import SecretPlaces

    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return SecretPlaces(os.environ, Path(folder) if folder else None, root / ".secrets")


def _read_lines(arguments: argparse.Namespace) -> Any:
    def read(file: str) -> list[str]:
        path = arguments.root / file
        return path.read_text("utf-8", "replace").splitlines() if path.is_file() else []

    return read


if __name__ == "__main__":
    sys.exit(main())
