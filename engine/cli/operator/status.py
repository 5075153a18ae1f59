"""``status``: how each company stands, for a monitor and for people."""

from __future__ import annotations

import argparse
import json
import textwrap
from typing import Any

from engine.cli.exit_codes import STOPPED, WAITING, WRONG, gravest
from engine.cli.operator import (
    CommandContext,
    add_company,
    add_json,
    add_metrics,
    load_live,
    tell_metrics,
)
from engine.project.languages import LANGUAGES

CODES = {"people": STOPPED, "wrong": WRONG, "late": WAITING}


def add_command(add: Any) -> None:
    command = add("status", run, "how each company stands; for a monitor")
    add_company(command)
    command.add_argument("--language", choices=LANGUAGES, help="of what to do")
    add_json(command)
    add_metrics(command)


def run(arguments: argparse.Namespace, context: CommandContext) -> int:
    """Tell of each company; the exit code is the gravest trouble's."""
    from engine.cli.screens import WIDTH
    from engine.cli.status_page import gather_status, iter_status_lines, status_to_json
    from engine.flow.services import Services

    tell_metrics(arguments, context)
    project = load_live(arguments)
    places = context.secret_places(arguments.root)
    services = Services(project, context.clock, places, is_read_only=True)
    with context.open_ledger(arguments.ledger) as ledger:
        found = gather_status(services, ledger, arguments.company)
    language = arguments.language
    if arguments.json:
        rows = [status_to_json(status, services, language) for status in found]
        context.write(json.dumps(rows, ensure_ascii=False))
    else:
        for line in iter_status_lines(found, services, language):
            lines = textwrap.wrap(
                line, context.width or WIDTH, subsequent_indent="    "
            )
            for part in lines:
                context.write(part)
    return gravest(CODES[t.weight] for status in found for t in status.troubles)
