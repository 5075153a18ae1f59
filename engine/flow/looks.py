"""Looks: what stands in the target, and in the source, asked for now.

Nothing is written here, neither to a system nor to the ledger.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.errors import RefusedError, StoppedError
from engine.flow.content import cut_read
from engine.flow.context import GoneError, WaitError
from engine.flow.reads import read_into
from engine.flow.writes import find_candidates
from engine.project.flow_spec import ReadStep

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from engine.flow.context import Document, RunContext
    from engine.language.paths import Path

MOVED_BY_HAND = "moved by hand; nothing of ours is in the target"


def search_one(run: RunContext, document: Document, payload: dict[str, Any]) -> Any:
    """Search the target for a document of the same reference; None without one.

    Raises:
        StoppedError: There are several; a person must remove one.
    """
    looked_at = run.clock.monotonic()  # when it was asked: the answer may be slow
    found = _search(run, document, payload)
    document.searched_at = looked_at
    if len(found) > 1:
        raise _duplicates(run, found)
    return found[0] if found else None


def _search(
    run: RunContext, document: Document, payload: dict[str, Any]
) -> Sequence[Any]:
    deliver = run.flow.delivery
    scope = run.scope_of(document, payload=payload)
    found: dict[str, Any] = {}
    for find in deliver.finds:
        assert find.request is not None
        for candidate in find_candidates(run, find.request, scope):
            if deliver.where.evaluate(scope.with_roots(candidate=candidate)):
                found[str(id_of(run, candidate))] = candidate
    return list(found.values())


def compare(
    run: RunContext, document: Document, payload: dict[str, Any], candidate: Any
) -> None:
    """Compare a document of the target with ours, as ``deliver.same`` says.

    Raises:
        StoppedError: A value differs.
    """
    scope = run.scope_of(document, payload=payload, candidate=candidate)
    for same in run.flow.delivery.same:
        theirs, ours = same.theirs.evaluate(scope), same.ours.evaluate(scope)
        if not _agree(theirs, ours):
            target = str(id_of(run, candidate))
            if same.within is not None and _is_near(
                theirs, ours, same.within.evaluate(scope)
            ):
                said = f"{same.name}: {theirs} in the target, {ours} here"
                document.note(same.warn, said, same.name)
                continue
            raise StoppedError(
                same.code,
                f"{same.name}: {theirs} in the target ({target}), {ours} here",
                details={
                    "field": same.name,
                    "theirs": str(theirs),
                    "ours": str(ours),
                    "target": target,
                },
            )


def _agree(theirs: Any, ours: Any) -> bool:
    if isinstance(theirs, int | Decimal) and isinstance(ours, int | Decimal):
        return Decimal(theirs) == Decimal(ours)  # to the cent, and beyond
    return str(theirs) == str(ours)


def _is_near(theirs: Any, ours: Any, most: Any) -> bool:
    numbers = int | Decimal
    if not (isinstance(theirs, numbers) and isinstance(ours, numbers)):
        return False
    return abs(Decimal(theirs) - Decimal(ours)) <= Decimal(most)


def _duplicates(run: RunContext, found: Sequence[Any]) -> StoppedError:
    ids = ", ".join(dict.fromkeys(str(id_of(run, item)) for item in found))
    return StoppedError("DUPLICATE_IN_TARGET", ids, details={"targets": ids})


def id_of(run: RunContext, body: Any) -> Any:
    """Give the id of a document of the target, as a search or an answer has it."""
    return run.flow.delivery.target_id.evaluate(run.scope({}).with_item(body))


def find_known(run: RunContext, document: Document) -> Any:
    """Read what the ledger knows in the target; None when it is gone there."""
    document.data[run.flow.delivery.save] = {"id": document.transfer.target_id}
    try:
        body = read_target(run, document)
    except RefusedError as error:
        if error.status != 404:
            raise
        return None
    scope = run.scope_of(document, candidate=body)
    return body if run.flow.delivery.where.evaluate(scope) else None


def read_target(run: RunContext, document: Document) -> Any:
    """Read the document in the target by the id that ``deliver`` has saved."""
    return run.call(run.flow.delivery.read, run.scope_of(document)).body


def check_proof(run: RunContext, document: Document, payload: dict[str, Any]) -> None:
    """Ask the target afresh: exactly ours is there, with the same content.

    Raises:
        WaitError: A search does not show it yet.
        StoppedError: There is another one, or its content differs.
    """
    looked_at = run.clock.monotonic()
    found = _search(run, document, payload)
    if not found:
        raise WaitError("NOT_VISIBLE_YET", run.flow.delivery.name, "not found yet")
    if [str(id_of(run, item)) for item in found] != [document.transfer.target_id]:
        raise _duplicates(run, [*found, document.data[run.flow.delivery.save]])
    if not document.transfer.is_accepted:
        compare(run, document, payload, found[0])
    document.proved_at = looked_at


def read_again(run: RunContext, document: Document) -> None:
    """Look at the source once more: it may have moved or changed since the list.

    Raises:
        GoneError: Its status is another one.
        WaitError: It was changed; the next run gathers it anew.
    """
    again = run.flow.fetch.again
    document.source_at = run.clock.monotonic()
    if again is None or not (again.status or again.same):
        return
    record = run.call(again.request, run.scope(document.data)).body
    before = run.scope({}).with_item(document.data[run.flow.fetch.save])
    after = run.scope({}).with_item(record)
    status = again.status
    if status is not None and status.evaluate(before) != status.evaluate(after):
        is_moved = read_status(run, record) == "after"
        raise GoneError("LEFT_STATUS", MOVED_BY_HAND if is_moved else "")
    if any(path.evaluate(before) != path.evaluate(after) for path in again.same):
        raise _changed_meanwhile()
    check_rows(run, document)


def check_rows(run: RunContext, document: Document) -> None:
    """Make the reads of ``again: reads:`` once more; a change need not show elsewhere.

    Raises:
        WaitError: One gives another answer; the next run gathers it anew.
    """
    again = run.flow.fetch.again
    if again is not None and find_changed_reads(run, document, again.reads):
        raise _changed_meanwhile()


def find_changed_reads(
    run: RunContext, document: Document, names: Collection[str]
) -> list[str]:
    """Make some reads of the document once more; name those that give another answer.

    The document then knows the new one.
    """
    changed = []
    for step in run.flow.enrich:
        is_known = isinstance(step, ReadStep) and step.name in document.parts
        if isinstance(step, ReadStep) and is_known and step.name in names:
            scope = run.scope_of(document)
            answer = read_into(replace(step, join=None), run, {}, scope)
            now = cut_read(run, step.name, answer)
            if document.parts[step.name] != now:
                document.parts[step.name] = now
                changed.append(step.name)
    return changed


def _changed_meanwhile() -> WaitError:
    return WaitError("CHANGED_MEANWHILE", "again", "changed while it was read")


def read_status(run: RunContext, record: Any) -> str:
    """Say which of its statuses a record has: before, after, stopped, or ""."""
    again = run.flow.fetch.again
    assert again is not None
    assert again.status is not None
    status = again.status.evaluate(run.scope({}).with_item(record))
    scope = run.scope({run.flow.fetch.save: record})
    for name in ("before", "after", "stopped"):
        path: Path | None = getattr(again, name)
        if path is not None and path.evaluate(scope) == status:
            return name
    return ""
