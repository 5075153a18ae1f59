"""A document that its source no longer has fails as any other does: alone."""

from __future__ import annotations

import engine.flow.vanished
from tests.worlds import World


def test_an_unforeseen_fault_holds_the_document_and_not_the_run(tmp_path, monkeypatch):
    world = World(tmp_path, flow="cost_centre_items")
    world.run()
    world.severa.remove("costcenters", "200")
    world.clock.advance(86400)
    with monkeypatch.context() as patch:
        patch.setattr(engine.flow.vanished, "run_vanished", fail)
        broken = world.run()
    world.clock.advance(86400)
    mended = world.run()

    assert {"stopped": 1} == broken.outcomes
    assert {"transferred": 1} == mended.outcomes
    assert {"VANISHED": 1} == mended.flows[0].codes


def fail(_run, _document):
    raise KeyError("id")
