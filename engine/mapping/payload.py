"""Builds a payload: groups, rows and overflowing texts, field by field.

The rules' values come from :mod:`engine.mapping.stages`; here they are put in their
places, and the finished payload is held against the target schema.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.errors import Violation, ViolationError
from engine.language.leaves import without_indexes
from engine.language.validation import validate_payload
from engine.language.values import ValueFault, cut_text, get_path, is_empty, name_kind
from engine.mapping.keys.limit import Limit
from engine.mapping.keys.page import HOLDS, HOLDS_NOT
from engine.mapping.keys.required import REQUIRED
from engine.mapping.result import Trace, TraceStep, Truncation
from engine.mapping.rules import (
    MISSING,
    Block,
    Each,
    FieldNode,
    Mapping,
    Rows,
    Rule,
    iter_rules,
)
from engine.mapping.stages import evaluate_rule

if TYPE_CHECKING:
    from engine.language.formulas import Condition
    from engine.language.scope import Scope
    from engine.mapping.result import MappingLog


SOME_ROWS = "rows"
NO_ROWS = "no rows"


def lets_in(mapping: Mapping, scope: Scope, log: MappingLog) -> bool:
    """Tell whether ``only_when`` lets the document in."""
    if mapping.only_when is None:
        return True
    return _holds(mapping.only_when, scope, "", log) is True


def _holds(
    condition: Condition, scope: Scope, path: str, log: MappingLog
) -> bool | None:
    """Decide a condition; None when it is at fault, which is then reported."""
    try:
        found = condition.evaluate(scope)
    except ValueFault as fault:
        log.report(fault.code, fault.message, path, None, condition.position)
    except ViolationError as error:
        log.report_again(path, error)
    else:
        log.meet(
            condition.position,
            HOLDS if found else HOLDS_NOT,
        )
        return found
    return None


def fill_payload(
    payload: dict[str, Any],
    nodes: tuple[FieldNode, ...],
    scope: Scope,
    prefix: str,
    log: MappingLog,
    base: str = "",
) -> None:
    """Evaluate a group's fields into ``payload``; overflowing texts move at the end.

    ``prefix`` is the group's payload path, ``base`` the same as rules have it.
    """
    waiting = log.overflows
    log.overflows = []
    for node in nodes:
        name = node.path[len(base) + 1 :] if base else node.path
        path = f"{prefix}.{name}" if prefix else name
        if isinstance(node, Rule):
            value = evaluate_rule(node, scope, path, log)
        elif isinstance(node, Block):
            value = _block(node, scope, path, log)
        else:
            value = _rows(node, scope, path, log)
        if value is not MISSING:
            _put(payload, name, value)
    _move_overflows(payload, nodes, prefix, log)
    log.overflows = waiting


def _put(payload: dict[str, Any], name: str, value: Any) -> None:
    *groups, last = name.split(".")
    for group in groups:
        payload = payload.setdefault(group, {})
    if isinstance(value, dict) and isinstance(payload.get(last), dict):
        payload[last].update(value)
    else:
        payload[last] = value


def _block(node: Block, scope: Scope, path: str, log: MappingLog) -> Any:
    if node.when is not None and not _holds(node.when, scope, path, log):
        _leave_out(node, path, node.when.text, log)
        return MISSING
    group: dict[str, Any] = {}
    fill_payload(group, node.fields, scope, path, log, node.path)
    if group:
        return group
    if node.required and not _has_broken(path, log):
        log.meet(node.position, REQUIRED)
        said = "required, but none of its fields has a value"
        log.report("REQUIRED", said, path, None, node.position)
    return MISSING


def _leave_out(node: Block | Rows, path: str, why: str, log: MappingLog) -> None:
    if log.recorder is not None:
        stages = (TraceStep("when", why, False),)
        log.recorder.keep(Trace(path, None, stages, node.position, False))


def _rows(node: Rows, scope: Scope, path: str, log: MappingLog) -> Any:
    rows: list[Any] = []
    stages: list[TraceStep] = []
    for part in node.parts:
        if part.when is not None and not _holds(part.when, scope, path, log):
            stages.append(TraceStep("when", part.when.text, False))
        else:
            stages += _fill_rows(rows, part, scope, path, log, f"{node.path}[]")
    if log.recorder is not None and not rows:
        log.recorder.keep(Trace(path, None, tuple(stages), node.position, False))
    if rows:
        return rows
    if node.required and not _has_broken(path, log):
        log.meet(node.position, REQUIRED)
        origin = " / ".join(part.path.text for part in node.parts)
        said = f"at least one row is required, but {origin} gives none"
        log.report("REQUIRED", said, path, None, node.position)
    return MISSING


def _fill_rows(
    rows: list[Any],
    part: Each,
    scope: Scope,
    path: str,
    log: MappingLog,
    base: str,
) -> list[TraceStep]:
    """Add the rows of one ``each`` block; give what a trace says of it."""
    items = _items(part.path, scope, path, log)
    log.meet(part.path.position, SOME_ROWS if items else NO_ROWS)
    stages = [TraceStep("each", part.path.text, len(items))]
    dropped = 0
    for item in items:
        inner = scope.with_item(item, len(rows) + 1)
        row_path = f"{path}[{len(rows)}]"
        if part.where is not None and not _holds(part.where, inner, row_path, log):
            dropped += 1
            continue
        row: dict[str, Any] = {}
        fill_payload(row, part.fields, inner, row_path, log, base)
        if not row and log.recorder is not None:
            shown = (TraceStep("each", part.path.text, row),)
            log.recorder.keep(Trace(row_path, row, shown, part.position))
        rows.append(row)
    if part.where is not None:
        stages.append(TraceStep("where", part.where.text, -dropped))
    return stages


def _items(path: Any, scope: Scope, target: str, log: MappingLog) -> list[Any]:
    try:
        value = path.evaluate(scope)
    except ValueFault as fault:
        log.report(fault.code, fault.message, target, None, path.position)
        return []
    except ViolationError as error:
        log.report_again(target, error)
        return []
    if is_empty(value):
        return []
    if not isinstance(value, list):
        said = f"{path.text} is {name_kind(value)}, each needs a list"
        log.report("WRONG_TYPE", said, target, value, path.position)
        return []
    # A path such as [vars.project] gives [null] when there is none.
    return [item for item in value if item is not None]


def _move_overflows(
    payload: dict[str, Any],
    nodes: tuple[FieldNode, ...],
    prefix: str,
    log: MappingLog,
) -> None:
    for overflow in log.overflows:
        limit = overflow.limit
        cut = Truncation(
            overflow.path,
            limit.characters,
            overflow.text,
            overflow.kept,
            overflow.rule.place("limit"),
        )
        target = overflow.path.rsplit(".", 1)[0] + "." if "." in overflow.path else ""
        target += limit.overflow_to
        name = target[len(prefix) + 1 :] if prefix else target
        if not is_empty(get_path(payload, name)) or target in log.broken:
            log.truncations.append(cut)
            continue
        rule = _find_rule(nodes, without_indexes(target))
        longest = _longest(rule, limit)
        text = overflow.text if longest is None else cut_text(overflow.text, longest)
        _put(payload, name, text)
        log.truncations.append(replace(cut, moved_to=target))
        if longest is not None and text != overflow.text:
            place = overflow.rule.place("overflow_to", "too_long")
            lost = Truncation(target, longest, overflow.text, text, place)
            log.truncations.append(lost)
        if log.recorder is not None:
            stage = TraceStep("overflow_to", overflow.path, text)
            place = overflow.rule.place("overflow_to", "too_long")
            schema = rule.target if rule is not None else None
            trace = Trace(target, text, (stage,), place, target=schema)
            log.recorder.keep(trace)


def _find_rule(nodes: tuple[FieldNode, ...], path: str) -> Rule | None:
    found = (n for n in nodes if isinstance(n, Rule) and n.path == path)
    return next(found, None)


def _longest(sibling: Rule | None, limit: Limit) -> int | None:
    """Say how much the field takes that a text moves to; its own rule goes first."""
    own = None if sibling is None else sibling.find(Limit)
    return limit.overflow_limit if own is None else own.characters


def _has_broken(path: str, log: MappingLog) -> bool:
    return any(_is_within(broken, path) for broken in log.broken)


def _is_within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith((f"{outer}.", f"{outer}["))


def check_payload(mapping: Mapping, payload: dict[str, Any], log: MappingLog) -> None:
    """Add what the target schema says, without what a rule has said already."""
    found = validate_payload(mapping.store, mapping.target, payload)
    if not found:
        return
    places = {node.path: node.position for node in iter_rules(mapping.fields)}
    for violation in found:
        if _has_broken(violation.field, log):
            continue
        rule_path = without_indexes(violation.field)
        position = places.get(rule_path)
        while position is None and "." in rule_path:
            rule_path = rule_path.rsplit(".", 1)[0]
            position = places.get(rule_path) or places.get(rule_path.removesuffix("[]"))
        log.violations.append(
            Violation(
                violation.code,
                violation.message,
                violation.field,
                violation.value,
                position or mapping.position,
            )
        )
