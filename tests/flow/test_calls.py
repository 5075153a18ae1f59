"""How many requests a run makes: a quiet one with every flow, and one purchase invoice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

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
    """Twelve with one cost, alone in a first run; a hundred share what is read of them."""
    settings = {"purchases": {"transfer": True}}
    cases = ["purchase_approved", "purchase_queued", "purchase_paid"]
    one = World(tmp_path / "one", settings, cases[:1], "purchase_invoice")
    three = World(tmp_path / "three", settings, cases, "purchase_invoice")

    first, all_three = count(one), count(three)

    # 2 sign-ins, 2 that ask whose keys these are, 3 registers and lists, 2 details, 3 of
    # the cost.
    assert 12 == first
    assert 6 == all_three - first  # search, create and proof, twice


def _writes(exchange: Any) -> bool:
    method = exchange.endpoint.partition(" ")[0]
    return method != "GET" and "token" not in exchange.endpoint


# Flow, two documents, settings; requests of source and target, sign-in left out: of the
# first document, alone in its run, and of a second one. As docs/protocol.md tells them.
SENT = {"sales": {"status_in_target": "SENT"}}
VERIFIED = {"travel": {"status_in_target": "VERIFIED"}}
COSTS = [
    ("sales_invoice", ["plain", "paper"], SENT, (14, 16), (7, 16)),
    ("sales_invoice", ["plain", "paper"], {}, (14, 12), (7, 12)),
    ("travel_invoice", ["travel_plain", "travel_hotel"], VERIFIED, (12, 19), (8, 12)),
    ("purchase_invoice", ["purchase_approved", "purchase_paid"], {}, (5, 5), (0, 3)),
]


def count_by_side(folder: Path, flow: str, settings: Any, keep: list[str]) -> list[int]:
    """Give the requests to the source and to the target of a run."""
    folder.mkdir()
    report = World(folder, settings, keep, flow).run()
    assert {"transferred": len(keep)} == report.outcomes
    calls = report.flows[0].calls
    # By name the target comes before the source, but for purchases.
    sides = sorted(calls, reverse=flow != "purchase_invoice")
    return [sum(n for e, n in calls[s].items() if e != "sign_in") for s in sides]


@pytest.mark.parametrize(("flow", "cases", "settings", "one", "more"), COSTS)
def test_a_document_costs_what_the_page_says(
    tmp_path: Path,
    flow: str,
    cases: list[str],
    settings: Any,
    one: tuple[int, int],
    more: tuple[int, int],
) -> None:
    first = count_by_side(tmp_path / "one", flow, settings, cases[:1])
    both = count_by_side(tmp_path / "two", flow, settings, cases)

    assert [*one] == first
    assert [*more] == [b - a for a, b in zip(first, both, strict=True)]
