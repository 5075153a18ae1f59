"""A change that names a version: read, compared, sent once, read again (F7)."""

from __future__ import annotations

import copy
from contextlib import closing

import httpx
import pytest

from tests.simulators.shape import Finding
from tests.worlds import World


class Meddling(httpx.BaseTransport):
    """Lets somebody else act right after the card was read."""

    def __init__(self, inner, deeds):
        self.inner, self.deeds = inner, list(deeds)

    def handle_request(self, request):
        response = self.inner.handle_request(request)
        is_card = request.method == "GET" and "/persons/" in request.url.path
        if is_card and self.deeds:
            self.deeds.pop(0)()
        return response


@pytest.fixture
def world(tmp_path):
    return World(tmp_path, keep=["travel_person_changed"], flow="travel_invoice")


def run(world, *deeds):
    """Run once, and give outcome, last code, and how often the card was sent."""
    report = world.run(transport=Meddling(world.transport(), deeds))
    sent = [e.status for _, e in world.requests() if e.endpoint == "PUT /persons/{id}"]
    with closing(world.open_ledger()) as ledger:
        (row,) = ledger.log()
        notes = [r.code for r in ledger.log(outcome="note", latest_per_document=False)]
    return *report.outcomes, row.code, sent, notes


def card_of(world):
    return next(
        person
        for person in world.procountor.data.persons.values()
        if person["lastName"] == world_name(world)
    )


def world_name(world):
    (travel,) = world.severa.data.travelreimbursements
    guid = travel["user"]["guid"]
    return next(u["lastName"] for u in world.severa.data.users if u["guid"] == guid)


def somebody_edits(world):
    """Change another field: the version is a new one, ours is still wanted."""
    card = card_of(world)
    card["registryInfo"]["fax"] = "09 1234"
    world.clock.advance(1)
    card["version"] = world.procountor._now()


def test_a_new_version_is_read_and_kept(world):
    """What somebody else changed meanwhile is kept; the change goes once."""
    outcome, _, sent, notes = run(world, lambda: somebody_edits(world))

    assert ("transferred", [400, 200]) == (outcome, sent)
    assert 1 == notes.count("PERSON_CARD_UPDATED")
    assert "09 1234" == card_of(world)["registryInfo"]["fax"]


def test_somebody_who_is_always_faster_is_left_to_the_next_run(world):
    edits = [lambda: somebody_edits(world)] * 3
    outcome, code, sent, _ = run(world, *edits)

    assert ("waiting", "SYSTEM_BUSY", [400] * 3) == (outcome, code, sent)
    world.clock.advance(600)
    assert "transferred" == run(world)[0]


def test_a_late_twin_that_was_faster_is_found(world, tmp_path):
    """Its answer was lost, our second is refused; what is there is what was wanted."""
    wanted = {}

    def twin_lands():
        card = card_of(world)
        world.clock.advance(1)
        kept = {"id": card["id"], "version": world.procountor._now()}
        card |= copy.deepcopy(wanted) | kept

    (tmp_path / "probe").mkdir()
    probe = World(tmp_path / "probe", keep=["travel_person_changed"], flow=world.flow)
    probe.run()
    wanted |= card_of(probe)
    outcome, _, sent, notes = run(world, twin_lands)

    assert ("transferred", [400]) == (outcome, sent)
    assert "PERSON_CARD_UPDATED" in notes


def test_a_refusal_under_the_version_that_was_sent_is_told(world, monkeypatch):
    refusal = [Finding("firstName", "It is not allowed.")]
    monkeypatch.setattr(world.procountor, "_check_person", lambda _: refusal)
    outcome, code, sent, _ = run(world)

    assert ("stopped", "It is not allowed.", [400]) == (outcome, code, sent)
