"""A mapping's target as a table: one row per leaf of the schema, in its order.

A leaf is a field that holds a value, or one that a rule makes as a whole. Fields that
a rule makes and the schema does not list come after their group's own. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from typing import Literal

from engine.language.schema import SchemaField
from engine.mapping.keys.limit import Limit
from engine.mapping.rules import Block, FieldNode, Mapping, Rows, Rule

Kind = Literal["rule", "overflow", "missing", "optional", "group"]


@dataclass(frozen=True, slots=True)
class TargetRule:
    """One rule of a field; a list that several ``each`` blocks fill has several."""

    rule: Rule
    parts: tuple[int, ...]  # which ``each`` block of each list around it, from 1


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One field of the target."""

    path: str  # dotted, rows as "rows[].unit"
    kind: Kind  # missing: required and made by no rule; optional: made by no rule
    depth: int
    field: SchemaField | None
    requirement: Literal["yes", "group", "no"]  # group: when its group is sent
    makers: tuple[TargetRule, ...] = ()
    block: Block | Rows | None = None
    overflow_of: str = ""


@dataclass(frozen=True, slots=True)
class _Made:
    """What the rules make, by target path."""

    makers: Dictionary[str, list[TargetRule]]
    blocks: Dictionary[str, Block | Rows]
    overflows: Dictionary[str, str]
    names: Dictionary[str, list[str]]  # of the fields in a group, in the file's order

    def is_inside(self, path: str) -> bool:
        made = (self.makers, self.overflows, self.names)
        return any(path in one for one in made) or f"{path}[]" in self.names


def list_target_rows(mapping: Mapping) -> list[TargetRow]:
    """List a mapping's target fields; without a schema, those that its rules make."""
    makers: dict[str, list[TargetRule]] = {}
    blocks: dict[str, Block | Rows] = {}
    _collect(mapping.fields, (), makers, blocks)
    overflows = {}
    for path, found in makers.items():
        for maker in found:
            limit = maker.rule.find(Limit)
            if limit is not None and limit.overflow_to:
                owner = path.rpartition(".")[0]
                to = f"{owner}.{limit.overflow_to}".removeprefix(".")
                if to not in makers:
                    overflows[to] = path
    made = _Made(makers, blocks, overflows, _names([*makers, *overflows]))
    target = mapping.target.partition("#")[0]
    root = mapping.store.field(target) if target else None
    return list(_group_rows("", root, made, 0, is_sent=True))


def _names(paths: Iterable[str]) -> dict[str, list[str]]:
    """Name what each group holds: ``rows[].unit`` is ``unit`` in ``rows[]``."""
    found: dict[str, list[str]] = {}
    for path in paths:
        inner = path
        while inner:
            group, _, name = inner.rpartition(".")
            names = found.setdefault(group, [])
            if name.removesuffix("[]") not in names:
                names.append(name.removesuffix("[]"))
            inner = group.removesuffix("[]")
    return found


def _collect(
    nodes: Iterable[FieldNode],
    parts: tuple[int, ...],
    makers: dict[str, list[TargetRule]],
    blocks: dict[str, Block | Rows],
) -> None:
    for node in nodes:
        if isinstance(node, Rule):
            makers.setdefault(node.path, []).append(TargetRule(node, parts))
            continue
        blocks.setdefault(node.path, node)
        if isinstance(node, Block):
            _collect(node.fields, parts, makers, blocks)
        else:
            for number, part in enumerate(node.parts, start=1):
                _collect(part.fields, (*parts, number), makers, blocks)


def _group_rows(
    path: str, field: SchemaField | None, made: _Made, depth: int, *, is_sent: bool
) -> Iterator[TargetRow]:
    known = field.properties if field is not None else ()
    required = field.required if field is not None else frozenset()
    for name in dict.fromkeys((*known, *made.names.get(path, ()))):
        child = field.child(name) if field is not None else None
        full = f"{path}.{name}" if path else name
        yield from _field_rows(
            full, child, made, depth, name in required, is_sent=is_sent
        )


def _field_rows(
    path: str,
    field: SchemaField | None,
    made: _Made,
    depth: int,
    is_required: bool,
    *,
    is_sent: bool,
) -> Iterator[TargetRow]:
    requirement: Literal["yes", "group", "no"] = "no"
    if is_required:
        requirement = "yes" if is_sent else "group"
    makers = tuple(made.makers.get(path, ()))
    overflow = made.overflows.get(path, "")
    inner = _inside(path, field, made)
    if makers or overflow or inner is None:
        kind: Kind = "optional"
        if makers or overflow:
            kind = "rule" if makers else "overflow"
        elif requirement == "yes":
            kind = "missing"
        yield TargetRow(path, kind, depth, field, requirement, makers, None, overflow)
        return
    below, group = inner
    yield TargetRow(
        path, "group", depth, field, requirement, block=made.blocks.get(path)
    )
    # What an unsent group requires is not missing as long as nobody sends the group.
    sent = is_sent and (is_required or made.is_inside(path))
    yield from _group_rows(below, group, made, depth + 1, is_sent=sent)


def _inside(
    path: str, field: SchemaField | None, made: _Made
) -> tuple[str, SchemaField | None] | None:
    """Give the path and schema of what a group or its rows hold; None: a leaf."""
    if field is not None and "array" in field.types:
        item = field.item()
        has_fields = item is not None and bool(item.properties)
        is_group = has_fields or made.is_inside(f"{path}[]")
        return (f"{path}[]", item) if is_group else None
    if field is not None and field.properties:
        return path, field
    if f"{path}[]" in made.names:
        return f"{path}[]", None
    return (path, field) if path in made.names else None
