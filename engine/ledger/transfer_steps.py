"""The steps of a transfer from stage to stage, each with its event in one transaction.

Which steps are legal is drawn in ``engine.ledger.model``; the database enforces it too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.ledger.failures import ClaimLostError, LedgerStateError
from engine.ledger.model import LEGAL_STAGES, Event, Transfer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from engine.ledger.database import Database
    from engine.ledger.event_log import EventLog
    from engine.ledger.model import Outcome, Stage

NOTHING = Event()

# Each step's stage afterwards (None: as it was) and its outcome in the log.
STEPS: Mapping[str, tuple[Stage | None, Outcome]] = {
    "claim": ("intent", "step"),
    "in_doubt": ("doubt", "waiting"),
    "posted": ("posted", "step"),
    "proved": ("proved", "step"),
    "done": ("done", "transferred"),
    "reopen": ("posted", "step"),
    "start_over": ("new", "step"),
    "hold": (None, "stopped"),
    "wait": (None, "waiting"),
    "gone": (None, "skipped"),
}


class TransferSteps:
    """Changes a transfer and appends the event of it.

    Where an event is left out, its code is the step's name: ``CLAIM``, ``IN_DOUBT``.
    Each step compares the attempts, so that a transfer that another process claimed
    since it was read stays as it is.

    Raises:
        ClaimLostError: Somebody else claimed the transfer since it was read.
        LedgerStateError: The stages do not allow the step.
    """

    def __init__(self, database: Database, log: EventLog) -> None:
        self._database = database
        self._log = log

    def see(
        self,
        transfer: Transfer,
        *,
        label: str,
        reference: str | None,
        source_digest: str,
        mapping_digest: str,
    ) -> Transfer:
        """Take over what the source and the rules say now; a gone one comes back."""
        before = (transfer.source_digest, transfer.mapping_digest)
        with self._database.transaction():
            changed = self._change(
                transfer,
                "see_transfer",
                label=label,
                reference=reference,
                source_digest=source_digest,
                mapping_digest=mapping_digest,
                changed=before != (source_digest, mapping_digest),
            )
            if transfer.aside == "gone":
                self._log.append(changed, "step", Event("CAME_BACK", "listed again"))
        return changed

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
        return self._step(
            "claim",
            transfer,
            event,
            payload_digest=payload_digest,
            mapping_digest=mapping_digest,
            owner=owner,
        )

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
        return self._step(
            "in_doubt", transfer, event, seen_at=seen_at, searched_at=searched_at
        )

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
        return self._step(
            "posted",
            transfer,
            event,
            target_id=target_id,
            target_number=target_number,
            adopted=adopted,
        )

    def proved(self, transfer: Transfer, event: Event = NOTHING) -> Transfer:
        """Record that a fresh search gave exactly our document."""
        return self._step("proved", transfer, event)

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
        if transfer.adopted and not event.code:
            event = replace(event, code="ADOPTED")
        return self._step("done", transfer, event, target_number=target_number)

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
        return self._step(
            "hold", transfer, event, retry_at=retry_at, not_applied=not_applied
        )

    def wait(
        self,
        transfer: Transfer,
        event: Event,
        *,
        retry_at: datetime | None = None,
        not_applied: bool = False,
    ) -> Transfer:
        """Leave the document for a later run, after a failure that may pass."""
        return self._step(
            "wait", transfer, event, retry_at=retry_at, not_applied=not_applied
        )

    def gone(self, transfer: Transfer, event: Event) -> Transfer:
        """Record that the document left the transfer status by itself."""
        return self._step("gone", transfer, event)

    def reopen(self, transfer: Transfer, event: Event = NOTHING) -> Transfer:
        """Take a done document back to posted: it stands in the transfer status again.

        It keeps its target document, so it is proved again and never created again.
        """
        if transfer.stage != "done":
            raise LedgerStateError(f"{transfer.label} is {transfer.stage}, not done")
        return self._step("reopen", transfer, event)

    def vanish(self, transfer: Transfer, *, mapping_digest: str) -> Transfer:
        """Record that the source no longer has the document.

        It is back when it is listed again, and is then taken once more.
        """
        with self._database.transaction():
            return self._change(transfer, "vanish", mapping_digest=mapping_digest)

    def start_over(self, transfer: Transfer, event: Event) -> Transfer:
        """Forget a target document that is gone; the next run may create it anew.

        Legal only for a held or gone transfer whose retry a person asked for. Call it
        only after the target said that the document is deleted. Its writes are
        forgotten too; the events keep what happened.
        """
        if transfer.stage not in ("posted", "proved"):
            raise LedgerStateError(f"{transfer.label} has no target to forget")
        with self._database.transaction():
            changed = self._step("start_over", transfer, event)
            self._database.run("forget_writes", transfer_id=transfer.transfer_id)
        return changed

    def _step(
        self, step: str, transfer: Transfer, event: Event, **values: Any
    ) -> Transfer:
        """Change a transfer by the query of the step's name, and append its event."""
        stage, outcome = STEPS[step]
        if stage is not None and stage not in LEGAL_STAGES[transfer.stage]:
            raise LedgerStateError(
                f"{transfer.label} cannot go from {transfer.stage} to {stage}"
            )
        if not event.code and outcome in ("step", "waiting"):
            event = replace(event, code=step.upper())
        with self._database.transaction():
            changed = self._change(transfer, step, **values, **event.reason())
            self._log.append(changed, outcome, event)
        return changed

    def _change(self, transfer: Transfer, query: str, **values: Any) -> Transfer:
        changed = self._database.find(
            Transfer,
            query,
            transfer_id=transfer.transfer_id,
            seen=transfer.attempts,
            **values,
        )
        if changed is None:
            raise ClaimLostError(transfer)
        return changed
