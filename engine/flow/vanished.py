"""What the ledger knows and the source no longer has: the slot ``vanished``.

A list that is empty, or far shorter than what is known, is not believed: nothing of it
is closed. What a full listing lacks is closed after a second look on another day, and
only when the source does not give it by its key either.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from engine.flow.context import Document
from engine.flow.listing import find_record
from engine.flow.transfer import run_vanished
from engine.ledger.model import Event

if TYPE_CHECKING:
    from datetime import date, datetime

    from engine.flow.context import RunContext
    from engine.flow.run import FlowRun
    from engine.ledger.model import Transfer

# Our own figures: a register loses some entries a year, not a quarter in a day.
FEW = 2
ONE_IN = 4
MISSED = "MISSED"


def sweep(flow_run: FlowRun, seen: set[str]) -> None:
    """Take each done transfer that a full listing no longer has.

    Args:
        seen: Keys that the source has listed.
    """
    run = flow_run.run
    known = [
        transfer
        for transfer in run.ledger.transfers(run.company, run.flow.name, "done")
        if transfer.vanished_at is None
    ]
    missing = [transfer for transfer in known if transfer.key not in seen]
    if not missing:
        return
    if is_too_short(len(known), len(missing)):
        said = f"{len(seen)} listed, {len(missing)} of {len(known)} known are missing"
        run.note_daily("list_short", Event("LIST_TOO_SHORT", said))
        return
    for transfer in missing:
        if _is_missed_again(run, transfer):
            vanish(flow_run, transfer)


def is_too_short(known: int, missing: int) -> bool:
    """Tell whether a list lacks so much that it must be wrong itself."""
    return missing == known or (missing > FEW and missing * ONE_IN > known)


def _is_missed_again(run: RunContext, transfer: Transfer) -> bool:
    """Tell whether it was missing on an earlier day too, and is not there by key."""
    last = run.ledger.events.last_said(transfer, MISSED)
    if last is None:
        run.ledger.events.note(transfer, Event(MISSED))
    if last is None or _day(run, last) >= _day(run, run.clock.now()):
        return False
    reread = run.flow.fetch.again
    if reread is None:
        return True
    return find_record(run, reread.request, transfer.key) is None


def _day(run: RunContext, moment: datetime) -> date:
    return moment.astimezone(run.scope({}).zone).date()


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
