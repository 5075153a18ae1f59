"""The consultant's tool, ``python -m engine``: no network, no secret, no ledger.

Exit codes: 0 all well, 1 the document cannot go as it is (or a page is stale), 2 rules
or names are wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from engine.cli.consultant import Reply
from engine.cli.exit_codes import WRONG
from engine.cli.named import line_reader
from engine.cli.report import render_problems
from engine.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent
# Command -> its module in engine.cli.consultant; only the one that is asked is loaded.
TOOLS = {
    **{name: name for name in ("check", "map", "explain", "compiled", "test")},
    **{name: name for name in ("coverage", "diff", "resolve", "rule")},
    "docs": "write_docs",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, print what it says and give its exit code."""
    given = sys.argv[1:] if argv is None else argv
    arguments = _parser(given[0] if given else "").parse_args(given)
    try:
        reply: Reply = arguments.run(arguments)
    except ConfigError as error:
        found = render_problems(list(error.problems), line_reader(arguments.root))
        reply = Reply(err=found, code=WRONG)
    try:
        if reply.out:
            print(reply.out, flush=True)
    except BrokenPipeError:  # `explain … | head` is no fault
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if reply.err:
        print(reply.err, file=sys.stderr)
    return reply.code


def _parser(asked: str = "") -> argparse.ArgumentParser:
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m engine", description=about)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--root", type=Path, default=ROOT, metavar="FOLDER")
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, run: Callable[[Any], Reply], text: str) -> Any:
        command = commands.add_parser(name, help=text, parents=[shared])
        command.set_defaults(run=run)
        return command

    for name in [TOOLS[asked]] if asked in TOOLS else TOOLS.values():
        import_module(f"engine.cli.consultant.{name}").add_command(add)
    return parser


if __name__ == "__main__":
    sys.exit(main())
