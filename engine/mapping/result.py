"""MappingLog: violations, truncations and traces of one document, and its result."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from engine.errors import Violation, ViolationError
from engine.language.leaves import iter_leaves
from engine.language.values import show_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.errors import Position
    from engine.language.schema import SchemaField
    from engine.language.values import ValueFault
    from engine.mapping.keys.limit import Limit
    from engine.mapping.rules import Rule


@dataclass(frozen=True, slots=True)
class Truncation:
    """A value that was cut to fit its field; nobody loses text silently."""

    path: str  # payload path, dotted
    limit: int  # characters allowed
    original: str
    kept: str
    position: Position
    moved_to: str = ""  # the payload path that took the whole text, with overflow_to


@dataclass(frozen=True, slots=True)
class Fallback:
    """A value that its table does not know; ``else`` was sent in its place."""

    path: str  # payload path, dotted
    table: str
    value: str
    sent: Any


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One step of a value's way: which stage, from where, and the value after it."""

    name: str
    origin: str  # a path, a table, a formula, a limit; "" when there is nothing to name
    value: Any
    position: Position | None = None  # of the rule's key, where the stage is one


@dataclass(frozen=True, slots=True)
class Trace:
    """How one output leaf came to be; ``is_sent`` is false for a field left out."""

    path: str
    value: Any
    stages: tuple[TraceStep, ...]
    position: Position
    is_sent: bool = True
    target: SchemaField | None = None  # what the target schema says of the field


@dataclass(slots=True)  # frozen would cost every item a microsecond
class MappingResult:
    """What a mapping makes of one document.

    The payload is built as far as possible; nobody sends it while there are violations.
    """

    payload: dict[str, Any]
    violations: tuple[Violation, ...] = ()
    truncations: tuple[Truncation, ...] = ()
    silent_cuts: tuple[Truncation, ...] = ()  # cut by `too_long: cut`; counted only
    traces: tuple[Trace, ...] = ()
    is_left_out: bool = False  # `only_when` was false
    fallbacks: tuple[Fallback, ...] = ()


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

    def meet(self, place: Position, way: str) -> None:
        """Note which way was gone at a place."""
        self.branches.add((place, way))

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
    limit: Limit
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
        self._add(path, [Violation(code, message, path, show_value(value), place)])

    def report_again(self, path: str, error: ViolationError) -> None:
        """Collect what is wrong with a variable, once however many fields use it."""
        self._add(path, error.violations)

    def report_fault(
        self, fault: ValueFault | ViolationError, path: str, place: Position
    ) -> None:
        """Collect what is wrong with a condition or a list of rows."""
        if isinstance(fault, ViolationError):
            self.report_again(path, fault)
        else:
            self.report(fault.code, fault.message, path, None, place)

    def _add(self, path: str, violations: Iterable[Violation]) -> None:
        for violation in violations:
            if violation not in self.violations:
                self.violations.append(violation)
        self.broken.add(path)

    def meet(self, place: Position, way: str) -> None:
        """Note which way was gone at a place, for coverage."""
        if self.recorder is not None:
            self.recorder.meet(place, way)


def _part(trace: Trace, path: str, value: Any) -> Trace:
    """Give the row of one leaf of a group or list that a rule takes as a whole."""
    stage = TraceStep("part", path.removeprefix(trace.path).removeprefix("."), value)
    stages = (*trace.stages, stage)
    return replace(trace, path=path, value=value, stages=stages, target=None)
