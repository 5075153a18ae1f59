"""Dimension items: what becomes of one when its project, cost centre or unit changes.

The table stands in ``tests/cases/dimensions.yaml``; here it meets both simulated systems.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.places import TESTS, read_yaml
from tests.worlds import World

CASES = read_yaml(TESTS / "cases" / "dimensions.yaml")
MINUTES, DAY = 900, 86_400
# kind: register of the source, a member, its code's field, and how it is closed
KINDS: dict[str, tuple[str, Any, str, Any, Any]] = {
    "project": ("projects", 1101, "number", 1200, 1201),
    "cost_centre": ("costcenters", "200", "identifier", "220", "221"),
    "unit": ("businessunits", "Ohjelmistot", "code", None, "OHJ2"),
}
DIMENSIONS = {
    "project": "Projektit",
    "cost_centre": "Kustannuspaikat",
    "unit": "Yksiköt",
}


@pytest.mark.parametrize(
    "case", CASES["cases"], ids=lambda c: "-".join(map(str, c[:3]))
)
def test_item(case: list[Any], tmp_path: Path) -> None:
    """The item is what the table says, and so is the log; once more changes nothing."""
    named = dict(zip(CASES["columns"], case, strict=True))
    kind, change = named["kind"], named["change"]
    world = World(tmp_path, flow=f"{kind}_items", data="flows")
    if not named["used"]:
        world.severa.data.invoices.clear()
    world.run()
    before = items_of(world, kind)
    said = len(words_of(world))

    make_change(world, kind, change)
    if change == "deleted":  # what is missing is looked for again on another day
        world.clock.advance(DAY)
        world.run()
        assert before == items_of(world, kind)
    world.clock.advance(DAY if change == "deleted" else MINUTES)
    world.run()

    assert named["then"] == changed_item(world, kind, change, before)
    assert named["said"] == (words_of(world)[said:] or [""])[-1]
    world.severa.data.invoices.clear()
    world.clock.advance(DAY)
    world.run()
    assert named["later"] == changed_item(world, kind, change, before)
    asked = len(world.requests())
    world.clock.advance(MINUTES)
    world.run()
    assert [] == [e for _, e in world.requests()[asked:] if "items" in e.endpoint]


@pytest.mark.parametrize("case", CASES["settings"], ids=lambda c: "-".join(c["names"]))
def test_settings(case: dict[str, Any], tmp_path: Path) -> None:
    """A kind whose dimension the settings do not name is not sent at all."""
    empty = dict.fromkeys(("projects", "cost_centres", "units"))
    dimensions = {"transfer": True, **empty, **case["names"]}
    settings = {"dimensions": dimensions, "sales": {"transfer": False}}
    world = World(tmp_path, settings, flow=None, data="flows")
    before = {name: items_of(world, name) for name in DIMENSIONS}

    world.run()

    sent = [DIMENSIONS[k] for k in DIMENSIONS if items_of(world, k) != before[k]]
    assert case["sent"] == sent


def make_change(world: World, kind: str, change: str) -> None:
    """Change the source as a user does; ``reopened`` is closed a run before."""
    register, key, code, new, other = KINDS[kind]
    closed = {"isClosed": True} if kind == "project" else {"isActive": False}
    opened = {name: not value for name, value in closed.items()}
    if change == "new":
        world.severa.add(register, key, **{"name": "Uusi", code: new})
    elif change == "born closed":
        world.severa.add(register, key, **{"name": "Uusi", code: new, **closed})
    elif change == "renamed":
        world.severa.change(register, key, name="Uusi nimi")
    elif change == "renumbered":
        world.severa.change(register, key, **{code: other})
    elif change == "touched":
        world.severa.change(register, key, closedDate=None)
    elif change == "closed":
        world.severa.change(register, key, **closed)
    elif change == "reopened":
        world.severa.change(register, key, **closed)
        world.clock.advance(MINUTES)
        world.run()
        world.severa.change(register, key, **opened)
    else:
        world.severa.remove(register, key)


def items_of(world: World, kind: str) -> dict[int, str]:
    """Tell the items of a kind's dimension in the target, by id."""
    dimensions = world.procountor.data.dimensions.values()
    found = next(d for d in dimensions if d["name"] == DIMENSIONS[kind])
    return {
        item["id"]: f"{item['codeName']} {item['description']}"
        + (" (closed)" if item.get("status") == "P" else "")
        for item in found["items"]
    }


def changed_item(
    world: World, kind: str, change: str, before: dict[int, str]
) -> str | None:
    """Tell the new item, or what became of the member's own."""
    now = items_of(world, kind)
    if change in ("new", "born closed"):
        new = [text for number, text in now.items() if number not in before]
        assert len(new) <= 1, new
        return new[0] if new else None
    code = {"project": "1101", "cost_centre": "200", "unit": "OHJ"}[kind]
    own = next(n for n, text in before.items() if text.startswith(f"{code} "))
    assert len(before) == len(now)  # never a second one
    return now[own]


def words_of(world: World) -> list[str]:
    """List the codes that the log has for a person, oldest first."""
    ledger = world.open_ledger()
    rows = [
        row
        for outcome in ("note", "stopped")
        for row in ledger.log(outcome=outcome, latest_per_document=False)
    ]
    ledger.close()
    return [row.code for row in sorted(rows, key=lambda row: row.at)]


def test_what_a_waiting_travel_reimbursement_needs_stays_open(tmp_path: Path) -> None:
    """It is closed once nothing that waits has a cost on it (R033)."""
    world = World(
        tmp_path,
        {"travel": {"transfer": True}},
        flow="project_items",
        data="flows",
    )
    world.severa.data.invoices.clear()
    world.run()
    projects = world.severa.data.projects
    claims = world.severa.data.travelreimbursements
    waiting = [
        c
        for c in claims
        if c["travelReimbursementStatus"]["name"].startswith("Waiting")
    ]
    rows = [row for claim in waiting for row in world.severa._rows_of(claim["guid"])]
    used = next(row["project"]["guid"] for row in rows if row.get("project"))
    project = next(p for p in projects if p["guid"] == used)
    code = str(project["number"])

    world.severa.change("projects", project["number"], isClosed=True)
    world.clock.advance(MINUTES)
    world.run()
    assert is_open(world, code)
    assert "ITEM_USED" in words_of(world)

    claims.clear()
    world.clock.advance(DAY)
    world.run()
    assert not is_open(world, code)


@pytest.mark.parametrize("kind", ["invoices", "travelreimbursements"])
@pytest.mark.parametrize(
    ("flow", "dimension", "register", "code"),
    [
        ("cost_centre_items", "Kustannuspaikat", "costcenters", "200"),
        ("unit_items", "Yksiköt", "businessunits", "OHJ"),
    ],
)
def test_what_waits_for_its_transfer_keeps_centres_and_units_open(
    tmp_path: Path, flow: str, dimension: str, register: str, code: str, kind: str
) -> None:
    """By its rows, its projects or its traveller; closed once nothing waits (R033)."""
    world = World(tmp_path, {"travel": {"transfer": True}}, flow=flow, data="flows")
    data = world.severa.data
    other = {"invoices", "travelreimbursements"} - {kind}
    getattr(data, other.pop()).clear()
    world.run()

    member = "Ohjelmistot" if register == "businessunits" else code
    world.severa.change(register, member, isActive=False)
    world.clock.advance(MINUTES)
    world.run()
    assert not world.procountor.item(dimension, code).get("status")
    assert "ITEM_USED" in words_of(world)

    getattr(data, kind).clear()
    world.clock.advance(DAY)
    world.run()
    assert "P" == world.procountor.item(dimension, code).get("status")


def is_open(world: World, code: str) -> bool:
    return not world.procountor.item("Projektit", code).get("status")
