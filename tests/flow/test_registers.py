"""What a register's list says is believed with care: empty, short, unclear, late."""

from __future__ import annotations

import copy
from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest

from engine.flow.vanished import is_too_short
from tests.simulators.data_registers import guid
from tests.worlds import World

MINUTES, DAY = 900, 86_400


@pytest.fixture
def world(tmp_path):
    return World(tmp_path, flow="cost_centre_items", data="flows")


def add_centres(world, count):
    first = world.severa.data.costcenters[0]
    for number in range(count):
        code = f"K{number:04d}"
        more = {"guid": guid("costcenter", code), "identifier": code, "name": code}
        world.severa.data.costcenters.append({**copy.deepcopy(first), **more})


def closed_items(world):
    dimensions = world.procountor.data.dimensions.values()
    return [i["codeName"] for d in dimensions for i in d["items"] if i.get("status")]


def codes_of(world):
    ledger = world.open_ledger()
    rows = list(ledger.log(outcome="note", latest_per_document=False))
    ledger.close()
    return [row.code for row in rows]


def messages_of(world, code):
    ledger = world.open_ledger()
    rows = list(ledger.log(outcome="note", latest_per_document=False))
    ledger.close()
    return [row.message for row in rows if row.code == code]


def test_a_register_of_a_thousand_survives_an_empty_answer(world):
    """Not once, and not on the days after; the run says what it saw (R033)."""
    add_centres(world, 1000)
    world.run()
    closed, kept = closed_items(world), list(world.severa.data.costcenters)

    world.severa.data.costcenters.clear()
    for _ in range(3):
        world.clock.advance(DAY)
        world.run()

    assert closed == closed_items(world)
    said = f"0 listed, {len(kept)} of {len(kept)} known are missing"
    assert [said] * 3 == messages_of(world, "LIST_TOO_SHORT")
    world.severa.data.costcenters.extend(kept)
    world.clock.advance(DAY)
    world.run()
    assert closed == closed_items(world)


def test_a_list_that_broke_off_closes_nothing(world):
    add_centres(world, 40)
    world.run()
    closed = closed_items(world)

    del world.severa.data.costcenters[20:]
    for _ in range(2):
        world.clock.advance(DAY)
        world.run()

    assert closed == closed_items(world)
    assert "LIST_TOO_SHORT" in codes_of(world)


def test_a_missing_one_is_closed_on_the_second_day_only(world):
    add_centres(world, 8)
    world.run()
    gone = world.severa.data.costcenters.pop()

    world.clock.advance(DAY)
    world.run()
    assert gone["identifier"] not in closed_items(world)
    assert "MISSED" in codes_of(world)
    world.clock.advance(DAY)
    world.run()

    assert gone["identifier"] in closed_items(world)


def test_what_the_source_still_gives_by_its_key_is_not_closed(world):
    """A list that leaves one out, time and again, proves nothing."""
    add_centres(world, 8)
    world.run()
    hidden = world.severa.data.costcenters[-1]["guid"]
    world.transport = hide_in_lists(world, "/v1/costcenters", hidden)
    for _ in range(3):
        world.clock.advance(DAY)
        world.run()

    assert "K0007" not in closed_items(world)


def hide_in_lists(world, path, hidden):
    """Give a transport whose lists leave one record out."""
    inner = world.transport

    class Hiding(httpx.BaseTransport):
        def __init__(self):
            self.inner = inner()

        def handle_request(self, request):
            answer = self.inner.handle_request(request)
            if request.url.path.endswith(path):
                rows = [r for r in answer.json() if r["guid"] != hidden]
                return httpx.Response(200, json=rows)
            return answer

    return Hiding


def test_each_listed_record_is_accounted_for(world):
    """One without an id and one that is listed twice are told, once a day."""
    centres = world.severa.data.costcenters
    centres.append({**centres[0], "guid": None, "identifier": "777"})
    centres.append({**centres[1], "identifier": "888"})
    world.run()
    world.clock.advance(MINUTES)
    world.run()

    assert ["2 of the list: 777, 888"] == messages_of(world, "RECORDS_UNCLEAR")


@pytest.mark.parametrize("hours", [-3, -0.5, 0.5, 3, 26])
def test_changes_are_listed_by_the_source_s_clock(world, hours):
    """A clock of ours that is minutes or hours off loses nothing, and is told."""
    true = world.clock
    world.clock = SimpleNamespace(
        now=lambda: true.now() + timedelta(hours=hours),
        monotonic=true.monotonic,
        sleep=true.sleep,
        advance=true.advance,
    )
    world.run()
    true.advance(MINUTES)
    world.severa.add("costcenters", "100", identifier="900", name="Uusi")
    true.advance(MINUTES)
    world.run()

    items = [
        item["codeName"]
        for dimension in world.procountor.data.dimensions.values()
        for item in dimension["items"]
    ]
    assert 1 == items.count("900")
    (said,) = messages_of(world, "CLOCKS_DISAGREE")[:1]
    assert f"ours is {round(hours * 60):+d} minutes from the source's" == said


@pytest.mark.parametrize(
    ("known", "missing", "too_short"),
    [
        (1, 1, True),
        (2, 1, False),
        (2, 2, True),
        (8, 2, False),
        (8, 3, True),
        (1000, 250, False),
        (1000, 251, True),
        (1000, 1000, True),
    ],
)
def test_a_list_is_too_short_when_it_lacks_over_a_quarter(known, missing, too_short):
    assert too_short == is_too_short(known, missing)


def describe(world, *codes):
    """Give the cost centres' items by code, with what they say and whether closed."""
    dimensions = world.procountor.data.dimensions.values()
    items = next(d for d in dimensions if d["name"] == "Kustannuspaikat")["items"]
    return {
        i["codeName"]: i["description"] + (" (closed)" if i.get("status") else "")
        for i in items
        if i["codeName"] in codes
    }


def centre(world, code):
    centres = world.severa.data.costcenters
    return next(c for c in centres if c["identifier"] == code)


def change(world, code, **fields):
    world.severa.change("costcenters", code, **fields)


def test_swapped_codes_end_in_the_right_place(world):
    """Each item keeps its id, and with it what is booked on it."""
    add_centres(world, 2)
    world.run()
    ids = {i["description"]: i["id"] for i in all_items(world)}
    one, other = centre(world, "K0000"), centre(world, "K0001")
    world.clock.advance(MINUTES)
    change(world, "K0000", identifier="temporary")
    change(world, "K0001", identifier="K0000")
    change(world, "temporary", identifier="K0001")
    world.run()

    assert {"K0001": one["name"], "K0000": other["name"]} == describe(
        world, "K0000", "K0001"
    )
    now = {i["description"]: i["id"] for i in all_items(world)}
    assert [ids[n] for n in ("K0000", "K0001")] == [now[n] for n in ("K0000", "K0001")]


def test_codes_that_went_round_end_in_the_right_place(world):
    add_centres(world, 3)
    world.run()
    names = [centre(world, f"K000{n}")["name"] for n in range(3)]
    world.clock.advance(MINUTES)
    change(world, "K0002", identifier="temporary")
    change(world, "K0001", identifier="K0002")
    change(world, "K0000", identifier="K0001")
    change(world, "temporary", identifier="K0000")
    world.run()

    expected = {"K0001": names[0], "K0002": names[1], "K0000": names[2]}
    assert expected == describe(world, "K0000", "K0001", "K0002")


def test_swapped_names_end_in_the_right_place(world):
    add_centres(world, 2)
    world.run()
    world.clock.advance(MINUTES)
    change(world, "K0000", name="K0001")
    change(world, "K0001", name="K0000")
    world.run()

    expected = {"K0000": "K0001", "K0001": "K0000"}
    assert expected == describe(world, "K0000", "K0001")


def test_a_code_that_is_used_again_belongs_to_its_new_owner(world):
    """Closed and made anew the same day, and also once the old one is gone for good."""
    add_centres(world, 8)
    world.run()
    world.clock.advance(MINUTES)
    change(world, "K0003", isActive=False)
    world.severa.add("costcenters", "100", identifier="K0003", name="Uusi")
    world.run()
    assert {"K0003": "Uusi"} == describe(world, "K0003")

    centres = world.severa.data.costcenters
    centres.remove(next(c for c in centres if c["name"] == "K0003"))
    for _ in range(3):
        world.clock.advance(DAY)
        world.run()

    assert {"K0003": "Uusi"} == describe(world, "K0003")


def test_two_of_one_code_share_an_item_that_stays_open(world):
    """It is closed when the last of them is; the log says that it is shared."""
    add_centres(world, 4)
    world.run()
    world.clock.advance(MINUTES)
    world.severa.add("costcenters", "100", identifier="K0002", name="Toinen")
    world.run()
    assert {"K0002": "K0002"} == describe(world, "K0002")
    assert "ITEM_SHARED" in codes_of(world)

    first = next(c for c in world.severa.data.costcenters if c["name"] == "K0002")
    first |= {"isActive": False, "lastUpdatedDateTime": now_of(world)}
    world.clock.advance(MINUTES)
    world.run()
    assert {"K0002": "K0002"} == describe(world, "K0002")

    second = next(c for c in world.severa.data.costcenters if c["name"] == "Toinen")
    second |= {"isActive": False, "lastUpdatedDateTime": now_of(world)}
    world.clock.advance(MINUTES)
    world.run()
    (closed,) = describe(world, "K0002").values()
    assert closed.endswith("(closed)")


def all_items(world):
    dimensions = world.procountor.data.dimensions.values()
    return next(d for d in dimensions if d["name"] == "Kustannuspaikat")["items"]


def now_of(world):
    return world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
