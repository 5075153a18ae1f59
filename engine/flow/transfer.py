"""Take one document through the protocol: exactly one in the target, or a reason.

    gather → check → prepare → search → intent → create → follow → proof → release
    → move

1. The intent is committed before the first byte of the create is sent.
2. A search comes before every create, the first one too: another integration may have
   been there, or the ledger may be old.
3. A create whose outcome is unknown is never repeated blindly. The next runs search;
   what is found with the same content is adopted. Only when the settle time is over and
   two searches, a minute or more apart, found nothing, it is sent again.
4. Nothing is released to a customer, and no source status moves, before a fresh search
   has returned exactly our document with the same total.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from engine.errors import RefusedError, StoppedError
from engine.flow.content import check_moved, content_of, keep_read, moved_over
from engine.flow.context import GoneError, WaitError
from engine.flow.looks import (
    MOVED_BY_HAND,
    check_proof,
    check_rows,
    find_changed_reads,
    read_again,
)
from engine.flow.steps import make_payload, run_step
from engine.ledger.model import ORPHAN, Event
from engine.mapping.apply import apply_rule
from engine.project.flow_spec import RequireStep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.flow.context import Document, RunContext
    from engine.project.flow_spec import Acknowledge, Step

NO_ENTRY = "-"  # the target id of what a flow without deliver leaves out
LAST_LOOKS = 3  # so often the last looks are begun anew when one of them was slow
SECOND_LOOK_SECONDS = 60  # two searches closer than this may both be blind to one lag


def run_transfer(run: RunContext, document: Document) -> None:
    """Move one document, from wherever an earlier run has left it.

    Raises:
        RecordError: It is stopped; a person must act.
        TransientError: It waits; the next run goes on.
        GoneError: It is no longer to be moved.
    """
    flow = run.flow
    _check_reference(run, document)
    if document.transfer.stage == "done":
        # Listed once more: moved back by a person, changed, or the move was lost. It is
        # proved again and moved again, never created again.
        document.transfer = run.ledger.steps.reopen(
            document.transfer, Event("REOPENED", "listed again after its transfer")
        )
    _recall(run, document)
    if flow.acknowledge is not None:
        keep_read(run, document, flow.fetch.save, document.data[flow.fetch.save])
    if not document.is_gathered:
        _run_steps(flow.enrich, run, document)
    try:
        _run_steps(flow.require, run, document)
    except StoppedError:
        check_rows(run, document)  # they may have been caught in mid-change
        raise
    if flow.deliver is None:
        noted = len(document.notes)
        _run_steps(flow.prepare, run, document, is_register=True)
        run.access.keep_in_step(document, is_same=len(document.notes) == noted)
        return
    if not document.transfer.target_id:
        # The whole payload is checked before the first write, with the register ids
        # still missing: a document that cannot go must not leave traces in registers.
        _make_payload(run, document)
    _run_steps(flow.prepare, run, document, is_register=True)
    payload = _make_payload(run, document)
    run.access.deliver(document, payload)
    _complete(run, document, payload)


def _complete(run: RunContext, document: Document, payload: dict[str, Any]) -> None:
    """Follow, prove, release, move; what is not listed any more is not moved."""
    flow = run.flow
    _follow(run, document)
    _prove(run, document, payload)
    document.before_write = partial(_last_look, run, document, payload)
    _run_steps(flow.release, run, document)
    if flow.acknowledge is not None and document.is_listed:
        document.before_write()
        move_status(flow.acknowledge, run, document)
    event = Event() if document.is_listed else Event("FINISHED_UNLISTED")
    document.transfer = run.ledger.steps.done(document.transfer, event=event)


def _follow(run: RunContext, document: Document) -> None:
    """Make the writes that belong to the document.

    Where a person has accepted it, or moved its status by hand, what a requirement asks
    is hers: it becomes a note, and the later steps of the same items are left out.
    """
    is_hers = document.transfer.is_accepted or not document.is_listed
    left_out: set[str] = set()
    for step in run.flow.follow:
        each = getattr(step, "each", None)
        items = "" if each is None else each.text
        if items in left_out:
            continue
        try:
            run_step(step, run.access, document)
        except StoppedError as error:
            if not (is_hers and isinstance(step, RequireStep)):
                raise
            document.note(error.code, error.message)
            left_out.add(items)


def _prove(run: RunContext, document: Document, payload: dict[str, Any]) -> None:
    check_proof(run, document, payload)
    document.transfer = run.ledger.steps.proved(document.transfer)


def _last_look(run: RunContext, document: Document, payload: dict[str, Any]) -> None:
    """See, just before what cannot be taken back, that both sides are as they were.

    Raises:
        StoppedError: Another one is there, its content differs, or the source does not
            want it any more.
        WaitError: The source has changed; the next run compares.
    """
    for _ in range(LAST_LOOKS):
        if not run.is_recent(document.proved_at):
            _prove(run, document, payload)
        if not run.is_recent(document.source_at):
            _read_source(run, document)
        if run.is_recent(document.proved_at):
            return
    raise WaitError("SYSTEM_BUSY", "last look", "a look took over a minute")


def _read_source(run: RunContext, document: Document) -> None:
    try:
        read_again(run, document)
    except GoneError as error:
        if error.message == MOVED_BY_HAND:  # a person was faster; it is wanted
            document.is_listed = False
            return
        transfer = document.transfer
        number = transfer.target_number or str(transfer.target_id)
        details = {"number": number, "value": number}
        raise StoppedError(ORPHAN, str(transfer.target_id), details=details) from error


def keep_in_step(run: RunContext, document: Document, *, is_same: bool) -> None:
    """End the transfer of what its ``prepare`` writes alone make of it.

    Args:
        is_same: They have changed nothing.
    """
    scope = run.scope_of(document)
    result = None if run.flow.result is None else run.flow.result.evaluate(scope)
    _run_steps(run.flow.release, run, document)
    is_new = document.transfer.stage == "new"
    target_id = NO_ENTRY if result is None else str(result)
    if document.transfer.target_id != target_id:
        document.transfer = run.ledger.steps.posted(
            document.transfer, target_id=target_id
        )
    document.transfer = run.ledger.steps.proved(document.transfer)
    code = "UNCHANGED" if is_same else ("REGISTERED" if is_new else "UPDATED")
    document.transfer = run.ledger.steps.done(document.transfer, event=Event(code))


def run_vanished(run: RunContext, document: Document) -> None:
    """Do what the flow says of a document that its source no longer has.

    Raises:
        RecordError, TransientError: As for ``run_transfer``.
    """
    _recall(run, document)
    _run_steps(run.flow.vanished, run, document, is_register=True)


def _recall(run: RunContext, document: Document) -> None:
    """Put the id that an entry had in the target where its flow will put it again."""
    known = document.transfer.target_id
    if run.flow.result is None or known in (None, NO_ENTRY):
        return
    *groups, last = run.flow.result.text.split(".")
    place = document.data
    for group in groups:
        place = place.setdefault(group, {})
    place[last] = int(known) if known.isdigit() else known


def _run_steps(
    steps: Sequence[Step],
    run: RunContext,
    document: Document,
    *,
    is_register: bool = False,
) -> None:
    for step in steps:
        run_step(step, run.access, document, is_register=is_register)


def _check_reference(run: RunContext, document: Document) -> None:
    limit = run.flow.fetch.reference_limit
    if not document.reference:
        raise StoppedError("REFERENCE_MISSING")
    if len(document.reference) > limit:
        # An identifier is never cut: two documents could become one.
        said = f"{document.reference[:60]} is over {limit} characters"
        raise StoppedError("REFERENCE_TOO_LONG", said)


def _make_payload(run: RunContext, document: Document) -> dict[str, Any]:
    send = run.flow.delivery.send
    assert send.mapping is not None
    scope = run.scope_of(document)
    return make_payload(send.mapping, scope, document)


def move_status(acknowledge: Acknowledge, run: RunContext, document: Document) -> None:
    """Move the source's status, and see that it has moved."""
    scope = run.scope_of(document)
    changes = [
        {"op": "replace", "path": path, "value": apply_rule(rule, scope)}
        for path, rule in acknowledge.send.changes
    ]
    try:
        answer = run.call(acknowledge.send.request, scope, changes)
    except RefusedError as error:
        said = "; ".join(refusal.message for refusal in error.refusals)
        raise StoppedError("STATUS_NOT_MOVED", said) from error
    if not acknowledge.verify.evaluate(scope.with_roots(answer=answer.body)):
        raise StoppedError("STATUS_NOT_MOVED", "the status is not the one asked for")
    try:
        check_moved(run, document, answer.body)
        if changed := find_changed_reads(run, document, acknowledge.reads):
            raise moved_over(changed)
    except StoppedError:
        now = content_of(document, {})
        document.transfer = run.ledger.contents.gathered(document.transfer, now)
        raise
