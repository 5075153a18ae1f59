"""Clocks for simulators: one that stands still until it is moved, and the machine's."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What a simulator asks of time."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class StillClock:
    """Time that moves only by ``sleep`` and ``advance``; ``jump`` is what it is off."""

    def __init__(self, start: datetime) -> None:
        self.started_at = start
        self.jump = 0.0
        self._seconds = 0.0

    def now(self) -> datetime:
        return self.started_at + timedelta(seconds=self.monotonic() + self.jump)

    def monotonic(self) -> float:
        return self._seconds

    def sleep(self, seconds: float) -> None:
        self._seconds += max(0.0, seconds)

    def advance(self, seconds: float) -> None:
        self._seconds += seconds


class OtherClock(StillClock):
    """The clock of another machine: it goes with the first, and jumps alone."""

    def __init__(self, clock: StillClock) -> None:
        super().__init__(clock.started_at)
        self._clock = clock

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)


class WallClock:
    """The machine's clock, for the demo on loopback."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def last_sunday(year: int, month: int) -> datetime:
    """Give the last Sunday of a month of 31 days, at 01:00 UTC."""
    day = datetime(year, month, 31, 1, tzinfo=UTC)
    return day - timedelta(days=(day.weekday() + 1) % 7)


def finnish_time(moment: datetime) -> datetime:
    """Give Finnish local time, naive; by the EU rule, so no zone files are needed."""
    summer = last_sunday(moment.year, 3) <= moment < last_sunday(moment.year, 10)
    return (moment + timedelta(hours=3 if summer else 2)).replace(tzinfo=None)
