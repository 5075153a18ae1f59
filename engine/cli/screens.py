"""Turn reports and log rows into what a person reads: tables, lines, progress.

Text out; ``runner.py`` prints it. Colour and progress only where a terminal is.
"""

from __future__ import annotations

import io
import json
import re
import textwrap
from collections import Counter
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from engine.errors import EngineError, Problem, SettingsError
from engine.project.advice import load_advice
from engine.project.schedule import ZONE, ScheduleError, read_schedule
from engine.rulefiles.nodes import MapNode, text_at
from engine.rulefiles.reader import load_yaml_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from rich.text import Text

    from engine.flow.companies import CompanyReport
    from engine.flow.services import Progress
    from engine.ledger.model import LogRow
    from engine.project.advice import AdviceBook

OUTCOME_STYLES = {
    "transferred": "green",
    "stopped": "red",
    "waiting": "yellow",
    "skipped": "dim",
    "note": "cyan",
}
WIDTH = 110  # characters, where no terminal says
INDENT = 27  # of the lines below a document's own
RULE_PLACE = re.compile(r" ?\[[\w/.-]+\.yaml:\d+:\d+\]")
Zones = Mapping[str, tzinfo]  # company -> zone
NO_ZONES: Zones = MappingProxyType({})


@contextmanager
def open_progress(*, is_shown: bool) -> Iterator[Progress]:
    """Give a progress function: a live line on a terminal, nothing elsewhere."""
    if not is_shown:
        yield lambda _flow, _label, _outcome, _code: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    counts = Counter[str]()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=False) as bar:
        task = bar.add_task("starting", total=None)

        def tell(flow: str, label: str, outcome: str, code: str) -> None:
            counts[outcome] += 1
            numbers = ", ".join(
                f"[{OUTCOME_STYLES.get(name, 'white')}]{number} {name}[/]"
                for name, number in sorted(counts.items())
            )
            bar.update(task, description=f"{flow}: {numbers} · {label} {code}")

        yield tell


def summary_line(report: CompanyReport) -> str:
    """Give one line about a company's run."""
    if report.is_locked:
        return f"{report.company}: another run is at work ({report.held_by})"
    if report.fault is not None:
        return f"{report.company}: the run broke off: {type(report.fault).__name__}"
    if report.is_left_out:
        return f"{report.company}: left out, its settings or secrets are wrong"
    counts = ", ".join(f"{n} {name}" for name, n in sorted(report.outcomes.items()))
    calls = "; ".join(
        f"{name} {sum(endpoints.values())}"
        for flow in report.flows[-1:]
        for name, endpoints in flow.calls.items()
    )
    ended = f"; ended early: {report.degraded}" if report.degraded else ""
    return f"{report.company}: {counts or 'nothing to do'} (requests: {calls}){ended}"


def report_to_json(report: CompanyReport) -> dict[str, Any]:
    """Give a company's report as plain values."""
    return {
        "company": report.company,
        "locked": report.is_locked,
        "degraded": report.degraded,
        "left_out": [problem.message for problem in report.problems],
        "flows": [
            {
                "flow": flow.flow,
                "outcomes": dict(flow.outcomes),
                "codes": dict(flow.codes),
                "calls": {name: dict(calls) for name, calls in flow.calls.items()},
            }
            for flow in report.flows
        ],
    }


def parse_since(text: str | None) -> datetime | None:
    """Read a date or a time; without a zone it is UTC.

    Raises:
        SettingsError: It is neither.
    """
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        problem = Problem(
            "C402",
            f'"{text}" is not a date or time',
            hint="write 2026-11-24 or 2026-11-24T08:00:00",
        )
        raise SettingsError([problem]) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def translate_rows(
    rows: Iterable[LogRow], language: str | None, root: Path
) -> Iterable[LogRow]:
    """Give the rows with their advice in another language; None leaves it as it was.

    Only what stopped or waits has advice; it is worded anew from code and details.

    Raises:
        RuleError: The advice file of the project is wrong.
    """
    if language is None:
        return rows
    book = load_advice(load_yaml_file(root / "mappings" / "advice.yaml", root))
    return (_translate(row, language, book) for row in rows)


def _translate(row: LogRow, language: str, book: AdviceBook) -> LogRow:
    if row.outcome not in ("stopped", "waiting"):
        return row
    details = dict(row.details)
    if row.field:
        details.setdefault("field", row.field)
    advice = book.explain(row.code, language, details, row.flow)
    return replace(row, advice=advice.text) if advice else row


def iter_log(
    rows: Iterable[LogRow],
    *,
    as_json: bool,
    width: int | None,
    zones: Zones = NO_ZONES,
    is_technical: bool = False,
) -> Iterator[str]:
    """Give the transfer log as texts to print: an object for each row, or a page."""
    if as_json:
        yield from (json.dumps(row.to_json(), ensure_ascii=False) for row in rows)
    else:
        yield render_log(rows, width=width, zones=zones, is_technical=is_technical)


def read_zones(root: Path) -> Zones:
    """Read each company's time zone from its file; one that cannot be read has none."""
    zones: dict[str, tzinfo] = {}
    for path in (root / "mappings" / "companies").glob("*.yaml"):
        with suppress(EngineError, OSError, ScheduleError):
            node = load_yaml_file(path, root)
            said = text_at(node, "zone") if isinstance(node, MapNode) else ""
            zones[path.stem] = read_schedule(zone=said or ZONE).zone
    return zones


def render_log(
    rows: Iterable[LogRow],
    *,
    width: int | None,
    zones: Zones = NO_ZONES,
    is_technical: bool = False,
) -> str:
    """Give the transfer log: a line per document, and below it why and what to do.

    Args:
        width: The terminal's, which also means colours; None for plain text.
        zones: Whose clock the times are told by; UTC where a company has none.
        is_technical: With UTC, fields of payloads and places in rule files.
    """
    from rich.text import Text

    lines: list[Text] = []
    for row in rows:
        style = OUTCOME_STYLES.get(row.outcome, "")
        zone = UTC if is_technical else zones.get(row.company, UTC)
        line = Text(f"{row.at.astimezone(zone):%Y-%m-%d %H:%M:%S}  {row.company}  ")
        line.append(f"{row.flow}  ")
        line.append(f"{row.label or row.key:<12} ", "bold")
        line.append(f"{row.outcome:<12} ", style)
        line.append(f"{row.target_number or row.target_id or '':<8} ")
        if row.code:
            place = f" at {row.field}" if row.field and is_technical else ""
            line.append(f"{row.code}{place}", style)
        lines.append(line)
        below = words_below(row)
        if not is_technical:
            # The advice has said all of it in plain words, where places are known.
            below = "" if "places" in row.details else RULE_PLACE.sub("", below)
        lines += [
            Text(" " * INDENT + part, "dim" if number else "")
            for number, text in enumerate((row.advice, below))
            for part in textwrap.wrap(text, (width or WIDTH) - INDENT)
        ]
    if not lines:
        return "the log is empty"
    return _render(lines, width)


def words_below(row: LogRow) -> str:
    """Give what stands below the advice: only places, where it has said all else."""
    return str(row.details.get("places") or row.message)


def _render(lines: Iterable[Text], width: int | None) -> str:
    from rich.console import Console

    out = io.StringIO()
    console = Console(
        file=out,
        width=width or WIDTH,
        force_terminal=width is not None,
        color_system="standard" if width is not None else None,
        legacy_windows=False,
    )
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False)
    return "\n".join(text.rstrip() for text in out.getvalue().splitlines())
