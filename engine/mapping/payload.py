"""Builds a payload: groups, rows and overflowing texts, field by field.

A group compiles into the function that fills it. The rules' values come from
:mod:`engine.mapping.stages`; here they are put in their places, and the finished
payload is held against the target schema.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.errors import Violation, ViolationError
from engine.language.leaves import without_indexes
from engine.language.scope import Scope
from engine.language.validation import validate_payload
from engine.language.values import ValueFault, cut_text, get_path, is_empty, name_kind
from engine.mapping.keys.limit import Limit
from engine.mapping.keys.page import HOLDS, HOLDS_NOT, Step, Take
from engine.mapping.keys.required import REQUIRED
from engine.mapping.result import MappingLog, Trace, TraceStep, Truncation
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
from engine.mapping.stages import compiled_rule, find_fault, listen

if TYPE_CHECKING:
    from collections import abc

    from engine.language.formulas import Condition
    from engine.mapping.result import Overflow

Fill = Callable[[dict[str, Any], Step, MappingLog], None]
AddRows = Callable[[list[Any], Scope, str, MappingLog], list[TraceStep]]
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
        if log.recorder is not None:
            log.meet(condition.position, HOLDS if found else HOLDS_NOT)
        return found
    return None


def compile_fields(nodes: tuple[FieldNode, ...], base: str = "") -> Fill:
    """Give the function that fills a group; ``base`` is its path, as rules have it.

    It is called with the group, its step and the log. Overflowing texts move at its
    end.
    """
    start = _start(base)
    makers = tuple(_maker(node, start) for node in nodes)
    rules = {node.path: node for node in nodes if isinstance(node, Rule)}
    limits = [limit for rule in rules.values() if (limit := rule.find(Limit))]
    moves = any(limit.overflow_to for limit in limits)

    def fill(payload: dict[str, Any], step: Step, log: MappingLog) -> None:
        waiting = log.overflows
        if moves:
            log.overflows = []
        for name, groups, rule, make in makers:
            if rule is not None and log.recorder is not None:
                value = listen(rule, step, log)
            else:
                try:
                    value = make(step)
                except (ValueFault, ViolationError):
                    value = find_fault(rule, step)
            if value is not MISSING:
                place = _enter(payload, groups) if groups else payload
                place[name] = value
        for overflow in log.overflows if moves else ():
            _move_overflow(payload, rules, step.prefix, overflow, log)
        log.overflows = waiting

    return fill


def _maker(node: FieldNode, start: int) -> tuple[str, list[str], Rule | None, Take]:
    """Give a field's name, the groups it stands in, its rule, and what makes it."""
    *groups, name = node.path[start:].split(".")
    if isinstance(node, Rule):
        return name, groups, node, compiled_rule(node, is_heard=False)
    make = _compile_block(node) if isinstance(node, Block) else _compile_rows(node)
    return name, groups, None, make


def _start(base: str) -> int:
    return len(base) + 1 if base else 0


def _enter(payload: dict[str, Any], groups: list[str]) -> dict[str, Any]:
    for group in groups:
        payload = payload.setdefault(group, {})
    return payload


def _compile_block(node: Block) -> Take:
    fill, when = compile_fields(node.fields, node.path), node.when
    start = _start(node.path)

    def make(step: Step) -> Any:
        scope, log, path = step.scope, step.log, step.path_of(node)
        assert log is not None
        if when is not None and not _holds(when, scope, path, log):
            _leave_out(node, path, [TraceStep("when", when.text, False)], log)
            return MISSING
        group: dict[str, Any] = {}
        fill(group, Step(scope, log, path, start), log)
        if group:
            return group
        if node.required:
            _require(node, path, "required, but none of its fields has a value", log)
        return MISSING

    return make


def _compile_rows(node: Rows) -> Take:
    parts = [(part, _compile_each(part, f"{node.path}[]")) for part in node.parts]
    origin = " / ".join(part.path.text for part in node.parts)

    def make(step: Step) -> Any:
        scope, log, path = step.scope, step.log, step.path_of(node)
        assert log is not None
        rows: list[Any] = []
        steps: list[TraceStep] = []
        for part, add in parts:
            if part.when is not None and not _holds(part.when, scope, path, log):
                steps.append(TraceStep("when", part.when.text, False))
            else:
                steps += add(rows, scope, path, log)
        if rows:
            return rows
        _leave_out(node, path, steps, log)
        if node.required:
            said = f"at least one row is required, but {origin} gives none"
            _require(node, path, said, log)
        return MISSING

    return make


def _compile_each(part: Each, base: str) -> AddRows:
    """Give the function that adds a block's rows, and tells a trace of it."""
    fill, where, start = compile_fields(part.fields, base), part.where, _start(base)
    own = part.variables

    def add(
        rows: list[Any], scope: Scope, path: str, log: MappingLog
    ) -> list[TraceStep]:
        items = _items(part.path, scope, path, log)
        if log.recorder is not None:
            log.meet(part.path.position, SOME_ROWS if items else NO_ROWS)
        dropped = 0
        for item in items:
            inner = scope.with_item(item, len(rows) + 1)
            row_path = f"{path}[{len(rows)}]"
            if own:
                inner = inner.roots["vars"].inside(own, inner, row_path)
            if where is not None and not _holds(where, inner, row_path, log):
                dropped += 1
                continue
            row: dict[str, Any] = {}
            fill(row, Step(inner, log, row_path, start), log)
            if not row and log.recorder is not None:
                shown = (TraceStep("each", part.path.text, row),)
                log.recorder.keep(Trace(row_path, row, shown, part.position))
            rows.append(row)
        if log.recorder is None:
            return []
        steps = [TraceStep("each", part.path.text, len(items))]
        if where is not None:
            steps.append(TraceStep("where", where.text, -dropped))
        return steps

    return add


def _leave_out(
    node: Block | Rows, path: str, steps: list[TraceStep], log: MappingLog
) -> None:
    if log.recorder is not None:
        log.recorder.keep(Trace(path, None, tuple(steps), node.position, False))


def _require(node: Block | Rows, path: str, said: str, log: MappingLog) -> None:
    """Report an empty group or list, unless something in it is at fault already."""
    if not _has_broken(path, log):
        log.meet(node.position, REQUIRED)
        log.report("REQUIRED", said, path, None, node.position)


def _items(path: Any, scope: Scope, target: str, log: MappingLog) -> list[Any]:
    try:
        value = path.evaluate(scope)
    except ValueFault as fault:
        log.report(fault.code, fault.message, target, None, path.position)
        return []
    except ViolationError as error:
        log.report_again(target, error)
        return []
    if value is None or is_empty(value):
        return []
    if not isinstance(value, list):
        said = f"{path.text} is {name_kind(value)}, each needs a list"
        log.report("WRONG_TYPE", said, target, value, path.position)
        return []
    # A path such as [vars.project] gives [null] when there is none.
    return [item for item in value if item is not None]


def _move_overflow(
    payload: dict[str, Any],
    rules: abc.Mapping[str, Rule],
    prefix: str,
    overflow: Overflow,
    log: MappingLog,
) -> None:
    """Move a text that did not fit to its sibling field, where that is empty.

    All of it; what is too long even for that goes on there where it was cut.
    """
    limit, rule = overflow.limit, overflow.rule
    cut = Truncation(
        overflow.path,
        limit.characters,
        overflow.text,
        overflow.kept,
        rule.place("limit"),
    )
    owner = overflow.path.rpartition(".")[0]
    target = f"{owner}.{limit.overflow_to}" if owner else limit.overflow_to
    name = target[len(prefix) + 1 :] if prefix else target
    if not is_empty(get_path(payload, name)) or target in log.broken:
        log.truncations.append(cut)
        return
    sibling = rules.get(without_indexes(target))
    own = None if sibling is None else sibling.find(Limit)
    longest = limit.overflow_limit if own is None else own.characters
    whole = overflow.text
    if longest is not None and len(whole) > longest:  # no letter is lost that fits
        whole = whole[len(overflow.kept) :].lstrip()
    text = whole if longest is None else cut_text(whole, longest)
    *groups, last = name.split(".")
    _enter(payload, groups)[last] = text
    log.truncations.append(replace(cut, moved_to=target))
    place = rule.place("overflow_to", "too_long")
    if longest is not None and text != whole:
        log.truncations.append(Truncation(target, longest, whole, text, place))
    if log.recorder is not None:
        step = TraceStep("overflow_to", overflow.path, text)
        schema = sibling.target if sibling is not None else None
        log.recorder.keep(Trace(target, text, (step,), place, target=schema))


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
