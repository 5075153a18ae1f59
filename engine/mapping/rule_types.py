"""What is known of a rule's value: the kind and, where possible, all values there are.

A variable is known by its rule: ``vars.channel == 'EMIAL'`` is found when ``channel``
is chosen among fixed texts. Imports rules and shapes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from engine.language.types import NUMBER, TEXT, KnownType, common_type
from engine.mapping.rules import (
    MISSING,
    Calculation,
    Choose,
    FirstOf,
    Fixed,
    Join,
    PathSource,
    Rule,
    Text,
    ValueKey,
)
from engine.rulefiles.reader import ListNode, MapNode, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.language.types import Type
    from engine.rulefiles.reader import Node

_VARIABLE = re.compile(r"\bvars\.([A-Za-z_]\w*)")


def rule_shape(rule: Rule) -> Type | None:
    """Say what a rule without a target gives."""
    found = value_shape(rule.value)
    if rule.lookup is not None:
        others = () if rule.lookup.otherwise is MISSING else (rule.lookup.otherwise,)
        found = _values_shape((*rule.lookup.entries.values(), *others))
    if rule.transform is not None:
        found = rule.transform.shape.field
    if rule.decimals is not None:
        found = NUMBER
    elif rule.date:
        found = TEXT
    if rule.limit is not None and found is not None:
        found = KnownType(found.types) if "string" in found.types else found
    if rule.default_from is not None:
        found = common_type([found, rule.default_from.shape.field])
    if rule.default is not MISSING:
        found = common_type([found, _values_shape((rule.default,))])
    return found


def value_shape(value: ValueKey) -> Type | None:
    """Say what a value key gives, before lookup and transform."""
    match value:
        case PathSource(path):
            return path.shape.field
        case FirstOf(paths):
            return common_type(path.shape.field for path in paths)
        case Join() | Text():
            return TEXT
        case Fixed(literal):
            return _values_shape((literal,))
        case Choose(options):
            return common_type(
                rule_shape(option.then)
                if isinstance(option.then, Rule)
                else _values_shape((option.then,))
                for option in options
            )
        case Calculation(formula):
            return formula.shape.field
    return None


def _values_shape(values: Iterable[Any]) -> Type | None:
    found = tuple(values)
    if found and all(isinstance(value, str) for value in found):
        return KnownType(TEXT.types, enum=found)
    return None


def order_variables(node: MapNode) -> list[tuple[Scalar, Node]]:
    """Give variables so that each comes after those it asks for, as far as possible."""
    waiting = {
        key.text: (key, cell, {n for t in _texts(cell) for n in _VARIABLE.findall(t)})
        for key, cell in node.items()
    }
    ordered: list[tuple[Scalar, Node]] = []
    while waiting:
        ready = [
            name
            for name, (_, _, asks) in waiting.items()
            if not (asks - {name}) & waiting.keys()
        ]
        for name in ready or list(waiting):  # a circle is told elsewhere
            key, cell, _ = waiting.pop(name)
            ordered.append((key, cell))
    return ordered


def _texts(node: Node) -> Iterator[str]:
    if isinstance(node, Scalar):
        yield node.text
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from _texts(item)
    else:
        for key, value in node.items():
            yield key.text
            yield from _texts(value)
