"""Builds a payload: groups, rows and overflowing texts, field by field.

A mapping becomes one function that fills a payload. The rules' values are written by
:mod:`engine.mapping.stages`; here they are put in their places, and the finished
payload is held against the target schema.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.errors import Violation, ViolationError
from engine.language.function_text import FunctionText
from engine.language.leaves import without_indexes
from engine.language.sent_texts import cut_text
from engine.language.validation import validate_payload
from engine.language.values import (
    ValueFault,
    get_path,
    is_empty,
    name_kind,
)
from engine.mapping.keys.limit import Limit
from engine.mapping.keys.page import HOLDS, HOLDS_NOT, Step
from engine.mapping.keys.required import REQUIRED
from engine.mapping.keys.when import When
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
from engine.mapping.stages import find_fault, is_meant, listen, write_rule

if TYPE_CHECKING:
    from collections import abc

    from engine.language.formulas import Condition
    from engine.language.paths import Path
    from engine.language.scope import Scope
    from engine.mapping.result import Overflow

Fill = Callable[[dict[str, Any], "Scope", MappingLog], None]
SOME_ROWS = "rows"
NO_ROWS = "no rows"


def lets_in(mapping: Mapping, scope: Scope, log: MappingLog) -> bool:
    """Tell whether ``only_when`` lets the document in."""
    condition = mapping.only_when
    if condition is None:
        return True
    try:
        found = condition.evaluate(scope)
    except (ValueFault, ViolationError) as fault:
        log.report_fault(fault, "", condition.position)
        return False
    log.meet(condition.position, HOLDS if found else HOLDS_NOT)
    return bool(found)


def fields_text(mapping: Mapping, *, is_heard: bool) -> FunctionText:
    """Write the function that fills a payload: of the payload, a scope and a log.

    Overflowing texts move at the end of their group.
    """
    out = FunctionText(is_heard=is_heard)
    for value in (MISSING, Step, find_fault, listen, Trace, TraceStep):
        out.hold(value, getattr(value, "__name__", "MISSING"))
    _Group(out, "payload", "''").write(mapping.fields)
    return out


@dataclass(frozen=True, slots=True)
class _Group:
    """Writes how a group of a payload is filled, or a row.

    ``name`` is that of its fields, ``prefix`` gives its payload path; both are names
    and texts of the function. ``start`` is where a field's own name begins in the path
    that its rule has.
    """

    out: FunctionText
    name: str
    prefix: str
    start: int = 0

    def write(self, nodes: tuple[FieldNode, ...]) -> None:
        """Write the fields in their order, then the move of what did not fit."""
        out = self.out
        rules = {node.path: node for node in nodes if isinstance(node, Rule)}
        limits = [limit for rule in rules.values() if (limit := rule.find(Limit))]
        moves = any(limit.overflow_to for limit in limits)
        if moves:
            before = out.new("len(log.overflows)")
        for node in nodes:
            out.add(f"# {node.path!r}")
            if isinstance(node, Rule):
                self._rule(node)
            elif isinstance(node, Block):
                self._block(node)
            else:
                self._rows(node)
        if moves:
            move = out.hold(partial(_move_overflows, rules), "move_overflows")
            with out.block(f"if len(log.overflows) > {before}:"):
                out.add(f"{move}({self.name}, {self.prefix}, {before}, log)")

    def _put(self, node: FieldNode, value: str) -> None:
        *groups, name = node.path[self.start :].split(".")
        place = "".join(f".setdefault({group!r}, {{}})" for group in groups)
        self.out.add(f"{self.name}{place}[{name!r}] = {value}")

    def _path(self, node: FieldNode) -> str:
        name = node.path[self.start :]
        if self.prefix == "''":
            return repr(name)
        return f"{self.prefix} + {'.' + name!r}"

    def _rule(self, rule: Rule) -> None:
        out = self.out
        step = f"Step({out.scope}, log, {self.prefix}, {self.start})"
        if out.is_heard:
            value = out.new(f"listen({out.hold(rule, 'rule')}, {step}, log)")
            with out.block(f"if {value} is not MISSING:"):
                self._put(rule, value)
            return
        if is_meant(rule) and rule.find(When) is None:
            self._put(rule, write_rule(out, rule))
            return
        with out.block("try:"):
            out.step = step
            value = write_rule(out, rule)
            with out.block(f"if {value} is not MISSING:"):
                self._put(rule, value)
        with out.block("except FAULTS:"):
            out.add(f"find_fault({out.hold(rule, 'rule')}, {step})")

    def _block(self, node: Block) -> None:
        out, path = self.out, self._path(node)
        own = out.hold(node, "block")
        if node.when is not None:
            with out.block(f"if {self._holds(node.when, path)}:"):
                self._filled_block(node, own, path)
            if out.is_heard:
                with out.block("else:"):
                    steps = f"[TraceStep('when', {node.when.text!r}, False)]"
                    self._leave_out(own, path, steps)
        else:
            self._filled_block(node, own, path)

    def _filled_block(self, node: Block, own: str, path: str) -> None:
        out = self.out
        group = out.new("{}")
        _Group(out, group, path, _start(node.path)).write(node.fields)
        with out.block(f"if {group}:"):
            self._put(node, group)
        if node.required:
            with out.block("else:"):
                said = "required, but none of its fields has a value"
                self._require(own, path, said)

    def _rows(self, node: Rows) -> None:
        out, path = self.out, self._path(node)
        own, rows = out.hold(node, "rows"), out.new("[]")
        steps = out.new("[]") if out.is_heard else ""
        for part in node.parts:
            if part.when is None:
                self._part(node, part, rows, steps)
                continue
            with out.block(f"if {self._holds(part.when, path)}:"):
                self._part(node, part, rows, steps)
            if out.is_heard:
                with out.block("else:"):
                    step = f"TraceStep('when', {part.when.text!r}, False)"
                    out.add(f"{steps}.append({step})")
        with out.block(f"if {rows}:"):
            self._put(node, rows)
        if out.is_heard or node.required:
            with out.block("else:"):
                if out.is_heard:
                    self._leave_out(own, path, steps)
                if node.required:
                    origin = " / ".join(part.path.text for part in node.parts)
                    said = f"at least one row is required, but {origin} gives none"
                    self._require(own, path, said)

    def _part(self, node: Rows, part: Each, rows: str, steps: str) -> None:
        """Write an ``each`` block: what it adds to the rows, and what a trace tells."""
        out, path = self.out, self._path(node)
        items = self._items(part, path)
        if out.is_heard:
            place = out.hold(part.path.position, "place")
            out.add(f"log.meet({place}, {SOME_ROWS!r} if {items} else {NO_ROWS!r})")
        dropped = out.new("0") if out.is_heard else ""
        item, row_path = out.name(), f"{path} + f'[{{len({rows})}}]'"
        around = {"parent": out.item, "row_number": f"(len({rows}) + 1)"}
        with out.block(f"for {item} in {items}:"), out.within(item, **around):
            if part.variables:
                own = out.hold(part.variables, "own")
                out.enter(f"{out.variables}.inside({own}, {out.scope}, {row_path})")
            if part.where is not None:
                with out.block(f"if not {self._holds(part.where, row_path)}:"):
                    out.hear(f"{dropped} += 1")
                    out.add("continue")
            row = out.new("{}")
            start = _start(f"{node.path}[]")
            _Group(out, row, row_path, start).write(part.fields)
            if out.is_heard:
                with out.block(f"if not {row}:"):
                    place = out.hold(part.position, "place")
                    shown = f"(TraceStep('each', {part.path.text!r}, {row}),)"
                    trace = f"Trace({row_path}, {row}, {shown}, {place})"
                    out.add(f"log.recorder.keep({trace})")
            out.add(f"{rows}.append({row})")
        if out.is_heard:
            step = f"TraceStep('each', {part.path.text!r}, len({items}))"
            out.add(f"{steps}.append({step})")
            if part.where is not None:
                step = f"TraceStep('where', {part.where.text!r}, -{dropped})"
                out.add(f"{steps}.append({step})")

    def _holds(self, condition: Condition, path: str) -> str:
        """Write a decision; a condition at fault is reported, and does not hold."""
        out, found = self.out, self.out.name()
        place = out.hold(condition.position, "place")
        with out.block("try:"):
            out.add(f"{found} = {condition.write(out)}")
            if out.is_heard:
                out.add(f"log.meet({place}, {HOLDS!r} if {found} else {HOLDS_NOT!r})")
        with out.block("except FAULTS as fault:"):
            out.add(f"log.report_fault(fault, {path}, {place})")
            out.add(f"{found} = False")
        return found

    def _items(self, part: Each, path: str) -> str:
        out, items = self.out, self.out.name()
        with out.block("try:"):
            out.add(f"{items} = {part.path.write(out)}")
        with out.block("except FAULTS as fault:"):
            place = out.hold(part.path.position, "place")
            out.add(f"log.report_fault(fault, {path}, {place})")
            out.add(f"{items} = None")
        find = out.hold(partial(_find_items, part.path), "find_items")
        # A path such as [vars.project] gives [null] when there is none.
        with out.block(f"if type({items}) is not list or None in {items}:"):
            out.add(f"{items} = {find}({items}, {path}, log)")
        return items

    def _leave_out(self, own: str, path: str, steps: str) -> None:
        leave_out = self.out.hold(_leave_out, "leave_out")
        self.out.add(f"{leave_out}({own}, {path}, {steps}, log)")

    def _require(self, own: str, path: str, said: str) -> None:
        require = self.out.hold(_require, "require")
        self.out.add(f"{require}({own}, {path}, {said!r}, log)")


def _start(base: str) -> int:
    return len(base) + 1


def _leave_out(
    node: Block | Rows, path: str, steps: list[TraceStep], log: MappingLog
) -> None:
    assert log.recorder is not None
    log.recorder.keep(Trace(path, None, tuple(steps), node.position, False))


def _require(node: Block | Rows, path: str, said: str, log: MappingLog) -> None:
    """Report an empty group or list, unless something in it is at fault already."""
    if not _has_broken(path, log):
        log.meet(node.position, REQUIRED)
        log.report("REQUIRED", said, path, None, node.position)


def _find_items(path: Path, value: Any, target: str, log: MappingLog) -> list[Any]:
    """Give what is in a list; what is filled and no list is reported."""
    if is_empty(value):
        return []
    if not isinstance(value, list):
        said = f"{path.text} is {name_kind(value)}, each needs a list"
        log.report("WRONG_TYPE", said, target, value, path.position)
        return []
    return [item for item in value if item is not None]


def _enter(payload: dict[str, Any], groups: list[str]) -> dict[str, Any]:
    for group in groups:
        payload = payload.setdefault(group, {})
    return payload


def _move_overflows(
    rules: abc.Mapping[str, Rule],
    payload: dict[str, Any],
    prefix: str,
    before: int,
    log: MappingLog,
) -> None:
    """Move what did not fit in a group: what came after so many others."""
    moving = log.overflows[before:]
    del log.overflows[before:]
    for overflow in moving:
        _move_overflow(rules, payload, prefix, overflow, log)


def _move_overflow(
    rules: abc.Mapping[str, Rule],
    payload: dict[str, Any],
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
