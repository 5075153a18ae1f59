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
    """Time that moves only by ``sleep`` and ``advance``."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._seconds = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        return self._seconds

    def sleep(self, seconds: float) -> None:
        self._seconds += max(0.0, seconds)

    def advance(self, seconds: float) -> None:
        self._seconds += seconds


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
