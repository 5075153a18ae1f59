"""``docs``: the pages that are made from the grammar and the rules."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.consultant import Reply
from engine.cli.docs.pages import check_pages, write_pages
from engine.cli.exit_codes import OK, STOPPED


def add_command(add: Any) -> None:
    text = "regenerate the pages that are made from the grammar and the rules"
    command = add("docs", run, text)
    command.add_argument("--check", action="store_true", help="only tell what is wrong")


def run(arguments: argparse.Namespace) -> Reply:
    if not arguments.check:
        return Reply("\n".join(write_pages(arguments.root)))
    found = check_pages(arguments.root)
    return Reply(err="\n".join(found), code=STOPPED if found else OK)
