"""Collect what a document needs: reads, joins, derivations, requirements, file checks.

These steps look and never write to a system. A step's result becomes a field of the
document, or of each item when the step says ``each``.
"""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.errors import StoppedError, Violation, ViolationError
from engine.flow.attachments import check_file
from engine.flow.context import GoneError
from engine.flow.pdf import merge_files
from engine.language import ValueFault, is_empty
from engine.language.file_names import clean_file_names
from engine.mapping.apply import apply_mapping, apply_rule
from engine.project.flow_spec import (
    CheckFilesStep,
    DeriveStep,
    JoinStep,
    MergeFilesStep,
    ReadStep,
    RequireStep,
)
from engine.systems.file_formats import FileContent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from engine.flow.context import Gathered, RunContext
    from engine.language import Condition, Path, Scope
    from engine.mapping.apply import Mapping, Truncation
    from engine.project.flow_spec import EndpointCall, JoinRecords

SHOWN = 8  # items, or choices, that one finding names
LookStep = (
    ReadStep | JoinStep | DeriveStep | RequireStep | CheckFilesStep | MergeFilesStep
)


def run_look(step: LookStep, run: RunContext, document: Gathered) -> None:
    """Run one step that only looks.

    Raises:
        StoppedError: A requirement does not hold.
        ViolationError: A formula cannot be calculated, or a file may not go.
        TransientError: A system does not answer.
    """
    scope = run.scope(document.data, reference=document.reference)
    if isinstance(step, ReadStep):
        read_into(step, run, document.data, scope)
    elif isinstance(step, JoinStep):
        if holds(step.when, scope):
            join_into(step, scope)
    elif isinstance(step, DeriveStep):
        _note_cuts(derive_into(step, scope), document)
    elif isinstance(step, RequireStep):
        check_requirement(step, scope)
    elif isinstance(step, MergeFilesStep):
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


def read_into(
    step: ReadStep, run: RunContext, target: dict[str, Any], scope: Scope
) -> None:
    """Fetch a step's documents and keep them under its name in ``target``."""
    if step.each is not None:
        for item_scope in iter_items(step.each, scope):
            if holds(step.when, item_scope):
                item_scope.item[step.name] = _read(step, run, item_scope)
        return
    if not holds(step.when, scope):
        return
    found = _read(step, run, scope)
    target[step.name] = found
    if step.join is not None:
        _join(step.join, scope, as_list(found))


def read_register(step: ReadStep, run: RunContext) -> Any:
    """Fetch a register of the run; None when its condition does not hold."""
    scope = run.scope({})
    return _read(step, run, scope) if holds(step.when, scope) else None


def prefetch(run: RunContext, records: Sequence[dict[str, Any]]) -> None:
    """Ask for the batched documents of many records at once, before they are needed.

    Only what depends on the records alone can be known here; everything else is read
    when its document is due.
    """
    documents: list[dict[str, Any]] = [
        {run.flow.fetch.save: record} for record in records
    ]
    for step in run.flow.enrich:
        if not isinstance(step, ReadStep) or step.batch is None or not step.is_cached:
            continue
        asked: list[tuple[dict[str, Any], dict[str, Any]]] = []
        for document in documents:
            scope = run.scope(document)
            try:
                if holds(step.when, scope):
                    asked.append((document, run.arguments(step.request, scope)))
            except (ValueFault, ViolationError):
                continue  # it speaks of what is not gathered yet
        keys = [k for _, a in asked for k in as_list(a.get(step.batch.argument))]
        if keys:
            _read_batch(step, run, {step.batch.argument: keys})
        for document, arguments in asked:  # a later step may ask by what this one gave
            document[step.name] = _read_batch(step, run, arguments)


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


def check_requirement(step: RequireStep, scope: Scope) -> None:
    """Stop when the requirement does not hold for the document, or for an item.

    Raises:
        StoppedError: With the step's code; its message shows the value that it names.
        GoneError: The same for a ``skip``.
    """
    for details in iter_unmet(step, scope):
        if step.is_skip:
            raise GoneError(step.code, "; ".join(details.values()))
        raise StoppedError(
            step.code,
            "; ".join(details.values()),
            position=step.position,
            details=details,
        )


def make_payload(mapping: Mapping, scope: Scope, document: Gathered) -> dict[str, Any]:
    """Apply a mapping; its cuts become notes of the document.

    Raises:
        ViolationError: With every violation of the payload.
    """
    result = apply_mapping(mapping, scope)
    if result.violations:
        raise ViolationError(list(result.violations))
    _note_cuts(result.truncations, document)
    for unknown in result.fallbacks:
        document.note(
            "VALUE_REPLACED",
            f'"{unknown.value[:80]}" is not in table {unknown.table}; '
            f"{unknown.sent} is sent",
            unknown.path,
        )
    payload: dict[str, Any] = result.payload
    return payload


def _note_cuts(cuts: Iterable[Truncation], document: Gathered) -> None:
    for cut in cuts:
        where = f", the whole text is in {cut.moved_to}" if cut.moved_to else ""
        document.note(
            "CUT",
            f'"{cut.original[:80]}" was cut to {cut.limit} characters{where}',
            cut.path,
        )


def _read(step: ReadStep, run: RunContext, scope: Scope) -> Any:
    arguments = run.arguments(step.request, scope)
    if step.batch is not None:
        records: Any = _read_batch(step, run, arguments)
    elif step.is_cached:
        key = (step.request.system, step.request.endpoint, _canonical(arguments))
        if key not in run.cached:
            run.cached[key] = _fetch(step.request, run, arguments)
        # A copy: what is hung on it belongs to one document only.
        records = copy.deepcopy(run.cached[key])
    else:
        records = _fetch(step.request, run, arguments)
    if step.order_by is not None:
        order = step.order_by
        records = sorted(
            records,
            key=lambda record: _sort_key(order.evaluate(scope.with_item(record))),
        )
    return records


def _fetch(request: EndpointCall, run: RunContext, arguments: dict[str, Any]) -> Any:
    body = run.systems[request.system].read(request.endpoint, arguments)
    if isinstance(body, FileContent):
        return {"content": body, "size": body.size, "sha256": body.sha256}
    return body


def _read_batch(
    step: ReadStep, run: RunContext, arguments: dict[str, Any]
) -> list[dict[str, Any]]:
    batch = step.batch
    assert batch is not None
    others = {name: v for name, v in arguments.items() if name != batch.argument}
    known: dict[str, Any] = run.cached.setdefault(
        (step.request.system, step.request.endpoint, _canonical(others)), {}
    )
    keys = list(dict.fromkeys(map(str, as_list(arguments.get(batch.argument)))))
    missing = [key for key in keys if key not in known]
    scope = run.scope({})
    for start in range(0, len(missing), batch.size):
        chunk = missing[start : start + batch.size]
        asked = {**others, batch.argument: chunk}
        for record in as_list(_fetch(step.request, run, asked)):  # one may come bare
            known[str(batch.key.evaluate(scope.with_item(record)))] = record
        for key in chunk:
            known.setdefault(key, None)  # asked for and not there; do not ask again
    return [copy.deepcopy(known[key]) for key in keys if known[key] is not None]


def _join(join: JoinRecords, scope: Scope, records: Sequence[Any]) -> None:
    items = as_list(join.to.evaluate(scope))
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


def derive_into(step: DeriveStep, scope: Scope) -> list[Truncation]:
    """Add a mapping's fields to the document or to each item; give what was cut.

    Raises:
        ViolationError: With the violations of all items.
    """
    violations: list[Violation] = []
    cuts: list[Truncation] = []
    for number, item_scope in enumerate(iter_items(step.each, scope)):
        if not holds(step.when, item_scope):
            continue
        result = apply_mapping(step.mapping, item_scope)
        place = "" if step.each is None else f"{step.each.text}[{number}]."
        violations += [replace(v, field=place + v.field) for v in result.violations]
        cuts.extend(result.truncations)
        item_scope.item.update(result.payload)
    if violations:
        raise ViolationError(violations)
    return cuts


def join_into(step: JoinStep, scope: Scope) -> None:
    """Hang documents that are there already on items."""
    _join(step.join, scope, as_list(step.source.evaluate(scope)))


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
    names = clean_file_names([file["name"] for file in files])
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


def _canonical(arguments: dict[str, Any]) -> str:
    return json.dumps(arguments, sort_keys=True, default=str)


def _sort_key(value: Any) -> tuple[bool, Any]:
    return (value is None, value)
