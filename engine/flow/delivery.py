"""Have the document in the target: known by its id, adopted, or created.

Nothing is created before a search has found nothing; what a search finds is taken over
only with the same content; a create in doubt rests before it is sent again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import (
    DoubtError,
    NotAppliedError,
    RefusedError,
    RequestFacts,
    StoppedError,
    SystemDownError,
)
from engine.flow.amendment import amend
from engine.flow.content import (
    check_given_back,
    check_unchanged,
    content_of,
    is_as_sent,
)
from engine.flow.context import GoneError, WaitError
from engine.flow.digests import digest_of
from engine.flow.looks import (
    MOVED_BY_HAND,
    compare,
    find_known,
    id_of,
    read_again,
    read_target,
    search_one,
)
from engine.flow.resting import note_clocks, rest_ledger, still_in_doubt
from engine.ledger.model import Event

if TYPE_CHECKING:
    from engine.flow.context import Document, RunContext
    from engine.ledger.model import Content

LONGEST_PAUSE_SECONDS = 60.0  # a longer one is left to the next run


def deliver(run: RunContext, document: Document, payload: dict[str, Any]) -> None:
    """Have the document in the target: known, adopted or created."""
    content = content_of(document, payload)
    document.transfer = run.ledger.contents.gathered(document.transfer, content)
    if document.transfer.target_id:
        _read_known(run, document)
    if document.transfer.target_id:
        _check_change(run, document, payload)
        _check_known(run, document, payload)
        return
    candidate = search_one(run, document, payload)
    if candidate is not None:
        _adopt(run, document, payload, candidate)
        return
    if document.transfer.stage in ("intent", "doubt"):
        wait_for_settling(run, document)
    if not document.is_listed:
        raise GoneError("LEFT_STATUS", MOVED_BY_HAND)
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
    run.systems[request.system].prepare_write()  # never renewed between claim and send
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
    is_ours = document.transfer.stage != "new" and is_as_sent(run, document, body)
    if not is_ours and not document.transfer.is_accepted:
        compare(run, document, payload, candidate)
        check_given_back(run, document, payload, body)
    sent = document.transfer.sent
    if document.transfer.stage == "new" or sent is None or not sent.fields:
        sent = content_of(document, payload)
    keep_target(run, document, body, is_adopted=True, sent=sent)
    _check_change(run, document, payload)


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


def _check_change(run: RunContext, document: Document, payload: dict[str, Any]) -> None:
    """See that what stands there was made of what the source says now, or change it.

    Raises:
        StoppedError: It was not, and may not be changed; names the fields.
    """
    try:
        check_unchanged(run, document, payload)
    except StoppedError as error:
        amend(run, document, payload, error)


def _check_known(run: RunContext, document: Document, payload: dict[str, Any]) -> None:
    """See, before anything follows, that what is known in the target is as we sent it.

    A person may have edited it there: what follows would stop for some later reason,
    which would tell nobody what to do.
    """
    body = document.data[run.flow.delivery.save]
    if not (document.transfer.is_accepted or is_as_sent(run, document, body)):
        compare(run, document, payload, body)


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
        raise still_in_doubt(run, run.flow.delivery.name, "", before, looked.rest)
