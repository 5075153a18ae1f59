"""The rate limit of one system: never more than n requests in any sliding second.

pyrate-limiter keeps the window; its own ``Limiter`` is not used because that sleeps on
the real clock and counts in whole milliseconds (``docs/decisions/rate-limit.md``).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pyrate_limiter import InMemoryBucket, Rate, RateItem

if TYPE_CHECKING:
    from engine.clock import Clock

_UNITS = 1_000_000_000  # nanoseconds, so that rounding never lets one through early


class RateLimiter:
    """A gate in front of every request, shared by all companies of a run.

    Args:
        requests: How many may start in any window of ``per_seconds``.
        clock: Its ``monotonic`` and ``sleep`` are the only time used.
    """

    def __init__(self, requests: int, per_seconds: float, clock: Clock) -> None:
        self._bucket = InMemoryBucket([Rate(requests, int(per_seconds * _UNITS))])
        self._clock = clock
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return as soon as one more request may start."""
        while (seconds := self._take()) > 0:
            self._clock.sleep(seconds)

    def _take(self) -> float:
        """Take a place and give 0, or give the seconds until there may be one."""
        with self._lock:  # reading the clock and putting in must be one step
            item = RateItem("request", int(self._clock.monotonic() * _UNITS))
            self._bucket.leak(item.timestamp)
            if self._bucket.put(item):
                return 0.0
            wait = self._bucket.waiting(item)
        if not isinstance(wait, int):  # only remote buckets answer later
            raise TypeError("the bucket is not local")
        # At least a microsecond: a shorter sleep may not move a float clock at all.
        return max(wait, 1_000) / _UNITS
