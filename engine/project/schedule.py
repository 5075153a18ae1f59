"""When a company's documents are moved: fixed words, or five cron fields.

    every_10min   every ten minutes, day and night
    staggered     08:00-19:00 every ten minutes, 19:00-24:00 every hour, then nothing
    */10 8-18 * * 1-5   minute, hour, day, month, weekday (0 and 7 are Sunday)

Times are the wall clock's in the company's zone. In the night of the summer clock a
time that does not exist counts as the first one that does; in the night of the winter
clock a fixed time counts once, and "every so many minutes" goes on in both hours.

Pure; the time is passed in. Zone data come from the system or the package ``tzdata``.

Source: ``staggered`` is the newest edition of the vendor's article (V01).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
_MINUTE: Final = timedelta(minutes=1)
_DAYS_AHEAD: Final = 366 * 8 + 1  # 29 February comes again within eight years

_FIELDS: Final = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day", 1, 31),
    ("month", 1, 12),
    ("weekday", 0, 7),
)


class ScheduleError(Exception):
    """A schedule or zone that means nothing; the message says why and what to write."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Cron:
    """One line of five fields, read."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 is Sunday
    is_any_day: bool
    is_any_weekday: bool
    is_fixed: bool  # neither minute nor hour begins with *

    def has_day(self, day: datetime) -> bool:
        """Tell whether the schedule has anything on a day.

        Day and weekday both restricted means either, as cron has it.
        """
        if day.month not in self.months:
            return False
        by_day = day.day in self.days
        by_weekday = day.isoweekday() % 7 in self.weekdays
        if self.is_any_day or self.is_any_weekday:
            return by_day and by_weekday
        return by_day or by_weekday

    def has_time(self, at: datetime) -> bool:
        """Tell whether a wall-clock minute is one of the schedule's."""
        return at.minute in self.minutes and at.hour in self.hours and self.has_day(at)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule in its zone."""

    crons: tuple[Cron, ...]
    zone: ZoneInfo


def read_schedule(text: str = DEFAULT, zone: str = ZONE) -> Schedule:
    """Read a schedule as a company's file says it.

    Raises:
        ScheduleError: It is neither a known word nor five fields, or there is no such
            zone on this machine.
    """
    lines = WORDS.get(text, (text,))
    try:
        info = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ScheduleError(
            f"there is no time zone {zone} on this machine",
            "write it as Europe/Helsinki; if no zone is known, install tzdata",
        ) from error
    return Schedule(tuple(read_cron(line) for line in lines), info)


def read_cron(text: str) -> Cron:
    """Read five cron fields.

    Raises:
        ScheduleError: With the field that is wrong.
    """
    fields = text.split()
    if len(fields) != len(_FIELDS):
        words = ", ".join(WORDS)
        raise ScheduleError(
            f"{text} is no schedule",
            f"write {words}, or minute hour day month weekday: */10 8-18 * * 1-5",
        )
    found = [
        _read_field(field, name, least, most)
        for field, (name, least, most) in zip(fields, _FIELDS, strict=True)
    ]
    minutes, hours, days, months, weekdays = found
    return Cron(
        minutes,
        hours,
        days,
        months,
        frozenset(day % 7 for day in weekdays),
        is_any_day=fields[2].startswith("*"),
        is_any_weekday=fields[4].startswith("*"),
        is_fixed=not fields[0].startswith("*") and not fields[1].startswith("*"),
    )


def _read_field(text: str, name: str, least: int, most: int) -> frozenset[int]:
    values: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        start = least if span == "*" else _number(first, text, name, least, most)
        end = _number(last, text, name, least, most) if dash else start
        if span == "*" or (slash and not dash):
            end = most
        by = _number(step, text, name, 1, most) if slash else 1
        if end < start:
            raise ScheduleError(
                f"{part} in the {name} runs backwards", f"write {last}-{first}, or two"
            )
        values.update(range(start, end + 1, by))
    return frozenset(values)


def _number(word: str, text: str, name: str, least: int, most: int) -> int:
    if not word.isascii() or not word.isdigit() or not least <= int(word) <= most:
        raise ScheduleError(
            f"{text} is no {name}",
            f"write {least} to {most}, *, */2, 1-5 or 1,15",
        )
    return int(word)


def is_due(schedule: Schedule, now: datetime, last_run_at: datetime | None) -> bool:
    """Tell whether a run should begin now.

    True when a time of the schedule has come since the last run began, and not longer
    than an hour ago. Both times are aware; None means that there never was a run.
    """
    now = now.astimezone(UTC)
    since = now - FIRST if last_run_at is None else last_run_at.astimezone(UTC)
    minute = _floor(now)
    while minute > since and now - minute < MAKE_UP:
        if _has(schedule, minute):
            return True
        minute -= _MINUTE
    return False


def next_due(schedule: Schedule, after: datetime) -> datetime | None:
    """Give the next time of the schedule after a moment, in UTC; None when none is."""
    minute = _floor(after.astimezone(UTC)) + _MINUTE
    for _ in range(_DAYS_AHEAD):
        local = minute.astimezone(schedule.zone)
        midnight = datetime.combine(
            local.date() + timedelta(days=1), time(), schedule.zone
        ).astimezone(UTC)
        if any(cron.has_day(local) for cron in schedule.crons):
            while minute < midnight:
                if _has(schedule, minute):
                    return minute
                minute += _MINUTE
        minute = midnight
    return None


def _floor(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _has(schedule: Schedule, minute: datetime) -> bool:
    local = minute.astimezone(schedule.zone)
    before = (minute - _MINUTE).astimezone(schedule.zone)
    # Wall-clock minutes that were jumped over just now; none on an ordinary day.
    gap = local.replace(tzinfo=None) - before.replace(tzinfo=None) - _MINUTE
    skipped = max(int(gap / _MINUTE), 0)
    for cron in schedule.crons:
        if cron.is_fixed and local.fold:
            continue  # the hour that comes again: fixed times have had their turn
        if cron.has_time(local):
            return True
        if cron.is_fixed and any(
            cron.has_time(before + _MINUTE * number) for number in range(1, skipped + 1)
        ):
            return True
    return False
