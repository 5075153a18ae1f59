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

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from engine.ledger.notice_model import Bulletin, Notice, NoticeHistory, NoticeKey, Stop

# Our own figures: the alarm is due before a third run in a row has failed, the reminder
# after a day.
PASSING: Final = timedelta(minutes=30)
REMINDER: Final = timedelta(hours=24)
DIGEST_HOUR: Final = 7  # of the company's day

OVER: Final = ("done", "gone")  # states in which nothing stands in the way any more


def decide_bulletin(
    stops: Iterable[Stop],
    history: NoticeHistory,
    *,
    flows: Iterable[str],
    now: datetime,
    zone: tzinfo,
    digest_hour: int = DIGEST_HOUR,
) -> Bulletin:
    """Choose what is told now.

    Args:
        stops: Every document that is held or waits, and what ended the run early.
        history: What was told before.
        flows: The flows that ran; only of those a run's own stop can be over. With ""
            when the run as a whole was good.
        now: Aware.
        zone: The company's, for the hour of the digest.
        digest_hour: The digest comes with the first run from this hour on.
    """
    known = {notice.key: notice for notice in history.notices}
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
        for notice in history.notices
        if notice.state in OVER
        or (
            notice.transfer_id is None
            and notice.flow in ran
            and notice.key not in listed
        )
    ]
    is_digest = bool(fresh or standing) and is_digest_due(
        history.digest_at, now, zone, digest_hour
    )
    reminder = _find_reminder(standing, known, history, now)
    return Bulletin(
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
    history: NoticeHistory,
    now: datetime,
) -> Stop | None:
    if history.reminded_at is not None and now - history.reminded_at < REMINDER:
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
