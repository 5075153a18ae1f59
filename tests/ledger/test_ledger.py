"""The ledger: states, claims, the log, durability, and the file it lives in."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest

from engine.errors import SettingsError
from engine.ledger.failures import (
    ClaimLostError,
    LedgerConflictError,
    LedgerError,
    LedgerStateError,
)
from engine.ledger.lock import find_holder, lock_path, try_lock
from engine.ledger.model import (
    ASIDES,
    LEGAL_STAGES,
    LEGAL_WRITE_STATES,
    OUTCOMES,
    STAGES,
    Event,
    LogRow,
    Run,
    Transfer,
    Write,
    back_off_until,
    format_time,
    read_time,
)
from engine.ledger.open import open_ledger
from engine.ledger.queries import iter_statements, load_migrations, load_queries
from engine.ledger.sqlite_file import is_wal_safe
from tests.places import ROOT

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SERVER = datetime(2026, 3, 2, 8, 0, 7, tzinfo=UTC)  # the target's clock differs
REASON = Event("ERROR_DATE", "the period is closed", "date", "open the period")


class StillClock:
    """Stands until it is moved."""

    def __init__(self):
        self.at = START

    def now(self):
        return self.at

    def monotonic(self):
        return self.at.timestamp()

    def sleep(self, seconds):
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return StillClock()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "ledger.sqlite"


@pytest.fixture
def ledger(path, clock):
    opened = open_ledger(f"sqlite:///{path}", clock)
    yield opened
    opened.close()


def see(ledger, key="k1", **changes):
    facts = {"label": "10482", "reference": "10482", "source_digest": "s1"} | changes
    return ledger.open_transfer("acme", "sales", key, **facts)


def claim(ledger, transfer, owner="pid 1"):
    return ledger.steps.claim(
        transfer, payload_digest="p1", mapping_digest="m1", owner=owner
    )


def bring(ledger, stage, key="k1"):
    """Bring a fresh transfer to a stage by the shortest way."""
    transfer = see(ledger, key, label=key, reference=key)
    if stage == "new":
        return transfer
    transfer = claim(ledger, transfer)
    if stage == "doubt":
        return ledger.steps.in_doubt(transfer, seen_at=SERVER)
    if stage in ("posted", "proved", "done"):
        transfer = ledger.steps.posted(transfer, target_id="4711")
    if stage in ("proved", "done"):
        transfer = ledger.steps.proved(transfer)
    return ledger.steps.done(transfer) if stage == "done" else transfer


def steps(ledger, **choice):
    return list(ledger.log.rows(latest_per_document=False, **choice))


def raw(path, statement):
    """Run a statement behind the ledger's back, as a foreign tool would."""
    connection = sqlite3.connect(path)
    try:
        with connection:
            return connection.execute(statement).fetchall()
    finally:
        connection.close()


# -- states ----------------------------------------------------------------------

FORWARD = {
    "intent": claim,
    "doubt": lambda ledger, transfer: ledger.steps.in_doubt(transfer),
    "posted": lambda ledger, transfer: ledger.steps.posted(transfer, target_id="4711"),
    "proved": lambda ledger, transfer: ledger.steps.proved(transfer),
    "done": lambda ledger, transfer: ledger.steps.done(transfer),
}


@pytest.mark.parametrize(("before", "after"), [*product(STAGES, FORWARD)])
def test_a_step_is_taken_or_refused_as_drawn(ledger, before, after):
    transfer = bring(ledger, before)

    if after in LEGAL_STAGES[before]:
        assert after == FORWARD[after](ledger, transfer).stage
    else:
        with pytest.raises(LedgerStateError):
            FORWARD[after](ledger, transfer)
        assert transfer == ledger.find_transfer("acme", "sales", "k1")


@pytest.mark.parametrize(("before", "after"), [*product(STAGES, STAGES)])
def test_the_database_enforces_the_same_steps(ledger, path, before, after):
    bring(ledger, before)
    change = (
        f"UPDATE transfers SET stage = '{after}', target_id = coalesce(target_id, '1')"
    )

    # Going back from a known target needs a person; see its own test.
    if after in LEGAL_STAGES[before] and (before, after) not in {
        ("posted", "new"),
        ("proved", "new"),
    }:
        raw(path, change)
    else:
        with pytest.raises(sqlite3.IntegrityError, match="do not allow this step"):
            raw(path, change)


@pytest.mark.parametrize(
    ("before", "after"), [*product(LEGAL_WRITE_STATES, LEGAL_WRITE_STATES)]
)
def test_a_write_takes_the_same_steps_in_the_database(ledger, path, before, after):
    write = ledger.writes.begin(see(ledger), "partner", "", "d")
    if before != "intent":
        ledger.writes.end(write, before)
    change = f"UPDATE writes SET state = '{after}'"

    if after in LEGAL_WRITE_STATES[before]:
        raw(path, change)
    else:
        with pytest.raises(sqlite3.IntegrityError, match="do not allow this step"):
            raw(path, change)


BORN_CLAIMED = """
    INSERT INTO transfers
    (company, flow, key, label, source_digest, first_seen_at, updated_at, stage)
    VALUES ('a', 'b', 'c', 'd', '', '', '', 'intent')
"""


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET message = 'nothing happened'",
        "DELETE FROM events",
        "DELETE FROM transfers",
        "UPDATE transfers SET stage = 'finished'",
        "UPDATE transfers SET aside = 'parked'",
        "UPDATE transfers SET aside = 'held', code = ''",
        "UPDATE transfers SET attempts = 'many'",
        "UPDATE transfers SET reference = ''",
        BORN_CLAIMED,
        "UPDATE transfers SET target_id = '4712' WHERE stage = 'posted'",
        "UPDATE transfers SET stage = 'new', target_id = NULL WHERE stage = 'posted'",
        "UPDATE runs SET outcome = 'ok'",
    ],
)
def test_the_database_refuses_what_would_be_a_lie(ledger, path, statement):
    bring(ledger, "posted")
    ledger.runs.start("acme", "pid 1")

    with pytest.raises(sqlite3.IntegrityError):
        raw(path, statement)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("aside", ASIDES)
def test_every_stage_but_done_can_stand_aside_and_go_on(ledger, stage, aside):
    transfer = bring(ledger, stage)
    stand = {
        "held": ledger.steps.hold,
        "waiting": ledger.steps.wait,
        "gone": ledger.steps.gone,
    }[aside]

    if stage == "done":
        with pytest.raises(LedgerStateError):
            stand(transfer, REASON)
        return
    stood = stand(transfer, REASON)

    assert (stage, aside, aside) == (stood.stage, stood.aside, stood.state)
    assert (REASON.code, REASON.message, REASON.field, REASON.advice) == (
        stood.code,
        stood.message,
        stood.field,
        stood.advice,
    )
    following = {"new": "intent", "posted": "proved", "proved": "done"}
    after = FORWARD[following.get(stage, "posted")](ledger, stood)
    assert (None, "") == (after.aside, after.code)


def test_a_create_without_effect_leaves_nothing_to_settle(ledger):
    for number, stand in enumerate((ledger.steps.hold, ledger.steps.wait)):
        transfer = bring(ledger, "intent", f"k{number}")

        assert "new" == stand(transfer, REASON, not_applied=True).stage
    doubtful = bring(ledger, "doubt", "k9")
    assert "doubt" == ledger.steps.hold(doubtful, REASON, not_applied=True).stage


def test_the_first_sight_of_a_doubt_stays_until_the_next_claim(ledger):
    first = bring(ledger, "doubt")
    later = SERVER + timedelta(minutes=10)

    again = ledger.steps.in_doubt(first, seen_at=later, searched_at=later)
    assert (SERVER, later) == (again.doubt_seen_at, again.doubt_searched_at)
    again = ledger.steps.in_doubt(again, searched_at=later + timedelta(minutes=1))
    assert later == again.doubt_searched_at
    again = claim(ledger, again)
    assert (None, None, 2) == (
        again.doubt_seen_at,
        again.doubt_searched_at,
        again.attempts,
    )


def test_an_adopted_document_says_so_when_it_is_done(ledger):
    transfer = ledger.steps.posted(see(ledger), target_id="4711", adopted=True)
    ledger.steps.done(ledger.steps.proved(transfer), target_number="12")

    (row,) = ledger.log.rows()
    assert ("transferred", "ADOPTED", "4711", "12") == (
        row.outcome,
        row.code,
        row.target_id,
        row.target_number,
    )


def test_a_done_document_that_comes_back_keeps_its_target(ledger):
    transfer = ledger.steps.reopen(bring(ledger, "done"))

    assert ("posted", "4711") == (transfer.stage, transfer.target_id)
    with pytest.raises(LedgerStateError):
        claim(ledger, transfer)
    with pytest.raises(LedgerStateError, match="keeps its target"):
        ledger.steps.posted(transfer, target_id="4712")
    with pytest.raises(LedgerStateError, match="not done"):
        ledger.steps.reopen(transfer)


def test_a_lost_target_is_forgotten_only_when_a_person_asked(ledger):
    transfer = bring(ledger, "posted")
    write = ledger.writes.begin(transfer, "attachment", "a.pdf", "d")
    ledger.writes.end(write, "done")
    with pytest.raises(LedgerStateError):
        ledger.steps.start_over(transfer, REASON)
    held = ledger.steps.hold(transfer, REASON)
    with pytest.raises(LedgerStateError):
        ledger.steps.start_over(held, REASON)
    assert 1 == len(ledger.writes.list_of(held))

    (asked,) = ledger.retry("acme", "k1")
    fresh = ledger.steps.start_over(asked, REASON)

    assert ("new", None, False, []) == (
        fresh.stage,
        fresh.target_id,
        fresh.retry_asked,
        ledger.writes.list_of(fresh),
    )
    with pytest.raises(LedgerStateError, match="no target"):
        ledger.steps.start_over(fresh, REASON)


# -- seeing and claiming ---------------------------------------------------------


def test_a_document_is_met_again_not_doubled(ledger, clock):
    first = see(ledger)
    clock.sleep(600)

    assert first == see(ledger)
    assert START == first.first_seen_at == first.updated_at
    assert "10482 B" == see(ledger, label="10482 B").label
    assert 1 == len(list(ledger.transfers()))


@pytest.mark.parametrize(
    ("change", "is_due"),
    [
        ({}, False),
        ({"label": "other"}, False),
        ({"source_digest": "s2"}, True),
        ({"mapping_digest": "m2"}, True),
    ],
)
def test_a_change_ends_the_back_off(ledger, clock, change, is_due):
    transfer = see(ledger, mapping_digest="m1")
    until = back_off_until(transfer.held_count, clock.now())
    ledger.steps.hold(transfer, REASON, retry_at=until)

    transfer = see(ledger, **{"mapping_digest": "m1"} | change)

    assert is_due == transfer.is_due(clock.now())
    assert int(not is_due) == transfer.held_count
    assert "held" == transfer.state
    clock.sleep(600)
    assert transfer.is_due(clock.now())


def test_the_back_off_doubles_up_to_six_hours():
    minutes = [
        (back_off_until(count, START) - START).total_seconds() / 60
        for count in (0, 1, 2, 3, 4, 5, 6, 5000)
    ]

    assert [10, 20, 40, 80, 160, 320, 360, 360] == minutes


def test_holding_again_keeps_since_when(ledger, clock):
    ledger.steps.hold(see(ledger), REASON)
    clock.sleep(3600)
    again = ledger.steps.hold(see(ledger), REASON)

    assert (START, 2) == (again.held_at, again.held_count)


def test_only_the_first_of_two_claims_wins(ledger, path, clock):
    other = open_ledger(f"sqlite:///{path}", clock)
    mine, theirs = see(ledger), see(other)

    claimed = claim(other, theirs, "pid 2")
    for change in (
        claim,
        lambda ledger, it: ledger.steps.hold(it, REASON),
        lambda ledger, it: ledger.writes.begin(it, "partner", "", "d"),
    ):
        with pytest.raises(ClaimLostError):
            change(ledger, mine)

    assert claimed == ledger.find_transfer("acme", "sales", "k1")
    assert ("pid 2", 1, "p1", START) == (
        claimed.owner,
        claimed.attempts,
        claimed.payload_digest,
        claimed.claimed_at,
    )
    assert 1 == len(steps(ledger, outcome="step"))
    other.close()


def test_a_document_that_changes_after_the_claim_is_known_as_changed(ledger):
    transfer = bring(ledger, "posted")
    assert not transfer.is_changed

    assert see(ledger, label="k1", reference="k1", source_digest="s2").is_changed


def test_a_second_document_with_the_same_reference_is_reported(ledger):
    first = see(ledger)
    with pytest.raises(LedgerConflictError) as caught:
        see(ledger, "k2", label="10482 copy")

    error = caught.value
    assert "REFERENCE_TAKEN" == error.code
    assert {"reference": "10482", "other_label": "10482", "other_key": "k1"} == (
        error.details
    )
    assert (first, "k2", None) == (
        error.other,
        error.transfer.key,
        error.transfer.reference,
    )
    ledger.steps.hold(error.transfer, Event(error.code, error.message))
    assert ["REFERENCE_TAKEN"] == [
        row.code for row in ledger.log.rows(outcome="stopped")
    ]
    with pytest.raises(LedgerConflictError):
        see(ledger, "k2")
    assert "10483" == see(ledger, "k2", reference="10483").reference


def test_the_same_reference_in_another_flow_or_company_is_no_conflict(ledger):
    see(ledger)
    facts = {"label": "10482", "reference": "10482", "source_digest": "s1"}

    assert ledger.open_transfer("acme", "travel", "k2", **facts)
    assert ledger.open_transfer("beta", "sales", "k1", **facts)
    assert ledger.open_transfer("beta", "sales", "k3", **facts | {"reference": None})
    assert ledger.open_transfer("beta", "sales", "k4", **facts | {"reference": ""})


def test_a_document_that_left_before_anything_was_sent_frees_its_reference(ledger):
    ledger.steps.gone(see(ledger), Event("LEFT"))

    assert "10482" == see(ledger, "k2").reference
    with pytest.raises(LedgerConflictError):
        see(ledger, "k1")


def test_a_document_that_left_in_doubt_keeps_its_reference(ledger):
    ledger.steps.gone(bring(ledger, "doubt", "10482"), Event("LEFT"))

    with pytest.raises(LedgerConflictError):
        see(ledger, "k2")


def test_the_reference_is_fixed_from_the_claim_on(ledger):
    assert "10483" == see(ledger, reference="10483").reference
    claim(ledger, see(ledger, reference="10484"))

    assert "10484" == see(ledger, reference="10485").reference


def test_a_document_that_left_comes_back(ledger):
    ledger.steps.gone(see(ledger), Event("LEFT", "drawn back"))
    back = see(ledger)

    assert ("new", "", "10482") == (back.state, back.code, back.reference)
    assert ["CAME_BACK"] == [row.code for row in steps(ledger, outcome="step")]


@pytest.mark.parametrize(
    ("company", "key", "marked"),
    [
        ("acme", "k1", ["k1"]),
        (None, "N-1", ["k1"]),
        (None, "R-1", ["k1"]),
        ("beta", "k1", []),
        (None, "k", []),
        (None, "done", []),
    ],
)
def test_a_person_asks_for_another_try(ledger, clock, company, key, marked):
    bring(ledger, "done", "done")
    transfer = see(ledger, label="N-1", reference="R-1")
    ledger.steps.hold(transfer, REASON, retry_at=clock.now() + timedelta(hours=6))

    assert marked == [found.key for found in ledger.retry(company, key)]
    found = ledger.find_transfer("acme", "sales", "k1")
    assert bool(marked) == found.retry_asked == found.is_due(clock.now())
    assert not ledger.steps.hold(found, REASON).retry_asked


# -- writes ----------------------------------------------------------------------


def test_a_write_keeps_its_answer(ledger):
    transfer = see(ledger)
    write = ledger.writes.begin(transfer, "partner", "1001", "d1")
    assert ("intent", 1, {}, START) == (
        write.state,
        write.attempt,
        write.answer,
        write.begun_at,
    )
    answer = {"id": 77, "name": "Työ Oy", "total": Decimal("1.10")}
    ended = ledger.writes.end(write, "done", target_id="77", answer=answer)

    assert ended == ledger.writes.find(transfer, "partner", "1001")
    assert {"id": 77, "name": "Työ Oy", "total": "1.10"} == ended.answer
    assert None is ledger.writes.find(transfer, "partner", "1002")
    with pytest.raises(LedgerStateError):
        ledger.writes.begin(transfer, "partner", "1001", "d1")
    with pytest.raises(LedgerStateError):
        ledger.writes.end(ended, "refused")


def test_a_write_in_doubt_is_settled_or_tried_again(ledger):
    transfer = see(ledger)
    write = ledger.writes.begin(transfer, "attachment", "a.pdf", "d1")
    doubt = ledger.writes.end(write, "doubt", doubt_seen_at=SERVER)
    later = SERVER + timedelta(hours=1)
    doubt = ledger.writes.end(doubt, "doubt", doubt_seen_at=later)
    assert ("doubt", SERVER) == (doubt.state, doubt.doubt_seen_at)

    again = ledger.writes.begin(transfer, "attachment", "a.pdf", "d1")
    assert ("intent", 2, None) == (again.state, again.attempt, again.doubt_seen_at)
    with pytest.raises(LedgerStateError, match="outdated"):
        ledger.writes.end(doubt, "done")
    assert "refused" == ledger.writes.end(again, "refused").state
    assert 3 == ledger.writes.begin(transfer, "attachment", "a.pdf", "d1").attempt


def test_another_document_sees_a_register_write_in_doubt(ledger):
    write = ledger.writes.begin(see(ledger), "partner", "1001", "d1")
    assert write == ledger.writes.find_open("acme", "partner", "1001")
    assert None is ledger.writes.find_open("beta", "partner", "1001")
    doubt = ledger.writes.end(write, "doubt")
    assert doubt == ledger.writes.find_open("acme", "partner", "1001")
    ledger.writes.end(doubt, "done", target_id="77")

    assert None is ledger.writes.find_open("acme", "partner", "1001")


# -- the log ---------------------------------------------------------------------


def test_the_log_gives_the_last_word_on_each_document(ledger, clock):
    first = ledger.steps.hold(see(ledger, "k1", label="1", reference="1"), REASON)
    clock.sleep(60)
    ledger.steps.wait(see(ledger, "k2", label="2", reference="2"), Event("DOWN"))
    clock.sleep(60)
    posted = ledger.steps.posted(claim(ledger, first), target_id="4711")
    ledger.log.note(posted, Event("CUT", "cut at 70", "orderReference"))
    ledger.steps.done(ledger.steps.proved(posted), target_number="12")
    ledger.log.note(posted, Event("CUT", "cut at 80", "name"))
    ledger.log.note_flow("acme", "sales", Event("SYSTEM_DOWN", "no answer"), "waiting")

    rows = list(ledger.log.rows())
    assert [("2", "waiting"), ("1", "transferred")] == [
        (row.label, row.outcome) for row in rows
    ]
    assert {
        "company": "acme",
        "flow": "sales",
        "key": "k1",
        "label": "1",
        "outcome": "transferred",
        "target_id": "4711",
        "target_number": "12",
        "code": "",
        "field": "",
        "message": "",
        "advice": "",
        "at": "2026-03-02T08:02:00.000Z",
    } == rows[1].to_json()
    assert [] == list(ledger.log.rows(outcome="stopped"))
    assert [] == list(ledger.log.rows(company="beta"))
    assert [] == list(ledger.log.rows(flow="travel"))
    assert ["1"] == [
        r.label for r in ledger.log.rows(since=START + timedelta(minutes=2))
    ]
    assert [
        *("stopped", "waiting", "note", "transferred", "note", "waiting"),
    ] == [row.outcome for row in steps(ledger)]
    assert ["CLAIM", "POSTED", "PROVED"] == [
        row.code for row in steps(ledger, outcome="step")
    ]


def test_a_doubt_is_a_document_that_waits(ledger):
    bring(ledger, "doubt")

    assert [("waiting", "IN_DOUBT")] == [(r.outcome, r.code) for r in ledger.log.rows()]


def test_an_event_says_what_was_true_when_it_was_said(ledger):
    ledger.steps.hold(see(ledger), REASON)
    see(ledger, label="10482 B", source_digest="s2")

    assert ["10482"] == [row.label for row in ledger.log.rows()]


def test_long_logs_come_page_by_page(ledger, monkeypatch):
    monkeypatch.setattr("engine.ledger.database.PAGE", 2)
    for number in range(5):
        ledger.steps.hold(see(ledger, f"k{number}", reference=f"{number}"), REASON)

    rows = []
    for row in ledger.log.rows():
        ledger.log.note(see(ledger, row.key, reference=row.key[1:]), Event("SEEN"))
        rows.append(row.key)
    keys = [f"k{number}" for number in range(5)]
    assert keys == rows
    assert keys == [transfer.key for transfer in ledger.transfers(state="held")]
    assert {("acme", "sales", "held"): 5} == ledger.count_states("acme")
    assert [] == list(ledger.transfers("beta"))


def test_the_unfinished_are_those_neither_done_nor_gone(ledger, monkeypatch):
    monkeypatch.setattr("engine.ledger.database.PAGE", 2)
    for stage in STAGES:
        bring(ledger, stage, stage)
    for way, turn in {
        "held": lambda transfer: ledger.steps.hold(transfer, REASON),
        "waiting": lambda transfer: ledger.steps.wait(transfer, REASON),
        "gone": lambda transfer: ledger.steps.gone(transfer, REASON),
    }.items():
        for stage in ("new", "posted"):
            turn(bring(ledger, stage, f"{way} {stage}"))
    facts = {"label": "1", "reference": "1", "source_digest": "s1"}
    ledger.open_transfer("acme", "travel", "other flow", **facts)
    ledger.open_transfer("beta", "sales", "other company", **facts)

    for choice in ((), ("acme",), ("acme", "sales"), ("beta",), (None, "travel")):
        every = list(ledger.transfers(*choice))
        left = [t for t in every if t.state not in ("done", "gone")]
        assert left == list(ledger.unfinished(*choice))
    assert [
        *("new", "intent", "doubt", "posted", "proved"),
        *("held new", "held posted", "waiting new", "waiting posted"),
    ] == [transfer.key for transfer in ledger.unfinished("acme", "sales")]


def test_a_failed_change_leaves_no_event_and_a_failed_event_no_change(
    ledger, monkeypatch
):
    transfer = see(ledger)
    with pytest.raises(LedgerStateError):
        ledger.steps.hold(transfer, Event(""))  # a hold needs a code
    with monkeypatch.context() as patch:
        patch.setattr(ledger.log, "append", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            claim(ledger, transfer)

    assert [] == steps(ledger, outcome="step")
    assert transfer == ledger.find_transfer("acme", "sales", "k1")
    assert "intent" == claim(ledger, transfer).stage


def test_runs_are_remembered(ledger, clock):
    assert None is ledger.runs.find_last("acme")
    run = ledger.runs.start("acme", "pid 1")
    assert (None, None) == (run.ended_at, run.outcome)
    clock.sleep(5)
    ended = ledger.runs.end(run, "ok", {"transferred": 40, "stopped": 2})

    assert ended == ledger.runs.find_last("acme")
    assert ("ok", {"transferred": 40, "stopped": 2}, START + timedelta(seconds=5)) == (
        ended.outcome,
        ended.counts,
        ended.ended_at,
    )
    assert None is ledger.runs.find_last("beta")


# -- the file --------------------------------------------------------------------


def test_what_was_recorded_is_there_after_reopening(ledger, path, clock):
    transfer = bring(ledger, "proved")
    ledger.close()
    again = open_ledger(f"sqlite:///{path}", clock, must_exist=True)

    assert transfer == again.find_transfer("acme", "sales", "k1")
    again.close()


def test_the_file_is_private(ledger, path):
    assert 0o700 == stat.S_IMODE(path.parent.stat().st_mode)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    ledger.close()
    path.chmod(0o644)
    open_ledger(f"sqlite:///{path}", StillClock()).close()
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_an_existing_folder_keeps_its_mode(tmp_path, clock):
    tmp_path.chmod(0o750)
    open_ledger("sqlite:///a/ledger.sqlite", clock, root=tmp_path).close()

    assert 0o750 == stat.S_IMODE(tmp_path.stat().st_mode)
    assert (tmp_path / "a" / "ledger.sqlite").is_file()


def test_commits_survive_a_loss_of_power(ledger):
    connection = ledger._database.store.connection
    pragmas = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    safe = is_wal_safe(sqlite3.sqlite_version_info)
    expected = ("wal", 2, 1) if safe else ("delete", 3, 1)

    assert expected == tuple(pragmas.values())


@pytest.mark.parametrize(
    ("version", "safe"),
    [((3, 40, 1), False), ((3, 51, 2), False), ((3, 51, 3), True), ((4, 0, 0), True)],
)
def test_the_write_ahead_log_waits_for_its_repair(version, safe):
    assert safe == is_wal_safe(version)


def refusal(url, **options):
    with pytest.raises(SettingsError) as caught:
        open_ledger(url, StillClock(), **options)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://siirto:hunter2@db/siirto",
        "mysql://x",
        "ledger.sqlite",
        "",
        "sqlite://",
        "sqlite:///",
        "sqlite:ledger.sqlite",
        "sqlite://host",
    ],
)
def test_an_unknown_address_is_refused_with_what_is_supported(url):
    problem = refusal(url)

    assert "C301" == problem.code
    assert "sqlite:///PATH" in problem.hint
    assert "hunter2" not in problem.message


def test_a_newer_ledger_is_refused(ledger, path):
    ledger.close()
    raw(path, "PRAGMA user_version = 99")
    problem = refusal(f"sqlite:///{path}")

    assert "C302" == problem.code
    known = len(load_migrations())
    assert f"has version 99, this program knows {known}" in problem.message


def damage(path):
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xa5" * 4096
    path.write_bytes(content)


@pytest.mark.parametrize(
    "harm",
    [
        damage,
        lambda path: path.write_bytes(path.read_bytes()[: 4096 * 3]),
        lambda path: path.write_text("this is not a database, it is a text\n" * 40),
    ],
)
def test_a_damaged_ledger_says_what_to_do(ledger, path, harm):
    bring(ledger, "done")
    ledger.close()
    harm(path)
    problem = refusal(f"sqlite:///{path}")

    assert "C303" == problem.code
    assert str(path) in problem.message
    assert "move the file aside" in problem.hint


def test_another_programs_file_is_left_alone(path):
    path.parent.mkdir()
    raw(path, "CREATE TABLE songs (title TEXT)")
    before = path.read_bytes()

    assert "C307" == refusal(f"sqlite:///{path}").code
    assert before == path.read_bytes()


def test_a_reading_command_makes_no_ledger(path):
    assert "C305" == refusal(f"sqlite:///{path}", must_exist=True).code
    assert not path.parent.exists()


def test_a_path_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").write_text("")

    assert "C304" == refusal(f"sqlite:///{tmp_path}/file/ledger.sqlite").code
    assert "C304" == refusal(f"sqlite:///{tmp_path}").code


def test_a_ledger_that_cannot_be_written_says_so(ledger):
    ledger._database.store.connection.execute("PRAGMA query_only = ON")

    with pytest.raises(LedgerError, match="cannot record"):
        see(ledger)


def test_a_broken_migration_leaves_nothing_behind(path, clock, monkeypatch):
    first, *_ = load_migrations()
    broken = dataclasses.replace(
        first, statements=(*first.statements, "CREATE TABLE runs (x TEXT)")
    )
    with monkeypatch.context() as patch:
        patch.setattr("engine.ledger.sqlite_file.load_migrations", lambda: (broken,))
        assert "C304" == refusal(f"sqlite:///{path}").code

    assert [] == raw(path, "SELECT * FROM sqlite_schema")
    open_ledger(f"sqlite:///{path}", clock).close()


# -- other processes -------------------------------------------------------------

PREAMBLE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from engine.ledger.lock import try_lock
from engine.ledger.open import open_ledger
path = Path(sys.argv[1])
class Clock:
    def now(self):
        return datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""


@contextmanager
def process(path, code):
    """A second process that did what ``code`` says and then stands still."""
    code = f"{PREAMBLE}{code}\nprint('ready', flush=True)\nsys.stdin.read()\n"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            assert "ready\n" == child.stdout.readline()
            yield child
        finally:
            child.kill()


def test_a_lock_is_free_when_its_holder_was_killed(tmp_path):
    path = tmp_path / "acme.lock"
    with process(path, "lock = try_lock(path, Clock().now())") as child:
        assert None is try_lock(path, START)
        holder = find_holder(path)
        assert (child.pid, START) == (holder.pid, holder.since_at)
        assert f"pid {child.pid} since 2026-03-02T08:00:00.000Z" == str(holder)
        child.send_signal(signal.SIGSTOP)  # frozen is not gone
        assert None is try_lock(path, START)
        child.send_signal(signal.SIGKILL)
        child.wait()

        assert None is find_holder(path)
        with try_lock(path, START) as lock:
            assert os.getpid() == find_holder(path).pid
            assert path == lock.path
        assert None is find_holder(path)


def test_each_company_has_its_own_lock(ledger, path):
    with ledger.try_lock("acme"):
        assert None is ledger.try_lock("acme")
        assert os.getpid() == ledger.find_holder("acme").pid
        with ledger.try_lock("beta"):
            pass
    assert None is ledger.find_holder("acme")
    assert 0o600 == stat.S_IMODE(lock_path(path, "acme").stat().st_mode)
    assert path.parent == lock_path(path, "../../etc/x").parent


@pytest.mark.parametrize("text", ["", "rubbish", "{}", '{"pid": null}', "[1]"])
def test_a_holder_that_does_not_say_who_it_is(tmp_path, text):
    path = tmp_path / "acme.lock"
    with try_lock(path, START) as lock:
        path.write_text(text)

        assert None is find_holder(path)
        lock.release()
        lock.release()


def test_an_intent_outlives_a_killed_process(ledger, path):
    see(ledger)
    code = """
ledger = open_ledger(f"sqlite:///{path}", Clock())
transfer = ledger.find_transfer("acme", "sales", "k1")
ledger.steps.claim(transfer, payload_digest="p", mapping_digest="m", owner="child")
"""
    with process(path, code) as child:
        child.kill()
        child.wait()

    transfer = ledger.find_transfer("acme", "sales", "k1")
    assert ("intent", "child", 1) == (transfer.stage, transfer.owner, transfer.attempts)


def test_a_process_killed_in_a_transaction_leaves_nothing_half(ledger, path, clock):
    for number in range(50):
        ledger.steps.hold(see(ledger, f"k{number}", reference=f"{number}"), REASON)
    before = list(ledger.transfers())
    ledger.close()
    # A cache of one page writes changed pages into the file before the commit.
    code = """
ledger = open_ledger(f"sqlite:///{path}", Clock())
connection = ledger._database.store.connection
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE transfers SET message = printf('%0900d', transfer_id)")
"""
    with process(path, code) as child:
        half = path.read_bytes()
        child.kill()
        child.wait()
    again = open_ledger(f"sqlite:///{path}", clock)

    if not is_wal_safe(sqlite3.sqlite_version_info):
        assert b"0" * 800 in half
    assert before == list(again.transfers())
    again.close()


# -- the texts -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "table"), [(Transfer, "transfers"), (Write, "writes"), (Run, "runs")]
)
def test_fields_are_columns(ledger, path, kind, table):
    columns = [row[1] for row in raw(path, f"PRAGMA table_xinfo({table})")]

    assert columns == [field.name for field in dataclasses.fields(kind)]


def test_log_rows_have_exactly_the_promised_fields():
    promised = (
        "company flow key label outcome target_id target_number code field message "
        "advice at details"
    )

    assert promised.split() == [field.name for field in dataclasses.fields(LogRow)]


def test_the_schema_knows_every_outcome(ledger):
    for outcome in OUTCOMES:
        ledger.log.note(see(ledger), Event("X"), outcome)

    assert len(OUTCOMES) == len(steps(ledger)) + len(steps(ledger, outcome="step"))


def test_every_query_is_used():
    paths = sorted((ROOT / "engine" / "ledger").glob("*.py"))
    code = "".join(path.read_text(encoding="utf-8") for path in paths)

    assert [] == [name for name in load_queries() if f'"{name}"' not in code]


def test_migrations_are_numbered_without_gaps():
    numbers = [migration.number for migration in load_migrations()]

    assert list(range(1, len(numbers) + 1)) == numbers


def test_a_script_is_split_at_its_statements():
    script = "CREATE TABLE a (\n  b TEXT  -- c;\n);\n-- end\nSELECT 1;\n"

    assert 2 == len(list(iter_statements(script)))
    with pytest.raises(ValueError, match="no end"):
        list(iter_statements("SELECT 1"))


def test_times_sort_as_texts_and_need_a_zone():
    helsinki = datetime.fromisoformat("2026-03-02T10:00:00.5+02:00")

    assert "2026-03-02T08:00:00.500Z" == format_time(helsinki)
    assert helsinki == read_time(format_time(helsinki))
    with pytest.raises(ValueError, match="without zone"):
        format_time(datetime(2026, 3, 2))  # noqa: DTZ001


def test_rows_can_be_printed_as_json(ledger):
    ledger.steps.hold(see(ledger), REASON)
    (row,) = ledger.log.rows()

    assert "ERROR_DATE" == json.loads(json.dumps(row.to_json()))["code"]
