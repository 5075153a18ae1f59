"""A mapping as data: what the YAML says, compiled and frozen.

Nothing here evaluates; :mod:`engine.mapping.stages` does, one function per step of the
order ``when`` → value key → ``lookup`` → ``transform`` → type → ``limit`` → ``default``
→ ``required``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections import abc

    from engine.errors import Position, Violation
    from engine.language import Condition, Formula, Path, Template
    from engine.language.schema import SchemaField, SchemaStore

TooLong = Literal["warn", "cut", "error"]
CutAt = Literal["char", "word"]
Rounding = Literal["half_up", "half_even", "down", "up"]


class _Missing:
    """The mark for "no such key"; null is a value to write."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


@dataclass(frozen=True, slots=True)
class PathSource:
    """``source``: one path."""

    path: Path


@dataclass(frozen=True, slots=True)
class FirstOf:
    """``first_of``: the first path that is filled."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """``join`` and ``with``: the filled ones, joined."""

    paths: tuple[Path, ...]
    separator: str


@dataclass(frozen=True, slots=True)
class Fixed:
    """``fixed``: always this; an empty text here is meant."""

    value: Any


@dataclass(frozen=True, slots=True)
class Option:
    """One row of ``choose``; no condition is ``otherwise``."""

    condition: Condition | None
    then: Any  # a literal, or a Rule
    position: Position


@dataclass(frozen=True, slots=True)
class Choose:
    """``choose``: the first true row wins."""

    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """``text``: running text."""

    template: Template


@dataclass(frozen=True, slots=True)
class Calculation:
    """A lone ``transform``."""

    formula: Formula


ValueKey = PathSource | FirstOf | Join | Fixed | Choose | Text | Calculation


@dataclass(frozen=True, slots=True)
class Lookup:
    """``lookup`` and ``else``: an exact match in a table of texts."""

    table: str
    entries: abc.Mapping[str, Any]
    otherwise: Any = MISSING


@dataclass(frozen=True, slots=True)
class Limit:
    """``limit``, ``too_long``, ``cut_at``, ``overflow_to``; characters after NFC."""

    characters: int
    too_long: TooLong = "warn"
    cut_at: CutAt = "char"
    overflow_to: str = ""  # a sibling field
    overflow_limit: int | None = None  # characters it takes, as its schema says


@dataclass(frozen=True, slots=True)
class Rule:
    """How one field gets its value."""

    path: str  # target path, rows as "rows[].unit"; "" for a cell outside a target
    position: Position
    value: ValueKey
    when: Condition | None = None
    lookup: Lookup | None = None
    transform: Formula | None = None
    decimals: int | None = None
    rounding: Rounding = "half_up"
    date: str = ""  # a pattern such as D.M.YYYY
    limit: Limit | None = None
    default: Any = MISSING
    default_from: Path | None = None
    required: bool = False
    required_when: Condition | None = None
    send_null: bool = False
    note: str = ""
    target: SchemaField | None = None
    keys: abc.Mapping[str, Position] = field(default_factory=dict)

    def place(self, *keys: str) -> Position:
        """Give the place of the first of these keys that the rule has, or its own."""
        return next((self.keys[k] for k in keys if k in self.keys), self.position)


@dataclass(frozen=True, slots=True)
class Block:
    """A group of fields that share a ``when``."""

    path: str
    position: Position
    fields: tuple[FieldNode, ...]
    when: Condition | None = None
    required: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Each:
    """One ``each`` block: a row for every item that passes ``where``."""

    path: Path
    position: Position
    fields: tuple[FieldNode, ...]
    when: Condition | None = None
    where: Condition | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of rows: the ``each`` blocks, one after the other."""

    path: str
    position: Position
    parts: tuple[Each, ...]
    required: bool = False
    note: str = ""


FieldNode = Rule | Block | Rows


@dataclass(frozen=True, slots=True)
class Mapping:
    """One mapping file: variables and fields, bound to its schemas."""

    name: str
    title: str
    source: str  # schema name, perhaps with "#place"; "" when unknown
    target: str  # schema name; "" when the result is checked against none
    fields: tuple[FieldNode, ...]
    variables: abc.Mapping[str, Rule]
    only_when: Condition | None
    position: Position
    store: SchemaStore


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


@dataclass(frozen=True, slots=True)
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


def iter_rules(fields: abc.Iterable[FieldNode]) -> abc.Iterator[FieldNode]:
    """Yield every field node, blocks before what they hold, in the file's order."""
    for node in fields:
        yield node
        if isinstance(node, Block):
            yield from iter_rules(node.fields)
        elif isinstance(node, Rows):
            for part in node.parts:
                yield from iter_rules(part.fields)
