"""How a company stands, for a monitor: what is wrong, since when, and who must act.

Pure: the facts come in, the time too. A company is well when it had a good run within
its schedule, nothing has waited longer than half an hour of scheduled time, and no key
is refused. A run that is at work is no fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from engine.flow.companies import LONGEST_RUN_SECONDS
from engine.project.schedule import GRACE, has_lasted, is_late

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.ledger.model import Run, Transfer
    from engine.project.advice import AdviceBook
    from engine.project.schedule import Schedule

LONGEST_WAIT: Final = timedelta(minutes=30)  # of scheduled time; reliability figure
LONGEST_RUN: Final = timedelta(seconds=LONGEST_RUN_SECONDS) + 2 * GRACE

Weight = Literal["people", "wrong", "late"]


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """What is known of a company at a moment."""

    schedule: Schedule
    is_enabled: bool = True
    left_out: str = ""  # why it does not run at all
    last: Run | None = None  # the latest run, ended or not
    last_good: Run | None = None
    at_work_since: datetime | None = None  # who holds the lock took it then
    unfinished: Sequence[Transfer] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is not well; its code is explained by the advice book."""

    code: str
    weight: Weight  # people's work; settings or keys; runs that do not come or end
    since: datetime | None
    details: Mapping[str, str] = field(default_factory=dict)


def find_troubles(
    facts: CompanyFacts, book: AdviceBook, now: datetime
) -> list[Trouble]:
    """Give what is not well with a company; none for one that is switched off."""
    if facts.left_out:
        return [Trouble("SETTINGS_WRONG", "wrong", None, {"value": facts.left_out})]
    if not facts.is_enabled:
        return []
    return [*_of_runs(facts, book, now), *_of_documents(facts, now)]


def _of_runs(facts: CompanyFacts, book: AdviceBook, now: datetime) -> Iterator[Trouble]:
    last, since = facts.last, facts.at_work_since
    if since is not None and now - since > LONGEST_RUN:
        yield Trouble("RUN_HANGS", "late", since)
    if last is None:
        if since is None:
            yield Trouble("NEVER_RUN", "late", None)
        return
    if last.started_at > now + GRACE:
        yield Trouble("CLOCKS_DISAGREE", "late", last.started_at)
    entry = book.find(last.code) if last.code else None
    if entry is not None and entry.kind == "permanent":
        yield Trouble(last.code, "wrong", last.ended_at, last.details)
    elif since is None:
        yield from _of_schedule(facts, last, now)


def _of_schedule(facts: CompanyFacts, last: Run, now: datetime) -> Iterator[Trouble]:
    """Say why no good run came within the schedule."""
    good = facts.last_good
    seen = (good.ended_at or good.started_at) if good else last.started_at
    if not is_late(facts.schedule, seen, now):
        return
    if is_late(facts.schedule, last.ended_at or last.started_at, now):
        yield Trouble("RUN_LATE", "late", last.started_at)
    elif last.ended_at is None or last.outcome == "failed":
        yield Trouble("RUN_BROKE_OFF", "late", last.started_at)
    else:
        yield Trouble(last.code or "DEGRADED", "late", seen, last.details)


def _of_documents(facts: CompanyFacts, now: datetime) -> Iterator[Trouble]:
    """Tell of documents that have waited too long, once for each reason."""
    groups: dict[tuple[str, Weight], list[tuple[datetime, Transfer]]] = {}
    for transfer in facts.unfinished:
        is_held = transfer.aside == "held"
        since = (transfer.held_at if is_held else None) or (
            transfer.claimed_at or transfer.first_seen_at
        )
        if has_lasted(facts.schedule, since, now, LONGEST_WAIT):
            code = transfer.code or "IN_DOUBT"
            kind: Weight = "people" if is_held else "late"
            groups.setdefault((code, kind), []).append((since, transfer))
    for (code, kind), found in groups.items():
        since, oldest = min(found, key=lambda pair: pair[0])
        details = {"count": str(len(found)), "label": oldest.label}
        yield Trouble(code, kind, since, details)
