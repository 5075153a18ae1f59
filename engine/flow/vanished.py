"""What the ledger knows and the source no longer has: the slot ``vanished``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from engine.flow.context import Document
from engine.flow.transfer import run_vanished
from engine.ledger.model import Event

if TYPE_CHECKING:
    from engine.flow.context import RunContext
    from engine.flow.run import FlowRun
    from engine.ledger.model import Transfer


def sweep(flow_run: FlowRun, seen: set[str]) -> None:
    """Take each done transfer that a full listing no longer has.

    Args:
        seen: Keys that the source has listed.
    """
    run = flow_run.run
    for transfer in list(run.ledger.transfers(run.company, run.flow.name, "done")):
        if transfer.key not in seen and transfer.vanished_at is None:
            vanish(flow_run, transfer)


def vanish(flow_run: FlowRun, transfer: Transfer) -> None:
    """Do what the flow says of one that its source no longer has."""
    run = flow_run.run
    if transfer.stage == "new":  # nothing of it is in the target
        run.ledger.steps.gone(transfer, Event("RESOLVED"))
        return
    if transfer.stage == "done":
        transfer = run.ledger.steps.reopen(transfer)
    transfer = run.ledger.steps.vanish(transfer, mapping_digest=run.rules_digest)
    document = Document.known(transfer, {run.flow.fetch.save: {}})
    flow_run.attempt(document, partial(_finish, run, document), code="VANISHED")


def _finish(run: RunContext, document: Document) -> None:
    run_vanished(run, document)
    document.transfer = run.ledger.steps.proved(document.transfer)
    document.transfer = run.ledger.steps.done(
        document.transfer, event=Event("VANISHED")
    )
