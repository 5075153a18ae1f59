"""Stages: which steps are taken, by the ledger and by the database."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from itertools import product

import pytest

from engine.ledger.failures import LedgerStateError
from engine.ledger.model import ASIDES, LEGAL_STAGES, LEGAL_WRITE_STATES, STAGES
from tests.ledger.transfers import REASON, SERVER, bring, claim, raw, see

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

    (row,) = ledger.log()
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
