"""What was gathered, sent and accepted: digests, and a person's word."""

from __future__ import annotations

import pytest

from engine.ledger.failures import LedgerStateError
from engine.ledger.model import ACCEPTABLE, Accepted, Content, Event
from tests.ledger.transfers import REASON, SENT, bring, see, steps

NOW = Content("c2", {"date": "d1", "notes": "n2", "total": "t2"})


def test_what_differs_is_named_by_field():
    assert ["notes", "total"] == SENT.changed_fields(NOW)
    assert [] == SENT.changed_fields(SENT)


def test_other_content_ends_the_back_off(ledger, clock):
    """G5: a corrected card counts, though the listed record is untouched."""
    transfer = ledger.contents.gathered(see(ledger), SENT)
    assert transfer == ledger.contents.gathered(transfer, SENT)
    until = clock.now().replace(hour=12)
    held = ledger.steps.hold(transfer, REASON, retry_at=until)
    assert not ledger.contents.gathered(held, SENT).is_due(clock.now())

    changed = ledger.contents.gathered(held, NOW)

    assert changed.is_due(clock.now())
    assert ("held", 0, "c2") == (
        changed.state,
        changed.held_count,
        changed.content_digest,
    )


def test_a_back_off_of_an_older_ledger_is_kept(ledger, clock):
    until = clock.now().replace(hour=12)
    held = ledger.steps.hold(see(ledger), REASON, retry_at=until)

    assert not ledger.contents.gathered(held, SENT).is_due(clock.now())


def test_a_back_off_that_a_clocks_jump_has_made_is_over(ledger, clock):
    until = clock.now().replace(year=clock.now().year + 1)

    assert ledger.steps.hold(see(ledger), REASON, retry_at=until).is_due(clock.now())


def test_what_was_sent_is_that_of_the_last_claim_adoption_or_update(ledger):
    posted = bring(ledger, "posted")
    assert SENT == posted.sent
    event = Event("UPDATED_IN_TARGET", "notes")
    updated = ledger.contents.updated(posted, NOW, event)
    assert updated.is_settled_with(NOW)
    assert not updated.is_settled_with(SENT)
    done = ledger.steps.done(ledger.steps.proved(updated))
    assert NOW == done.sent == ledger.steps.reopen(done).sent
    assert ["UPDATED_IN_TARGET"] == [row.code for row in steps(ledger, outcome="note")]


@pytest.mark.parametrize("code", sorted(ACCEPTABLE))
def test_a_person_accepts_what_stands_in_the_target(ledger, clock, code):
    """It counts for the content that was seen; an orphan is done without a move."""
    transfer = ledger.contents.gathered(bring(ledger, "posted"), NOW)
    held = ledger.steps.hold(transfer, Event(code, "is there"))
    clock.sleep(60)

    accepted = ledger.contents.accept(held, "anna", "corrected by hand")

    word = Accepted("c2", "anna", "corrected by hand", clock.now())
    assert word == accepted.accepted
    assert accepted.is_settled_with(NOW)
    assert not accepted.is_settled_with(Content("c3"))
    is_orphan = code == "ORPHAN_IN_TARGET"
    assert ("done" if is_orphan else "posted") == accepted.stage
    assert is_orphan == bool(steps(ledger, outcome="transferred"))
    (said,) = steps(ledger, outcome="note")
    assert ("ACCEPTED", "anna: corrected by hand", clock.now()) == (
        said.code,
        said.message,
        said.at,
    )
    assert {"who": "anna", "why": "corrected by hand"} == said.details
    assert is_orphan or accepted.is_due(clock.now())


@pytest.mark.parametrize(
    ("code", "digest"),
    [
        ("DUPLICATE_IN_TARGET", "c2"),
        ("WITHDRAWN_IN_TARGET", "c2"),
        ("TOTAL_DIFFERS", ""),
    ],
)
def test_nobody_accepts_two_of_one_document_or_what_was_never_seen(
    ledger, code, digest
):
    transfer = ledger.contents.gathered(bring(ledger, "posted"), Content(digest))
    held = ledger.steps.hold(transfer, Event(code, "is there"))
    with pytest.raises(LedgerStateError, match="can be accepted"):
        ledger.contents.accept(held, "anna", "why not")
    waiting = ledger.steps.wait(held, Event("TOTAL_DIFFERS", "is there"))
    assert not waiting.is_acceptable


def test_an_orphan_that_was_proved_is_accepted_too(ledger):
    held = ledger.steps.hold(bring(ledger, "proved"), Event("ORPHAN_IN_TARGET", "4711"))

    assert "done" == ledger.contents.accept(held, "anna", "leave it").stage
    assert (
        "posted"
        == ledger.steps.reopen(ledger.find_transfer("acme", "sales", "k1")).stage
    )
