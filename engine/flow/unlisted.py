"""Unfinished, and no longer in the source's list: looked at in every run.

The source is read by the document's key; what it says decides, with how far it came:

| source says | stage | what is done |
| --- | --- | --- |
| the status before | any | nothing: the next list has it |
| the status of what is stopped | new | nothing: it stays stopped |
| the status after | new | gone |
| | intent, doubt | searched; found: as posted; settled and not found: gone |
| | posted, proved | finished, without a move |
| another one, or 404 | new | gone |
| | intent, doubt | searched; found: as posted; settled and not found: gone |
| | posted, proved | held while it stands in the target, gone when not there |

A read that fails changes nothing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from engine.errors import RefusedError, StoppedError, SystemDownError, TransientError
from engine.flow.content import is_as_sent
from engine.flow.context import Document, GoneError
from engine.flow.delivery import keep_target, wait_for_settling
from engine.flow.listing import find_record
from engine.flow.looks import (
    MOVED_BY_HAND,
    find_known,
    id_of,
    read_status,
    read_target,
    search_one,
)
from engine.ledger.model import ORPHAN, OTHER_CONTENT, Event

if TYPE_CHECKING:
    from engine.flow.context import RunContext
    from engine.flow.run import FlowRun
    from engine.ledger.model import Transfer

LEFT_STATUS = "LEFT_STATUS"


def take_unlisted(flow_run: FlowRun, transfer: Transfer) -> None:
    """Look at one unfinished document that the source has not listed.

    Raises:
        SystemDownError: No further document would fare better.
    """
    run = flow_run.run
    again = run.flow.fetch.again
    assert again is not None
    try:
        record = find_record(run, again.request, transfer.key)
    except SystemDownError:
        raise
    except (TransientError, RefusedError):
        return
    status = None if record is None else read_status(run, record)
    if status == "before" or (status == "stopped" and transfer.stage == "new"):
        return
    if transfer.stage == "new":
        said = MOVED_BY_HAND if status == "after" else ""
        run.ledger.steps.gone(transfer, Event(LEFT_STATUS, said))
    elif status == "after" and record is not None:
        listed = flow_run.listing.list_record(record)
        if flow_run.listing.is_due(listed):
            flow_run.take(listed, is_listed=False)
    else:
        document = Document.known(transfer, {run.flow.fetch.save: record or {}})
        is_told = transfer.aside == "held" and transfer.code == ORPHAN
        if is_told and not transfer.retry_asked and find_known(run, document):
            flow_run.listing.left_alone["still stopped"] += 1
            return
        ending = flow_run.attempt(document, partial(_reconcile, run, document))
        if ending.looks_again:
            flow_run.look_again(partial(_take_anew, flow_run, transfer))


def _take_anew(flow_run: FlowRun, transfer: Transfer) -> None:
    run = flow_run.run
    known = run.find_transfer(transfer.key)
    if known is not None and known.stage != "done":
        take_unlisted(flow_run, known)


def _reconcile(run: RunContext, document: Document) -> None:
    """Find out what stands in the target of what the source no longer wants.

    Raises:
        GoneError: Nothing does.
        StoppedError: It does, or one of its number that is not ours; a person must act.
        WaitError: Nobody can know yet.
    """
    save = run.flow.delivery.save
    if not document.transfer.target_id:
        found = search_one(run, document, {})
        if found is None:
            wait_for_settling(run, document)
            raise GoneError(LEFT_STATUS)
        document.data[save] = found
        body = read_target(run, document)
        if not (is_as_sent(run, document, body) or document.transfer.is_accepted):
            said = f"{id_of(run, body)} in the target is not what was sent"
            raise StoppedError(OTHER_CONTENT, said)
        keep_target(run, document, body, is_adopted=True)
    transfer = document.transfer
    if find_known(run, document) is None:
        event = Event("RESOLVED", f"{transfer.target_id} is gone in the target")
        document.transfer = run.ledger.steps.start_over(transfer, event, has_left=True)
        raise GoneError("RESOLVED")
    number = transfer.target_number or str(transfer.target_id)
    raise StoppedError(
        ORPHAN, f"{transfer.target_id}", details={"number": number, "value": number}
    )
