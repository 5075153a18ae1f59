"""``plan``: what a sync would do now, without doing it."""

from __future__ import annotations

import textwrap
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from engine.cli.exit_codes import STOPPED, WAITING, WRONG, gravest
from engine.cli.operator import add_company, add_json, load_live
from engine.cli.samples.document_folder import DocumentFolder
from engine.cli.samples.hide_personal import Mask
from engine.errors import CannotStartError, Problem, SettingsError
from engine.json_text import render_json
from engine.masking import mask_text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from engine.cli.operator import CommandContext
    from engine.flow.planning import CompanyPlan, Planned, PlannedDocument, PlannedField

WORDS = {
    "create": "would create",
    "update": "would change",
    "link": "would use",
    "adopt": "would adopt",
    "leave": "would go without",
}


def add_command(add: Any) -> None:
    command = add("plan", run, "show what a sync would do now; nothing is written")
    add_company(command)
    command.add_argument("--flow", metavar="NAME")
    text = "requests it may make (default: 1000)"
    command.add_argument("--max-calls", type=int, default=1_000, metavar="N", help=text)
    text = "show every field of what would be created, too"
    command.add_argument("--fields", action="store_true", help=text)
    text = "keep the gathered documents there, for map, diff and test --new-from"
    command.add_argument("--save", type=Path, metavar="FOLDER", help=text)
    add_json(command)


def run(arguments: argparse.Namespace, context: CommandContext) -> int:
    from engine.cli.named import line_reader
    from engine.cli.report import render_problems
    from engine.flow.companies import choose_work
    from engine.flow.planning import plan_company
    from engine.flow.services import Services

    project = load_live(arguments)
    work = choose_work(project, company=arguments.company, flow=arguments.flow)
    services = Services(
        project, context.clock, context.secret_places(arguments.root), is_read_only=True
    )
    wrong: list[Problem] = [
        problem
        for name, left_out in project.left_out.items()
        if arguments.company in (None, name)
        for problem in left_out.problems
    ]
    codes = [WRONG for _ in wrong]
    for company, flows in work:
        folder = None
        if arguments.save is not None:
            folder = DocumentFolder(arguments.save, project, company)
        try:
            plan = plan_company(
                services,
                company,
                flows,
                ledger_url=arguments.ledger,
                max_calls=arguments.max_calls,
                keep=None if folder is None else folder.keep,
            )
        except CannotStartError:
            raise
        except SettingsError as error:
            wrong += error.problems
            codes.append(WRONG)
            continue
        would_stop = any("stopped" in d.outcome for d in plan.documents)
        codes += [STOPPED] * would_stop + [WAITING] * plan.is_degraded
        if arguments.json:
            plain = to_builtins(plan, builtin_types=(Decimal,), enc_hook=repr)
            context.write(render_json(Mask().apply(plain)))
            continue
        for line in _lines(plan, with_fields=arguments.fields):
            for part in _fit(mask_text(line), context.width):
                context.write(part)
        if folder is not None:
            context.write(f"  {folder.words()}")
    if wrong:
        context.say(render_problems(wrong, line_reader(arguments.root)))
    return gravest(codes)


def _fit(line: str, width: int | None) -> list[str]:
    """Break a line for a terminal, below its own beginning; no terminal, no break."""
    if width is None or len(line) <= width:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.wrap(line, width, subsequent_indent=indent)


def _lines(plan: CompanyPlan, *, with_fields: bool) -> Iterator[str]:
    for document in plan.documents:
        yield f"{document.flow} {document.label}: {_outcome(document)}"
        for entry in document.entries:
            yield f"  {WORDS[entry.action]} {entry.step} {entry.key}{_count(entry)}"
            if with_fields or entry.action == "update":
                yield from (f"    {_change(change)}" for change in entry.changes)
        for text in (document.advice, document.places or document.message):
            if text:
                yield f"  {text}"
    counts = Counter(document.outcome for document in plan.documents)
    said = ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
    calls = ", ".join(f"{name} {number}" for name, number in plan.calls.items())
    yield f"{plan.company}: {said or 'nothing to do'} (requests: {calls}; all reads)"
    if plan.ended_early:
        yield f"  ended early: {plan.ended_early}"


def _outcome(document: PlannedDocument) -> str:
    if document.outcome == "planned":
        return "would go"
    if document.outcome == "stopped":
        return f"would stop, {document.code}"
    return f"{document.outcome}, {document.code}".strip(" ,")


def _count(entry: Planned) -> str:
    if entry.action != "create" or not entry.changes:
        return ""
    return f" ({len(entry.changes)} fields)"


def _change(change: PlannedField) -> str:
    before = "" if change.before is None else f"{_shown(change.before)} → "
    return f"{change.field}: {before}{_shown(change.after)}"


def _shown(value: Any) -> str:
    return mask_text(str(value).replace("\n", " "))[:100]
