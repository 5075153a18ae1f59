"""``sync``: move every document that waits."""

from __future__ import annotations

import argparse
import json
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.cli.exit_codes import (
    CANNOT_START,
    LOCKED,
    OK,
    STOPPED,
    UNEXPECTED,
    WAITING,
    WRONG,
    gravest,
)
from engine.cli.operator import (
    CommandContext,
    add_company,
    add_json,
    add_metrics,
    load_live,
    tell_metrics,
)
from engine.errors import CannotStartError, ConfigError

if TYPE_CHECKING:
    from engine.flow.companies import CompanyReport

LEVELS = {OK: "info", STOPPED: "info", LOCKED: "warning", WAITING: "warning"}


def add_command(add: Any) -> None:
    command = add("sync", run, "move every document that waits")
    add_company(command)
    command.add_argument("--flow", metavar="NAME")
    text = "companies whose schedule says so, only"
    command.add_argument("--due", action="store_true", help=text)
    add_json(command)
    add_metrics(command)
    text = "json: one object for each company's run on the error output"
    command.add_argument("--log", choices=("text", "json"), default="text", help=text)
    text = "say more: also what is well, without a terminal"
    command.add_argument("-v", "--verbose", action="store_true", help=text)
    text = "say less: only what somebody must act on"
    command.add_argument("-q", "--quiet", action="store_true", help=text)


def run(arguments: argparse.Namespace, context: CommandContext) -> int:
    """Run the companies' flows between two pings, then write the metrics."""
    from engine.cli.signals import ping, ping_end

    url = context.environment.get("SIIRTO_PING_URL")
    ping(url, "start", context.clock, context.say)
    code = UNEXPECTED
    try:
        try:
            code = _sync(arguments, context)
        finally:
            tell_metrics(arguments, context)
    except CannotStartError:
        code = CANNOT_START
        raise
    except ConfigError:
        code = WRONG
        raise
    finally:
        ping(url, ping_end(code), context.clock, context.say)
    return code


def _sync(arguments: argparse.Namespace, context: CommandContext) -> int:
    """Run the companies' flows, then send the mails that are due."""
    from engine.cli.screens import open_progress
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
        _tell(report, arguments, context)
    if not reports and context.has_screen and not arguments.due:
        context.say("no company runs: see `enabled` and `demo` in the company files")
    _tell_faults(reports, arguments, context)
    return gravest(_code(report) for report in reports)


def _tell(
    report: CompanyReport, arguments: argparse.Namespace, context: CommandContext
) -> None:
    """Say how a company's run went: well is info, what passes a warning, else error."""
    from engine.cli.screens import report_to_json, summary_line
    from engine.cli.signals import run_line

    code = _code(report)
    level = LEVELS.get(code, "error")
    if arguments.json:
        context.write(json.dumps(report_to_json(report), ensure_ascii=False))
    if arguments.log == "json":
        facts = {**report_to_json(report), "exit_code": code}
        context.say(run_line(context.clock.now(), level, facts))
        return
    shown = {"error", "warning"} if not arguments.quiet else {"error"}
    if context.has_screen or arguments.verbose:
        shown |= {"info"} if not arguments.quiet else set()
    if level in shown and not arguments.json:
        context.say(summary_line(report))


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
