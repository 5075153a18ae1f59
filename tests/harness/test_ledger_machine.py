"""Any order of the ledger's steps: legal ones are taken, others change nothing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engine.ledger.failures import ClaimLostError, LedgerStateError
from engine.ledger.ledger import Ledger
from engine.ledger.model import Content, DocumentKey, Event
from tests.harness.shared_store import ProcessStore, SharedLedger
from tests.ledger.transfers import REASON, SETTLE, StillClock, claim, see

# As protocol.md draws them; a settled doubt alone may be claimed again, or given up.
LEGAL = {
    "claim": {"new", "doubt"},
    "in_doubt": {"intent"},
    "not_applied": {"intent"},
    "posted": {"new", "intent", "doubt", "done"},  # from done as reopen does
    "proved": {"posted", "proved"},
    "done": {"proved"},
    "reopen": {"done"},
    "settled_gone": {"doubt"},
}
FILE = DocumentKey("attachment", "a.pdf")


class LedgerMachine(RuleBasedStateMachine):
    """One document and one file of it."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = StillClock()
        store = ProcessStore(SharedLedger(), lambda _: None, lambda: None)
        self.ledger = Ledger(store, self.clock)
        self.transfer = see(self.ledger)
        self.stages = ["new"]
        self.written = 0

    def _try(self, step: str, take, *, may_refuse: bool = False) -> None:
        """Take a step; an illegal one must be refused and change nothing."""
        before, told = self.transfer, self._told()
        try:
            self.transfer = take()
        except LedgerStateError:
            assert may_refuse or before.stage not in LEGAL[step], step
            assert before == self._stored()
            assert told == self._told()
            return
        assert before.stage in LEGAL[step], step
        assert told < self._told()
        self.stages.append(self.transfer.stage)

    def _stored(self):
        return self.ledger.find_transfer("acme", "sales", "k1")

    def _told(self) -> int:
        return sum(1 for _ in self.ledger.log(latest_per_document=False)) + sum(
            1 for _ in self.ledger.log(outcome="step", latest_per_document=False)
        )

    @rule()
    def is_claimed(self) -> None:
        is_settled = self.transfer.settled_at is not None
        is_open = self.transfer.stage == "doubt" and not is_settled
        self._try(
            "claim", lambda: claim(self.ledger, self.transfer), may_refuse=is_open
        )
        assert not (is_open and self.transfer.stage == "intent")

    @rule(jump=st.sampled_from([0, 30, 600, 3600, -3600]))
    def is_in_doubt(self, jump: int) -> None:
        at = self.clock.now()
        self.clock.sleep(jump)
        self._try("in_doubt", lambda: self.ledger.doubts.in_doubt(self.transfer, at))

    @precondition(lambda self: self.transfer.stage in ("intent", "doubt"))
    @rule(
        own=st.sampled_from([1, 61, 300, 700, 90_000, -3600]),
        theirs=st.sampled_from([1, 61, 300, 700, 90_000, -3600, None]),
    )
    def is_looked_for(self, own: int, theirs: int | None) -> None:
        before = self.transfer
        last = before.rest.target_at if before.rest else None
        self.clock.sleep(own)
        start = last or self.clock.now()
        at = None if theirs is None else _later(start, theirs)
        self.transfer = self.ledger.doubts.look(before, at, SETTLE)
        after = self.transfer.rest
        assert after is not None
        if before.rest is not None:
            added = after.rested_ms - before.rest.rested_ms
            assert 0 <= added <= max(0, min(own * 1000, SETTLE * 500))
            if theirs is not None and last is not None:
                assert added <= max(0, theirs * 1000)
        if self.transfer.settled_at is not None:
            assert after.rested_ms >= SETTLE * 1000 + 60_000

    @rule()
    def surely_had_no_effect(self) -> None:
        self._try("not_applied", lambda: self.ledger.steps.not_applied(self.transfer))

    @rule(number=st.sampled_from(["4711", "4712"]))
    def is_posted(self, number: str) -> None:
        steps = self.ledger.steps
        self._try("posted", lambda: steps.posted(self.transfer, target_id=number))

    @rule()
    def is_proved(self) -> None:
        self._try("proved", lambda: self.ledger.steps.proved(self.transfer))

    @rule()
    def is_done(self) -> None:
        self._try("done", lambda: self.ledger.steps.done(self.transfer))

    @rule()
    def is_reopened(self) -> None:
        self._try("reopen", lambda: self.ledger.steps.reopen(self.transfer))

    @rule()
    def is_given_up(self) -> None:
        event = Event("LEFT_STATUS")
        self._try(
            "settled_gone",
            lambda: self.ledger.doubts.settled_gone(self.transfer, event),
            may_refuse=self.transfer.stage != "doubt" or not self.transfer.settled_at,
        )

    @precondition(lambda self: self.transfer.stage != "done")
    @rule(no_effect=st.booleans())
    def is_held(self, *, no_effect: bool) -> None:
        self.transfer = self.ledger.steps.hold(
            self.transfer, REASON, not_applied=no_effect
        )
        assert "held" == self.transfer.aside

    @rule()
    def a_person_says_retry(self) -> None:
        found = self.ledger.retry("acme", "k1", "a person")
        assert bool(found) == (self.transfer.stage != "done")
        self.transfer = self._stored()

    @rule()
    def a_stale_process_comes_late(self) -> None:
        """It saw fewer attempts: nothing it says is taken."""
        stale = replace(self.transfer, attempts=self.transfer.attempts - 1)
        with suppress(ClaimLostError):
            self.ledger.steps.posted(stale, target_id="4999")
            raise AssertionError
        assert self.transfer == self._stored()

    @rule(ends=st.sampled_from(["done", "refused", "doubt"]))
    def a_file_is_sent(self, ends: str) -> None:
        writes = self.ledger.writes
        known = writes.find(self.transfer, FILE)
        may = known is None or known.state == "refused" or known.settled_at is not None
        try:
            write = writes.begin(self.transfer, FILE, "d1")
        except LedgerStateError:
            assert not may
            return
        assert may
        self.written += 1
        if ends == "doubt":
            writes.in_doubt(write, None)
        else:
            getattr(writes, ends)(write)

    @invariant()
    def what_is_stored_is_what_was_given(self) -> None:
        stored = self._stored()
        assert self.transfer == stored
        assert (stored.stage in ("posted", "proved", "done")) == bool(stored.target_id)
        assert stored.stage != "done" or stored.aside is None
        assert stored.stage in ("new", "intent", "doubt") or isinstance(
            stored.sent, Content | None
        )


def _later(moment, seconds: int):
    from datetime import timedelta

    return moment + timedelta(seconds=seconds)


def test_an_intent_is_not_given_up_without_a_look():
    machine = LedgerMachine()
    machine.is_claimed()
    with pytest.raises(LedgerStateError):
        machine.ledger.doubts.settled_gone(machine.transfer, Event("LEFT_STATUS"))


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, derandomize=True
)
