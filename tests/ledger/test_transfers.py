"""A document is met, claimed, changed, taken aside, asked for again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.ledger.failures import ClaimLostError, LedgerConflictError
from engine.ledger.model import DocumentKey, Event, back_off_until
from engine.ledger.open import open_ledger
from tests.ledger.transfers import REASON, START, bring, claim, see, steps


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


def test_what_is_done_is_never_due(ledger, clock):
    assert not bring(ledger, "done").is_due(clock.now())


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
        lambda ledger, it: ledger.writes.begin(it, DocumentKey("send"), "d"),
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
    assert ["REFERENCE_TAKEN"] == [row.code for row in ledger.log(outcome="stopped")]
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

    assert marked == [found.key for found in ledger.retry(company, key, "anna")]
    found = ledger.find_transfer("acme", "sales", "k1")
    assert bool(marked) == found.retry_asked == found.is_due(clock.now())
    assert not ledger.steps.hold(found, REASON).retry_asked


def test_what_vanished_is_taken_once_more_when_it_is_back(ledger):
    """It is marked until then, also when a process ends in between."""
    transfer = ledger.steps.reopen(bring(ledger, "done"))
    transfer = ledger.steps.vanish(transfer, mapping_digest="m2")
    transfer = ledger.steps.done(ledger.steps.proved(transfer))
    assert transfer.vanished_at is not None

    back = see(ledger, label="k1", reference="k1")

    assert back.is_changed
    assert None is ledger.steps.reopen(back).vanished_at


def test_what_is_held_while_it_is_away_is_due_when_it_is_back(ledger, clock):
    transfer = ledger.steps.vanish(bring(ledger, "posted"), mapping_digest="m1")
    later = clock.now() + timedelta(hours=1)
    ledger.steps.hold(transfer, REASON, retry_at=later)

    back = see(ledger, label="k1", reference="k1", mapping_digest="m1")

    assert (None, None, 0) == (back.vanished_at, back.retry_at, back.held_count)


def test_the_last_mark_of_a_kind_counts(ledger, clock):
    assert None is ledger.runs.find_mark("acme", "items", "listed")
    for _ in range(2):
        clock.sleep(60)
        ledger.runs.mark("acme", "items", "listed", clock.now())
    ledger.runs.mark("acme", "items", "left_out", START)

    assert clock.now() == ledger.runs.find_mark("acme", "items", "listed")
    assert None is ledger.runs.find_mark("acme", "sales", "listed")
