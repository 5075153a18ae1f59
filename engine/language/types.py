"""What is known of a value before any document is read, where no schema says it.

``Field`` is what the checks ask of a place; a schema's field answers it, and so does
``Known``, which a projection, a formula, a table or the run's registers give.

Pure; imports the words of kinds only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from engine.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


# Names of filters that change nothing in what they have made, with their functions:
# what comes out of ``lower`` has no capitals.
Forms = tuple[tuple[str, Callable[[Any], Any]], ...]


class Type(Protocol):
    """What may be asked of a place."""

    @property
    def types(self) -> frozenset[str]:
        """JSON types without "null"; empty when nothing is known."""

    @property
    def enum(self) -> tuple[Any, ...] | None:
        """The only values there are, or None."""

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of the fields below."""

    @property
    def is_open(self) -> bool:
        """Whether other names may occur."""

    @property
    def max_length(self) -> int | None:
        """The longest text, in characters."""

    @property
    def min_length(self) -> int | None:
        """The shortest text, in characters."""

    @property
    def format(self) -> str | None:
        """The named form of a text."""

    @property
    def pattern(self) -> str | None:
        """The pattern that a text has."""

    @property
    def forms(self) -> Forms:
        """The filters that its text has gone through."""

    def child(self, name: str) -> Type | None:
        """Give the field of that name."""

    def item(self) -> Type | None:
        """Give what a list holds."""


@dataclass(frozen=True, slots=True)
class KnownType:
    """A place that no schema describes: a list, a group, or values that are known."""

    types: frozenset[str] = frozenset()
    enum: tuple[Any, ...] | None = None
    fields: Mapping[str, Type | None] = field(default_factory=dict)
    is_open: bool = False
    holds: Type | None = None
    max_length: int | None = None
    min_length: int | None = None
    format: str | None = None
    pattern: str | None = None
    forms: Forms = ()

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of the fields below."""
        return tuple(self.fields)

    def child(self, name: str) -> Type | None:
        """Give the field of that name; one of which nothing is known is open."""
        if name not in self.fields:
            return None
        return self.fields[name] or ANYTHING

    def item(self) -> Type | None:
        """Give what a list holds."""
        return self.holds


ANYTHING: Final = KnownType(is_open=True)
TEXT: Final = KnownType(frozenset({"string"}))
NUMBER: Final = KnownType(frozenset({"number"}))
TRUTH: Final = KnownType(frozenset({"boolean"}))
BY_KIND: Final[Mapping[str, KnownType]] = {
    "text": TEXT,
    "number": NUMBER,
    "truth": TRUTH,
    "list": KnownType(frozenset({"array"})),
    "group": KnownType(frozenset({"object"}), is_open=True),
}


def kind_of(field_: Type | None) -> str:
    """Give "text", "number", "truth", "list", "group", or "any" when not known."""
    types = frozenset() if field_ is None else field_.types
    kinds = {KINDS.get(t, "any") for t in types}
    return kinds.pop() if len(kinds) == 1 else "any"


def list_of(item: Type | None) -> KnownType:
    """Give a list of what is known of its items."""
    return KnownType(frozenset({"array"}), holds=item)


def group_of(fields: Mapping[str, Type | None]) -> KnownType:
    """Give a group that has these fields and no other."""
    return KnownType(frozenset({"object"}), fields=dict(fields))


def common_type(fields: Iterable[Type | None]) -> Type | None:
    """Give what holds for all of several places; None when they have little in common.

    Values are known only when they are for each.
    """
    found = list(fields)
    if not found or any(one is None for one in found):
        return None
    first, *others = (one for one in found if one is not None)
    if all(one is first for one in others):
        return first
    kinds = {kind_of(one) for one in (first, *others)}
    if len(kinds) != 1 or "any" in kinds:
        return None
    if kinds == {"group"}:
        same = all(one.properties == first.properties for one in others)
        return first if same else None
    if kinds == {"list"}:
        return list_of(common_type([first.item(), *(one.item() for one in others)]))
    enums = [one.enum for one in (first, *others)]
    values: dict[Any, None] = {}
    for enum in enums:
        values.update(dict.fromkeys(enum or ()))
    types = frozenset().union(*(one.types for one in (first, *others)))
    formats = {one.format for one in (first, *others)}
    return KnownType(
        types,
        enum=tuple(values) if all(enums) else None,
        format=formats.pop() if len(formats) == 1 else None,
    )
