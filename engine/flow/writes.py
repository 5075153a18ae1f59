"""The one write shape beside the document itself: find, match, send, save.

Every write that may not be repeated has its intent in the ledger before its first byte
is sent. A write in doubt is left alone until the settle time is over; then it is looked
for, and made again only when it is not there.
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
from engine.flow.context import Note
from engine.flow.digests import digest_of
from engine.flow.plan_notes import pretend_saved
from engine.flow.reads import as_list, holds, iter_items, make_payload
from engine.mapping.match import decide_match, find_link
from engine.systems.bodies import Upload

if TYPE_CHECKING:
    from engine.flow.context import Document, RunContext
    from engine.flow.plan_notes import Action, Planner
    from engine.language import Scope
    from engine.ledger.model import Write
    from engine.mapping.match import MatchDecision
    from engine.project.flow_spec import EndpointCall, Send, WriteStep

_ANSWER_KEYS = ("id", "number", "code", "name", "version", "status")


def run_write(
    step: WriteStep, run: RunContext, document: Document, *, is_register: bool
) -> None:
    """Make one write of the document, or of each of its items.

    Args:
        is_register: The write belongs to a register that all documents share (slot
            ``prepare``): one key is looked for and created once in a run.

    Raises:
        StoppedError: The match rules reject.
        ViolationError: The payload breaks rules.
        RefusedError: The target refused it.
        TransientError: It may pass; DoubtError when the write may have been made.
    """
    scope = run.scope(document.data, reference=document.reference)
    for item_scope in iter_items(step.each, scope):
        if not holds(step.when, item_scope):
            continue
        key = str(step.key.evaluate(item_scope))
        memory = (step.name, key)
        if is_register and memory in run.prepared:
            saved = run.prepared[memory]
        else:
            notes = document.notes if is_register else None
            saved = _write_one(step, run, document, item_scope, key, notes)
            if is_register:
                run.prepared[memory] = saved
        if step.save:
            item_scope.item[step.save] = saved


def _write_one(
    step: WriteStep,
    run: RunContext,
    document: Document,
    scope: Scope,
    key: str,
    notes: list[Note] | None,
) -> Any:
    item = key
    if run.flow.deliver is None:
        # A register entry is written again whenever its source has changed.
        item = f"{key} {document.transfer.source_digest[-12:]}"
    earlier = run.ledger.writes.find(document.transfer, step.name, item)
    is_repeatable = _is_repeatable(step, run)
    if earlier is not None and earlier.state == "done" and not is_repeatable:
        return dict(earlier.answer)  # a crash came after it; go on with the next
    decision = _decide(step, run, scope)
    if run.planner is not None:
        return _plan(step, run.planner, document, scope, key, decision)
    if decision is not None:
        _heed(decision, document, key)
        if decision.action in ("link", "leave"):
            if earlier is not None and decision.action == "link":
                _end(run, earlier, decision.candidate)  # it was made after all
            return decision.candidate
    send, scope = _choose(step, scope, key, decision)
    if not is_repeatable:
        _wait_for_doubt(step, run, document, item, earlier)
    saved = _send(step, send, run, document, scope, item, earlier)
    has_said = decision is not None and decision.rule.warn
    if notes is not None and not has_said:  # people may want to complete a new entry
        done = "CREATED" if send is step.create else "UPDATED"
        notes.append(Note(f"{step.name.upper()}_{done}", key))
    return saved


def _choose(
    step: WriteStep, scope: Scope, key: str, decision: MatchDecision | None
) -> tuple[Send, Scope]:
    """Give what to send, and the scope that its mapping sees."""
    send = step.update or step.create
    if decision is not None:
        send = step.create if decision.action == "create" else step.update
        if decision.candidate is not None:
            scope = scope.with_roots(candidate=decision.candidate)
    if send is None:
        raise StoppedError("NOTHING_TO_SEND", key, position=step.position)
    return send, scope


def _plan(
    step: WriteStep,
    planner: Planner,
    document: Document,
    scope: Scope,
    key: str,
    decision: MatchDecision | None,
) -> Any:
    """Note what the write would be, and go on as if it were made."""
    action: Action = "update" if step.update else "create"
    candidate = None
    if decision is not None:
        _heed(decision, document, key)
        candidate = decision.candidate
        if decision.action in ("link", "leave"):
            planner.add(step.name, "link" if candidate else "leave", key)
            return candidate
        action = "create" if decision.action == "create" else "update"
    send, scope = _choose(step, scope, key, decision)
    body: Any = {}
    if send.mapping is not None:
        body = make_payload(send.mapping, scope, document)
    planner.add(step.name, action, key, body=body, present=candidate)
    return pretend_saved(body, candidate)


def _heed(decision: MatchDecision, document: Document, key: str) -> None:
    """Stop at a reject; note a warning."""
    rule = decision.rule
    if rule.action == "reject":
        about = _describe(decision.candidate, key)
        raise StoppedError(
            rule.code,
            about,
            position=rule.position,
            details={"partner": about, "key": key, "value": about},
        )
    if rule.warn:
        document.note(rule.warn, key)


def _is_repeatable(step: WriteStep, run: RunContext) -> bool:
    sends = [send for send in (step.create, step.update) if send is not None]
    return all(
        run.systems[send.request.system]
        .spec.endpoints[send.request.endpoint]
        .is_idempotent
        for send in sends
    )


def _decide(step: WriteStep, run: RunContext, scope: Scope) -> MatchDecision | None:
    if step.match is None:
        return None
    candidates: list[Any] = []
    for find in step.finds:
        if not holds(find.when, scope):
            continue
        if find.request is not None:
            found = find_candidates(run, find.request, scope)
        else:
            assert find.path is not None
            found = as_list(find.path.evaluate(scope))
        candidates.extend(found)
        decision = find_link(step.match, scope, found)
        if decision is not None:
            return decision  # no further search can change it
    return decide_match(step.match, scope, candidates)


def find_candidates(run: RunContext, request: EndpointCall, scope: Scope) -> list[Any]:
    """Ask a system for candidates, all pages; one object counts as one candidate."""
    system = run.systems[request.system]
    return as_list(system.read(request.endpoint, run.arguments(request, scope)))


def _wait_for_doubt(
    step: WriteStep,
    run: RunContext,
    document: Document,
    key: str,
    earlier: Write | None,
) -> None:
    """Refuse to repeat a create that may still take effect.

    The look-up before has not found it. Another document's doubt about the same key
    counts too: two invoices of one new customer must not make two customers.
    """
    doubt = earlier if earlier and earlier.state in ("intent", "doubt") else None
    if doubt is None:
        doubt = run.ledger.writes.find_open(document.transfer.company, step.name, key)
    if doubt is None:
        return
    now = run.server_now()
    seen_at = doubt.doubt_seen_at
    if seen_at is None:  # a crash: the doubt is as old as its discovery
        run.ledger.writes.end(doubt, "doubt", doubt_seen_at=now)
        seen_at = now
    if (now - seen_at).total_seconds() < run.settle_seconds:
        raise DoubtError(
            RequestFacts(step.name, key, detail="an earlier attempt may still land")
        )
    if earlier is None or doubt.write_id != earlier.write_id:
        run.ledger.writes.end(doubt, "refused")  # settled, and not there


def _send(
    step: WriteStep,
    send: Send,
    run: RunContext,
    document: Document,
    scope: Scope,
    key: str,
    earlier: Write | None,
) -> Any:
    body: Any = None
    if send.mapping is not None:
        body = make_payload(send.mapping, scope, document)
    run.written.add(send.request.system)
    digest = digest_of(body)
    if send.file is not None:
        content = send.file.evaluate(scope)
        digest = digest_of([body, content])
        body = Upload(body, body["name"], content)
    if earlier is not None and earlier.state == "done":
        # A repeatable write of an earlier run: the same content is there already, other
        # content simply replaces it.
        if earlier.digest == digest:
            return dict(earlier.answer)
        return run.call(send.request, scope, body).body
    write = run.ledger.writes.begin(document.transfer, step.name, key, digest)
    try:
        answer = run.call(send.request, scope, body)
    except (NotAppliedError, RefusedError, SystemDownError):
        run.ledger.writes.end(write, "refused")
        raise
    except DoubtError:
        run.ledger.writes.end(write, "doubt", doubt_seen_at=run.server_now())
        raise
    _end(run, write, answer.body)
    return answer.body


def _end(run: RunContext, write: Write, answer: Any) -> None:
    small = _small(answer)
    target_id = small.get("id")
    run.ledger.writes.end(
        write,
        "done",
        target_id=None if target_id is None else str(target_id),
        answer=small,
    )


def _small(answer: Any) -> dict[str, Any]:
    """Keep of an answer what later steps need: no texts, no addresses, no accounts."""
    if not isinstance(answer, dict):
        return {}
    return {key: answer[key] for key in _ANSWER_KEYS if key in answer}


def _describe(candidate: Any, key: str) -> str:
    name = candidate.get("name") if isinstance(candidate, dict) else None
    return f"{name} ({key})" if name else key
