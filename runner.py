"""Siirto's command line: move documents between systems, show what became of them.

``demo`` and ``test`` set the project up by themselves; every other command expects an
installed project. What an exit code says stands in ``engine/cli/exit_codes.py``.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import os
import shutil
import sys
import tomllib
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli import selfsetup
from engine.cli.exit_codes import BY_HAND, CANNOT_START, OK, UNEXPECTED, WRONG

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from engine.cli.operator import CommandContext

ROOT = Path(__file__).resolve().parent
LEDGER = "sqlite:///siirto-ledger.sqlite"
# Options of the test runner that want one process, or say themselves how many; two
# would write the same file of snapshots.
ONE_PROCESS = (
    *("-n", "--numprocesses", "--dist", "-p", "-s", "--capture", "--pdb"),
    "--snapshot-update",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    may_install = given[:1] in (["demo"], ["test"])
    if not selfsetup.is_inside(ROOT) and (may_install or not selfsetup.is_installed()):
        try:
            return selfsetup.rerun_inside(ROOT, given, may_install=may_install)
        except selfsetup.SetUpError as error:
            _say(str(error))
            return error.exit_code
    if given[:1] == ["test"] and not {"-h", "--help"} & set(given):
        return _test(given[1:])  # the options are the test runner's
    try:
        return _run(given)
    except ImportError as error:
        if os.environ.get("SIIRTO_DEBUG"):
            raise
        _say(f"the installation is not whole: {error}")
        _say("  do: python3 runner.py test sets it up anew")
        return CANNOT_START


def _run(given: Sequence[str]) -> int:
    """Run one command inside the environment and give its exit code."""
    arguments = _parser().parse_args(given)
    from engine.errors import CannotStartError, ConfigError

    try:
        return int(arguments.run(arguments, _context()))
    except ConfigError as error:
        from engine.cli.named import line_reader
        from engine.cli.report import render_problems

        _say(render_problems(list(error.problems), line_reader(arguments.root)))
        return CANNOT_START if isinstance(error, CannotStartError) else WRONG
    except BrokenPipeError:  # `log | head` is no fault
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        _say("stopped by hand; the next run goes on where this one was")
        return BY_HAND
    except ImportError:
        raise
    except Exception as error:  # noqa: BLE001  # nobody above hears of it
        from engine.masking import mask_text

        if os.environ.get("SIIRTO_DEBUG"):
            _say(mask_text(traceback.format_exc()))
            return UNEXPECTED
        _say(mask_text(f"unexpected {type(error).__name__}: {error}"))
        _say("  do: run it again with SIIRTO_DEBUG=1 to see where")
        return UNEXPECTED


def _parser() -> argparse.ArgumentParser:
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="runner.py", description=about)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--root", type=Path, default=ROOT, metavar="FOLDER")
    url = os.environ.get("SIIRTO_LEDGER", LEDGER)
    shared.add_argument("--ledger", default=url, metavar="URL", help="sqlite:///FILE")
    parser.add_argument("--version", action="version", version=f"siirto {_version()}")
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, run: Callable[[Any, CommandContext], int], text: str) -> Any:
        command = commands.add_parser(name, help=text, parents=[shared])
        command.set_defaults(run=run)
        return command

    add("demo", _demo, "set up, then sync two simulated systems and show the log")
    add("test", _demo, "set up, then run the tests; takes pytest's options")
    from engine.cli.operator import accept, doctor, log, plan, retry, status, sync

    for module in (sync, plan, doctor, status, log, retry, accept):
        module.add_command(add)
    return parser


def _version() -> str:
    said = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return str(said["project"]["version"])


def _test(options: list[str]) -> int:
    import pytest

    from engine.errors import ConfigError

    with contextlib.suppress(ConfigError):  # the tests say what is wrong with rules
        _write_local_pages()
    os.chdir(ROOT)
    if not any(option.startswith(ONE_PROCESS) for option in options):
        # Neighbours stay in one process: they share what their module has loaded.
        options = ["--numprocesses", "auto", "--dist", "worksteal", *options]
    return int(pytest.main(options))


def _demo(_: argparse.Namespace, __: CommandContext) -> int:
    from tests.simulators.show import run_demo  # the simulated systems live there

    _write_local_pages()
    return int(run_demo(ROOT))


def _write_local_pages() -> None:
    """Make what editors and readers use and git does not keep."""
    from engine.cli.docs.pages import write_pages

    write_pages(ROOT, only_local=True)


def _context() -> CommandContext:
    from engine.cli.operator import CommandContext
    from engine.clock import SystemClock

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    return CommandContext(
        environment=os.environ,
        clock=SystemClock(),
        write=print,
        say=_say,
        has_screen=sys.stderr.isatty(),
        width=width,
        who=_who(),
    )


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as containers have
        return f"user {os.getuid()}"


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
