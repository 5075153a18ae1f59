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

from engine.errors import (
    DoubtError,
    NotAppliedError,
    RefusedError,
    RequestFacts,
    StoppedError,
    SystemDownError,
)
from engine.flow.content import (
    check_moved,
    check_unchanged,
    content_of,
    is_as_sent,
    keep_read,
)
from engine.flow.context import GoneError, WaitError
from engine.flow.digests import digest_of
from engine.flow.looks import (
    MOVED_BY_HAND,
    check_proof,
    compare,
    find_known,
    id_of,
    read_again,
    read_target,
    search_one,
)
from engine.flow.steps import make_payload, run_step
from engine.flow.writes import has_rested, note_clocks, rest_ledger
from engine.ledger.model import ORPHAN, Event
from engine.mapping.apply import apply_rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.flow.context import Document, RunContext
    from engine.ledger.model import Content
    from engine.project.flow_spec import Acknowledge, Step

NO_ENTRY = "-"  # the target id of what a flow without deliver leaves out
LONGEST_PAUSE_SECONDS = 60.0  # a longer one is left to the next run
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
    _run_steps(flow.require, run, document)
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
    _run_steps(flow.follow, run, document)
    _prove(run, document, payload)
    document.before_write = partial(_last_look, run, document, payload)
    _run_steps(flow.release, run, document)
    if flow.acknowledge is not None and document.is_listed:
        document.before_write()
        move_status(flow.acknowledge, run, document)
    event = Event() if document.is_listed else Event("FINISHED_UNLISTED")
    document.transfer = run.ledger.steps.done(document.transfer, event=event)


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


def deliver(run: RunContext, document: Document, payload: dict[str, Any]) -> None:
    """Have the document in the target: known, adopted or created."""
    content = content_of(document, payload)
    document.transfer = run.ledger.contents.gathered(document.transfer, content)
    if document.transfer.target_id:
        _read_known(run, document)
        if document.transfer.target_id:
            check_unchanged(run, document, payload)
    if document.transfer.target_id:
        return
    candidate = search_one(run, document, payload)
    if candidate is not None:
        _adopt(run, document, payload, candidate)
        return
    if document.transfer.stage in ("intent", "doubt"):
        wait_for_settling(run, document)
    if not document.is_listed:
        raise GoneError("LEFT_STATUS")
    read_again(run, document)
    _create(run, document, payload)


def _create(run: RunContext, document: Document, payload: dict[str, Any]) -> None:
    try:
        _try_create(run, document, payload)
    except NotAppliedError as error:
        if error.facts.status not in (401, 429):
            raise
        # Surely not applied: the token was no good, or too much at once. One more try,
        # with a claim of its own; the next run has all the others.
        if error.facts.status == 429:
            run.clock.sleep(min(error.retry_after or 1.0, LONGEST_PAUSE_SECONDS))
        document.transfer = run.ledger.steps.not_applied(document.transfer)
        _try_create(run, document, payload)


def _try_create(run: RunContext, document: Document, payload: dict[str, Any]) -> None:
    deliver = run.flow.delivery
    request = deliver.send.request
    run.systems[request.system].ensure_token()  # never renewed between claim and send
    rest_ledger(run)
    if not all(map(run.is_recent, (document.searched_at, document.source_at))):
        said = "the looks before the create took over a minute"
        raise WaitError("SYSTEM_BUSY", deliver.name, said, is_settled=True)
    document.is_not_applied = False
    run.written.add(request.system)
    document.transfer = run.ledger.steps.claim(
        document.transfer,
        sent=content_of(document, payload),
        payload_digest=digest_of(payload),
        mapping_digest=run.rules_digest,
        owner=run.owner,
    )
    scope = run.scope_of(document, payload=payload)
    try:
        answer = run.call(request, scope, payload)
        body = answer.body
        if deliver.answer is not None:
            body = deliver.answer.evaluate(scope.with_item(body))
        if id_of(run, body) is None:
            facts = RequestFacts(request.system, deliver.name, answer.status, "no id")
            raise DoubtError(facts)
    except (NotAppliedError, RefusedError, SystemDownError):
        document.is_not_applied = True
        raise
    except DoubtError:
        document.transfer = run.ledger.doubts.in_doubt(
            document.transfer, run.target_at()
        )
        raise
    keep_target(run, document, body, is_adopted=False)


def _adopt(
    run: RunContext, document: Document, payload: dict[str, Any], candidate: Any
) -> None:
    """Take over a document of the same number when it has the same content.

    It may be ours, from an attempt whose answer was lost; or, with a new ledger or
    another integration still at work, somebody else's.
    """
    document.data[run.flow.delivery.save] = {"id": id_of(run, candidate)}
    body = read_target(run, document)
    is_ours = document.transfer.stage != "new" and is_as_sent(document, body)
    if not is_ours and not document.transfer.is_accepted:
        compare(run, document, payload, candidate)
    sent = document.transfer.sent
    if document.transfer.stage == "new" or sent is None or not sent.fields:
        sent = content_of(document, payload)
    keep_target(run, document, body, is_adopted=True, sent=sent)
    check_unchanged(run, document, payload)


def keep_target(
    run: RunContext,
    document: Document,
    body: Any,
    *,
    is_adopted: bool,
    sent: Content | None = None,
) -> None:
    """Record the target's document, as an answer or a read by its id gave it."""
    deliver = run.flow.delivery
    path, scope = deliver.target_number, run.scope({}).with_item(body)
    number = None if path is None else path.evaluate(scope)
    document.data[deliver.save] = body
    document.transfer = run.ledger.steps.posted(
        document.transfer,
        target_id=str(id_of(run, body)),
        target_number=None if number is None else str(number),
        adopted=is_adopted,
        sent=sent,
    )


def _read_known(run: RunContext, document: Document) -> None:
    """Fetch the document that an earlier run has put into the target.

    A person may have removed it there. That is never a reason to create it again by
    itself; only when somebody says ``retry``, it starts over.
    """
    target_id = document.transfer.target_id
    body = find_known(run, document)
    if body is not None:
        document.data[run.flow.delivery.save] = body
        return
    if not (document.transfer.retry_asked and document.is_listed):
        raise StoppedError("WITHDRAWN_IN_TARGET", str(target_id))
    del document.data[run.flow.delivery.save]
    document.transfer = run.ledger.steps.start_over(
        document.transfer, Event("STARTED_OVER", f"{target_id} is gone in the target")
    )


def wait_for_settling(run: RunContext, document: Document) -> None:
    """Let a create in doubt rest; return when it may be sent again.

    Called after a search that found nothing. A crash between intent and answer leaves
    no stamp: such a doubt counts from now.
    """
    before = document.transfer.rest
    looked = document.transfer = run.ledger.doubts.look(
        document.transfer, run.target_at(), run.settle_seconds
    )
    note_clocks(run, before, looked.rest)
    if looked.settled_at is None:
        name, said = run.flow.delivery.name, "an earlier attempt may still land"
        raise WaitError("IN_DOUBT", name, said, is_settled=has_rested(looked.rest))


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
    check_moved(run, document, answer.body)
