"""The one write shape beside the document itself: find, match, send, save.

Every write that may not be repeated has its intent in the ledger before its first byte
is sent. A write in doubt is left alone until the settle time is over; then it is looked
for, and made again only when it is not there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import (
    DoubtError,
    NotAppliedError,
    RefusedError,
    StoppedError,
    SystemDownError,
)
from engine.flow.context import Note, WaitError
from engine.flow.digests import digest_of
from engine.flow.resting import MAY_LAND, note_clocks, rest_ledger, still_in_doubt
from engine.flow.steps import (
    as_list,
    holds,
    iter_items,
    make_payload,
    refuse_no_group,
)
from engine.ledger.model import DocumentKey, Event, RegisterKey
from engine.mapping.match import decide_match, find_link
from engine.masking import mask_text
from engine.systems.bodies import Upload

if TYPE_CHECKING:
    from engine.flow.context import Document, RunContext
    from engine.language.paths import Path
    from engine.language.scope import Scope
    from engine.ledger.model import Write
    from engine.mapping.match import MatchDecision
    from engine.project.flow_spec import EndpointCall, ReadStep, Send, WriteStep

GUARDED_TRIES = 3  # of a change that names a version; our own figure
_ANSWER_KEYS = ("id", "number", "code", "name", "version", "status")


@dataclass(slots=True)
class PendingWrite:
    """One write that a step wants, for the document or for one of its items."""

    step: WriteStep
    document: Document
    scope: Scope
    key: str  # what identifies it among the document's items, as it may be shown
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
            candidate = self.decision.candidate
            said = self._name(self.step.about, candidate)
            ours = self._name(self.step.ours, candidate) if self.step.ours else said
            shown = said if ours == said else f"{ours}; in the target: {said}"
            details = {self.step.name: ours, "key": self.key, "value": said}
            raise StoppedError(
                rule.code, shown, position=rule.position, details=details
            )
        if rule.warn:
            self.document.note(rule.warn, self.key)

    def _name(self, called: Path | None, candidate: Any) -> str:
        """Give a name with the key; only the key where nobody is named."""
        if called is None or candidate is None:
            return self.key
        name = called.evaluate(self.scope.with_roots(candidate=candidate))
        if called is self.step.about and self.step.ours is not None:
            return str(name or self.key)
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
    scopes = iter_items(step.each, run.scope_of(document))
    for number, item_scope in enumerate(scopes):
        if not holds(step.when, item_scope):
            continue
        if step.save and step.each is not None:
            refuse_no_group(step.each, number, item_scope.item)
        key = str(step.key.evaluate(item_scope))
        name = _name_write(run, step, item_scope, key, is_register=is_register)
        shown = mask_text(key)
        pending = PendingWrite(step, document, item_scope, shown, name, is_register)
        known = run.prepared if is_register else {}
        if (step.name, key) not in known:
            known[step.name, key] = _find_or_make(run, pending)
        if step.save:
            item_scope.item[step.save] = known[step.name, key]


def _name_write(
    run: RunContext, step: WriteStep, scope: Scope, key: str, *, is_register: bool
) -> DocumentKey | RegisterKey:
    """Name a write in the ledger: by its document, or by what it makes."""
    send = step.create or step.update
    system = send.request.system if send else run.flow.target
    makes = step.makes if is_register else None
    if makes is not None:
        parts = [str(part.evaluate(scope)) for part in makes.parts]
        key = json.dumps(parts, ensure_ascii=False) if len(parts) > 1 else parts[0]
    if mask_text(key) != key or (makes is not None and makes.is_secret):
        key = run.systems[system].seal(key)  # nobody reads a person's code in it
    if not is_register:
        return DocumentKey(step.name, key)
    return RegisterKey(system, makes.kind if makes is not None else step.name, key)


def _find_or_make(run: RunContext, pending: PendingWrite) -> Any:
    step, transfer = pending.step, pending.document.transfer
    earlier = run.ledger.writes.find(transfer, pending.name)
    is_made = earlier is not None and earlier.state == "done"
    may_repeat = _is_repeatable(run, step.create, step.update)
    is_own = not pending.is_register and not may_repeat
    if earlier is not None and is_made and is_own:
        return dict(earlier.answer)  # a crash came after it; go on with the next
    pending.earlier = earlier
    _choose(run, pending)
    return run.access.make(pending)


def _choose(run: RunContext, pending: PendingWrite) -> None:
    """Have the match rules decide on what stands there, and note what they warn of.

    What is guarded by a version is read now: the change names the version it has.
    """
    step, document = pending.step, pending.document
    if step.guard is not None:
        run.access.read(step.guard, document)
        fresh = run.scope_of(document)  # variables speak of what was read now
        is_whole = step.each is None
        pending.scope = fresh if is_whole else fresh.with_item(pending.scope.item)
    pending.decision = _decide(step, run, pending.scope)
    pending.heed()


def make_write(run: RunContext, pending: PendingWrite) -> Any:
    """Make a write, or find what it asks for; give what the step saves."""
    if pending.step.guard is not None:
        return _change_guarded(run, pending, pending.step.guard)
    return _make(run, pending)


def _change_guarded(run: RunContext, pending: PendingWrite, guard: ReadStep) -> Any:
    """Send a change with the version that was read; look again when it has not gone.

    Refused or without an answer, it may have been made: by this request, by its own
    late twin, or by a person. A refusal is told only when what was read is still there,
    under the version that was sent; else the rules decide on what is there now.
    """
    tries = 0
    while True:
        before = _seen(run, pending, guard)
        try:
            return _make(run, pending)
        except (RefusedError, DoubtError) as error:
            tries += 1
            _choose(run, pending)
            writes, transfer = run.ledger.writes, pending.document.transfer
            pending.earlier = writes.find(transfer, pending.name)
            if pending.decision is None or pending.decision.action != "update":
                code = f"{pending.step.name.upper()}_UPDATED"
                pending.document.note(code, pending.key)
                continue  # it is there
            if isinstance(error, RefusedError) and before == _seen(run, pending, guard):
                raise
            if tries == GUARDED_TRIES:
                said = f"{pending.key}: it was changed by others, or gave no answer"
                raise WaitError("SYSTEM_BUSY", pending.step.name, said) from error


def _seen(run: RunContext, pending: PendingWrite, guard: ReadStep) -> tuple[Any, str]:
    """Give what is guarded as it was read last, with the tag of that answer."""
    system = run.systems[guard.request.system]
    tag = system.etags.get(guard.request.endpoint, "")
    return pending.document.data[guard.name], tag


def _make(run: RunContext, pending: PendingWrite) -> Any:
    decision = pending.decision
    if decision is not None and decision.action in ("link", "leave"):
        is_there = decision.action == "link" or pending.step.guard is not None
        if pending.earlier is not None and is_there:
            # It was made after all.
            _find(run, pending, pending.earlier, decision.candidate)
        return decision.candidate
    send, scope = pending.choose()
    if not (pending.step.guard or _is_repeatable(run, send)):
        earlier = pending.earlier
        if earlier is not None and pending.is_register and earlier.state == "done":
            if earlier.is_young(run.clock.now(), run.settle_seconds):
                return dict(earlier.answer)  # a search may not show it yet
            _look_fresh(run, pending)  # removed, or the search is blind
            pending.earlier = run.ledger.writes.in_doubt(earlier, run.target_at())
        _wait_for_doubt(run, pending)
        rest_ledger(run)
    pending.document.before_write()
    saved = _send(run, pending, send, scope)
    has_said = decision is not None and decision.rule.warn
    if pending.is_register and not has_said:  # people may want to complete a new entry
        done = "CREATED" if send is pending.step.create else "UPDATED"
        code = f"{pending.step.name.upper()}_{done}"
        pending.document.notes.append(Note(code, pending.key))
    return saved


def _is_repeatable(run: RunContext, *sends: Send | None) -> bool:
    """Tell whether making it twice does no harm, by what the system file says."""
    calls = [send.request for send in sends if send is not None]
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
    _look_fresh(run, pending)
    looks = 2 if pending.is_register else 1  # what is searched, or read by an id
    looked = run.ledger.writes.look(
        earlier, run.target_at(), run.settle_seconds, looks=looks
    )
    note_clocks(run, earlier.rest, looked.rest)
    if looked.settled_at is None:
        raise still_in_doubt(
            run, pending.step.name, pending.key, earlier.rest, looked.rest
        )
    pending.earlier = looked


def _look_fresh(run: RunContext, pending: PendingWrite) -> None:
    """See that what was not found was looked for now, not in an answer of before.

    Raises:
        WaitError: It was; the document is taken again in this run, with fresh reads.
    """
    is_read_before = any(find.path is not None for find in pending.step.finds)
    if pending.is_register and is_read_before and not run.is_fresh(run.flow.target):
        said = f"{pending.key}: {MAY_LAND}"
        raise WaitError("IN_DOUBT", pending.step.name, said, is_settled=True)


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
    is_made = earlier is not None and earlier.state == "done"
    if earlier and is_made and earlier.digest == digest and pending.decision is None:
        # The same content is there already; other content simply replaces it.
        return dict(earlier.answer)
    run.systems[send.request.system].prepare_write()
    writes = run.ledger.writes
    write = writes.begin(
        document.transfer,
        pending.name,
        digest,
        may_repeat=pending.step.guard is not None or _is_repeatable(run, send),
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
    said = f"{pending.step.name} {pending.key}: refused before, and there now"
    event = Event("ADOPTED", f"{said}; made by our own request, or by a person")
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
    """Keep of an answer what later steps need, unless it tells a code or account."""
    known = answer if isinstance(answer, dict) else {}
    kept = ((key, known[key]) for key in _ANSWER_KEYS if key in known)
    return {key: value for key, value in kept if mask_text(str(value)) == str(value)}
