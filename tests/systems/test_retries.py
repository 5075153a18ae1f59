"""What is tried again, how often, and when a system counts as down."""

from __future__ import annotations

import httpx
import pytest

from engine.errors import DoubtError, NotAppliedError, SystemDownError
from tests.systems.demo import World, json_answer, script


def test_read_is_tried_five_times_with_growing_waits():
    """Half a second, doubled each time; the fifth failure is final."""
    world = World(script(httpx.Response(503)))
    with pytest.raises(NotAppliedError) as caught:
        world.system.call("one", {"id": 1})

    assert [0.5, 1.0, 2.0, 4.0] == world.clock.slept
    assert 503 == caught.value.facts.status
    assert 5 == world.system.calls["one"]


def test_read_recovers():
    """A passing fault is not seen by the caller."""
    world = World(script(httpx.ReadError, httpx.Response(502), json_answer({"id": 7})))

    assert {"id": 7} == world.system.call("one", {"id": 1}).body


def test_retry_after_is_a_floor():
    """The server's wish is longer than ours."""
    world = World(
        script(
            httpx.Response(429, headers={"retry-after": "17"}), json_answer({"id": 1})
        )
    )
    world.system.call("one", {"id": 1})

    assert [17.0] == world.clock.slept


def test_retry_after_beyond_the_budget_ends_at_once():
    """Two minutes in all; a longer wish is the next run's matter."""
    world = World(script(httpx.Response(429, headers={"retry-after": "3600"})))
    with pytest.raises(NotAppliedError) as caught:
        world.system.call("one", {"id": 1})

    assert [] == world.clock.slept
    assert 900.0 == caught.value.retry_after


def test_throttled_create_is_not_repeated():
    """A 429 did nothing; the wait is handed to the caller."""
    world = World(script(httpx.Response(429, headers={"retry-after": "5"})))
    with pytest.raises(NotAppliedError) as caught:
        world.system.call("create", {}, {})

    assert 5.0 == caught.value.retry_after
    assert (1, []) == (len(world.sent), world.clock.slept)


def test_slow_failures_end_with_the_budget():
    """Tries that take long are fewer."""

    def slow(request):
        world.clock.seconds += 50
        raise httpx.ReadTimeout("late", request=request)

    world = World(slow)
    with pytest.raises(NotAppliedError):
        world.system.call("one", {"id": 1})

    assert 3 == len(world.sent)


def test_breaker_opens_after_five_failing_creates():
    """A server that fails five documents in a row gets no sixth."""
    world = World(script(httpx.Response(500)))
    for _ in range(5):
        with pytest.raises(DoubtError):
            world.system.call("create", {}, {})
    with pytest.raises(SystemDownError):
        world.system.call("create", {}, {})

    assert 5 == len(world.sent)
    assert world.system.is_down


def test_one_failing_resource_does_not_open_the_breaker():
    """Server errors count by call, so that one poisoned document stops only itself."""
    world = World(script(*[httpx.Response(500)] * 5, json_answer({"id": 1})))
    with pytest.raises(NotAppliedError):
        world.system.call("one", {"id": 1})

    assert {"id": 1} == world.system.call("one", {"id": 2}).body


def test_no_connection_is_down():
    """A host that never answers ends the run at its first read."""
    world = World(script(httpx.ConnectError))
    with pytest.raises(SystemDownError) as caught:
        world.system.call("one", {"id": 1})

    assert "demo at one: ConnectError" == str(caught.value)
