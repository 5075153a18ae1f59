"""What the ledger knows and the source no longer has: the slot ``vanished``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from engine.flow.listing import Listed, open_transfer
from engine.flow.transfer import run_vanished
from engine.ledger.model import Event

if TYPE_CHECKING:
    from engine.flow.context import Document, RunContext
    from engine.flow.run import FlowRun
    from engine.ledger.model import Transfer

VANISHED = "vanished"  # the source digest of what the source no longer has begins so


def sweep(flow_run: FlowRun, seen: set[str]) -> None:
    """Take each done transfer that a full listing no longer has.

    Args:
        seen: Keys that the source has listed.
    """
    run = flow_run.run
    for transfer in list(run.ledger.transfers(run.company, run.flow.name, "done")):
        is_told = transfer.source_digest.startswith(VANISHED)
        if transfer.key not in seen and not is_told:
            vanish(flow_run, transfer)


def vanish(flow_run: FlowRun, transfer: Transfer) -> None:
    """Do what the flow says of one that its source no longer has."""
    run = flow_run.run
    if transfer.stage == "new":  # nothing of it is in the target
        run.ledger.steps.gone(transfer, Event("RESOLVED"))
        return
    digest = transfer.source_digest
    if not digest.startswith(VANISHED):  # it may come back, and vanish once more
        digest = f"{VANISHED} {run.clock.now().date()}"
    listed = Listed(
        key=transfer.key,
        label=transfer.label,
        reference=transfer.reference or "",
        digest=digest,
        data={run.flow.fetch.save: {}},
    )
    transfer = open_transfer(run, listed)
    if transfer.stage == "done":
        transfer = run.ledger.steps.reopen(transfer)
    document = flow_run.document_of(listed, transfer)
    flow_run.attempt(document, partial(_finish, run, document), code="VANISHED")


def _finish(run: RunContext, document: Document) -> None:
    run_vanished(run, document)
    document.transfer = run.ledger.steps.proved(document.transfer)
    document.transfer = run.ledger.steps.done(
        document.transfer, event=Event("VANISHED")
    )
