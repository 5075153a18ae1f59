"""One change of a transfer: a query, the event of it, in one transaction."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.ledger.failures import ClaimLostError
from engine.ledger.model import Event, Transfer

if TYPE_CHECKING:
    from engine.ledger.database import Database
    from engine.ledger.event_log import EventLog
    from engine.ledger.model import Outcome

NOTHING = Event()


class TransferChange:
    """Runs a step's query and appends its event.

    Each compares the attempts, so that a transfer that another process claimed since it
    was read stays as it is. Which stages follow which, the database decides.

    Raises:
        ClaimLostError: Somebody else claimed the transfer since it was read.
        LedgerStateError: The stages do not allow the step.
    """

    def __init__(self, database: Database, log: EventLog) -> None:
        self.database = database
        self.log = log

    def take(
        self,
        step: str,
        transfer: Transfer,
        event: Event = NOTHING,
        outcome: Outcome = "step",
        **values: Any,
    ) -> Transfer:
        """Change a transfer by the query of the step's name, and append its event.

        Without a code of its own the event of progress has the step's: ``CLAIM``.
        """
        if not event.code and outcome in ("step", "waiting"):
            event = replace(event, code=step.upper())
        with self.database.transaction():
            changed = self.run(step, transfer, **values, **event.reason())
            self.log.append(changed, outcome, event)
        return changed

    def run(self, query: str, transfer: Transfer, **values: Any) -> Transfer:
        """Change a transfer without a word; inside a transaction."""
        changed = self.database.find(
            Transfer,
            query,
            transfer_id=transfer.transfer_id,
            seen=transfer.attempts,
            **values,
        )
        if changed is None:
            raise ClaimLostError(transfer)
        return changed
