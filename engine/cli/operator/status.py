"""``status``: last runs, and what is stuck."""

from __future__ import annotations

import argparse
import json
from typing import Any

from engine.cli.exit_codes import OK, STOPPED
from engine.cli.operator import CommandContext, add_company, add_json


def add_command(add: Any) -> None:
    command = add("status", run, "show last runs and what is stuck")
    add_company(command)
    add_json(command)


def run(arguments: argparse.Namespace, context: CommandContext) -> int:
    from engine.cli.screens import gather_status, render_status

    with context.open_ledger(arguments.ledger) as ledger:
        found = gather_status(ledger, arguments.company)
    if arguments.json:
        context.write(json.dumps(found, ensure_ascii=False))
    else:
        context.write(render_status(found))
    return STOPPED if any(status["stuck"] for status in found) else OK
