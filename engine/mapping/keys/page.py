"""What the page of a key says, and the step that tells what it does.

Each key that makes a value and each stage after it is one page of this folder: a frozen
dataclass that is loaded from its cells, says what is known of its value, names the
branches that coverage counts, and writes its part of the rule's function. A key that
needs another (``cut_at`` without ``limit``) stands on the page of that one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from engine.language.types import common_type
from engine.mapping.result import TraceStep

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.errors import Position
    from engine.language.formulas import Condition, Formula
    from engine.language.function_text import FunctionText
    from engine.language.paths import Path
    from engine.language.scope import Scope
    from engine.language.types import Type
    from engine.mapping.cells import RuleCells
    from engine.mapping.result import MappingLog
    from engine.mapping.rules import FieldNode, Rule

HOLDS = "true"
HOLDS_NOT = "false"
TAKEN = "taken"


class Step:
    """A rule at work on one scope, for whoever listens or is told of a cut.

    Rules write nothing down of what they do. When somebody listens to one, or must say
    what is wrong with it, a step of its own is ``heard``: it keeps the value so far and
    the place looked at. The same pages write both functions.
    """

    __slots__ = (
        "heard",
        "log",
        "place",
        "prefix",
        "rule",
        "scope",
        "start",
        "trace",
        "value",
    )
    rule: Rule
    trace: list[TraceStep]
    value: Any
    place: Position | None  # a fault is reported there

    def __init__(
        self, scope: Scope, log: MappingLog | None, prefix: str = "", start: int = 0
    ) -> None:
        self.scope = scope
        self.log = log  # None: a variable's cuts are nobody's
        self.prefix = prefix  # the group's payload path
        self.start = start  # where a field's name begins in its rule's path
        self.heard = False

    def hear(
        self, rule: Rule, log: MappingLog | None, trace: list[TraceStep] | None = None
    ) -> Step:
        """Give the step of one rule, that somebody listens to."""
        own = Step(self.scope, log, self.prefix, self.start)
        own.heard, own.rule, own.value, own.place = True, rule, None, None
        own.trace = [] if trace is None else trace
        return own

    def path_of(self, node: FieldNode) -> str:
        """Give the payload path of a field."""
        name = node.path[self.start :]
        return f"{self.prefix}.{name}" if self.prefix else name

    def note(self, name: str, origin: str, value: Any) -> None:
        """Keep the value of a heard stage; it is written down for a recorder."""
        self.value = value
        if self.log is not None and self.log.recorder is not None:
            place = self.rule.keys.get(name)
            self.trace.append(TraceStep(name, origin, value, place))

    def meet(self, place: Position, way: str) -> None:
        """Tell coverage which way the value of a heard step went."""
        if self.log is not None:
            self.log.meet(place, way)


def look(out: FunctionText, place: Position) -> None:
    """Write where a fault of a heard rule is from here on."""
    if out.is_heard:
        out.add(f"step.place = {out.hold(place, 'place')}")


def note(out: FunctionText, name: str, origin: str, value: str) -> None:
    """Write that a heard rule tells a stage's value."""
    out.hear(f"step.note({name!r}, {origin!r}, {value})")


def meet(out: FunctionText, place: Position, way: str) -> None:
    """Write that a heard rule tells coverage which way it went."""
    if out.is_heard:
        out.add(f"step.meet({out.hold(place, 'place')}, {way!r})")


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch: the field or variable it belongs to, what it says, and where."""

    field: str
    what: str
    position: Position
    places: frozenset[tuple[Position, str]]  # the recorder's that count as this one

    def is_met(self, met: Iterable[tuple[Position, str]]) -> bool:
        """Tell whether any of what was met is this branch."""
        return not self.places.isdisjoint(met)


def branch(field_: str, what: str, place: Position, way: str) -> Branch:
    """Give the branch of one place and way."""
    return Branch(field_, what, place, frozenset({(place, way)}))


def both_ways(field_: str, key: str, condition: Condition) -> Iterator[Branch]:
    """Give the two branches of a condition."""
    for way in (HOLDS, HOLDS_NOT):
        said = f"{key} {way}: {condition.text}"
        yield branch(field_, said, condition.position, way)


class Page:
    """What value keys and stages have in common; a page says what differs."""

    __slots__ = ()
    keys: ClassVar[tuple[str, ...]]
    beside: ClassVar[tuple[str, ...]] = ()  # keys that mean nothing without the first

    @classmethod
    def load(cls, cells: RuleCells) -> Self | None:
        """Read the key's cells; None when they are at fault, which is then kept."""
        raise NotImplementedError

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Give the rules inside."""
        return ()

    def reads(self) -> Iterator[str]:
        """Give the paths that are read, as typed."""
        return iter(())

    def words(self) -> str:
        """Say in a row of the documentation what the key does."""
        return ""

    def branches(self, rule: Rule, field_: str) -> Iterator[Branch]:
        """Give the branches that coverage counts."""
        return iter(())


class ValueKey(Page):
    """A key that makes a value; a rule has exactly one."""

    __slots__ = ()
    is_literal: ClassVar[bool] = False  # its value is meant, even when it is empty
    is_tidy: ClassVar[bool] = False  # its value is None when it is empty

    @property
    def taken(self) -> tuple[Path | Formula, ...]:
        """Give the cells whose value is taken as it is."""
        return ()

    @property
    def label(self) -> str:
        """Give where the value comes from, for a message; "" for a literal."""
        return " / ".join(cell.text for cell in self.taken)

    def type(self) -> Type | None:
        """Say what is known of the value before any document is read."""
        return common_type(cell.shape.field for cell in self.taken)

    def reads(self) -> Iterator[str]:
        """Give the paths that are read, as typed."""
        for cell in self.taken:
            yield from paths_of(cell)

    @property
    def may_miss(self) -> bool:
        """Tell whether it may leave the field out itself."""
        return False

    def write(self, out: FunctionText, rule: Rule) -> str:
        """Write what makes the value; give the name of its own that it has."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class OneCell(ValueKey):
    """A value key whose value is what one cell gives."""

    cell: Any  # a Path, a Formula or a Template

    def write(self, out: FunctionText, rule: Rule) -> str:
        """Write what computes the cell."""
        look(out, self.cell.position)
        value = out.own(self.cell)
        note(out, self.keys[0], self.cell.text, value)
        return value


class Stage(Page):
    """What is done with a value; the stages of a rule stand in their order."""

    __slots__ = ()

    def type(self, before: Type | None) -> Type | None:
        """Say what is known of the value after it."""
        return before

    def column(self) -> str:
        """Say it where the documentation has a column for the key."""
        return ""

    def check(self, cells: RuleCells, rule: Rule) -> None:
        """Find what does not fit the rest of the rule."""


class ChangingStage(Stage):
    """A stage that changes a filled value."""

    __slots__ = ()

    @property
    def may_empty(self) -> bool:
        """Tell whether a filled value may become an empty one."""
        return True

    @property
    def origin(self) -> str | None:
        """Give what a trace says beside its value; None when it says so itself."""
        return None

    def place(self, rule: Rule) -> Position:
        """Give the place of its faults."""
        return rule.place(self.keys[0])

    def write(self, out: FunctionText, rule: Rule, value: str) -> None:
        """Write what changes the filled value that has this name."""
        raise NotImplementedError


class FittingStage(ChangingStage):
    """A stage that fits a value to its field; that of ``default_from`` as well."""

    __slots__ = ()

    @property
    def may_empty(self) -> bool:
        return False


def paths_of(cell: Path | Formula | Condition) -> tuple[str, ...]:
    """Give the paths that a cell reads."""
    formula = getattr(cell, "formula", cell)
    return getattr(formula, "paths", (cell.text,))
