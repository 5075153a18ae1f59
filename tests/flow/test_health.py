"""The truth about health: a table of states, and what a monitor is told (B1, A16)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.flow.health import CompanyFacts, find_troubles
from engine.ledger.model import Run
from engine.project.schedule import has_lasted, read_schedule
from tests.places import TESTS, read_texts
from tests.worlds import World, project

STATES = read_texts(TESTS / "cases" / "companies" / "health.yaml")
HELSINKI = ZoneInfo("Europe/Helsinki")


def at(text: str) -> datetime:
    """Read 10:05, or 26 10:05, or a whole time; Finnish."""
    if "T" not in text:
        day, _, clock = text.rpartition(" ")
        text = f"2026-11-{day or 25}T{clock}"
    return datetime.fromisoformat(text).replace(tzinfo=HELSINKI)


def run_of(times: list[str], outcome: str = "ok", code: str = "") -> Run:
    ended = at(times[1]) if len(times) > 1 else None
    kept: Any = outcome if ended else None
    return Run(1, "acme", "pid 1", at(times[0]), ended, kept, {}, code, {}, {})


@pytest.fixture(scope="module")
def transfer(tmp_path_factory):
    """Any transfer; a state changes what it says."""
    world = World(tmp_path_factory.mktemp("health"), keep=[20261001])
    world.run()
    ledger = world.open_ledger()
    (found,) = ledger.transfers()
    ledger.close()
    return found


def stopped(transfer: Any, text: str) -> Any:
    aside, code, since = text.split(" ", 2)
    seen = at(since)
    held = seen if aside == "held" else None
    return replace(
        transfer, aside=aside, code=code, held_at=held, claimed_at=seen, stage="new"
    )


@pytest.mark.parametrize("state", STATES, ids=lambda state: state["name"])
def test_what_a_monitor_is_told(state, transfer):
    last = good = None
    if "run" in state:
        outcome = state.get("outcome", "ok")
        last = run_of(state["run"], outcome, state.get("code", ""))
        good = last if last.outcome == "ok" else None
    if "good" in state:
        good = run_of(state["good"])
    facts = CompanyFacts(
        read_schedule(state.get("schedule", "every_10min")),
        is_enabled="off" not in state,
        left_out=state.get("left_out", ""),
        last=last,
        last_good=good,
        at_work_since=at(state["work"]) if "work" in state else None,
        unfinished=[stopped(transfer, text) for text in state.get("documents", [])],
    )

    troubles = find_troubles(facts, project().advice, at(state["now"]))

    assert state["told"] == [f"{t.code} {t.weight}" for t in troubles]


def test_there_are_enough_states():
    assert 20 <= len(STATES)


def test_every_trouble_has_advice_in_all_languages():
    book = project().advice
    codes = {told.split()[0] for state in STATES for told in state["told"]}
    for code in codes:
        texts = {book.explain(code, lang).meaning for lang in ("fi", "sv", "en", "nl")}
        assert 4 == len(texts)


def test_scheduled_time_is_the_hour_after_each_time():
    """Half an hour of scheduled time, however long the pause in it is."""
    daily = read_schedule("0 7 * * *")

    def has(now: str) -> bool:
        return has_lasted(daily, at("07:40"), at(now), timedelta(minutes=30))

    assert [False, False, False, True] == [
        has("08:30"),
        has("26 06:00"),
        has("26 07:09"),
        has("26 07:10"),
    ]
