"""One invoice's walk: the rooms and modules whose functions its transfer calls."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

import engine.flow.run
from engine.flow.transfer import run_transfer
from tests.worlds import World

# By room; fewer is better, and more is a decision of its own.
MOST_MODULES = {"flow": 13, "ledger": 9, "systems": 12, "project": 3, "ground": 4}
THE_RULES = ("language", "mapping")  # what they call is up to the rules


@pytest.fixture
def entered(tmp_path, monkeypatch):
    """Give the modules that one transfer calls a function of."""
    found = set()

    def note(frame, event, _argument):
        name = frame.f_globals.get("__name__", "")
        # Code without a file was generated: a record made is no function called.
        if event == "call" and frame.f_code.co_filename.endswith(".py"):
            found.add(name)

    def run_watched(run, document):
        before = sys.getprofile()
        sys.setprofile(note)
        try:
            run_transfer(run, document)
        finally:
            sys.setprofile(before)

    monkeypatch.setattr(engine.flow.run, "run_transfer", run_watched)
    report = World(tmp_path, keep=["plain"]).run()
    assert {"transferred": 1} == report.outcomes
    return {name for name in found if name.startswith("engine.")}


def room_of(name):
    parts = name.split(".")
    return parts[1] if len(parts) > 2 else "ground"


def test_an_invoice_enters_few_rooms(entered):
    """Beside the rules: the flow, both sides of it, and what the files declare."""
    rooms = {room_of(name) for name in entered} - {*THE_RULES, "ground"}

    assert {"flow", "ledger", "systems", "project"} == rooms


def test_an_invoice_enters_few_modules(entered):
    counts = Counter(room_of(name) for name in entered)
    walked = {room: n for room, n in counts.items() if room not in THE_RULES}

    assert {} == {r: n for r, n in walked.items() if n > MOST_MODULES[r]}
