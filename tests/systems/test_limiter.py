"""The rate limit: exact, shared, and no longer than needed."""

from __future__ import annotations

import random

import httpx
import pytest

from engine.systems.limiter import RateLimiter
from tests.systems.demo import StillClock, World, json_answer, script


@pytest.mark.parametrize(("limit", "seed"), [(1, 1), (3, 2), (8, 3), (60, 4)])
def test_limiter_is_exact(limit, seed):
    """Over random arrivals no closed second ever holds more than the limit."""
    clock = StillClock()
    limiter = RateLimiter(limit, 1, clock)
    chance = random.Random(seed)
    times = []
    for _ in range(600):
        clock.seconds += chance.choice(
            [0, 0, 0.0001, 0.01, chance.random() * 2 / limit]
        )
        limiter.wait()
        times.append(clock.seconds)

    worst = max(
        sum(1 for other in times[n : n + limit + 1] if other <= time + 1)
        for n, time in enumerate(times)
    )
    assert limit == worst


def test_limiter_does_not_wait_without_need():
    """Below the limit nothing sleeps; at it, the wait is what is missing."""
    clock = StillClock()
    limiter = RateLimiter(2, 1, clock)
    limiter.wait()
    clock.seconds += 0.25
    limiter.wait()
    assert [] == clock.slept

    limiter.wait()
    assert 0.75 == pytest.approx(sum(clock.slept), abs=0.0001)


def test_every_request_passes_the_limiter():
    """Sign-in, pages and tries count too, over all companies."""

    class CountingLimiter:
        places = 0

        def wait(self):
            self.places += 1

    limiter = CountingLimiter()
    for _ in range(2):
        World(
            script(httpx.Response(500), json_answer({})), limiter=limiter
        ).system.call("one", {"id": 1})

    assert 6 == limiter.places
