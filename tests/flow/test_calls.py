"""How many requests a run makes: a quiet one with every flow, and one purchase invoice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.worlds import World

ALL_FLOWS: dict[str, Any] = {
    "dimensions": {"transfer": True},
    "purchases": {"transfer": True},
    "travel": {"transfer": True},
}
MOST_OF_A_QUIET_RUN = 12  # of a company with all flows, every ten minutes


def count(world: World) -> int:
    """Make a run; give the number of its requests, sign-in included."""
    before = len(world.requests())
    report = world.run()
    assert "" == report.degraded
    return len(world.requests()) - before


def test_quiet_run_is_within_budget(tmp_path: Path) -> None:
    """With all six flows, nothing to do costs a dozen requests at most."""
    world = World(tmp_path, ALL_FLOWS, keep=[], flow=None, data="flows")
    count(world)
    world.clock.advance(7200)

    asked = count(world)

    assert [] == [e.endpoint for _, e in world.requests()[-asked:] if _writes(e)]
    assert 11 == asked <= MOST_OF_A_QUIET_RUN


def test_purchase_invoice_costs_few_requests(tmp_path: Path) -> None:
    """Ten with one cost, alone in its run; a hundred share what is read of them."""
    settings = {"purchases": {"transfer": True}}
    cases = ["purchase_approved", "purchase_queued", "purchase_paid"]
    one = World(tmp_path / "one", settings, cases[:1], "purchase_invoice")
    three = World(tmp_path / "three", settings, cases, "purchase_invoice")

    first, all_three = count(one), count(three)

    assert 10 == first  # 2 sign-ins, 3 registers and lists, 2 details, 3 of the cost
    assert 6 == all_three - first  # search, create and proof, twice


def _writes(exchange: Any) -> bool:
    method = exchange.endpoint.partition(" ")[0]
    return method != "GET" and "token" not in exchange.endpoint
