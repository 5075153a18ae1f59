"""``retry``: let a stopped document go again."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.exit_codes import OK, STOPPED
from engine.cli.operator import CommandContext, add_company


def add_command(add: Any) -> None:
    command = add("retry", run, "let a stopped document go again in the next sync")
    add_company(command)
    command.add_argument("key", help="its number, or the source's id")


def run(arguments: argparse.Namespace, context: CommandContext) -> int:
    with context.open_ledger(arguments.ledger) as ledger:
        marked = ledger.retry(arguments.company, arguments.key, context.who)
    for transfer in marked:
        where = f"{transfer.company} {transfer.flow} {transfer.label}"
        context.write(f"{where}: goes again in the next sync")
    if not marked:
        context.say(f"{arguments.key}: no stopped or waiting document of that number")
    return OK if marked else STOPPED
