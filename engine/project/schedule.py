"""When a company's documents are moved: fixed words, or five cron fields.

    every_10min   every ten minutes, day and night
    staggered     08:00-19:00 every ten minutes, 19:00-24:00 every hour, then nothing
    */10 8-18 * * 1-5   minute, hour, day, month, weekday (0 and 7 are Sunday)

Times are the wall clock's in the company's zone; the fields, and both nights of the
clock change, mean what they mean to Debian's cron. Pure; the time is passed in. Zone
data come from the system or the package ``tzdata``.

Source: ``staggered`` is the newest edition of the vendor's article (V01).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

DEFAULT: Final = "every_10min"
ZONE: Final = "Europe/Helsinki"
WORDS: Final = {
    "every_10min": ("*/10 * * * *",),
    "staggered": ("*/10 8-18 * * *", "0 19-23 * * *"),
}
# A run that was missed is made up within this time; later it would fall into a pause
# that somebody asked for. A decision of this project.
MAKE_UP: Final = timedelta(hours=1)
# What a first run looks back on: it need not wait for the next time of the schedule.
FIRST: Final = timedelta(minutes=10)
# How long after its time a run may begin: the scheduler looks every five minutes.
GRACE: Final = timedelta(minutes=5)
_FIELDS: Final = 5  # the library would take a sixth, for seconds


class ScheduleError(Exception):
    """A schedule or zone that means nothing; the message says why and what to write."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Schedule:
    """Lines of five cron fields that can be read, and the zone of their clock."""

    crons: tuple[str, ...]
    zone: ZoneInfo


def read_schedule(text: str = DEFAULT, zone: str = ZONE) -> Schedule:
    """Read a schedule as a company's file says it.

    Raises:
        ScheduleError: It is neither a known word nor five fields, it has a day that
            never comes, or there is no such zone on this machine.
    """
    try:
        info = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ScheduleError(
            f"there is no time zone {zone} on this machine",
            "write it as Europe/Helsinki; if no zone is known, install tzdata",
        ) from error
    crons = WORDS.get(text, (text,))
    for cron in crons:
        _check_cron(cron)
    return Schedule(crons, info)


def _check_cron(text: str) -> None:
    hint = (
        f"write {', '.join(WORDS)}, or minute hour day month weekday: */10 8-18 * * 1-5"
    )
    if len(text.split()) != _FIELDS:
        raise ScheduleError(f"{text} is no schedule", hint)
    try:
        CronSim(text, datetime.min.replace(tzinfo=UTC))
    except CronSimError as error:  # its words: "Bad hour"
        said = f"{text} is no schedule: {str(error).lower()}"
        raise ScheduleError(said, hint) from error


def is_due(schedule: Schedule, now: datetime, last_run_at: datetime | None) -> bool:
    """Tell whether a run should begin now.

    True when a time of the schedule has come since the last run began, and not longer
    than an hour ago. Both times are aware; None means that there never was a run.
    """
    since = now - FIRST if last_run_at is None else max(last_run_at, now - MAKE_UP)
    due_at = next_due(schedule, since)
    return due_at is not None and due_at <= now


def next_due(schedule: Schedule, after: datetime) -> datetime | None:
    """Give the next time of the schedule after a moment, in UTC; None when none is."""
    times = [_next(cron, after, schedule.zone) for cron in schedule.crons]
    return min((at for at in times if at is not None), default=None)


def is_late(schedule: Schedule, since: datetime, now: datetime) -> bool:
    """Tell whether two times of the schedule have gone by without a run.

    Pauses do not count: after a night without times the second one in the morning does.
    """
    first = next_due(schedule, since)
    second = next_due(schedule, first) if first else None
    return second is not None and now > second + GRACE


def has_lasted(
    schedule: Schedule, since: datetime, now: datetime, enough: timedelta
) -> bool:
    """Tell whether so much scheduled time has passed: an hour after each time."""
    passed, at, until = timedelta(), since - MAKE_UP, since
    while (due := next_due(schedule, at)) is not None and due < now:
        end = min(due + MAKE_UP, now)
        passed += max(end - max(due, until), timedelta())
        if passed >= enough:
            return True
        at, until = due, max(until, end)
    return False


def _next(cron: str, after: datetime, zone: ZoneInfo) -> datetime | None:
    after = after.astimezone(UTC)
    for local in CronSim(cron, after.astimezone(zone)):
        # A fixed time within the hour that comes again has had its turn: the library
        # gives it once more, as the earlier of the two, when asked within the later.
        if (at := local.astimezone(UTC)) > after:
            return at
    return None
