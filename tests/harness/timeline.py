"""One true time, what is due on it, and clocks that tell it and may jump."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta

from tests.simulators import DEMO_NOW

Deed = Callable[[], object]


class Timeline:
    """Seconds since the start; they pass only by ``wait``."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._due: list[tuple[float, int, Deed]] = []
        self._count = 0

    def at(self, seconds: float, deed: Deed) -> None:
        """Have something happen at a time, or at the next wait after it."""
        self._count += 1
        heapq.heappush(self._due, (seconds, self._count, deed))

    @property
    def is_quiet(self) -> bool:
        """Tell whether nothing more is to happen by itself."""
        return not self._due

    def wait(self, seconds: float) -> None:
        """Let time pass; what is due happens at its own time."""
        end = self.seconds + max(0.0, seconds)
        while self._due and self._due[0][0] <= end:
            at, _, deed = heapq.heappop(self._due)
            self.seconds = max(self.seconds, at)
            deed()
        self.seconds = max(self.seconds, end)


class JumpingClock:
    """A clock on the timeline; ``jump`` is how far it is off, in seconds."""

    def __init__(self, timeline: Timeline, start: datetime = DEMO_NOW) -> None:
        self._timeline = timeline
        self.started_at = start
        self.jump = 0.0

    def now(self) -> datetime:
        """Give the time of day as this clock has it."""
        return self.started_at + timedelta(seconds=self._timeline.seconds + self.jump)

    def monotonic(self) -> float:
        """Give seconds that no jump touches."""
        return self._timeline.seconds

    def sleep(self, seconds: float) -> None:
        """Let true time pass."""
        self._timeline.wait(seconds)
