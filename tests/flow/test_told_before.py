"""What would be refused is told before the first write; a plan says what a sync says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.flow.companies import choose_work
from engine.flow.planning import plan_company
from tests.places import TESTS, read_yaml
from tests.test_scenarios import do_by_hand
from tests.worlds import LISTED, World

CASES = read_yaml(TESTS / "cases" / "told_before.yaml")["cases"]
SIGN_IN = ("POST /v1/token", "POST /oauth/token")
FLOWS = ["sales_invoice", "travel_invoice", "purchase_invoice"]


def plan(world: World) -> list[Any]:
    """Give the documents of a plan."""
    ((company, flows),) = choose_work(world.project, flow=world.flow)
    url = world.ledger_url
    return plan_company(world.reader(), company, flows, ledger_url=url).documents


def log_of(world: World) -> dict[str, Any]:
    """Give the latest line of each document."""
    ledger = world.open_ledger()
    rows = {row.label: row for row in ledger.log()}
    ledger.close()
    return rows


def roots_of(world: World) -> dict[str, Any]:
    """Give what a case may change, by its name."""
    source = world.severa.data
    target = world.procountor.data
    products = {one["code"]: one for one in target.products.values()}
    found: dict[str, Any] = {"years": target.fiscal_years, "products": products}
    if world.flow not in LISTED:
        return found
    (document,) = getattr(source, LISTED[world.flow])
    found["document"] = document
    if world.flow == "sales_invoice":
        guid = document["billingCustomer"]["guid"]
        found["customer"] = next(c for c in source.customers if c["guid"] == guid)
        found["rows"] = [
            row for row in source.rows if row["invoiceGuid"] == document["guid"]
        ]
    else:
        guid = document["user"]["guid"]
        found["user"] = next(user for user in source.users if user["guid"] == guid)
        found["rows"] = world.severa._rows_of(document["guid"])
    return found


def change(roots: dict[str, Any], path: str, value: Any) -> None:
    """Set one value; a number of an index leads into a list."""
    *way, last = path.split(".")
    place: Any = roots
    for part in way:
        place = place[int(part)] if part.isdigit() else place[part]
    is_number = isinstance(place[last], Decimal)
    place[last] = Decimal(value) if is_number else value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_it_is_told_before_the_first_write(tmp_path, case):
    world = World(tmp_path, case.get("settings"), [case["keep"]], case["flow"])
    roots = roots_of(world)
    for path, value in case.get("set", {}).items():
        change(roots, path, value)
    for deed in case.get("hands", ()):
        do_by_hand(world, deed)
    planned = {one.label: one for one in plan(world)}
    before = len(world.requests())

    world.run()

    asked = [e.endpoint for _, e in world.requests()[before:]]
    sent = [e for e in asked if not e.startswith("GET ") and e not in SIGN_IN]
    rows = log_of(world)
    assert set(rows) == set(planned)
    if case["code"] == "planned":
        assert ["planned"] == [one.outcome for one in planned.values()]
        assert ["transferred"] == [row.outcome for row in rows.values()]
        return
    assert [] == sent
    for label, row in rows.items():
        assert ("stopped", case["code"]) == (row.outcome, row.code)
        foreseen = planned[label]
        assert ("stopped", case["code"]) == (foreseen.outcome, foreseen.code)
        assert (row.advice, row.message) == (foreseen.advice, foreseen.message)
        for said in case.get("says", ()):
            assert str(said) in row.advice


@pytest.mark.parametrize("flow", FLOWS)
def test_a_plan_of_everything_is_what_the_sync_does(tmp_path, flow):
    """X01, X14: outcome and code of every document."""
    world = World(tmp_path, flow=flow)
    foreseen = {
        one.label: (one.outcome.replace("planned", "transferred"), one.code)
        for one in plan(world)
    }

    world.run()

    found = {label: (row.outcome, row.code) for label, row in log_of(world).items()}
    assert {label: outcome for label, (outcome, _) in foreseen.items()} == {
        label: outcome for label, (outcome, _) in found.items()
    }
    stopped = {label for label, (outcome, _) in found.items() if outcome == "stopped"}
    assert {label: foreseen[label] for label in stopped} == {
        label: found[label] for label in stopped
    }
