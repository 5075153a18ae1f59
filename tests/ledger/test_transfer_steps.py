"""Stages: which steps are taken, by the ledger and by the database."""

from __future__ import annotations

import re
import sqlite3
from itertools import product

import pytest

from engine.ledger import model
from engine.ledger.database import load_queries
from engine.ledger.failures import ClaimLostError, LedgerStateError
from engine.ledger.model import ASIDES, STAGES, Content, Event
from tests.ledger.transfers import REASON, SENT, SERVER, bring, claim, raw, see, settle

FORWARD = {
    "intent": claim,
    "doubt": lambda ledger, transfer: ledger.doubts.in_doubt(transfer, SERVER),
    "posted": lambda ledger, transfer: ledger.steps.posted(transfer, target_id="4711"),
    "proved": lambda ledger, transfer: ledger.steps.proved(transfer),
    "done": lambda ledger, transfer: ledger.steps.done(transfer),
}
DRAWN = re.compile(r"^    (\(none\)|\w+) -> (\w+) +\S", re.MULTILINE)


def drawn(title):
    """Read a table of steps out of the model's docstring."""
    table = model.__doc__.partition(f"    {title} ")[2].partition("\n\n")[0]
    return {(before.strip("()"), after) for before, after in DRAWN.findall(table)}


LEGAL = drawn("transfer")


def test_the_drawn_steps_are_the_rows_of_the_database(ledger, path):
    """Protocol §2 and §3; a register's write has one step more."""
    rows = raw(path, "SELECT from_stage, to_stage FROM transfer_steps")
    assert {(before or "none", after) for before, after in rows} == LEGAL

    rows = raw(path, "SELECT kind, from_state, to_state FROM write_steps")
    for kind, missing in (("register", set()), ("document", {("done", "doubt")})):
        found = {(a or "none", b) for of, a, b in rows if of == kind}
        assert drawn("write") - missing == found


def test_every_new_stage_says_where_it_came_from():
    for name, query in load_queries().items():
        for kind in ("stage", "state"):
            change = query.partition("SET")[2].partition("WHERE")[0]
            sets = re.search(rf"(^\s*|, ){kind} = ", change, re.MULTILINE)
            came = f"previous_{kind} =" in query
            assert came or not sets, name


@pytest.mark.parametrize(("before", "after"), [*product(STAGES, FORWARD)])
def test_a_step_is_taken_or_refused_as_drawn(ledger, before, after):
    transfer = bring(ledger, before)

    # A doubt that is not settled is claimed by nobody; see its own test.
    if (before, after) in LEGAL - {("doubt", "intent")}:
        assert after == FORWARD[after](ledger, transfer).stage
    else:
        with pytest.raises(LedgerStateError):
            FORWARD[after](ledger, transfer)
        assert transfer == ledger.find_transfer("acme", "sales", "k1")


@pytest.mark.parametrize(("before", "after"), [*product(STAGES, STAGES)])
def test_the_database_enforces_the_same_steps(ledger, path, before, after):
    bring(ledger, before)
    is_known = after in ("posted", "proved", "done")
    change = (
        f"UPDATE transfers SET previous_stage = stage, stage = '{after}', "
        f"target_id = {'1' if is_known else 'NULL'}, settled_at = 'then'"
    )

    if (before, after) in LEGAL:
        raw(path, change)
    else:
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
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
        "UPDATE transfers SET aside = 'gone'",
        "UPDATE transfers SET attempts = 'many'",
        "UPDATE transfers SET reference = ''",
        BORN_CLAIMED,
        "UPDATE transfers SET target_id = NULL",
        "UPDATE transfers SET previous_stage = 'doubt', stage = 'new', target_id = NULL",
        "UPDATE runs SET outcome = 'ok'",
        "UPDATE transfer_steps SET to_stage = 'done' WHERE to_stage = 'posted'",
    ],
)
def test_the_database_refuses_what_would_be_a_lie(ledger, path, statement):
    bring(ledger, "posted")
    ledger.runs.start("acme", "pid 1")

    with pytest.raises(sqlite3.IntegrityError):
        raw(path, statement)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("aside", ASIDES)
def test_every_stage_but_done_can_stand_aside_and_go_on(ledger, clock, stage, aside):
    """Nothing is gone that may stand in the target: it waits."""
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

    aside = "waiting" if aside == "gone" and stage != "new" else aside
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
    again = ledger.steps.not_applied(bring(ledger, "intent", "k10"))
    assert ("intent", 2) == (claim(ledger, again).stage, claim_count(ledger, "k10"))


def claim_count(ledger, key):
    return ledger.find_transfer("acme", "sales", key).attempts


def test_a_doubt_ends_without_a_find_only_when_it_is_settled(ledger, clock):
    """Rested by two clocks, and looked for twice since (protocol §6)."""
    doubt = bring(ledger, "doubt")
    for end in (
        lambda: claim(ledger, doubt),
        lambda: ledger.doubts.settled_gone(doubt, Event("LEFT_STATUS")),
    ):
        with pytest.raises(LedgerStateError):
            end()

    early = ledger.doubts.look(doubt, SERVER, 600)
    assert None is early.settled_at
    with pytest.raises(LedgerStateError):
        claim(ledger, early)
    settled = settle(clock, early, ledger.doubts.look)
    again = claim(ledger, settled)
    assert ("intent", 2, None) == (again.stage, again.attempts, again.rest)
    doubt = ledger.doubts.in_doubt(again, SERVER)
    assert (None, 0) == (doubt.settled_at, doubt.rest.rested_ms)
    left = settle(clock, doubt, ledger.doubts.look)
    left = ledger.doubts.settled_gone(left, Event("LEFT_STATUS"))
    assert ("new", "gone", "LEFT_STATUS") == (left.stage, left.aside, left.code)
    assert ["skipped"] == [row.outcome for row in ledger.log()]
    back = see(ledger, label="k1", reference="k1")
    assert "intent" == claim(ledger, back).stage


def test_an_intent_that_a_new_process_meets_is_as_old_as_its_first_look(ledger, clock):
    intent = bring(ledger, "intent")
    clock.sleep(86_400)

    met = ledger.doubts.look(intent, SERVER, 600)

    assert ("doubt", clock.now(), 0) == (
        met.stage,
        met.rest.since_at,
        met.rest.rested_ms,
    )
    with pytest.raises(LedgerStateError):
        claim(ledger, met)


def test_a_look_at_a_transfer_that_was_claimed_elsewhere_is_lost(ledger, clock):
    doubt = bring(ledger, "doubt")
    claim(ledger, settle(clock, doubt, ledger.doubts.look))

    with pytest.raises(ClaimLostError):
        ledger.doubts.look(doubt, SERVER, 600)


def test_an_adopted_document_says_so_when_it_is_done(ledger):
    theirs = Content("theirs")
    transfer = ledger.steps.posted(
        see(ledger), target_id="4711", adopted=True, sent=theirs
    )
    ledger.steps.done(ledger.steps.proved(transfer), target_number="12")

    (row,) = ledger.log()
    assert ("transferred", "ADOPTED", "4711", "12") == (
        row.outcome,
        row.code,
        row.target_id,
        row.target_number,
    )
    assert theirs == ledger.find_transfer("acme", "sales", "k1").sent


def test_every_run_proves_again(ledger):
    assert "proved" == ledger.steps.proved(bring(ledger, "proved")).stage


def test_a_done_document_that_comes_back_keeps_its_target_and_what_was_sent(ledger):
    transfer = ledger.steps.reopen(bring(ledger, "done"))

    assert ("posted", "4711", SENT) == (
        transfer.stage,
        transfer.target_id,
        transfer.sent,
    )
    for step in (
        lambda: claim(ledger, transfer),
        lambda: ledger.steps.posted(transfer, target_id="4712"),
        lambda: ledger.steps.reopen(transfer),
    ):
        with pytest.raises(LedgerStateError):
            step()


def test_a_lost_target_is_forgotten_only_when_a_person_asked_or_it_left(ledger):
    """Its own writes are forgotten with it (protocol §2, §7)."""
    transfer = bring(ledger, "posted")
    key = model.DocumentKey("attachment", "a.pdf")
    ledger.writes.done(ledger.writes.begin(transfer, key, "d"))
    shared = model.RegisterKey("books", "partner", "1001")
    ledger.writes.done(ledger.writes.begin(transfer, shared, "d"))
    held = ledger.steps.hold(transfer, REASON)
    with pytest.raises(LedgerStateError, match="may not forget"):
        ledger.steps.start_over(held, REASON)
    assert 2 == len(ledger.writes.list_of(held))

    (asked,) = ledger.retry("acme", "k1", "anna")
    fresh = ledger.steps.start_over(asked, REASON)

    assert ("new", None, None, None, False) == (
        fresh.stage,
        fresh.aside,
        fresh.target_id,
        fresh.sent,
        fresh.retry_asked,
    )
    assert None is ledger.writes.find(fresh, key)
    assert ledger.writes.find(fresh, shared)
    with pytest.raises(LedgerStateError, match="may not forget"):
        ledger.steps.start_over(fresh, REASON, has_left=True)
    left = bring(ledger, "proved", "k2")
    left = ledger.steps.start_over(left, Event("RESOLVED"), has_left=True)
    assert ("new", "gone", "RESOLVED") == (left.stage, left.aside, left.code)
