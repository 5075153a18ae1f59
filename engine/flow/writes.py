"""The one write shape beside the document itself: find, match, send, save.

Every write that may not be repeated has its intent in the ledger before its first byte
is sent. A write in doubt is left alone until the settle time is over; then it is looked
for, and made again only when it is not there.
"""

from __future__ import annotations

from dataclasses import dataclass
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
from engine.flow.steps import as_list, holds, iter_items, make_payload
from engine.ledger.model import DocumentKey, Event, RegisterKey
from engine.mapping.match import decide_match, find_link
from engine.systems.bodies import Upload

if TYPE_CHECKING:
    from engine.flow.context import Document, RunContext
    from engine.language.scope import Scope
    from engine.ledger.model import Write
    from engine.mapping.match import MatchDecision
    from engine.project.flow_spec import EndpointCall, Send, WriteStep

_ANSWER_KEYS = ("id", "number", "code", "name", "version", "status")


@dataclass(slots=True)
class PendingWrite:
    """One write that a step wants, for the document or for one of its items."""

    step: WriteStep
    document: Document
    scope: Scope
    key: str  # what identifies it in a register, or among the document's items
    name: DocumentKey | RegisterKey  # in the ledger
    is_register: bool  # its entry is shared by all documents
    earlier: Write | None = None  # the last try, of this run or an earlier one
    decision: MatchDecision | None = None  # of the match rules; None without any

    def choose(self) -> tuple[Send, Scope]:
        """Give what to send, and the scope that its mapping sees."""
        send, scope = self.step.update or self.step.create, self.scope
        if self.decision is not None:
            is_new = self.decision.action == "create"
            send = self.step.create if is_new else self.step.update
            if self.decision.candidate is not None:
                scope = scope.with_roots(candidate=self.decision.candidate)
        if send is None:
            raise StoppedError("NOTHING_TO_SEND", self.key, position=self.step.position)
        return send, scope

    def heed(self) -> None:
        """Note what the match rule warns of.

        Raises:
            StoppedError: The match rule rejects.
        """
        if self.decision is None:
            return
        rule = self.decision.rule
        if rule.action == "reject":
            said = self._describe(self.decision.candidate)
            raise StoppedError(
                rule.code,
                said,
                position=rule.position,
                details={self.step.name: said, "key": self.key, "value": said},
            )
        if rule.warn:
            self.document.note(rule.warn, self.key)

    def _describe(self, candidate: Any) -> str:
        about = self.step.about
        if about is None or candidate is None:
            return self.key
        name = about.evaluate(self.scope.with_roots(candidate=candidate))
        return f"{name} ({self.key})" if name else self.key


def run_write(
    run: RunContext, step: WriteStep, document: Document, *, is_register: bool
) -> None:
    """Make one write of the document, or of each of its items.

    Raises:
        StoppedError: The match rules reject.
        ViolationError: The payload breaks rules.
        RefusedError: The target refused it.
        TransientError: It may pass; DoubtError when the write may have been made.
    """
    for item_scope in iter_items(step.each, run.scope_of(document)):
        if not holds(step.when, item_scope):
            continue
        key = str(step.key.evaluate(item_scope))
        name = _name_write(run, step, document, key, is_register=is_register)
        pending = PendingWrite(step, document, item_scope, key, name, is_register)
        known = run.prepared if is_register else {}
        if (step.name, key) not in known:
            known[step.name, key] = _find_or_make(run, pending)
        if step.save:
            item_scope.item[step.save] = known[step.name, key]


def _name_write(
    run: RunContext, step: WriteStep, document: Document, key: str, *, is_register: bool
) -> DocumentKey | RegisterKey:
    """Name a write in the ledger.

    A register entry is written again whenever its source has changed.
    """
    if not is_register:
        return DocumentKey(step.name, key)
    if run.flow.deliver is None:
        transfer = document.transfer
        digest = transfer.source_digest
        if transfer.vanished_at is not None:
            digest = f"vanished {transfer.vanished_at:%Y-%m-%d}"
        key = f"{key} {digest[-12:]}"
    sends = [send for send in (step.create, step.update) if send is not None]
    system = sends[0].request.system if sends else run.flow.target
    return RegisterKey(system, step.name, key)


def _find_or_make(run: RunContext, pending: PendingWrite) -> Any:
    step, transfer = pending.step, pending.document.transfer
    earlier = run.ledger.writes.find(transfer, pending.name)
    is_made = earlier is not None and earlier.state == "done"
    is_own = not pending.is_register and not _is_repeatable(step, run)
    if earlier is not None and is_made and is_own:
        return dict(earlier.answer)  # a crash came after it; go on with the next
    pending.earlier = earlier
    pending.decision = _decide(step, run, pending.scope)
    pending.heed()
    return run.access.make(pending)


def make_write(run: RunContext, pending: PendingWrite) -> Any:
    """Make a write, or find what it asks for; give what the step saves."""
    decision = pending.decision
    if decision is not None and decision.action in ("link", "leave"):
        if pending.earlier is not None and decision.action == "link":
            # It was made after all.
            _find(run, pending, pending.earlier, decision.candidate)
        return decision.candidate
    send, scope = pending.choose()
    if not _is_repeatable(pending.step, run):
        earlier = pending.earlier
        if earlier is not None and send is pending.step.create:
            if earlier.is_young(run.clock.now(), run.settle_seconds):
                return dict(earlier.answer)  # a search may not show it yet
            if earlier.state == "done":  # removed, or the search is blind
                pending.earlier = run.ledger.writes.in_doubt(earlier, run.target_at())
        _wait_for_doubt(run, pending)
    saved = _send(run, pending, send, scope)
    has_said = decision is not None and decision.rule.warn
    if pending.is_register and not has_said:  # people may want to complete a new entry
        done = "CREATED" if send is pending.step.create else "UPDATED"
        code = f"{pending.step.name.upper()}_{done}"
        pending.document.notes.append(Note(code, pending.key))
    return saved


def _is_repeatable(step: WriteStep, run: RunContext) -> bool:
    calls = [send.request for send in (step.create, step.update) if send is not None]
    specs = (run.systems[c.system].spec.endpoints[c.endpoint] for c in calls)
    return all(spec.is_idempotent for spec in specs)


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


def _wait_for_doubt(run: RunContext, pending: PendingWrite) -> None:
    """Refuse to repeat a create that may still take effect.

    The look-up before has not found it.
    """
    earlier = pending.earlier
    if earlier is None or earlier.state not in ("intent", "doubt"):
        return
    looked = run.ledger.writes.look(
        earlier, run.target_at(), run.settle_seconds, looks=1
    )
    if looked.settled_at is None:
        detail = "an earlier attempt may still land"
        raise DoubtError(RequestFacts(pending.step.name, pending.key, detail=detail))
    pending.earlier = looked


def _send(run: RunContext, pending: PendingWrite, send: Send, scope: Scope) -> Any:
    document, earlier = pending.document, pending.earlier
    body: Any = None
    if send.mapping is not None:
        body = make_payload(send.mapping, scope, document)
    run.written.add(send.request.system)
    digest = digest_of(body)
    if send.file is not None and send.file_name is not None:
        content = send.file.evaluate(scope)
        digest = digest_of([body, content])
        body = Upload(body, str(send.file_name.evaluate(scope)), content)
    if earlier is not None and earlier.state == "done" and earlier.digest == digest:
        # The same content is there already; other content simply replaces it.
        return dict(earlier.answer)
    writes = run.ledger.writes
    is_change = earlier is not None and earlier.state == "done"
    write = writes.begin(
        document.transfer,
        pending.name,
        digest,
        may_repeat=is_change or _is_repeatable(pending.step, run),
    )
    try:
        answer = run.call(send.request, scope, body)
    except (NotAppliedError, RefusedError, SystemDownError):
        writes.refused(write)
        raise
    except DoubtError:
        writes.in_doubt(write, run.target_at())
        raise
    writes.done(write, **_known_of(answer.body))
    return answer.body


def _find(run: RunContext, pending: PendingWrite, write: Write, candidate: Any) -> None:
    if write.state == "done":
        return
    event = Event("ADOPTED", f"{pending.step.name} {pending.key}")
    known = _known_of(candidate)
    run.ledger.writes.found(pending.document.transfer, write, event, **known)


def _known_of(answer: Any) -> dict[str, Any]:
    small = _small(answer)
    target_id = small.get("id")
    return {
        "target_id": None if target_id is None else str(target_id),
        "answer": small,
    }


def _small(answer: Any) -> dict[str, Any]:
    """Keep of an answer what later steps need: no texts, no addresses, no accounts."""
    if not isinstance(answer, dict):
        return {}
    return {key: answer[key] for key in _ANSWER_KEYS if key in answer}
