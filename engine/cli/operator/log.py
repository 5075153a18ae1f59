"""``log``: what became of each document (R130, R137)."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.exit_codes import OK
from engine.cli.operator import CommandContext, add_company, add_json
from engine.project.languages import LANGUAGES

OUTCOMES = ("transferred", "stopped", "waiting", "skipped", "note")


def add_command(add: Any) -> None:
    command = add("log", run, "show what became of each document")
    add_company(command)
    add_json(command)
    command.add_argument("--outcome", choices=OUTCOMES)
    command.add_argument("--language", choices=LANGUAGES, help="of the advice")
    text = "with fields of payloads, places in rule files, and UTC"
    command.add_argument("--technical", action="store_true", help=text)
    command.add_argument("--since", metavar="DATE", help="2026-11-24, or a time; UTC")


def run(arguments: argparse.Namespace, context: CommandContext) -> int:
    from engine.cli.screens import iter_log, parse_since, read_zones, translate_rows

    since, outcome = parse_since(arguments.since), arguments.outcome
    with context.open_ledger(arguments.ledger) as ledger:
        latest = outcome != "note"
        rows = ledger.log(arguments.company, outcome, since, latest_per_document=latest)
        rows = translate_rows(rows, arguments.language, arguments.root)
        lines = iter_log(
            rows,
            as_json=arguments.json,
            width=context.width,
            zones=read_zones(arguments.root),
            is_technical=arguments.technical,
        )
        for line in lines:
            context.write(line)
    return OK
