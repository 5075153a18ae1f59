"""The writes of transfers: intended before the first byte, ended by their answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.ledger.failures import ClaimLostError, LedgerStateError
from engine.ledger.model import LEGAL_WRITE_STATES, Write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from engine.ledger.database import Database
    from engine.ledger.model import Transfer, WriteState


class WriteLog:
    """Remembers each write beside or after a create, and whether its effect is known.

    ``step`` is the write's name in the flow, ``item`` which of its items.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, transfer: Transfer, step: str, item: str, digest: str) -> Write:
        """Record the intent of a write, before the first byte is sent.

        Legal again after a refusal, and for an intent or doubt that was settled.

        Raises:
            LedgerStateError: This write is done already.
            ClaimLostError: Somebody else claimed the transfer.
        """
        with self._database.transaction():
            write = self._database.find(
                Write,
                "begin_write",
                transfer_id=transfer.transfer_id,
                seen=transfer.attempts,
                step=step,
                item=item,
                digest=digest,
            )
            if write is None:
                raise ClaimLostError(transfer)
        return write

    def end(
        self,
        write: Write,
        state: WriteState,
        *,
        target_id: str | None = None,
        answer: Mapping[str, Any] | None = None,
        doubt_seen_at: datetime | None = None,
    ) -> Write:
        """Record what became of a write: done, doubt or refused.

        ``answer`` is what later writes need of it, a few plain values.

        Raises:
            LedgerStateError: The states do not allow it, or it was begun anew since.
        """
        if state not in LEGAL_WRITE_STATES[write.state] or state == "intent":
            raise LedgerStateError(
                f"{write.step} {write.item} cannot go from {write.state} to {state}"
            )
        with self._database.transaction():
            ended = self._database.find(
                Write,
                "end_write",
                write_id=write.write_id,
                attempt=write.attempt,
                state=state,
                target_id=target_id,
                answer=answer,
                doubt_seen_at=doubt_seen_at,
            )
            if ended is None:
                raise LedgerStateError(
                    f"{write.step} {write.item}: attempt {write.attempt} is outdated"
                )
        return ended

    def find(self, transfer: Transfer, step: str, item: str) -> Write | None:
        """Find one write of a transfer."""
        return self._database.find(
            Write, "find_write", transfer_id=transfer.transfer_id, step=step, item=item
        )

    def list_of(self, transfer: Transfer) -> list[Write]:
        """Give all writes of a transfer in the order they began."""
        return self._database.list_all(
            Write, "list_writes", transfer_id=transfer.transfer_id
        )

    def find_open(self, company: str, step: str, item: str) -> Write | None:
        """Find a write of any transfer of the company whose effect is not known.

        For registers that documents share: two invoices of a new customer must not
        create the partner twice.
        """
        return self._database.find(
            Write, "find_open_write", company=company, step=step, item=item
        )
