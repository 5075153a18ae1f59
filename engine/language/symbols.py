"""symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from engine.language.types import Field, kind_of
from engine.language.scope import ROOTS
from engine.suggest import suggest

_SHOWN = 8  # names that a finding lists at most


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a place before any document is read; None means unknown."""

    field: Field | None
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
        return kind_of(self.field)


@dataclass(frozen=True, slots=True)
class NameFault:
    """A name that the schema does not have, and what it has instead."""

    label: str
    owner: str
    choices: tuple[str, ...]
    elsewhere: str = ""  # where a field of that very name is, as a path

    @property
    def code(self) -> str:
        """Give the finding's code, by what kind of name it is."""
        return _NAME_CODES.get(self.label.partition(".")[0], "M201")

    @property
    def message(self) -> str:
        """Say it in the consultant's words."""
        if self.label in _NOT_HERE:
            return f"{self.label} means nothing here"
        root, _, below = self.label.partition(".")
        if root == "run" and "." not in below:
            return f"the flow reads no register {self.label}"
        return f"{_NAME_WORDS.get(root, 'the document has no field')} {self.label}"

    @property
    def hint(self) -> str | None:
        """Give one way out."""
        word = self.label.rsplit(".", 1)[-1]
        if self.elsewhere:
            return f"write {self.elsewhere}"
        if self.label in _NOT_HERE:
            return _NOT_HERE[self.label]
        if self.owner == "run" and not self.choices:
            return "read it in setup: of the flow"
        close = suggest(word, self.choices)
        if close:
            return f"did you mean {close}?"
        if not self.choices:
            return None
        shown = ", ".join(self.choices[:_SHOWN])
        more = ", …" if len(self.choices) > _SHOWN else ""
        return f"{self.owner or 'the document'} has: {shown}{more}"


_NAME_CODES: Final = {"vars": "M205", "company": "M207", "run": "M209"}


_NAME_WORDS: Final = {
    "vars": "there is no variable",
    "company": "there is no setting",
    "run": "the register has no field",
    "candidate": "the target has no field",
    "answer": "the answer has no field",
    "payload": "the payload has no field",
}


# Roots that only some cells see, and which.
_NOT_HERE: Final = {
    "candidate": "match rules see it, and where: and same: of deliver",
    "payload": "same: of deliver sees it",
    "answer": "verify: of acknowledge sees it",
    "value": "transform: beside another key sees it",
}


@dataclass(frozen=True, slots=True)
class Types:
    """What is known of a scope at load time, for findings with the exact place.

    ``variables`` None means that nobody knows which variables there will be. A root of
    which something is known stands in ``roots``, a variable in ``shapes``.
    """

    item: Field | None = None
    document: Field | None = None
    parent: Field | None = None
    variables: frozenset[str] | None = None
    extra_roots: frozenset[str] = field(default_factory=frozenset)
    label: str = ""
    roots: Mapping[str, Field | None] = field(default_factory=dict)
    shapes: Mapping[str, Field | None] = field(default_factory=dict)

    def name(self, name: str) -> Shape | NameFault:
        """Say what a bare name is."""
        if name == "this":
            return Shape(self.item, self.label)
        if name == "doc":
            return Shape(self.document, "")
        if name == "parent" and self.label:
            return Shape(self.parent, "parent")
        if name in self.roots:
            return Shape(self.roots[name], name)
        if name in ROOTS or name in self.extra_roots:
            return Shape(None, name)
        found = Shape(self.item, self.label).child(name)
        if not isinstance(found, NameFault):
            return found
        roots = dict.fromkeys((*ROOTS, *self.roots, *self.extra_roots))
        choices = tuple(dict.fromkeys((*found.choices, *roots)))
        is_inside = self.document is not None and self.document is not self.item
        in_document = is_inside and self.document and self.document.child(name)
        elsewhere = f"doc.{name}" if in_document else ""
        return replace(found, choices=choices, elsewhere=elsewhere)

    def variable(self, name: str) -> Shape | NameFault:
        """Say what ``vars.NAME`` is."""
        if self.variables is None or name in self.variables:
            return Shape(self.shapes.get(name), f"vars.{name}")
        return NameFault(f"vars.{name}", "vars", tuple(sorted(self.variables)))

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

    def with_roots(self, **known: Field | None) -> Types:
        """Add roots of which something is known."""
        return replace(self, roots={**self.roots, **known})

    def with_shapes(self, known: Mapping[str, Field | None]) -> Types:
        """Say what is known of variables."""
        return replace(self, shapes={**self.shapes, **known})
