"""What is collected while a document is mapped: faults, cuts, and ways of values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from engine.errors import Violation
from engine.language.values import show_value
from engine.mapping.rules import Fallback, Rule, Trace, TraceStep, Truncation

if TYPE_CHECKING:
    from engine.errors import Position


class Recorder:
    """Keeps the way of every value, and which branches of the rules were gone through.

    ``variables`` keeps the same of the mapping's variables.
    """

    def __init__(self, branches: set[tuple[Position, str]] | None = None) -> None:
        self._traces: dict[str, list[Trace]] = {}
        self.branches: set[tuple[Position, str]] = (
            set() if branches is None else branches
        )

    @cached_property
    def variables(self) -> Recorder:
        """What is kept of variables: they are no leaves of the output."""
        return Recorder(self.branches)

    def meet(self, place: Position, branch: str) -> None:
        """Note that a branch was gone through; see :mod:`engine.mapping.branches`."""
        self.branches.add((place, branch))

    @property
    def traces(self) -> tuple[Trace, ...]:
        """One row per output leaf, and one per field that was left out."""
        return tuple(trace for rows in self._traces.values() for trace in rows)

    def keep(self, trace: Trace) -> None:
        """Keep a field's row; of a group or list, one row for each leaf in it."""
        leaves = iter_leaves(trace.path, trace.value)
        self._traces[trace.path] = [
            trace if path == trace.path else _part(trace, path, value)
            for path, value in leaves
        ]


@dataclass(slots=True)
class Overflow:
    """A text that did not fit and may move to a sibling field."""

    rule: Rule
    path: str
    text: str
    kept: str


@dataclass(slots=True)
class MappingLog:
    """What is collected while one document is mapped."""

    recorder: Recorder | None = None
    violations: list[Violation] = field(default_factory=list)
    truncations: list[Truncation] = field(default_factory=list)
    silent_cuts: list[Truncation] = field(default_factory=list)
    fallbacks: list[Fallback] = field(default_factory=list)
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


def _part(trace: Trace, path: str, value: Any) -> Trace:
    """Give the row of one leaf of a group or list that a rule takes as a whole."""
    stage = TraceStep("part", path.removeprefix(trace.path).removeprefix("."), value)
    stages = (*trace.stages, stage)
    return replace(trace, path=path, value=value, stages=stages, target=None)


def iter_leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield path and value of each leaf; an empty group or list is one."""
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from iter_leaves(f"{path}.{name}" if path else str(name), item)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from iter_leaves(f"{path}[{index}]", item)
    else:
        yield path, value


def without_indexes(path: str) -> str:
    """Turn a payload path into the rule's: ``rows[2].unit`` → ``rows[].unit``."""
    return re.sub(r"\[\d+\]", "[]", path)
