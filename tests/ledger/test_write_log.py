"""Writes beside a create: begun, ended by an answer or a look, shared or a document's own."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest

from engine.ledger.failures import LedgerStateError
from engine.ledger.model import DocumentKey, Event, RegisterKey
from tests.ledger.test_transfer_steps import drawn
from tests.ledger.transfers import SETTLE, START, raw, see, settle, steps

FILE = DocumentKey("attachment", "a.pdf")
PARTNER = RegisterKey("books", "partner", "1001/FI1")
MADE = Event("ADOPTED", "a.pdf was refused, and is there: likely another's")
STATES = ("intent", "doubt", "refused", "done")


def bring(ledger, state, key=FILE):
    write = ledger.writes.begin(see(ledger), key, "d1")
    if state == "doubt":
        return ledger.writes.in_doubt(write, START)
    if state == "refused":
        return ledger.writes.refused(write)
    return ledger.writes.done(write) if state == "done" else write


def test_a_write_keeps_its_answer(ledger):
    transfer = see(ledger)
    write = ledger.writes.begin(transfer, FILE, "d1")
    assert ("intent", 1, {}, START) == (
        write.state,
        write.attempt,
        write.answer,
        write.begun_at,
    )
    answer = {"id": 77, "name": "Työ Oy", "total": Decimal("1.10")}
    ended = ledger.writes.done(write, target_id="77", answer=answer)

    assert ended == ledger.writes.find(transfer, FILE)
    assert {"id": 77, "name": "Työ Oy", "total": "1.10"} == ended.answer
    assert None is ledger.writes.find(transfer, DocumentKey("attachment", "b.pdf"))


@pytest.mark.parametrize("key", [FILE, PARTNER], ids=["document", "register"])
@pytest.mark.parametrize(("before", "after"), [*product(STATES, STATES)])
def test_a_write_takes_the_drawn_steps_in_the_database(
    ledger, path, key, before, after
):
    """Protocol §3: refused, then found, is done; only a register's is doubted again."""
    bring(ledger, before, key)
    change = (
        f"UPDATE writes SET previous_state = state, state = '{after}', "
        "settled_at = 'then'"
    )
    legal = drawn("write") - ({("done", "doubt")} if key is FILE else set())

    if (before, after) in legal:
        raw(path, change)
    else:
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            raw(path, change)


@pytest.mark.parametrize("state", STATES)
def test_a_write_is_begun_again_only_when_it_surely_is_not_there(ledger, state):
    """After a refusal; nothing else before it has settled (I2 of the writes)."""
    known = bring(ledger, state)

    if state == "refused":
        assert 2 == ledger.writes.begin(see(ledger), FILE, "d1").attempt
    else:
        with pytest.raises(LedgerStateError):
            ledger.writes.begin(see(ledger), FILE, "d1")
        assert known == ledger.writes.find(see(ledger), FILE)


@pytest.mark.parametrize("state", STATES)
def test_a_write_that_may_be_repeated_is_begun_in_every_state(ledger, state):
    bring(ledger, state)

    again = ledger.writes.begin(see(ledger), FILE, "d2", may_repeat=True)

    assert ("intent", 2, "d2") == (again.state, again.attempt, again.digest)


def test_a_write_in_doubt_rests_is_looked_for_and_made_again(ledger, clock):
    """One look after the settle time for what is read by an id, two for a search."""
    write = bring(ledger, "intent")
    met = ledger.writes.look(write, START, SETTLE, looks=1)
    assert ("doubt", 0, None) == (met.state, met.rest.rested_ms, met.settled_at)
    for _ in range(2):
        clock.sleep(300)
        met = ledger.writes.look(met, clock.now(), SETTLE, looks=1)
    assert clock.now() == met.settled_at
    again = ledger.writes.begin(see(ledger), FILE, "d1")
    assert ("intent", 2, None) == (again.state, again.attempt, again.rest)
    with pytest.raises(LedgerStateError, match="outdated"):
        ledger.writes.done(met)

    shared = bring(ledger, "intent", PARTNER)
    shared = ledger.writes.in_doubt(shared, clock.now())
    for _ in range(2):
        clock.sleep(300)
        shared = ledger.writes.look(shared, clock.now(), SETTLE)
    assert None is shared.settled_at
    clock.sleep(60)
    assert ledger.writes.look(shared, clock.now(), SETTLE).settled_at


@pytest.mark.parametrize("state", ["intent", "doubt", "refused"])
def test_what_a_look_finds_is_done_whoever_made_it(ledger, state):
    """F1: also what was refused; then the log names who has likely made it."""
    write = bring(ledger, state)

    answer = {"id": 9, "name": "Foo"}
    found = ledger.writes.found(see(ledger), write, MADE, target_id="9", answer=answer)

    assert ("done", "9", answer) == (found.state, found.target_id, found.answer)
    said = [row.message for row in steps(ledger, outcome="note")]
    assert ([MADE.message] if state == "refused" else []) == said


def test_a_documents_writes_are_its_own(ledger):
    """F2: another document neither sees nor ends them."""
    bring(ledger, "doubt")
    other = see(ledger, "k2", reference="2")

    assert None is ledger.writes.find(other, FILE)
    assert 1 == ledger.writes.begin(other, FILE, "d1").attempt


def test_a_register_write_is_one_row_for_all_flows(ledger, clock):
    """F4: keyed by what is made; the second flow waits for it, and makes it once."""
    bring(ledger, "doubt", PARTNER)
    facts = {"label": "7", "reference": "7", "source_digest": "s9"}
    other = ledger.open_transfer("acme", "travel", "t7", **facts)
    shared = ledger.writes.find(other, PARTNER)

    assert "doubt" == shared.state
    with pytest.raises(LedgerStateError):
        ledger.writes.begin(other, PARTNER, "d1")
    settle(clock, shared, ledger.writes.look)
    again = ledger.writes.begin(other, PARTNER, "d1")
    assert (shared.write_id, other.transfer_id) == (again.write_id, again.transfer_id)
    foreign = ledger.open_transfer("beta", "travel", "t7", **facts)
    assert None is ledger.writes.find(foreign, PARTNER)
    assert None is ledger.writes.find(
        other, RegisterKey("shop", PARTNER.entry, PARTNER.natural_key)
    )


def test_a_register_entry_answers_for_itself_while_it_is_young(ledger, clock):
    """Older and not seen, it was removed or the search is blind: a doubt again."""
    write = bring(ledger, "done", PARTNER)
    assert write.is_young(clock.now(), SETTLE)
    assert not write.is_young(clock.now() - timedelta(hours=1), SETTLE)
    clock.sleep(SETTLE)
    assert not write.is_young(clock.now(), SETTLE)

    doubt = ledger.writes.in_doubt(write, START)
    assert ("doubt", 0) == (doubt.state, doubt.rest.rested_ms)
    assert not doubt.is_young(clock.now(), SETTLE)
    with pytest.raises(LedgerStateError):
        ledger.writes.in_doubt(bring(ledger, "done"), START)
