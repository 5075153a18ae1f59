"""The steps of a transfer from stage to stage, each with its event in one transaction.

Which steps are legal is drawn in ``engine.ledger.model``; the database refuses others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.ledger.failures import LedgerStateError
from engine.ledger.model import Event
from engine.ledger.transfer_change import NOTHING

if TYPE_CHECKING:
    from datetime import datetime

    from engine.ledger.heartbeats import Heartbeats
    from engine.ledger.model import Content, Transfer
    from engine.ledger.transfer_change import TransferChange


class TransferSteps:
    """Changes a transfer and appends the event of it.

    Where an event is left out, its code is the step's name: ``CLAIM``, ``POSTED``.

    Raises:
        ClaimLostError: Somebody else claimed the transfer since it was read.
        LedgerStateError: The stages do not allow the step.
    """

    def __init__(self, change: TransferChange, heartbeats: Heartbeats) -> None:
        self._change = change
        self._heartbeats = heartbeats

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
        with self._change.database.transaction():
            changed = self._change.run(
                "see_transfer",
                transfer,
                label=label,
                reference=reference,
                source_digest=source_digest,
                mapping_digest=mapping_digest,
                changed=before != (source_digest, mapping_digest),
            )
            if transfer.aside == "gone":
                back = Event("CAME_BACK", "listed again")
                self._change.log.append(changed, "step", back)
        return changed

    def claim(
        self,
        transfer: Transfer,
        *,
        sent: Content,
        payload_digest: str,
        mapping_digest: str,
        owner: str,
        event: Event = NOTHING,
    ) -> Transfer:
        """Record the intent to create, before the first byte is sent.

        Compares the attempts and adds one; legal from new, and from a settled doubt.

        Args:
            sent: The content that the create will send.

        Raises:
            ClaimLostError: Somebody else claimed it since it was read.
        """
        with self._heartbeats.beat(transfer.company):
            return self._change.take(
                "claim",
                transfer,
                event,
                sent=sent,
                payload_digest=payload_digest,
                mapping_digest=mapping_digest,
                owner=owner,
            )

    def not_applied(self, transfer: Transfer) -> Transfer:
        """Record that the create surely had no effect; it may be claimed again."""
        return self._change.take("not_applied", transfer)

    def posted(
        self,
        transfer: Transfer,
        *,
        target_id: str,
        target_number: str | None = None,
        adopted: bool = False,
        sent: Content | None = None,
        event: Event = NOTHING,
    ) -> Transfer:
        """Record the target document, created or (``adopted``) found.

        Args:
            sent: The content that it has; None keeps that of the claim.
        """
        return self._change.take(
            "posted",
            transfer,
            event,
            target_id=target_id,
            target_number=target_number,
            adopted=adopted,
            sent=sent,
        )

    def proved(self, transfer: Transfer, event: Event = NOTHING) -> Transfer:
        """Record that a fresh search gave exactly our document; in every run anew."""
        return self._change.take("proved", transfer, event)

    def done(
        self,
        transfer: Transfer,
        *,
        target_number: str | None = None,
        sent: Content | None = None,
        event: Event = NOTHING,
    ) -> Transfer:
        """Record that the source's status is moved: ``transferred`` in the log.

        Code ``ADOPTED`` is set by itself where the document was found, not created.

        Args:
            sent: The content that it was moved with; None keeps what was sent.
        """
        if transfer.adopted and not event.code:
            event = replace(event, code="ADOPTED")
        return self._change.take(
            "done",
            transfer,
            event,
            "transferred",
            target_number=target_number,
            sent=sent,
        )

    def hold(
        self,
        transfer: Transfer,
        event: Event,
        *,
        retry_at: datetime | None = None,
        not_applied: bool = False,
        refused: Content | None = None,
    ) -> Transfer:
        """Stop the document with a reason; ``event.code`` is required.

        ``retry_at`` is the end of the back-off (``back_off_until``), None is the next
        run. ``not_applied`` says that the create surely had no effect: an intent is
        new again, and no doubt has to settle. ``refused`` is what was read of it: any
        other value ends the back-off.
        """
        return self._change.take(
            "hold",
            transfer,
            event,
            "stopped",
            retry_at=retry_at,
            not_applied=not_applied,
            refused=refused,
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
        return self._change.take(
            "wait",
            transfer,
            event,
            "waiting",
            retry_at=retry_at,
            not_applied=not_applied,
        )

    def gone(self, transfer: Transfer, event: Event) -> Transfer:
        """Record that the document left the transfer status by itself.

        Only with nothing of ours in the target; at any stage but new it waits instead,
        and stays unfinished.
        """
        if transfer.stage != "new":
            return self.wait(transfer, event)
        return self._change.take("gone", transfer, event, "skipped")

    def reopen(self, transfer: Transfer, event: Event = NOTHING) -> Transfer:
        """Take a done document back to posted: it stands in the transfer status again.

        It keeps its target document and the content that was sent, so it is compared
        and proved again and never created again.
        """
        return self._change.take("reopen", transfer, event)

    def vanish(self, transfer: Transfer, *, mapping_digest: str) -> Transfer:
        """Record that the source no longer has the document.

        It is back when it is listed again, and is then taken once more.
        """
        with self._change.database.transaction():
            return self._change.run("vanish", transfer, mapping_digest=mapping_digest)

    def start_over(
        self, transfer: Transfer, event: Event, *, has_left: bool = False
    ) -> Transfer:
        """Forget a target document that is gone, with its writes; the events stay.

        Call it only after the target said that the document is gone by its id.

        Args:
            has_left: The source has left the transfer status too: it is gone. Without
                that a person must have asked (``retry``), and it may be created anew.

        Raises:
            LedgerStateError: It has no target, or nobody asked.
        """
        is_allowed = has_left or transfer.retry_asked
        if transfer.target_id is None or not is_allowed:
            raise LedgerStateError(f"{transfer.label} may not forget its target")
        with self._change.database.transaction():
            changed = self._change.take(
                "start_over",
                transfer,
                event,
                "skipped" if has_left else "step",
                has_left=has_left,
            )
            self._change.database.run("forget_writes", transfer_id=transfer.transfer_id)
        return changed
