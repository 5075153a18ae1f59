"""The seam between the transfer protocol and a database.

Every method commits durably before it returns, a change and its event in one
transaction. Transfers are frozen: each method gives the transfer as it then stands, and
one that was claimed elsewhere is refused (``ClaimLostError``) instead of overwritten.
Where an event is left out, its code is the method's name: ``CLAIM``, ``IN_DOUBT``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from engine.ledger.model import Event

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from engine.ledger.lock import Holder, Lock
    from engine.ledger.model import (
        LogRow,
        Outcome,
        Run,
        RunOutcome,
        State,
        Transfer,
        Write,
        WriteState,
    )
    from engine.ledger.notice_log import Notices

NOTHING = Event()


class Ledger(Protocol):
    """Remembers every transfer, so that a crash or a lost answer repeats nothing."""

    @property
    def notices(self) -> Notices:
        """What people were told of stops, and the outbox of mails."""
        ...

    def try_lock(self, company: str) -> Lock | None:
        """Take the company's lock, or give None when another process has it."""
        ...

    def find_holder(self, company: str) -> Holder | None:
        """Tell who holds the company's lock."""
        ...

    def open_transfer(
        self,
        company: str,
        flow: str,
        key: str,
        *,
        label: str,
        reference: str | None,
        source_digest: str,
        mapping_digest: str = "",
    ) -> Transfer:
        """Give the document's transfer; make it when it is new.

        A changed source or mapping digest ends the back-off of a held one; a ``gone``
        one comes back. The reference is fixed from the first claim on, so a renumbered
        document is met with its old reference: compare before a create.

        Raises:
            LedgerConflictError: Another document has this reference; the error carries
                this document's transfer, ready to be held.
        """
        ...

    def find_transfer(self, company: str, flow: str, key: str) -> Transfer | None:
        """Find the transfer of one source document."""
        ...

    def transfers(
        self,
        company: str | None = None,
        flow: str | None = None,
        state: State | None = None,
    ) -> Iterator[Transfer]:
        """Iterate over transfers in the order they were first seen."""
        ...

    def unfinished(
        self, company: str | None = None, flow: str | None = None
    ) -> Iterator[Transfer]:
        """Iterate over those of ``transfers`` that are neither done nor gone."""
        ...

    def count_states(
        self, company: str | None = None
    ) -> Mapping[tuple[str, str, State], int]:
        """Count transfers by company, flow and state."""
        ...

    def claim(
        self,
        transfer: Transfer,
        *,
        payload_digest: str,
        mapping_digest: str,
        owner: str,
        event: Event = NOTHING,
    ) -> Transfer:
        """Record the intent to create, before the first byte is sent.

        Compares the attempts and adds one; legal from new, intent and doubt.

        Raises:
            ClaimLostError: Somebody else claimed it since it was read.
        """
        ...

    def in_doubt(
        self,
        transfer: Transfer,
        *,
        seen_at: datetime | None = None,
        searched_at: datetime | None = None,
        event: Event = NOTHING,
    ) -> Transfer:
        """Record that a create may have had its effect.

        Times are the target's (its ``Date`` header). The first of each is kept until
        the next claim, so that repeating the call never shortens a wait.
        """
        ...

    def posted(
        self,
        transfer: Transfer,
        *,
        target_id: str,
        target_number: str | None = None,
        adopted: bool = False,
        event: Event = NOTHING,
    ) -> Transfer:
        """Record the target document, created or (``adopted``) found."""
        ...

    def proved(self, transfer: Transfer, event: Event = NOTHING) -> Transfer:
        """Record that a fresh search gave exactly our document."""
        ...

    def done(
        self,
        transfer: Transfer,
        *,
        target_number: str | None = None,
        event: Event = NOTHING,
    ) -> Transfer:
        """Record that the source's status is moved: ``transferred`` in the log.

        Code ``ADOPTED`` is set by itself where the document was found, not created.
        """
        ...

    def hold(
        self,
        transfer: Transfer,
        event: Event,
        *,
        retry_at: datetime | None = None,
        not_applied: bool = False,
    ) -> Transfer:
        """Stop the document with a reason; ``event.code`` is required.

        ``retry_at`` is the end of the back-off (``back_off_until``), None is the next
        run. ``not_applied`` says that the create surely had no effect: an intent is
        new again, and no doubt has to settle.
        """
        ...

    def wait(
        self,
        transfer: Transfer,
        event: Event,
        *,
        retry_at: datetime | None = None,
        not_applied: bool = False,
    ) -> Transfer:
        """Leave the document for a later run, after a failure that may pass."""
        ...

    def gone(self, transfer: Transfer, event: Event) -> Transfer:
        """Record that the document left the transfer status by itself."""
        ...

    def reopen(self, transfer: Transfer, event: Event = NOTHING) -> Transfer:
        """Take a done document back to posted: it stands in the transfer status again.

        It keeps its target document, so it is proved again and never created again.
        """
        ...

    def start_over(self, transfer: Transfer, event: Event) -> Transfer:
        """Forget a target document that is gone; the next run may create it anew.

        Legal only for a held or gone transfer whose retry a person asked for. Call it
        only after the target said that the document is deleted. Its writes are
        forgotten too; the events keep what happened.
        """
        ...

    def retry(self, company: str | None, key: str) -> list[Transfer]:
        """Mark transfers for another try at once, found by key, label or reference.

        Gives what was marked; those that are done are left alone.
        """
        ...

    def begin_write(
        self, transfer: Transfer, step: str, item: str, digest: str
    ) -> Write:
        """Record the intent of a write, before the first byte is sent.

        Legal again after a refusal, and for an intent or doubt that was settled.

        Raises:
            LedgerStateError: This write is done already.
            ClaimLostError: Somebody else claimed the transfer.
        """
        ...

    def end_write(
        self,
        write: Write,
        state: WriteState,
        *,
        target_id: str | None = None,
        answer: Mapping[str, Any] | None = None,
        doubt_seen_at: datetime | None = None,
    ) -> Write:
        """Record what became of a write."""
        ...

    def find_write(self, transfer: Transfer, step: str, item: str) -> Write | None:
        """Find one write of a transfer."""
        ...

    def list_writes(self, transfer: Transfer) -> list[Write]:
        """Give all writes of a transfer in the order they began."""
        ...

    def find_open_write(self, company: str, step: str, item: str) -> Write | None:
        """Find a write of any transfer of the company whose effect is not known.

        For registers that documents share: two invoices of a new customer must not
        create the partner twice.
        """
        ...

    def note(self, transfer: Transfer, event: Event, outcome: Outcome = "note") -> None:
        """Append an event that changes nothing: a cut text, a fallback used."""
        ...

    def note_flow(
        self, company: str, flow: str, event: Event, outcome: Outcome = "note"
    ) -> None:
        """Append an event that belongs to no document: a system that is down."""
        ...

    def mark(self, company: str, flow: str, until: datetime) -> None:
        """Record until when a flow has seen everything that its source lists."""
        ...

    def last_mark(self, company: str, flow: str) -> datetime | None:
        """Give the time of the latest mark, None before the first."""
        ...

    def log(
        self,
        company: str | None = None,
        outcome: Outcome | None = None,
        since: datetime | None = None,
        *,
        flow: str | None = None,
        latest_per_document: bool = True,
    ) -> Iterator[LogRow]:
        """Iterate over the transfer log, oldest first.

        By default the last word on each document; then ``outcome`` and ``since``
        choose among those. Otherwise every event, steps only when they are asked for.
        """
        ...

    def start_run(self, company: str, owner: str) -> Run:
        """Record that a run began."""
        ...

    def end_run(self, run: Run, outcome: RunOutcome, counts: Mapping[str, int]) -> Run:
        """Record how a run ended."""
        ...

    def last_run(self, company: str) -> Run | None:
        """Find the company's latest run, ended or not."""
        ...

    def close(self) -> None:
        """Close the database."""
        ...
