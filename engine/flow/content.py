"""What a source says of a document, as far as the flow's rules can read it.

Each answer of the source is cut, when it comes, to the paths that the flow's files
read (``engine.project.read_paths``); their digest is the document's content.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.errors import StoppedError
from engine.flow.digests import digest_of
from engine.language.leaves import ABSENT, pair_leaves, without_indexes
from engine.language.values import is_empty
from engine.ledger.model import OTHER_CONTENT, Content
from engine.systems.file_formats import FileContent

if TYPE_CHECKING:
    from engine.flow.context import Document, RunContext
    from engine.project.read_paths import Place, ReadPaths

CHANGED = "CHANGED_AFTER_TRANSFER"
SHOWN = 5  # fields that one difference names
FIELD_DIGITS = 12


def keep_read(run: RunContext, document: Document, name: str, value: Any) -> None:
    """Remember of a record what the rules can read of it, before they add to it."""
    document.parts[name] = cut_read(run, name, value)


def cut_read(run: RunContext, name: str, value: Any) -> Any:
    """Cut an answer of the source to what the rules can read of it."""
    return _cut(value, run.flow.read_paths, (name,), (0, 1))


def _cut(value: Any, paths: ReadPaths, place: Place, starts: tuple[int, ...]) -> Any:
    if isinstance(value, list | tuple):
        starts = (*starts, len(place))
        return [_cut(item, paths, place, starts) for item in value]
    if not isinstance(value, dict) or isinstance(value, FileContent):
        return _plain(value)
    known = {key: part for key, part in value.items() if part is not None}
    read = {k: part for k, part in known.items() if paths.has((*place, k), starts)}
    # A group that is read as a whole: no rule goes on to any of its fields.
    kept = (read or known).items()
    return {key: _cut(part, paths, (*place, key), starts) for key, part in kept}


def _plain(value: Any) -> Any:
    """Give equal values one form: 1.10 and 1.1; how blanks stand does not count."""
    if isinstance(value, FileContent):
        return [value.sha256, value.size]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(Decimal(value).normalize() + 0)
    return " ".join(value.split()) if isinstance(value, str) else value


def content_of(document: Document, payload: Any) -> Content:
    """Give the content as gathered now, with a digest of each field of the payload.

    One that is empty asks the target to fill it, as it does with a payment reference:
    there is nothing to compare.
    """
    fields = {
        path: digest_of(_plain(value))[:FIELD_DIGITS]
        for path, _, value in pair_leaves(None, payload)
        if value is not ABSENT and not is_empty(value)
    }
    # Without a status to wait in nothing is kept: what is listed is the content.
    return Content(digest_of(document.parts or document.transfer.source_digest), fields)


def is_as_sent(run: RunContext, document: Document, body: Any) -> bool:
    """Tell whether a document of the target gives back what our last claim sent."""
    sent = document.transfer.sent
    if sent is None or not sent.fields:
        return False
    return not _differing(run, sent, content_of(document, body))


def gives_back(run: RunContext, document: Document, payload: Any, body: Any) -> bool:
    """Tell whether a document of the target says all that we would send."""
    return not _lacking(run, document, payload, body)


def check_given_back(
    run: RunContext, document: Document, payload: Any, body: Any
) -> None:
    """See that a document of the target says all that we would send.

    Whoever made it: what it lacks would be lost, what it says otherwise is another's.

    Raises:
        StoppedError: It does not; names the fields.
    """
    if run.flow.acknowledge is None:
        return  # people may complete it; ``same`` compares it in every run
    changed = _lacking(run, document, payload, body)
    if changed:
        raise StoppedError(
            OTHER_CONTENT, _diff(changed, body, payload), details=_named(changed)
        )


def _lacking(run: RunContext, document: Document, payload: Any, body: Any) -> list[str]:
    """Name what a document of the target does not say as we would send it."""
    ours, theirs = content_of(document, payload), content_of(document, body)
    return _differing(run, ours, theirs)


def _differing(run: RunContext, ours: Content, theirs: Content) -> list[str]:
    """Name our fields that the other content has not, and its further rows.

    What the target does not give back, as the flow says, is not compared.
    """
    ours_by_path, theirs_by_path = ours.fields, theirs.fields
    found = [
        path
        for path, known in ours_by_path.items()
        if theirs_by_path.get(path) != known
        and without_indexes(path) not in run.flow.delivery.not_given_back
    ]
    rules = {without_indexes(path) for path in ours_by_path}
    rows = {_row_of(path) for path in ours_by_path}
    return found + [
        path
        for path in theirs_by_path
        if without_indexes(path) in rules and _row_of(path) not in rows
    ]


def _row_of(path: str) -> str:
    return path.rpartition("]")[0]


def check_unchanged(run: RunContext, document: Document, payload: Any) -> None:
    """See that what stands in the target was made of what the source says now.

    Raises:
        StoppedError: It was not, and nobody has accepted it; names the fields.
    """
    if run.flow.acknowledge is None:
        return  # it has no state in between; ``same`` compares it in every run
    content = content_of(document, payload)
    sent = document.transfer.sent
    if sent is None or not sent.fields or document.transfer.is_settled_with(content):
        return
    body = document.data.get(run.flow.delivery.save)
    changed = sent.changed_fields(content)
    message = _diff(changed, body, payload) or "what is sent beside the document itself"
    raise StoppedError(CHANGED, message, details=_named(changed))


def _diff(changed: list[str], there: Any, here: Any) -> str:
    """Word what stands in the target and in the source, field by field."""
    values = {path: (old, new) for path, old, new in pair_leaves(there, here)}
    return "; ".join(
        f"{path}: {_shown(old)} in the target, {_shown(new)} here"
        for path in changed[:SHOWN]
        for old, new in [values.get(path, (ABSENT, ABSENT))]
    )


def _named(changed: list[str]) -> dict[str, str]:
    return {"field": ", ".join(changed[:SHOWN])}


def check_moved(run: RunContext, document: Document, answer: Any) -> None:
    """Compare what the answer of the move says with what was transferred.

    Raises:
        StoppedError: The source was changed between the last look and the move.
    """
    record = answer[0] if isinstance(answer, list) and answer else answer
    save = run.flow.fetch.save
    if not isinstance(record, dict) or save not in document.parts:
        return
    known, now = document.parts[save], cut_read(run, save, record)
    given = (known.keys() | now.keys()) & record.keys()  # it need not give every field
    changed = sorted(key for key in given if known.get(key) != now.get(key))
    if changed:
        # What a person accepts now is what the source says now.
        moved = known | {key: now.get(key) for key in changed}
        document.parts[save] = {
            k: part for k, part in moved.items() if part is not None
        }
        raise moved_over(changed)


def moved_over(changed: list[str]) -> StoppedError:
    """Give what is told of a change between the last look and the move."""
    said = ", ".join(changed[:SHOWN])
    return StoppedError(CHANGED, f"{said}: already moved", details={"field": said})


def _shown(value: Any) -> str:
    return "nothing" if value is ABSENT or value is None else str(value)[:60]
