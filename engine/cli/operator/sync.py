"""``sync``: move every document that waits."""

from __future__ import annotations

import argparse
import json
from functools import partial
from typing import Any

from engine.cli.exit_codes import LOCKED, OK, STOPPED
from engine.cli.operator import CommandContext, add_company, add_json


def add_command(add: Any) -> None:
    command = add("sync", run, "move every document that waits")
    add_company(command)
    command.add_argument("--flow", metavar="NAME")
    text = "companies whose schedule says so, only"
    command.add_argument("--due", action="store_true", help=text)
    add_json(command)


def run(arguments: argparse.Namespace, context: CommandContext) -> int:
    """Run the companies' flows, then send the mails that are due."""
    from engine.cli.screens import open_progress, report_to_json, summary_line
    from engine.flow.companies import WrongRunError, sync_companies
    from engine.flow.notices.notifier import open_notifier
    from engine.flow.services import Services
    from engine.ledger.open import open_ledger
    from engine.project.project import load_project

    project = load_project(arguments.root)
    ledger = partial(open_ledger, arguments.ledger, context.clock)
    places = context.secret_places(arguments.root)
    mails = open_notifier(
        project,
        context.environment.get("SIIRTO_SMTP_URL"),
        say=context.say,
        open_ledger=ledger,
        clock=context.clock,
        places=places,
    )
    wrong: WrongRunError | None = None
    with mails as after, open_progress(is_shown=context.has_screen) as progress:
        services = Services(project, context.clock, places, progress=progress)
        try:
            reports = sync_companies(
                services,
                ledger,
                company=arguments.company,
                flow=arguments.flow,
                only_due=arguments.due,
                after_company=after,
            )
        except WrongRunError as error:
            wrong, reports = error, error.reports
    for report in reports:
        if arguments.json:
            context.write(json.dumps(report_to_json(report), ensure_ascii=False))
        elif context.has_screen or report.degraded or report.is_locked:
            context.say(summary_line(report))
    if wrong is not None:
        raise wrong
    if any(report.is_locked for report in reports):
        return LOCKED
    return STOPPED if any(report.has_unfinished for report in reports) else OK
