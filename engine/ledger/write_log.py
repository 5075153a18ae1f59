"""The writes beside creates: intended before a byte is sent, and how they end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.ledger.failures import ClaimLostError, LedgerStateError
from engine.ledger.model import DocumentKey, Write
from engine.ledger.rest import rest_after

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from engine.ledger.database import Database
    from engine.ledger.event_log import EventLog
    from engine.ledger.heartbeats import Heartbeats
    from engine.ledger.model import Event, RegisterKey, Transfer


class WriteLog:
    """Remembers each write beside or after a create, and whether its effect is known.

    A document's write is its own; a register's is one row for all flows and documents
    of the company (``engine.ledger.model``: ``DocumentKey``, ``RegisterKey``). Nobody
    ends a doubt without a look: by ``found`` at any time, else by ``begin`` once
    ``look`` has settled it.

    Raises:
        LedgerStateError: The states do not allow the step, or it was begun anew since.
    """

    def __init__(
        self, database: Database, log: EventLog, heartbeats: Heartbeats
    ) -> None:
        self._database = database
        self._log = log
        self._heartbeats = heartbeats

    def find(self, transfer: Transfer, key: DocumentKey | RegisterKey) -> Write | None:
        """Find a write of the transfer, or of a register of its company."""
        is_own = isinstance(key, DocumentKey)
        query = "find_document_write" if is_own else "find_register_write"
        owner = {"transfer_id": transfer.transfer_id, "company": transfer.company}
        return self._database.find(Write, query, **_names(key), **owner)

    def list_of(self, transfer: Transfer) -> list[Write]:
        """Give all writes that a transfer began last, also those of registers."""
        return self._database.list_all(
            Write, "list_writes", transfer_id=transfer.transfer_id
        )

    def begin(
        self,
        transfer: Transfer,
        key: DocumentKey | RegisterKey,
        digest: str,
        *,
        may_repeat: bool = False,
    ) -> Write:
        """Record the intent of a write, before the first byte is sent.

        Legal for a new one, after a refusal, and for a settled doubt.

        Args:
            digest: Of what is sent.
            may_repeat: Making it twice does no harm: it sets fixed values, or is
                guarded by a version and was read back. Then legal in every state.

        Raises:
            ClaimLostError: Somebody else claimed the transfer.
        """
        owner = {"transfer_id": transfer.transfer_id, "seen": transfer.attempts}
        with self._heartbeats.beat(transfer.company):
            known = self.find(transfer, key)
            if known is None:
                write = self._database.find(
                    Write, "begin_write", **_names(key), **owner, digest=digest
                )
            else:
                write = self._database.find(
                    Write,
                    "begin_write_again",
                    **owner,
                    write_id=known.write_id,
                    attempt=self._before_again(known, may_repeat=may_repeat).attempt,
                    digest=digest,
                    may_repeat=may_repeat,
                )
            if write is None:
                raise ClaimLostError(transfer)
        return write

    def _before_again(self, known: Write, *, may_repeat: bool) -> Write:
        if known.state == "done" and not may_repeat:
            raise LedgerStateError(f"{known.step} {known.item} is done already")
        if known.state == "intent" and may_repeat:
            return self.in_doubt(known, None)
        return known

    def done(
        self,
        write: Write,
        *,
        target_id: str | None = None,
        answer: Mapping[str, Any] | None = None,
    ) -> Write:
        """Record that its answer says it was made.

        ``answer`` is what later writes need of it, a few plain values.
        """
        return self._end(write, "done", target_id=target_id, answer=answer)

    def found(
        self,
        transfer: Transfer,
        write: Write,
        event: Event,
        *,
        target_id: str | None = None,
        answer: Mapping[str, Any] | None = None,
    ) -> Write:
        """Record that a look finds what it asks for, whoever made it.

        Args:
            transfer: Whose look it is.
            event: Names who has likely made it; a note in the log when the write had
                been refused.
        """
        with self._database.transaction():
            ended = self._end(write, "done", target_id=target_id, answer=answer)
            if write.state == "refused":
                self._log.append(transfer, "note", event)
        return ended

    def refused(self, write: Write) -> Write:
        """Record that it surely had no effect, whoever refused it."""
        return self._end(write, "refused")

    def in_doubt(self, write: Write, target_at: datetime | None) -> Write:
        """Record that its effect is not known; its rest begins now.

        For a register write also when a look does not see what is done and no longer
        young (``Write.is_young``): it was removed, or the search is blind.
        """
        rest = rest_after(None, self._database.clock.now(), target_at, 0)
        return self._end(write, "doubt", rest=rest)

    def look(
        self,
        write: Write,
        target_at: datetime | None,
        settle_seconds: float,
        *,
        looks: int = 2,
    ) -> Write:
        """Record a fresh look at an intent or doubt that found nothing.

        ``settled_at`` of what it gives is set once it may be begun again.

        Args:
            looks: How many are needed after the settle time: 1 for what is read by the
                document's id (files, statuses), 2 for what is searched.
        """
        if write.state == "intent":
            return self.in_doubt(write, target_at)
        now = self._database.clock.now()
        rest = rest_after(write.rest, now, target_at, settle_seconds)
        settled_at = now if rest.is_settled(looks) else None
        return self._change(write, "look_at_write", rest=rest, settled_at=settled_at)

    def _end(self, write: Write, state: str, **values: Any) -> Write:
        known = {"target_id": None, "answer": None, "rest": None} | values
        return self._change(write, "end_write", state=state, **known)

    def _change(self, write: Write, query: str, **values: Any) -> Write:
        with self._database.transaction():
            changed = self._database.find(
                Write,
                query,
                write_id=write.write_id,
                attempt=write.attempt,
                **values,
            )
            if changed is None:
                raise LedgerStateError(
                    f"{write.step} {write.item}: attempt {write.attempt} is outdated"
                )
        return changed


def _names(key: DocumentKey | RegisterKey) -> dict[str, str]:
    """Give the columns that a key stands in."""
    if isinstance(key, DocumentKey):
        return {
            "write_kind": "document",
            "system": "",
            "step": key.step,
            "item": key.item,
        }
    return {
        "write_kind": "register",
        "system": key.system,
        "step": key.entry,
        "item": key.natural_key,
    }
