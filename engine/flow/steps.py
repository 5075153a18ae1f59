"""Take a flow's steps on a document: one way for a run, a plan and a file at hand.

A step's result becomes a field of the document, or of each item when the step says
``each``. Most steps compute; how what they need is reached is an ``Access``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import StoppedError, Violation, ViolationError
from engine.flow.attachments import check_file, name_with_extension
from engine.flow.context import GoneError, Note
from engine.flow.pdf import merge_files
from engine.language.file_names import clean_names
from engine.language.values import is_empty, name_kind, show_value
from engine.mapping.apply import apply_mapping, apply_rule
from engine.masking import mask_text
from engine.project.flow_spec import (
    CheckFilesStep,
    DeriveStep,
    JoinStep,
    MergeFilesStep,
    ReadStep,
    RequireStep,
    WriteStep,
)
from engine.systems.file_formats import FileContent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from engine.flow.context import Gathered
    from engine.language.formulas import Condition
    from engine.language.paths import Path
    from engine.language.scope import Scope
    from engine.mapping.apply import Mapping, Truncation
    from engine.mapping.result import Fallback
    from engine.project.flow_spec import JoinRecords, Step

SHOWN = 8  # items, or choices, that one finding names


class Access(Protocol):
    """How steps reach what the document does not hold."""

    is_offline: bool  # no system is there: neither files nor ids of register entries

    def scope(self, document: Gathered) -> Scope:
        """Give what the rules of a step see of the document as it is now."""

    def read(self, step: ReadStep, document: Gathered) -> None:
        """Keep what a read asks for in the document, or in each of its items."""

    def write(self, step: WriteStep, document: Gathered, *, is_register: bool) -> None:
        """Make a write of the document, or of each of its items."""


def run_step(
    step: Step, access: Access, document: Gathered, *, is_register: bool = False
) -> None:
    """Run one step.

    Args:
        is_register: A write belongs to a register that all documents share: one key is
            looked for and created once in a run.

    Raises:
        StoppedError: A requirement does not hold, or match rules reject.
        ViolationError: A formula cannot be calculated, a payload breaks rules, or a
            file may not go.
        GoneError: A ``skip`` applies.
        RefusedError: A system refused a request.
        TransientError: It may pass; DoubtError when a write may have been made.
    """
    if isinstance(step, ReadStep):
        access.read(step, document)
        return
    if isinstance(step, WriteStep):
        access.write(step, document, is_register=is_register)
        return
    scope = access.scope(document)
    if isinstance(step, JoinStep):
        if holds(step.when, scope):
            records = as_list(step.source.evaluate(scope))
            join_records(step.join, scope, records)
    elif isinstance(step, DeriveStep):
        _derive(step, scope, document)
    elif isinstance(step, RequireStep):
        check_requirement(step, scope, document)
    elif not access.is_offline:
        if isinstance(step, MergeFilesStep):
            _merge_files(step, scope, document)
        else:
            _check_files(step, scope, document)


def iter_items(each: Path | None, scope: Scope) -> Iterator[Scope]:
    """Give the scope of every item of ``each``, or the document's own without it."""
    if each is None:
        yield scope
        return
    for number, item in enumerate(as_list(each.evaluate(scope)), start=1):
        yield scope.with_item(item, row_number=number)


def holds(condition: Condition | None, scope: Scope) -> bool:
    """Tell whether a step applies; no condition means always."""
    return condition is None or condition.evaluate(scope)


def iter_unmet(step: RequireStep, scope: Scope) -> Iterator[dict[str, str]]:
    """Give what is shown of each item that does not meet the requirement, lazily."""
    for item_scope in iter_items(step.each, scope):
        if not holds(step.when, item_scope) or step.unless.evaluate(item_scope):
            continue
        details: dict[str, str] = {}
        if step.show is not None:
            shown = step.show.evaluate(item_scope)
            details["value"] = "" if shown is None else str(shown)
        if step.choices is not None:
            listed = as_list(step.choices.evaluate(item_scope))
            details["choices"] = ", ".join(str(choice) for choice in listed[:SHOWN])
        yield details


def check_requirement(
    step: RequireStep, scope: Scope, document: Gathered | None = None
) -> None:
    """Stop when the requirement does not hold for the document, or for an item.

    Args:
        document: Takes the note of a ``warn``; the set-up of a run has none.

    Raises:
        StoppedError: With the step's code; its message shows the values that it names.
        GoneError: The same for a ``skip``.
    """
    unmet = list(iter_unmet(step, scope))
    if not unmet:
        return
    details = unmet[0]
    if "value" in details:
        shown = list(dict.fromkeys(filter(None, (each["value"] for each in unmet))))
        more = [f"… ({len(shown)} in all)"] if len(shown) > SHOWN else []
        details["value"] = ", ".join([*shown[:SHOWN], *more])
    said = "; ".join(details.values())
    if step.is_skip:
        raise GoneError(step.code, said)
    if not step.is_warning:
        raise StoppedError(step.code, said, position=step.position, details=details)
    if document is not None:
        document.note(step.code, said)


def make_payload(mapping: Mapping, scope: Scope, document: Gathered) -> dict[str, Any]:
    """Apply a mapping; its cuts become notes of the document.

    Raises:
        ViolationError: With every violation of the payload.
    """
    result = apply_mapping(mapping, scope)
    if result.violations:
        raise ViolationError(list(result.violations))
    _note_cuts(result.truncations, document)
    document.notes += [
        note
        for note in map(note_fallback, result.fallbacks)
        if note not in document.notes
    ]
    payload: dict[str, Any] = result.payload
    return payload


def note_fallback(unknown: Fallback) -> Note:
    """Say of a value that its table does not know what is sent in its place."""
    said = f'"{mask_text(unknown.value)[:80]}" is not in table {unknown.table}'
    return Note("VALUE_REPLACED", f"{said}; {unknown.sent} is sent", unknown.path)


def _note_cuts(cuts: Iterable[Truncation], document: Gathered) -> None:
    for cut in cuts:
        shown = mask_text(cut.original)[:80]
        where = f", what did not fit is in {cut.moved_to}" if cut.moved_to else ""
        said = f'"{shown}" was cut to {cut.limit} characters{where}'
        document.note("CUT", said, cut.path)


def join_records(join: JoinRecords, scope: Scope, records: Sequence[Any]) -> None:
    """Hang records on the items that they belong to.

    Raises:
        ViolationError: An item has no fields.
    """
    items = as_list(join.to.evaluate(scope))
    for number, item in enumerate(items):
        refuse_no_group(join.to, number, item)
    if join.left is None or join.right is None:
        # One by one; a different count pairs nothing, and the next requirement says so.
        if len(items) == len(records):
            for item, record in zip(items, records, strict=True):
                item[join.save] = record
        return
    by_value: dict[str, list[Any]] = {}
    for record in records:
        value = join.right.evaluate(scope.with_item(record))
        if not is_empty(value):
            by_value.setdefault(str(value), []).append(record)
    for item in items:
        value = join.left.evaluate(scope.with_item(item))
        found = [] if is_empty(value) else by_value.get(str(value), [])
        if join.takes_first:
            item[join.save] = found[0] if found else None
        else:
            item[join.save] = [*item.get(join.save, ()), *found]


def refuse_no_group(path: Path, number: int, item: Any) -> None:
    """Refuse to hang anything on an item that has no fields.

    Raises:
        ViolationError: It has none.
    """
    if not isinstance(item, dict):
        said = f"{name_kind(item)} stands where a group of fields is expected"
        field = f"{path.text}[{number}]"
        shown = show_value(item)
        raise ViolationError(
            [Violation("WRONG_TYPE", said, field, shown, path.position)]
        )


def _derive(step: DeriveStep, scope: Scope, document: Gathered) -> None:
    """Add a mapping's fields to the document or to each item.

    Raises:
        ViolationError: With the violations of all items.
    """
    violations: list[Violation] = []
    cuts: list[Truncation] = []
    shared: dict[str, Any] = {}
    for number, item_scope in enumerate(iter_items(step.each, scope)):
        if step.each is not None:
            refuse_no_group(step.each, number, item_scope.item)
        if not holds(step.when, item_scope):
            continue
        result = apply_mapping(step.mapping, item_scope, shared=shared)
        place = "" if step.each is None else f"{step.each.text}[{number}]."
        violations += [replace(v, field=place + v.field) for v in result.violations]
        cuts.extend(result.truncations)
        item_scope.item.update(result.payload)
    if violations:
        raise ViolationError(violations)
    _note_cuts(cuts, document)


def _check_files(step: CheckFilesStep, scope: Scope, document: Gathered) -> None:
    files = as_list(step.files.evaluate(scope))
    violations: list[Violation] = []
    for file in files:
        content = file["content"]
        assert isinstance(content, FileContent)
        try:
            check_file(
                file["name"], content, max_bytes=step.max_bytes, formats=step.formats
            )
        except ViolationError as error:
            violations.extend(error.violations)
    if violations:
        raise ViolationError(violations)
    named = [name_with_extension(f["name"], f["content"].content) for f in files]
    names = clean_names(named)
    for file, name in zip(files, names, strict=True):
        if file["name"] != name:
            document.note("FILE_RENAMED", f'"{file["name"]}" is sent as {name}')
        file["name"] = name


def _merge_files(step: MergeFilesStep, scope: Scope, document: Gathered) -> None:
    files = as_list(step.files.evaluate(scope))
    merged: dict[str, Any] | None = None
    if files:
        content = merge_files([(file["name"], file["content"]) for file in files])
        name = str(apply_rule(step.name, scope))
        merged = {"name": name, "content": content, "size": content.size}
    document.data[step.save] = merged


def as_list(value: Any) -> list[Any]:
    """Give a list as it is, nothing as an empty one, one value as a list of one."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
