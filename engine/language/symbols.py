"""What is known of the names that a cell may use, before any document is read.

A name is a field of the current item or a root; stepping through it gives a Symbol, or
an UnknownName with the nearest word. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from engine.kinds import PHRASES
from engine.language.scope import ROOTS
from engine.language.types import NUMBER, Type, kind_of
from engine.problems import hint_for

if TYPE_CHECKING:
    from collections.abc import Mapping


_PATH: Final = re.compile(r"[A-Za-z_]\w*(\[[\d*]*\])?(\.[A-Za-z_]\w*(\[[\d*]*\])?)*")
_ONE_NAME: Final = re.compile(r"[a-z]+([A-Z]\w*|_\w+|.*\[.*)")  # orderNumber, rows[0]


@dataclass(frozen=True, slots=True)
class Symbol:
    """What is known of a place before any document is read; None means unknown."""

    field: Type | None
    label: str  # as a finding names it: "customer", "rows[]"

    def child(self, name: str) -> Symbol | UnknownName:
        """Step to a field; a fault when the schema is closed and does not list it."""
        label = f"{self.label}.{name}" if self.label else name
        if self.field is None:
            return Symbol(None, label)
        found = self.field.child(name)
        if found is not None:
            return Symbol(found, label)
        types = self.field.types
        if self.field.is_open and (not types or "object" in types):
            return Symbol(None, label)
        unknown = UnknownName(label, self.label, self.field.properties)
        if not self.label or self.kind in {"group", "any"}:
            return unknown
        item = self.field.item()
        if item is None:
            return replace(unknown, kind=self.kind)
        where = f"{self.label}[].{name}" if item.child(name) else ""
        return replace(
            unknown, kind=self.kind, elsewhere=where, choices=item.properties
        )

    def follow(self, path: str) -> Symbol | UnknownName:
        """Step along a dotted path; ``rows[]`` steps into the list."""
        found = self
        for part in path.split("."):
            inner = found.child(part.removesuffix("[]"))
            if isinstance(inner, UnknownName):
                return inner
            found = inner.item() if part.endswith("[]") else inner
        return found

    def item(self) -> Symbol:
        """Step into a list."""
        found = None if self.field is None else self.field.item()
        return Symbol(found, f"{self.label}[]")

    @property
    def kind(self) -> str:
        """Give "text", "number", "truth", "list", "group" or "any" for unknown."""
        return kind_of(self.field)

    @property
    def text(self) -> str | None:
        """The text that it always is, such as a literal's; None when not known."""
        enum = None if self.field is None else self.field.enum
        is_one = enum is not None and len(enum) == 1 and isinstance(enum[0], str)
        return enum[0] if enum and is_one else None


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A name that the schema does not have, and what it has instead."""

    label: str
    owner: str
    choices: tuple[str, ...]
    elsewhere: str = ""  # where a field of that very name is, as a path
    kind: str = ""  # the owner's, where that is no group of fields
    instead: str = ""  # what was probably meant, where that is no name

    @property
    def code(self) -> str:
        """Give the finding's code, by what kind of name it is."""
        return _NAME_CODES.get(self.label.partition(".")[0], "M201")

    @property
    def message(self) -> str:
        """Say it in the consultant's words."""
        if self.label in _NOT_HERE:
            return f"{self.label} means nothing here"
        if self.kind:
            word = self.label.rpartition(".")[2]
            return f"{self.owner} is {PHRASES[self.kind]}; it has no field {word}"
        root, _, below = self.label.partition(".")
        if root == "vars" and self.owner != "vars":
            return f"{self.owner} has no field {below.rpartition('.')[2]}"
        if root == "run" and "." not in below:
            return f"the flow reads no register {self.label}"
        return f"{_NAME_WORDS.get(root, 'the document has no field')} {self.label}"

    @property
    def hint(self) -> str | None:
        """Give one way out."""
        word = self.label.rsplit(".", 1)[-1]
        if self.instead:
            return self.instead
        if self.elsewhere:
            return f"write {self.elsewhere}"
        if self.label in _NOT_HERE:
            return _NOT_HERE[self.label]
        if self.owner == "run" and not self.choices:
            return "read it in setup: of the flow"
        return hint_for(word, self.choices, f"{self.owner or 'the document'} has:")


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


def item_at(root: Type | None, address: str) -> Type | UnknownName | None:
    """Step from a document to one item of what stands at ``rows[].marks``."""
    whole = Symbol(root, "")
    found = whole.follow(address) if address else whole
    if isinstance(found, UnknownName):
        return found
    return found.item().field if found.kind == "list" else found.field


@dataclass(frozen=True, slots=True)
class SymbolTable:
    """What is known of a scope at load time, for findings with the exact place.

    ``variables`` None means that nobody knows which variables there will be. A root of
    which something is known stands in ``roots``, a variable in ``shapes``.
    """

    item: Type | None = None
    document: Type | None = None
    parent: Type | None = None
    variables: frozenset[str] | None = None
    extra_roots: frozenset[str] = field(default_factory=frozenset)
    label: str = ""
    roots: Mapping[str, Type | None] = field(default_factory=dict)
    shapes: Mapping[str, Type | None] = field(default_factory=dict)

    def name(self, name: str) -> Symbol | UnknownName:
        """Say what a bare name is."""
        if name == "this":
            return Symbol(self.item, self.label)
        if name == "doc":
            return Symbol(self.document, "")
        if name == "parent" and self.label:
            return Symbol(self.parent, "parent")
        if name in self.roots:
            return Symbol(self.roots[name], name)
        if name == "row_number":
            return Symbol(NUMBER, name)
        if name in ROOTS or name in self.extra_roots:
            return Symbol(None, name)
        found = Symbol(self.item, self.label).child(name)
        if not isinstance(found, UnknownName):
            return found
        roots = dict.fromkeys((*ROOTS, *self.roots, *self.extra_roots))
        choices = tuple(dict.fromkeys((*found.choices, *roots)))
        is_inside = self.document is not None and self.document is not self.item
        in_document = is_inside and self.document and self.document.child(name)
        elsewhere = f"doc.{name}" if in_document else ""
        if not elsewhere and name in (self.variables or ()):
            elsewhere = f"vars.{name}"
        return replace(found, choices=choices, elsewhere=elsewhere)

    def variable(self, name: str) -> Symbol | UnknownName:
        """Say what ``vars.NAME`` is."""
        if self.variables is None or name in self.variables:
            return Symbol(self.shapes.get(name), f"vars.{name}")
        return UnknownName(f"vars.{name}", "vars", tuple(sorted(self.variables)))

    def is_path(
        self, text: str, *, lone: bool = False, in_braces: bool = False
    ) -> bool:
        """Tell whether a text reads like the path of something that is known here.

        With ``lone`` also one name, where no word of a business is written like it; in
        braces any name.
        """
        first, _, below = text.partition(".")
        is_one = in_braces or (lone and _ONE_NAME.fullmatch(text))
        if not _PATH.fullmatch(text) or not (below or is_one):
            return False
        found: Symbol | UnknownName
        if first == "vars":
            if self.variables is None:
                return False
            name, _, below = below.partition(".")
            found = self.variable(name)
        else:
            found = self.name(re.sub(r"\[.*", "", first))
            if "[" in first and isinstance(found, Symbol):
                found = found.item()
        if isinstance(found, Symbol) and below:
            found = found.follow(re.sub(r"\[[^\]]*\]", "[]", below))
        is_variable = isinstance(found, Symbol) and found.label.startswith("vars.")
        return isinstance(found, Symbol) and (is_variable or found.field is not None)

    def row(self, shape: Symbol) -> SymbolTable:
        """Step into the rows of ``each``."""
        return replace(
            self,
            item=shape.field,
            parent=self.item,
            label=shape.label or "this[]",
        )

    def with_extra(self, *names: str) -> SymbolTable:
        """Add roots that only some cells see, such as ``value``."""
        return replace(self, extra_roots=self.extra_roots | frozenset(names))

    def with_roots(self, **known: Type | None) -> SymbolTable:
        """Add roots of which something is known."""
        return replace(self, roots={**self.roots, **known})

    def with_shapes(self, known: Mapping[str, Type | None]) -> SymbolTable:
        """Say what is known of variables."""
        return replace(self, shapes={**self.shapes, **known})
