"""Doubts about creates: when they began, how they rest, how they end without a find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.ledger.failures import LedgerStateError
from engine.ledger.rest import rest_after
from engine.ledger.transfer_change import NOTHING

if TYPE_CHECKING:
    from datetime import datetime

    from engine.ledger.model import Event, Transfer
    from engine.ledger.transfer_change import TransferChange


class Doubts:
    """Steps of a transfer whose create may have had its effect.

    A find ends a doubt at any time (``steps.posted``). Without one it ends only once it
    is settled: ``steps.claim`` for the next attempt, or ``settled_gone``.
    """

    def __init__(self, change: TransferChange) -> None:
        self._change = change

    def in_doubt(
        self, transfer: Transfer, target_at: datetime | None, event: Event = NOTHING
    ) -> Transfer:
        """Record that a create may have had its effect; its rest begins now.

        Args:
            target_at: The target's ``Date`` as last seen, None without one.
        """
        rest = rest_after(None, self._change.database.clock.now(), target_at, 0)
        return self._change.take("in_doubt", transfer, event, "waiting", rest=rest)

    def look(
        self, transfer: Transfer, target_at: datetime | None, settle_seconds: float
    ) -> Transfer:
        """Record a fresh search that found nothing; legal at intent and doubt.

        ``settled_at`` of what it gives is set when the doubt has rested for the settle
        time and this is the second look since. ``rest.looked_ms`` is set from the first
        such look on: a second one in the same run may then decide. An intent is a doubt
        that a new process meets: it is as old as this look.
        """
        if transfer.stage == "intent":
            return self.in_doubt(transfer, target_at)
        database = self._change.database
        now = database.clock.now()
        rest = rest_after(transfer.rest, now, target_at, settle_seconds)
        settled_at = now if rest.is_settled() else None
        with database.transaction():
            return self._change.run("look", transfer, rest=rest, settled_at=settled_at)

    def settled_gone(self, transfer: Transfer, event: Event) -> Transfer:
        """Record that nothing is in the target of what the source no longer wants.

        Raises:
            LedgerStateError: The doubt is not settled.
        """
        if transfer.stage != "doubt":  # an intent may become new, too: when refused
            raise LedgerStateError(f"{transfer.label} is in no doubt")
        return self._change.take("settled_gone", transfer, event, "skipped")
