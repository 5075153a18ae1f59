"""What a document said when it was gathered, sent, and accepted by a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.ledger.failures import LedgerStateError
from engine.ledger.model import ORPHAN, Accepted, Event

if TYPE_CHECKING:
    from engine.ledger.model import Content, Transfer
    from engine.ledger.transfer_change import TransferChange


class Contents:
    """Remembers contents as digests; what differs is named by payload field."""

    def __init__(self, change: TransferChange) -> None:
        self._change = change

    def gathered(self, transfer: Transfer, content: Content) -> Transfer:
        """Take over the content as gathered now; another one ends the back-off.

        No commit when it is what the ledger knows.
        """
        if transfer.content_digest == content.digest:
            return transfer
        with self._change.database.transaction():
            return self._change.run("gather", transfer, content_digest=content.digest)

    def updated(self, transfer: Transfer, sent: Content, event: Event) -> Transfer:
        """Record that the target's document was changed to this content."""
        return self._change.take("updated", transfer, event, "note", sent=sent)

    def accept(self, transfer: Transfer, who: str, why: str) -> Transfer:
        """Keep a person's word: the document in the target stands as it is.

        It counts for the content that was gathered last, and is due at once. An orphan
        is done with it, without a move.

        Raises:
            LedgerStateError: ``transfer.is_acceptable`` says no.
        """
        if not transfer.is_acceptable:
            raise LedgerStateError(
                f"{transfer.label} is not held for anything that can be accepted"
            )
        change = self._change
        accepted = Accepted(
            transfer.content_digest, who, why, change.database.clock.now()
        )
        event = Event("ACCEPTED", f"{who}: {why}", details={"who": who, "why": why})
        with change.database.transaction():
            taken = change.take("accept", transfer, event, "note", accepted=accepted)
            if transfer.code == ORPHAN:
                if taken.stage == "posted":
                    taken = change.run("proved", taken)
                taken = change.take(
                    "done", taken, event, "transferred", target_number=None, sent=None
                )
        return taken
