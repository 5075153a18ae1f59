"""The ledger: every transfer of every company, so that nothing is repeated or lost.

Every method commits durably before it returns, a change and its event in one
transaction. Transfers are frozen: each method gives the transfer as it then stands, and
one that was claimed elsewhere is refused (``ClaimLostError``) instead of overwritten.
Which database keeps it is decided below the queries: ``engine.ledger.database.Store``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.ledger.contents import Contents
from engine.ledger.database import Database
from engine.ledger.doubts import Doubts
from engine.ledger.event_log import EventLog
from engine.ledger.failures import LedgerConflictError
from engine.ledger.heartbeats import Heartbeats
from engine.ledger.identities import Identities
from engine.ledger.model import Event, Transfer
from engine.ledger.notice_log import NoticeLog
from engine.ledger.run_log import RunLog
from engine.ledger.transfer_change import TransferChange
from engine.ledger.transfer_steps import TransferSteps
from engine.ledger.write_log import WriteLog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from engine.clock import Clock
    from engine.ledger.database import Store
    from engine.ledger.lock import Holder
    from engine.ledger.model import State


class Ledger:
    """Finds transfers and holds companies' locks; its parts change and tell.

    ``steps`` takes a transfer from stage to stage, ``doubts`` lets an unknown create
    rest, ``contents`` knows what was gathered, sent and accepted, ``writes`` the writes
    beside the create, ``heartbeats`` whether the ledger itself is old; ``log()`` gives
    what people read, ``events`` appends to it, ``runs`` knows the runs, ``notices`` the
    mails.

    Args:
        heartbeats: See ``Heartbeats``; None keeps none.
    """

    def __init__(
        self, store: Store, clock: Clock, heartbeats: Path | None = None
    ) -> None:
        self._database = database = Database(store, clock)
        self.events = EventLog(database)
        self.log = self.events.rows
        self.heartbeats = Heartbeats(database, self.events, heartbeats)
        self._change = change = TransferChange(database, self.events)
        self.steps = TransferSteps(change, self.heartbeats)
        self.doubts = Doubts(change)
        self.contents = Contents(change)
        self.writes = WriteLog(database, self.events, self.heartbeats)
        self.runs = RunLog(database)
        self.identities = Identities(database)
        self.notices = NoticeLog(database)

    def close(self) -> None:
        """Close the database."""
        self._database.store.close()

    def try_lock(self, company: str) -> AbstractContextManager[object] | None:
        """Take the company's lock for a ``with``; None when another process has it."""
        return self._database.store.try_lock(company, self._database.clock.now())

    def find_holder(self, company: str) -> Holder | None:
        """Tell who holds the company's lock."""
        return self._database.store.find_holder(company)

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
        known = self.find_transfer(company, flow, key)
        wanted = reference or None
        if known and known.stage != "new":
            wanted = known.reference  # something may exist under it in the target
        rules = mapping_digest or (known.mapping_digest if known else "")
        seen = {"label": label, "source_digest": source_digest, "mapping_digest": rules}
        if (
            known
            and known.aside != "gone"
            and (known.vanished_at is None or known.stage == "done")
            and wanted == known.reference
            and all(getattr(known, name) == value for name, value in seen.items())
        ):
            return known  # the usual case of a held one: no commit
        with self._database.transaction():
            other = self._find_other(company, flow, wanted, known)
            free = None if other else wanted
            if known is None:
                transfer = self._database.get(
                    Transfer,
                    "insert_transfer",
                    company=company,
                    flow=flow,
                    key=key,
                    reference=free,
                    **seen,
                )
            else:
                transfer = self.steps.see(known, reference=free, **seen)
        if other:
            raise LedgerConflictError(transfer, other)
        return transfer

    def find_transfer(self, company: str, flow: str, key: str) -> Transfer | None:
        """Find the transfer of one source document."""
        return self._database.find(
            Transfer, "find_transfer", company=company, flow=flow, key=key
        )

    def transfers(
        self,
        company: str | None = None,
        flow: str | None = None,
        state: State | None = None,
    ) -> Iterator[Transfer]:
        """Iterate over transfers in the order they were first seen."""
        return self._database.iter_pages(
            Transfer,
            "list_transfers",
            "transfer_id",
            company=company,
            flow=flow,
            state=state,
        )

    def unfinished(
        self, company: str | None = None, flow: str | None = None
    ) -> Iterator[Transfer]:
        """Iterate over those of ``transfers`` that a run must still look at.

        Not done, and past ``new`` or held or waiting: listed or not.
        """
        return self._database.iter_pages(
            Transfer, "list_unfinished", "transfer_id", company=company, flow=flow
        )

    def count_states(
        self, company: str | None = None
    ) -> Mapping[tuple[str, str, State], int]:
        """Count transfers by company, flow and state."""
        rows = self._database.run("count_states", company=company)
        return {
            (row["company"], row["flow"], row["state"]): row["number"] for row in rows
        }

    def find_named(self, company: str | None, key: str) -> list[Transfer]:
        """Find what a person may mean, by key, label or reference; never a done one."""
        return self._database.list_all(Transfer, "list_named", company=company, key=key)

    def retry(self, company: str | None, key: str, who: str) -> list[Transfer]:
        """Mark transfers for another try at once, found as ``find_named`` does.

        Gives what was marked; those that are done are left alone. ``who`` asked stands
        in the log.
        """
        said = f"{who} asked for another try"
        asked = Event("RETRY_ASKED", said, details={"who": who})
        with self._database.transaction():
            return [
                self._change.take("retry", transfer, asked, "note")
                for transfer in self.find_named(company, key)
            ]

    def _find_other(
        self, company: str, flow: str, reference: str | None, known: Transfer | None
    ) -> Transfer | None:
        """Find another document that has the reference and does not give it up."""
        if reference is None:
            return None
        other = self._database.find(
            Transfer, "find_reference", company=company, flow=flow, reference=reference
        )
        if other is None or (known and other.transfer_id == known.transfer_id):
            return None
        released = self._database.find(
            Transfer, "release_reference", transfer_id=other.transfer_id
        )
        return None if released else other
