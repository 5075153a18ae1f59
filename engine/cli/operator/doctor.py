"""``doctor``: keys, settings and registers, before anything is moved."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from engine.cli.exit_codes import OK, WAITING, WRONG
from engine.cli.operator import add_company, add_json, load_live

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from engine.cli.operator import CommandContext
    from engine.flow.preflight import CheckResult

MARKS = {"ok": "ok", "warning": "look", "stop": "STOP", "unknown": "?"}


def add_command(add: Any) -> None:
    command = add("doctor", run, "look at keys, settings and registers; reads only")
    add_company(command)
    add_json(command)


def run(arguments: argparse.Namespace, context: CommandContext) -> int:
    """Examine each company; 2 when something would stop a transfer."""
    from engine.cli.screens import WIDTH
    from engine.flow.companies import choose_work
    from engine.flow.preflight import CheckResult, examine_company
    from engine.flow.services import Services

    project = load_live(arguments)
    services = Services(
        project, context.clock, context.secret_places(arguments.root), is_read_only=True
    )
    found = [
        CheckResult(name, "", "company file", "stop", p.code, p.message, p.hint or "")
        for name, left_out in project.left_out.items()
        if arguments.company in (None, name)
        for p in left_out.problems
    ]
    for company, flows in choose_work(project, company=arguments.company):
        found += examine_company(services, company, flows, arguments.ledger)
    if arguments.json:
        rows = [asdict(finding) for finding in found]
        context.write(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        for line in _lines(found, context.width or WIDTH):
            context.write(line)
    states = {finding.state for finding in found}
    return WRONG if "stop" in states else WAITING if "unknown" in states else OK


def _lines(findings: list[CheckResult], width: int) -> Iterator[str]:
    flow_width = max((len(f.flow) for f in findings), default=0)
    for finding in findings:
        shown = f": {finding.shown}" if finding.shown else ""
        code = f"  {finding.code}" if finding.code else ""
        head = (
            f"{MARKS[finding.state]:<5}{finding.company}  {finding.flow:<{flow_width}}"
        )
        yield f"{head}  {finding.label}{shown}{code}"
        for line in textwrap.wrap(finding.advice, width - 9):
            yield " " * 9 + line
    counts = Counter(finding.state for finding in findings)
    yield (
        f"{len(findings)} looked at: {counts['ok']} well, {counts['warning']} to look "
        f"at, {counts['stop']} would stop transfers, {counts['unknown']} unknown"
    )
