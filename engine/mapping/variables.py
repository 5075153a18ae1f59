"""Variables ask for each other: which comes first, and who asks in a circle."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.mapping.stages import rule_reads
from engine.rulefiles.nodes import iter_scalars

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.mapping.rules import Rule
    from engine.rulefiles.nodes import MapNode, Node, Scalar

_CONSTANT = re.compile(r"(?:(?:company|run)|vars\.(\w+))(?:\.\w+)*")
_VARIABLE = re.compile(r"\bvars\.([A-Za-z_]\w*)")


def order_variables(node: MapNode) -> list[tuple[Scalar, Node]]:
    """Give variables so that each comes after those it asks for, as far as possible."""
    waiting = {
        key.text: (key, cell, _names(scalar.text for _, scalar in iter_scalars(cell)))
        for key, cell in node.items()
    }
    ordered: list[tuple[Scalar, Node]] = []
    while waiting:
        ready = [
            name
            for name, (_, _, asks) in waiting.items()
            if not (asks - {name}) & waiting.keys()
        ]
        for name in ready or list(waiting):  # a circle is found later
            key, cell, _ = waiting.pop(name)
            ordered.append((key, cell))
    return ordered


def find_cycle(variables: Mapping[str, Rule]) -> tuple[str, ...] | None:
    """Give the first circle of variables: ``("a", "b", "a")``."""
    uses = {name: _names(rule_reads(rule)) for name, rule in variables.items()}
    for start in variables:
        ways: list[tuple[str, ...]] = [(start,)]
        seen: set[str] = set()
        while ways:
            way = ways.pop()
            for name in sorted(uses.get(way[-1], ())):
                if name == start:
                    return (*way, name)
                if name not in seen:
                    seen.add(name)
                    ways.append((*way, name))
    return None


def find_constants(variables: Mapping[str, Rule]) -> frozenset[str]:
    """Name the variables that are the same for all items of a document in one step.

    They read the company's settings, the run's registers and each other, nothing else.
    """
    found: set[str] = set()
    for _ in variables:
        for name, rule in variables.items():
            reads = map(_CONSTANT.fullmatch, rule_reads(rule))
            if all(read and (read[1] is None or read[1] in found) for read in reads):
                found.add(name)
    return frozenset(found)


def _names(texts: Iterable[str]) -> set[str]:
    return {name for text in texts for name in _VARIABLE.findall(text)}
