"""Turn reports and log rows into what a person reads: tables, lines, progress.

Text out; ``runner.py`` prints it. Colour and progress only where a terminal is.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engine.errors import Problem, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.table import Table

    from engine.flow.run import Progress
    from engine.flow.sync import CompanyReport
    from engine.ledger import Ledger, LogRow

OUTCOME_STYLES = {
    "transferred": "green",
    "stopped": "red",
    "waiting": "yellow",
    "skipped": "dim",
    "note": "cyan",
}
WIDTH = 120  # of a table where no terminal says


@contextmanager
def open_progress(*, is_shown: bool) -> Iterator[Progress]:
    """Give a progress function: a live line on a terminal, nothing elsewhere."""
    if not is_shown:
        yield _say_nothing
        return
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    counts: dict[str, int] = {}
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=False) as bar:
        task = bar.add_task("starting", total=None)

        def tell(flow: str, label: str, outcome: str, code: str) -> None:
            counts[outcome] = counts.get(outcome, 0) + 1
            numbers = ", ".join(
                f"[{OUTCOME_STYLES.get(name, 'white')}]{number} {name}[/]"
                for name, number in sorted(counts.items())
            )
            bar.update(task, description=f"{flow}: {numbers} · {label} {code}")

        yield tell


def _say_nothing(flow: str, label: str, outcome: str, code: str) -> None:
    """Stay silent under a scheduler."""


def summary_line(report: CompanyReport) -> str:
    """Give one line about a company's run."""
    if report.is_locked:
        return f"{report.company}: another run is at work ({report.held_by})"
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


def render_log(rows: Iterable[LogRow], *, width: int | None) -> str:
    """Give the transfer log as a table; colours when ``width`` is a terminal's."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("time (UTC)", no_wrap=True)
    table.add_column("company", no_wrap=True)
    table.add_column("document", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    table.add_column("in the target", no_wrap=True)
    table.add_column("reason and what to do", ratio=1)
    number = 0
    for number, row in enumerate(rows, start=1):  # noqa: B007  # the count is said
        style = OUTCOME_STYLES.get(row.outcome, "")
        target = row.target_number or row.target_id or ""
        table.add_row(
            row.at.strftime("%Y-%m-%d %H:%M:%S"),
            row.company,
            Text(row.label or row.key),
            Text(row.outcome, style=style),
            Text(str(target)),
            Text(_reason(row)),
        )
    if not number:
        return "the log is empty"
    return _render(table, width)


def _reason(row: LogRow) -> str:
    place = f" at {row.field}" if row.field else ""
    code = f"{row.code}{place}" if row.code else ""
    message = row.message if row.message != row.code else ""
    lines = [": ".join(part for part in (code, message) if part), row.advice]
    return "\n".join(line for line in lines if line)


def _render(table: Table, width: int | None) -> str:
    from rich.console import Console

    out = io.StringIO()
    console = Console(
        file=out,
        width=width or WIDTH,
        force_terminal=width is not None,
        color_system="standard" if width is not None else None,
        legacy_windows=False,
    )
    console.print(table)
    lines = (line.rstrip() for line in out.getvalue().splitlines())
    return "\n".join(lines)


def gather_status(ledger: Ledger, company: str | None) -> list[dict[str, Any]]:
    """Collect, for each company in the ledger, its last run and what is stuck."""
    names: dict[str, dict[str, int]] = {}
    for (name, _flow, state), count in ledger.count_states(company).items():
        states = names.setdefault(name, {})
        states[state] = states.get(state, 0) + count
    found = []
    for name, states in sorted(names.items()):
        run = ledger.last_run(name)
        stuck = [
            transfer
            for transfer in ledger.transfers(name)
            if transfer.state not in ("done", "gone")
        ]
        oldest = min(stuck, key=lambda t: t.first_seen_at, default=None)
        holder = ledger.find_holder(name)
        found.append(
            {
                "company": name,
                "last_run": run.started_at.isoformat() if run else None,
                "last_outcome": (run.outcome or "running or killed") if run else None,
                "running": str(holder) if holder else None,
                "documents": states,
                "stuck": len(stuck),
                "oldest_stuck": oldest.label if oldest else None,
                "oldest_since": oldest.first_seen_at.isoformat() if oldest else None,
            }
        )
    return found


def render_status(found: list[dict[str, Any]]) -> str:
    """Give the status as lines."""
    if not found:
        return "nothing has run yet"
    lines = []
    for status in found:
        states = ", ".join(f"{n} {s}" for s, n in sorted(status["documents"].items()))
        lines.append(
            f"{status['company']}: last run {status['last_run']} "
            f"({status['last_outcome']}); documents: {states}"
        )
        if status["running"]:
            lines.append(f"  at work now: {status['running']}")
        if status["stuck"]:
            lines.append(
                f"  stuck: {status['stuck']}, the oldest {status['oldest_stuck']}"
                f" since {status['oldest_since']}"
            )
    return "\n".join(lines)
