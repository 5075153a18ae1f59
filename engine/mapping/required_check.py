"""Fields that the target requires and no rule makes.

Rows are looked at block by block: what one block of ``each`` makes is not in the rows
of another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.mapping.keys.limit import Limit
from engine.mapping.literals import Target
from engine.mapping.rules import FieldNode, Rule, iter_rules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.problems import Problems
    from engine.rulefiles.nodes import Node


def made_by(fields: tuple[FieldNode, ...]) -> set[str]:
    """Give the paths that rules make, and those that texts overflow to."""
    made = set()
    for node in iter_rules(fields):
        made.add(node.path)
        limit = node.find(Limit) if isinstance(node, Rule) else None
        if limit is not None and limit.overflow_to:
            owner = node.path.rpartition(".")[0]
            made.add(f"{owner}.{limit.overflow_to}".removeprefix("."))
    return made


def find_missing(
    problems: Problems, target: Target, made: set[str], place: Node
) -> None:
    """Find required fields at and below a place that no rule makes (M402).

    Args:
        problems: The collector of findings.
        target: A group of the payload, or a row.
        made: The paths that rules make.
        place: A finding points at it.
    """
    field, start = target.field, f"{target.path}." if target.path else ""
    if field is None:
        return

    def lacks(names: Iterable[str]) -> list[str]:
        paths = (f"{start}{name}" for name in sorted(names))
        return [p for p in paths if not any(_is_at_or_below(m, p) for m in made)]

    for full in lacks(field.required):
        said = f"the target requires {full}; no rule makes it"
        problems.add("M402", said, place.position)
    branches = [lacks(branch.required) for branch in field.alternatives]
    if branches and all(branches):
        listed = ", or ".join(" and ".join(names) for names in branches)
        said = f"the target requires {listed}; no rule makes that"
        problems.add("M402", said, place.position)
    for name in field.properties:
        full = f"{start}{name}"
        if any(one.startswith(f"{full}.") for one in made):
            find_missing(problems, Target(full, field.child(name)), made, place)


def _is_at_or_below(path: str, other: str) -> bool:
    return path == other or path.startswith((f"{other}.", f"{other}["))
