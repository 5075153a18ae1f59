"""``accept``: say that a held document stands in the target as it is."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.exit_codes import OK, STOPPED
from engine.cli.operator import CommandContext, add_company
from engine.masking import mask_text


def add_command(add: Any) -> None:
    command = add("accept", run, "say that a held document is right in the target")
    add_company(command)
    command.add_argument("key", help="its number, or the source's id")
    text = "stands in the log, with your login name"
    command.add_argument("--why", required=True, metavar="TEXT", help=text)


def run(arguments: argparse.Namespace, context: CommandContext) -> int:
    """Keep the word for each document of that number; 1 when one takes none."""
    with context.open_ledger(arguments.ledger) as ledger:
        found = ledger.find_named(arguments.company, arguments.key)
        for transfer in found:
            where = f"{transfer.company} {transfer.flow} {transfer.label}"
            if transfer.is_acceptable:
                why = mask_text(arguments.why)
                ledger.contents.accept(transfer, context.who, why)
                context.write(f"{where}: accepted as it stands in the target")
            else:
                reason = transfer.code or transfer.state
                context.say(f"{where}: {reason} is nothing that can be accepted")
    if not found:
        context.say(f"{arguments.key}: no stopped document of that number")
    return OK if found and all(t.is_acceptable for t in found) else STOPPED
