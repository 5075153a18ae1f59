"""What is collected while a document is mapped: faults, cuts, and ways of values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.errors import Violation
from engine.rules import Rule, Trace, Truncation
from engine.values import show_value

if TYPE_CHECKING:
    from engine.errors import Position


class Recorder:
    """Keeps the way of every value, for ``explain``."""

    def __init__(self) -> None:
        self._traces: dict[str, list[Trace]] = {}

    @property
    def traces(self) -> tuple[Trace, ...]:
        """One row per output leaf, and one per field that was left out."""
        return tuple(trace for rows in self._traces.values() for trace in rows)

    def keep(self, trace: Trace) -> None:
        """Keep a field's row; of a group or list, one row for each leaf in it."""
        rows = [
            Trace(path, value, trace.stages, trace.position, trace.is_sent)
            for path, value in _iter_leaves(trace.path, trace.value)
        ]
        self._traces[trace.path] = rows


@dataclass(slots=True)
class Overflow:
    """A text that did not fit and may move to a sibling field."""

    rule: Rule
    path: str
    text: str
    kept: str


@dataclass(slots=True)
class Findings:
    """What is collected while one document is mapped."""

    recorder: Recorder | None = None
    violations: list[Violation] = field(default_factory=list)
    truncations: list[Truncation] = field(default_factory=list)
    silent_cuts: list[Truncation] = field(default_factory=list)
    overflows: list[Overflow] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)  # payload paths already reported

    def report(
        self, code: str, message: str, path: str, value: Any, place: Position
    ) -> None:
        """Collect a violation; the same one (of a shared variable) is said once."""
        violation = Violation(code, message, path, show_value(value), place)
        if violation not in self.violations:
            self.violations.append(violation)
        self.broken.add(path)


def _iter_leaves(path: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        parts = [_iter_leaves(f"{path}.{k}", v) for k, v in value.items()]
    elif isinstance(value, list) and value:
        parts = [_iter_leaves(f"{path}[{i}]", v) for i, v in enumerate(value)]
    else:
        return [(path, value)]
    return [leaf for part in parts for leaf in part]


def without_indexes(path: str) -> str:
    """Turn a payload path into the rule's: ``rows[2].unit`` → ``rows[].unit``."""
    return re.sub(r"\[\d+\]", "[]", path)
