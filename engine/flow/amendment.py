"""Change the target's document to what its source says now, before it is released.

Only what still stands there as it was sent is replaced: a person's edit is never
overwritten. The change names the version that was read. After a refusal or a lost
answer it is read again, for it may have been made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import (
    DoubtError,
    NotAppliedError,
    RefusedError,
    StoppedError,
    SystemDownError,
)
from engine.flow.content import content_of, gives_back, is_as_sent
from engine.flow.context import WaitError
from engine.flow.digests import digest_of
from engine.flow.looks import find_known
from engine.flow.writes import GUARDED_TRIES
from engine.ledger.model import DocumentKey, Event
from engine.mapping.apply import apply_rule

if TYPE_CHECKING:
    from engine.flow.context import Document, RunContext
    from engine.project.flow_spec import Amend

UPDATED = "UPDATED_IN_TARGET"
KEY = DocumentKey("update")


def amend(
    run: RunContext, document: Document, payload: dict[str, Any], told: StoppedError
) -> None:
    """Have the document in the target say what the payload says.

    Args:
        told: What is raised when it may not be changed: the difference, for a person.

    Raises:
        StoppedError: ``told``, or it is gone from the target.
        RefusedError: The target refuses it, under the version that was sent.
        WaitError: It could not be changed in three tries.
    """
    save, update = run.flow.delivery.save, run.flow.delivery.update
    transfer, seen = document.transfer, None
    is_ours = transfer.attempts > 0 and transfer.previous_stage != "done"
    refusal: RefusedError | None = None
    for _ in range(GUARDED_TRIES):
        body = document.data[save]
        scope = run.scope_of(document, payload=payload)
        if update is None or not (is_ours and update.when.evaluate(scope)):
            raise told
        if gives_back(run, document, payload, body):
            _keep(run, document, payload)
            return
        if not is_as_sent(run, document, body):
            raise told
        if refusal is not None and body == seen:
            raise refusal
        seen, refusal = body, _send(run, document, update, payload)
        found = find_known(run, document)
        if found is None:
            raise StoppedError("WITHDRAWN_IN_TARGET", str(transfer.target_id))
        document.data[save] = found
    if not gives_back(run, document, payload, document.data[save]):
        said = "it was changed by others, or gave no answer"
        raise WaitError("SYSTEM_BUSY", "update", said)
    _keep(run, document, payload)


def _send(
    run: RunContext, document: Document, update: Amend, payload: dict[str, Any]
) -> RefusedError | None:
    """Send the change once; give the refusal, for what is there now decides."""
    scope, writes = run.scope_of(document, payload=payload), run.ledger.writes
    body = dict(payload)
    for pointer, rule in update.send.changes:
        body[pointer.removeprefix("/")] = apply_rule(rule, scope)
    write = writes.begin(document.transfer, KEY, digest_of(body), may_repeat=True)
    try:
        run.call(update.send.request, scope, body)
    except RefusedError as error:
        writes.refused(write)
        return error
    except (NotAppliedError, SystemDownError):
        writes.refused(write)
        raise
    except DoubtError:
        writes.in_doubt(write, run.target_at())
    else:
        writes.done(write)
    return None


def _keep(run: RunContext, document: Document, payload: dict[str, Any]) -> None:
    """Record what the target's document says now; the log tells that it was changed."""
    known = run.ledger.writes.find(document.transfer, KEY)
    if known is not None and known.state != "done":
        run.ledger.writes.found(document.transfer, known, Event(UPDATED))
    number = document.transfer.target_number or str(document.transfer.target_id)
    document.transfer = run.ledger.contents.updated(
        document.transfer,
        content_of(document, payload),
        Event(UPDATED, number, details={"number": number}),
    )
