"""``sync``: move every document that waits."""

from __future__ import annotations

import argparse
import json
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.cli.exit_codes import (
    LOCKED,
    OK,
    STOPPED,
    UNEXPECTED,
    WAITING,
    WRONG,
    gravest,
)
from engine.cli.operator import CommandContext, add_company, add_json, load_live

if TYPE_CHECKING:
    from engine.flow.companies import CompanyReport


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

    project = load_live(arguments)
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
            reports = error.reports
    for report in reports:
        code = _code(report)
        if arguments.json:
            context.write(json.dumps(report_to_json(report), ensure_ascii=False))
        elif context.has_screen or code not in (OK, STOPPED):
            context.say(summary_line(report))
    if not reports and context.has_screen and not arguments.due:
        context.say("no company runs: see `enabled` and `demo` in the company files")
    _tell_faults(reports, arguments, context)
    return gravest(_code(report) for report in reports)


def _code(report: CompanyReport) -> int:
    """Give what a company's run means for the exit code."""
    found = (
        (report.fault, UNEXPECTED),
        (report.problems or report.is_key_refused, WRONG),
        (report.degraded, WAITING),
        (report.is_locked, LOCKED),
        (report.has_stopped, STOPPED),
        (report.outcomes["waiting"], WAITING),
    )
    return gravest(code for is_so, code in found if is_so)


def _tell_faults(
    reports: list[CompanyReport], arguments: argparse.Namespace, context: CommandContext
) -> None:
    """Say what was wrong with single companies, when all others have run.

    Raises:
        Exception: The first fault of the program, for whoever looks for it.
    """
    from engine.cli.named import line_reader
    from engine.cli.report import render_problems

    problems = [problem for report in reports for problem in report.problems]
    if problems:
        context.say(render_problems(problems, line_reader(arguments.root)))
    left_out = [report.company for report in reports if report.is_left_out]
    if left_out and len(reports) > 1:
        names = ", ".join(left_out)
        context.say(f"left out {len(left_out)} of {len(reports)} companies: {names}")
    for report in reports:
        if report.fault is not None:
            raise report.fault
