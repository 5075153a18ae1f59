"""When a company runs: tests/cases/schedule/*.yaml, over both nights of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.project.schedule import (
    ZONE,
    ScheduleError,
    is_due,
    next_due,
    read_schedule,
)
from tests.places import TESTS, read_texts

CASES = TESTS / "cases" / "schedule"


def read_cases(name):
    cases = read_texts(CASES / f"{name}.yaml")
    return [pytest.param(c, id=" ".join(str(v) for v in c.values())) for c in cases]


def read_time(text, zone=ZONE):
    """Read a time: UTC with a Z, otherwise the wall clock of the zone."""
    if text == "-":
        return None
    is_utc = text.endswith("Z")
    at = datetime.fromisoformat(text.removesuffix("Z"))
    return at.replace(tzinfo=UTC if is_utc else ZoneInfo(zone))


@pytest.mark.parametrize("case", read_cases("due"))
def test_a_run_is_due_or_not(case):
    zone = case.get("zone", ZONE)
    schedule = read_schedule(case["schedule"], zone)
    now, last = read_time(case["now"], zone), read_time(case["last"], zone)

    assert (case["due"] == "yes") == is_due(schedule, now, last)


@pytest.mark.parametrize("case", read_cases("next"))
def test_the_times_that_follow(case):
    schedule = read_schedule(case["schedule"])
    at = read_time(case["after"])

    for expected in case["next"]:
        at = next_due(schedule, at)
        assert (None if expected == "never" else read_time(expected)) == at


@pytest.mark.parametrize("case", read_cases("faults"))
def test_a_schedule_that_means_nothing(case):
    with pytest.raises(ScheduleError) as raised:
        read_schedule(case.get("schedule", "staggered"), case.get("zone", ZONE))

    assert case["says"] == raised.value.message
    assert raised.value.hint


@pytest.mark.parametrize("day", ["2026-03-28", "2026-10-24", "2026-12-31"])
def test_a_call_every_minute_runs_as_often_as_the_schedule_says(day):
    """Over the days of both clock changes and the year's end: no time lost or doubled."""
    schedule = read_schedule("staggered")
    now = read_time(f"{day} 12:00")
    end, last, runs = now + timedelta(days=2), now, []

    while now < end:
        now = (now.astimezone(UTC) + timedelta(minutes=1)).astimezone(ZoneInfo(ZONE))
        if is_due(schedule, now, last):
            runs.append(now)
            last = now

    by_day = {}
    for at in runs:
        by_day.setdefault(at.date(), []).append(at)
    full = by_day[(read_time(f"{day} 12:00") + timedelta(days=1)).date()]
    assert 66 + 5 == len(full)
    assert {8, *range(9, 24)} == {at.hour for at in full}
