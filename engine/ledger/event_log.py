"""The transfer log: what happened to each document; lines are only ever appended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.ledger.model import Event, LogRow, Transfer, read_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from engine.ledger.database import Database
    from engine.ledger.model import Outcome


class EventLog:
    """Appends events and reads them as people's lines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(
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
        return self._database.iter_pages(
            LogRow,
            "list_last_words" if latest_per_document else "list_events",
            "event_id",
            company=company,
            flow=flow,
            outcome=outcome,
            since=since,
        )

    def note(self, transfer: Transfer, event: Event, outcome: Outcome = "note") -> None:
        """Append an event that changes nothing: a cut text, a fallback used."""
        with self._database.transaction():
            self.append(transfer, outcome, event)

    def last_said(self, transfer: Transfer, code: str) -> datetime | None:
        """Give when a code was last said of a transfer, None for never."""
        rows = self._database.run(
            "last_of_code", transfer_id=transfer.transfer_id, code=code
        )
        return read_time(rows[0]["at"]) if rows else None

    def note_flow(
        self, company: str, flow: str, event: Event, outcome: Outcome = "note"
    ) -> None:
        """Append an event that belongs to no document: a system that is down."""
        with self._database.transaction():
            self.append((company, flow), outcome, event)

    def append(
        self, owner: Transfer | tuple[str, str], outcome: Outcome, event: Event
    ) -> None:
        """Append an event inside the transaction of the change that it tells of.

        ``owner`` is a transfer, or (company, flow) for what belongs to no document.
        """
        if isinstance(owner, Transfer):
            names = ("transfer_id", "company", "flow", "key", "label", "state")
            place = {name: getattr(owner, name) for name in names}
            place |= {
                "target_id": owner.target_id,
                "target_number": owner.target_number,
            }
        else:
            company, flow = owner
            place = {"company": company, "flow": flow}
            place |= dict.fromkeys(("key", "label", "state"), "")
            place |= dict.fromkeys(("transfer_id", "target_id", "target_number"))
        self._database.run(
            "append_event",
            **place,
            **event.reason(),
            outcome=outcome,
            details=event.shown_details(),
        )
