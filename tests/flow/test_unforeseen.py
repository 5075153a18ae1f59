"""What nobody has foreseen holds one document, wherever it happens; the run goes on."""

from __future__ import annotations

from contextlib import closing

import engine.flow.delivery
import engine.flow.parts
import engine.flow.run
import engine.flow.vanished
from tests.ledger.transfers import claim
from tests.worlds import World

OTHER = {"enabled": True}


def fail(*_arguments):
    raise KeyError("id")


def run_broken(world, monkeypatch, module, function):
    """Run while a function fails, then once more a day later, when it does not."""
    with monkeypatch.context() as patch:
        patch.setattr(module, function, fail)
        broken = world.run()
    with closing(world.open_ledger()) as ledger:
        held = [t for t in ledger.transfers() if t.code == "UNEXPECTED"]
        assert ["KeyError: 'id'"] == [transfer.message for transfer in held]
    world.clock.advance(86400)
    return broken.outcomes, world.run().outcomes


def test_in_a_transfer(tmp_path, monkeypatch):
    world = World(tmp_path, keep=["plain"])
    found = run_broken(world, monkeypatch, engine.flow.run, "run_transfer")

    assert ({"stopped": 1}, {"transferred": 1}) == found


def test_while_a_record_is_taken_apart(tmp_path, monkeypatch):
    world = World(tmp_path, keep=["purchase_approved"], flow="purchase_invoice")
    (stopped, mended) = run_broken(world, monkeypatch, engine.flow.parts, "run_step")

    assert {"stopped": 1} == stopped
    assert {"transferred"} == set(mended)


def test_when_the_source_no_longer_has_it(tmp_path, monkeypatch):
    world = World(tmp_path, flow="cost_centre_items")
    world.run()
    world.severa.remove("costcenters", "200")
    world.clock.advance(86400)
    world.run()  # missed once; what is missed on a second day is closed
    world.clock.advance(86400)
    found = run_broken(world, monkeypatch, engine.flow.vanished, "run_vanished")

    assert ({"stopped": 1}, {"transferred": 1}) == found


def test_another_run_that_takes_a_document_over_ends_its_company_only(
    tmp_path, monkeypatch
):
    """Two hosts without a common lock: whoever comes second leaves it alone."""
    settings = {"unit": "Havukka Konsultointi Oy"}
    world = World(tmp_path, settings, data="group", others={"demo_se": OTHER})
    search = engine.flow.delivery.search_one

    def search_too_late(run, document, payload):
        if run.company == "demo":
            with closing(world.open_ledger()) as ledger:
                claim(ledger, document.transfer)
        return search(run, document, payload)

    monkeypatch.setattr(engine.flow.delivery, "search_one", search_too_late)
    demo, other = world.run_all()

    assert "another run took the transfer over" in demo.degraded
    assert "" == other.degraded
    assert other.outcomes["transferred"]
    with closing(world.open_ledger()) as ledger:
        notes = ledger.log("demo", outcome="note", latest_per_document=False)
        assert "DEGRADED" in [row.code for row in notes]
        assert [] == [t.label for t in ledger.transfers() if t.code == "UNEXPECTED"]
