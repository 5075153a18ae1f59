"""Today is the company's day, not the day in UTC."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from engine.flow.context import RunContext
from tests.worlds import project


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        ("Europe/Helsinki", datetime(2026, 12, 31, 22, 30, tzinfo=UTC), "2027-01-01"),
        ("Europe/Stockholm", datetime(2026, 12, 31, 22, 30, tzinfo=UTC), "2026-12-31"),
        ("Europe/Helsinki", datetime(2026, 6, 30, 21, 0, tzinfo=UTC), "2026-07-01"),
        ("Europe/Helsinki", datetime(2026, 12, 31, 8, 0, tzinfo=UTC), "2026-12-31"),
    ],
)
def test_today_is_the_day_in_the_company_s_zone(zone, at, day):
    flow = replace(project().flows["sales_invoice"], variables=())
    clock = SimpleNamespace(now=lambda: at)
    run = RunContext("acme", {"zone": zone}, flow, {}, None, clock, "test", 600.0)

    assert day == run.scope({}).lookup("today")
