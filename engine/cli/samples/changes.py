"""What differs between two results of the rules, leaf by leaf."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from engine.errors import Position
from engine.language.leaves import ABSENT, pair_leaves, without_indexes
from engine.mapping.result import Trace
from engine.mapping.rules import Mapping, iter_rules

NOTHING: Final = "(nothing)"
_SHOWN: Final = 60  # characters of a text that a line shows


@dataclass(frozen=True, slots=True)
class LeafChange:
    """One leaf that differs; ``NOTHING`` where it is not in one of the two."""

    path: str
    old: str
    new: str

    @property
    def field(self) -> str:
        """The path as a rule has it: ``rows[].unit``."""
        return without_indexes(self.path)

    @property
    def pair(self) -> tuple[str, str]:
        """Old and new on one line; long texts from shortly before where they part."""
        old, new = self.old, self.new
        longest = max(len(old), len(new))
        both = zip(old, new, strict=False)
        same = next((i for i, (a, b) in enumerate(both) if a != b), longest)
        start = max(0, same - _SHOWN // 3) if longest > _SHOWN else 0
        return _window(old, start), _window(new, start)

    def __str__(self) -> str:
        old, new = self.pair
        return f"{self.path}: {old} → {new}"


def list_changes(old: Any, new: Any) -> list[LeafChange]:
    """List the leaves that differ, in the order of the new result, then the old one.

    Numbers are compared by their digits: 10.50 is not 10.5.
    """
    pairs = (
        LeafChange(path, show_leaf(before), show_leaf(after))
        for path, before, after in pair_leaves(old, new)
        if path
    )
    return [change for change in pairs if change.old != change.new]


def show_leaf(value: Any) -> str:
    """Show a leaf: texts in quotes, numbers with their digits."""
    if value is ABSENT:
        return NOTHING
    if isinstance(value, str):
        return f"'{value}'"
    return _ENCODER.encode(value).decode()


_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=repr)


def find_rule_place(
    path: str, mapping: Mapping, traces: Iterable[Trace] = ()
) -> Position | None:
    """Find the rule that makes a leaf, or would: its trace, or the rule of its path."""
    for trace in traces:
        if trace.path == path:
            return trace.position
    places = {node.path: node.position for node in iter_rules(mapping.fields)}
    field = without_indexes(path)
    while field:
        place = places.get(field) or places.get(field.removesuffix("[]"))
        if place is not None:
            return place
        field = field.rpartition(".")[0]
    return None


def show_line(position: Position | None) -> str:
    """Show file and line, as an editor opens it."""
    return "" if position is None else f"{position.file}:{position.line}"


def _window(text: str, start: int) -> str:
    if len(text) <= _SHOWN:
        return text.replace("\n", "\\n")
    start = min(start, len(text) - _SHOWN)
    before = "…" if start else ""
    after = "…" if start + _SHOWN < len(text) else ""
    return f"{before}{text[start : start + _SHOWN]}{after}".replace("\n", "\\n")
