"""A mapping as data: what the YAML says, loaded and frozen.

What a key of a rule means stands on its page in :mod:`engine.mapping.keys`; a rule is
one page that makes its value, and pages of what is then done with it, in their order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Callable

    from engine.errors import Position
    from engine.language.formulas import Condition
    from engine.language.paths import Path
    from engine.language.schema import SchemaField, SchemaStore
    from engine.mapping.keys.page import Stage, ValueKey
    from engine.mapping.payload import Fill

    S = TypeVar("S", bound=Stage)


class _Missing:
    """The mark for "no such key"; null is a value to write."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


@dataclass(frozen=True, slots=True)
class Rule:
    """How one field gets its value."""

    path: str  # target path, rows as "rows[].unit"; "" for a cell outside a target
    position: Position
    value: ValueKey
    stages: tuple[Stage, ...] = ()  # in the order in which they work
    note: str = ""
    target: SchemaField | None = None
    keys: abc.Mapping[str, Position] = field(default_factory=dict)
    # What it compiles into, for a step that is heard and one that is not, made when it
    # is first asked for: a check asks for none.
    compiled: dict[bool, Callable[[Any], Any]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def find(self, kind: type[S]) -> S | None:
        """Give the stage of a kind, if the rule has it."""
        return next((stage for stage in self.stages if isinstance(stage, kind)), None)

    def place(self, *keys: str) -> Position:
        """Give the place of the first of these keys that the rule has, or its own."""
        return next((self.keys[k] for k in keys if k in self.keys), self.position)

    def with_inner(self) -> abc.Iterator[Rule]:
        """Yield the rule and those inside of it, as in the rows of ``choose``."""
        yield self
        for page in (self.value, *self.stages):
            for inner in page.rules:
                yield from inner.with_inner()


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
    variables: abc.Mapping[str, Rule] = field(default_factory=dict)


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
    constants: frozenset[str] = frozenset()  # variables that no item changes
    # What the fields compile into, heard and not, made when a document is mapped.
    compiled: dict[bool, Fill] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )


def iter_rules(fields: abc.Iterable[FieldNode]) -> abc.Iterator[FieldNode]:
    """Yield every field node, blocks before what they hold, in the file's order."""
    for node in fields:
        yield node
        if isinstance(node, Block):
            yield from iter_rules(node.fields)
        elif isinstance(node, Rows):
            for part in node.parts:
                yield from iter_rules(part.fields)


def iter_variables(mapping: Mapping) -> abc.Iterator[Rule]:
    """Yield the variables of a mapping, then those of its rows."""
    yield from mapping.variables.values()
    for node in iter_rules(mapping.fields):
        for part in node.parts if isinstance(node, Rows) else ():
            yield from part.variables.values()
