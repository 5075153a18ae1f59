"""Decide what a company's people are told by mail, and when.

    first stop       told at once; all that are new in a run share one mail
    repeat           told in the daily digest only
    passing failure  told when it has lasted half an hour: most are over by then
    went through     told once, when its stop was told before
    oldest           told once more after a day, at most one a day

A notice remembers what was told. It stays open until its document is done or gone, so
that a document which stops for one reason and then another is told once for each.
Pure: the time comes in, what is to be told goes out.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, tzinfo

# Our own figures: the alarm is due before a third run in a row has failed, the reminder
# after a day.
PASSING: Final = timedelta(minutes=30)
REMINDER: Final = timedelta(hours=24)
DIGEST_HOUR: Final = 7  # of the company's day

OVER: Final = ("done", "gone")  # states in which nothing stands in the way any more

NoticeKey = tuple[int | None, str, str]


@dataclass(frozen=True, slots=True)
class Stop:
    """What keeps a document from going, or a whole run, as it stands now."""

    transfer_id: int | None  # None: the run as a whole
    flow: str  # "" when no flow is meant
    label: str  # what people call the document; "" for the run
    state: str  # "held" or "waiting"
    code: str
    field: str
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    since_at: datetime | None = None  # None: since now

    @property
    def key(self) -> NoticeKey:
        """What a notice is compared by; a document's flow is known by its transfer."""
        return (self.transfer_id, self.flow, self.code)

    @property
    def is_passing(self) -> bool:
        """Tell whether the next run may end it by itself."""
        return self.state == "waiting"


@dataclass(frozen=True, slots=True)
class Notice:
    """One stop that was seen, and what was told of it; not yet over."""

    notice_id: int
    transfer_id: int | None
    flow: str
    label: str  # the document's, as it is called now
    target_number: str | None
    state: str  # the document's now; "" for the run
    code: str
    first_at: datetime
    mailed_at: datetime | None  # None: seen, and not told
    reminded_at: datetime | None

    @property
    def key(self) -> NoticeKey:
        """What a stop is compared with."""
        return (self.transfer_id, self.flow, self.code)


@dataclass(frozen=True, slots=True)
class Past:
    """What was told earlier to the company's people."""

    notices: Sequence[Notice] = ()  # open ones
    digest_at: datetime | None = None  # the last digest
    reminded_at: datetime | None = None  # the last reminder, whatever it was of


@dataclass(frozen=True, slots=True)
class Telling:
    """What one run has to tell; empty when nothing is to be mailed."""

    fresh: tuple[Stop, ...] = ()  # told for the first time
    standing: tuple[Stop, ...] = ()  # told before, and still so; the digest's
    resolved: tuple[Notice, ...] = ()  # told before, and over
    reminder: Stop | None = None
    is_digest: bool = False
    seen: tuple[Stop, ...] = ()  # to be remembered only
    closed: tuple[Notice, ...] = ()  # over, told or not

    @property
    def is_mailed(self) -> bool:
        """Tell whether a mail is to be written."""
        return bool(self.fresh or self.resolved or self.reminder or self.is_digest)


def decide_telling(
    stops: Iterable[Stop],
    past: Past,
    *,
    flows: Iterable[str],
    now: datetime,
    zone: tzinfo,
    digest_hour: int = DIGEST_HOUR,
) -> Telling:
    """Choose what is told now.

    Args:
        stops: Every document that is held or waits, and what ended the run early.
        past: What was told before.
        flows: The flows that ran; only of those a run's own stop can be over. With ""
            when the run as a whole was good.
        now: Aware.
        zone: The company's, for the hour of the digest.
        digest_hour: The digest comes with the first run from this hour on.
    """
    known = {notice.key: notice for notice in past.notices}
    fresh: list[Stop] = []
    standing: list[Stop] = []
    seen: list[Stop] = []
    listed: set[NoticeKey] = set()
    for stop in stops:
        listed.add(stop.key)
        notice = known.get(stop.key)
        since = stop.since_at or (notice.first_at if notice else now)
        dated = replace(stop, since_at=since)
        if notice is not None and notice.mailed_at is not None:
            standing.append(dated)
        elif not stop.is_passing or (notice and now - notice.first_at >= PASSING):
            fresh.append(dated)
        else:
            seen.append(dated)
    ran = set(flows)
    closed = [
        notice
        for notice in past.notices
        if notice.state in OVER
        or (
            notice.transfer_id is None
            and notice.flow in ran
            and notice.key not in listed
        )
    ]
    is_digest = bool(fresh or standing) and is_digest_due(
        past.digest_at, now, zone, digest_hour
    )
    reminder = _find_reminder(standing, known, past, now)
    return Telling(
        fresh=tuple(fresh),
        standing=tuple(standing),
        resolved=tuple(_went_through(closed)),
        reminder=reminder,
        is_digest=is_digest,
        seen=tuple(seen),
        closed=tuple(closed),
    )


def is_digest_due(
    last_at: datetime | None, now: datetime, zone: tzinfo, hour: int
) -> bool:
    """Tell whether the hour of the digest has come since the last one.

    Compared in the company's own days, so that a clock change neither drops nor
    doubles a digest.
    """
    here = now.astimezone(zone)
    if last_at is None:
        return here.hour >= hour
    last = last_at.astimezone(zone)
    day = here.date() if here.hour >= hour else here.date() - timedelta(days=1)
    last_day = last.date() if last.hour >= hour else last.date() - timedelta(days=1)
    return day > last_day


def _find_reminder(
    standing: Iterable[Stop],
    known: Mapping[NoticeKey, Notice],
    past: Past,
    now: datetime,
) -> Stop | None:
    if past.reminded_at is not None and now - past.reminded_at < REMINDER:
        return None
    old = [
        (notice.first_at, stop)
        for stop in standing
        for notice in (known[stop.key],)
        if notice.reminded_at is None and now - notice.first_at >= REMINDER
    ]
    return min(old, key=lambda pair: pair[0])[1] if old else None


def _went_through(closed: Iterable[Notice]) -> list[Notice]:
    """Give what was told before, each document once; what merely left is not told."""
    told: dict[Any, Notice] = {}
    for notice in closed:
        if notice.mailed_at is not None and notice.state != "gone":
            whose = notice.transfer_id or (notice.flow, notice.code)
            told.setdefault(whose, notice)
    return list(told.values())
