"""Reads: what a step asks of a system, asked once a run where the step says so."""

from __future__ import annotations

import copy
import json
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.errors import RefusedError, ViolationError
from engine.flow.steps import (
    as_list,
    holds,
    iter_items,
    join_records,
    refuse_no_group,
)
from engine.language.values import ValueFault
from engine.project.flow_spec import ReadStep
from engine.systems.file_formats import FileContent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.flow.context import RunContext
    from engine.language.scope import Scope
    from engine.project.flow_spec import EndpointCall, Step


FORBIDDEN = 403


def read_into(
    step: ReadStep, run: RunContext, target: dict[str, Any], scope: Scope
) -> Any:
    """Fetch a step's documents, keep them under its name in ``target``, give them."""
    if step.each is not None:
        each = []
        for number, item_scope in enumerate(iter_items(step.each, scope)):
            if holds(step.when, item_scope):
                refuse_no_group(step.each, number, item_scope.item)
                item_scope.item[step.name] = _read(step, run, item_scope)
                each.append(item_scope.item[step.name])
        return each
    if not holds(step.when, scope):
        return None
    found = _read(step, run, scope)
    target[step.name] = found
    if step.join is not None:
        join_records(step.join, scope, as_list(found))
    return found


def name_registers(
    steps: Sequence[Step], run: RunContext, *, is_examined: bool = False
) -> None:
    """Name the registers of a run; each is read when it is first asked for.

    Args:
        is_examined: Whoever asks wants to hear of a missing right.
    """
    for step in steps:
        if isinstance(step, ReadStep):
            may_lack = step.is_optional and not is_examined
            read = partial(_read_register, step, run, may_lack=may_lack)
            run.registers.add(step.name, read)


def _read_register(step: ReadStep, run: RunContext, *, may_lack: bool) -> Any:
    """Fetch a register of the run; None when its condition does not hold."""
    scope = run.scope({})
    if not holds(step.when, scope):
        return None
    try:
        return _read(step, run, scope)
    except RefusedError as error:
        if not may_lack or error.status != FORBIDDEN:
            raise
        run.unread.append(f"{error.system} {error.endpoint}")
        return None


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
    run.note_read(request.system)
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
    asked_by = f"{batch.argument} {_canonical(others)}"  # no other read's answers
    known: dict[str, Any] = run.cached.setdefault(
        (step.request.system, step.request.endpoint, asked_by), {}
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


def _canonical(arguments: dict[str, Any]) -> str:
    return json.dumps(arguments, sort_keys=True, default=str)


def _sort_key(value: Any) -> tuple[bool, Any]:
    return (value is None, value)
