"""What a rule can see: the current item, and the roots around it.

A bare name is a field of the current item. A root (``doc``, ``vars``, ``company``,
``run``, ``parent``, ``row_number``, ``this``, and what a flow adds) wins over a field
of the same name; ``this.NAME`` still reaches the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from engine.suggest import suggest

if TYPE_CHECKING:
    from engine.schemas import SchemaField

ROOTS: Final = ("doc", "vars", "company", "run", "parent", "row_number", "this")
_SHOWN = 8  # names that a finding lists at most


@dataclass(frozen=True, slots=True)
class Scope:
    """The current item and the roots; immutable, so every row has its own."""

    item: Any
    roots: Mapping[str, Any]

    def lookup(self, name: str) -> Any:
        """Give a root or a field of the item; None when there is neither."""
        if name == "this":
            return self.item
        if name in self.roots:
            return self.roots[name]
        return self.item.get(name) if isinstance(self.item, Mapping) else None

    def with_item(self, item: Any, row_number: int | None = None) -> Scope:
        """Step into a row: ``parent`` is then the item that was current until now."""
        roots = {**self.roots, "parent": self.item}
        if row_number is not None:
            roots["row_number"] = row_number
        return Scope(item, roots)

    def with_roots(self, **more: Any) -> Scope:
        """Add or replace roots."""
        return Scope(self.item, {**self.roots, **more})


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a place before any document is read; None means unknown."""

    field: SchemaField | None
    label: str  # as a finding names it: "customer", "rows[]"

    def child(self, name: str) -> Shape | NameFault:
        """Step to a field; a fault when the schema is closed and does not list it."""
        label = f"{self.label}.{name}" if self.label else name
        if self.field is None:
            return Shape(None, label)
        found = self.field.child(name)
        if found is not None:
            return Shape(found, label)
        types = self.field.types
        if self.field.is_open and (not types or "object" in types):
            return Shape(None, label)
        return NameFault(label, self.label, self.field.properties)

    def item(self) -> Shape:
        """Step into a list."""
        found = None if self.field is None else self.field.item()
        return Shape(found, f"{self.label}[]")

    @property
    def kind(self) -> str:
        """Give "text", "number", "truth", "list", "group" or "any" for unknown."""
        types = frozenset() if self.field is None else self.field.types
        kinds = {_KINDS.get(t, "any") for t in types}
        return kinds.pop() if len(kinds) == 1 else "any"


_KINDS: Final[Mapping[str, str]] = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "boolean": "truth",
    "array": "list",
    "object": "group",
}


@dataclass(frozen=True, slots=True)
class NameFault:
    """A name that the schema does not have, and what it has instead."""

    label: str
    owner: str
    choices: tuple[str, ...]
    is_variable: bool = False

    @property
    def message(self) -> str:
        """Say it in the consultant's words."""
        if self.is_variable:
            return f"there is no variable {self.label}"
        return f"the document has no field {self.label}"

    @property
    def hint(self) -> str | None:
        """Give one way out."""
        word = self.label.rsplit(".", 1)[-1]
        close = suggest(word, self.choices)
        if close:
            return f"did you mean {close}?"
        if not self.choices:
            return None
        shown = ", ".join(self.choices[:_SHOWN])
        more = ", …" if len(self.choices) > _SHOWN else ""
        return f"{self.owner or 'the document'} has: {shown}{more}"


@dataclass(frozen=True, slots=True)
class Types:
    """What is known of a scope at load time, for findings with the exact place.

    ``variables`` None means that nobody knows which variables there will be.
    """

    item: SchemaField | None = None
    document: SchemaField | None = None
    parent: SchemaField | None = None
    variables: frozenset[str] | None = None
    extra_roots: frozenset[str] = field(default_factory=frozenset)
    label: str = ""

    def name(self, name: str) -> Shape | NameFault:
        """Say what a bare name is."""
        if name == "this":
            return Shape(self.item, self.label)
        if name == "doc":
            return Shape(self.document, "")
        if name == "parent" and self.label:
            return Shape(self.parent, "parent")
        if name in ROOTS or name in self.extra_roots:
            return Shape(None, name)
        found = Shape(self.item, self.label).child(name)
        if isinstance(found, NameFault):
            return replace(found, choices=(*found.choices, *ROOTS, *self.extra_roots))
        return found

    def variable(self, name: str) -> Shape | NameFault:
        """Say what ``vars.NAME`` is."""
        if self.variables is None or name in self.variables:
            return Shape(None, f"vars.{name}")
        return NameFault(
            f"vars.{name}", "vars", tuple(sorted(self.variables)), is_variable=True
        )

    def row(self, shape: Shape) -> Types:
        """Step into the rows of ``each``."""
        return replace(
            self,
            item=shape.field,
            parent=self.item,
            label=shape.label or "this[]",
        )

    def with_extra(self, *names: str) -> Types:
        """Add roots that only some cells see, such as ``value``."""
        return replace(self, extra_roots=self.extra_roots | frozenset(names))
