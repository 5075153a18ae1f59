"""Payload schemas: what we read and what we send, as JSON Schema 2020-12 files.

A schema is asked here about one field at a time (which types, how long, which values);
whether a whole payload is right is :mod:`engine.language.validation`'s question.
References are resolved among the loaded files only: nothing is ever fetched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag, urljoin

from engine.errors import Position
from engine.problems import Problems

if TYPE_CHECKING:
    from pathlib import Path

    from engine.language.types import Forms

SUFFIX = ".schema.json"
BASE_URI = "https://siirto.example/schemas/"
_MAX_DEPTH = 40  # references in a row; a longer chain is a circle


class SchemaStore:
    """The loaded schemas by name, folder and file: ``system/invoice``.

    Raises:
        RuleError: A reference leads to no loaded schema (code M408).
    """

    def __init__(self, documents: Mapping[str, dict[str, Any]]) -> None:
        self.documents: dict[str, dict[str, Any]] = dict(documents)
        self._uris = {self.uri(name): name for name in self.documents}
        self.validators: dict[
            str, tuple[Any, str | None]
        ] = {}  # filled by engine.language.validation
        self._fields: dict[str, SchemaField] = {}
        self._targets: dict[tuple[str, str], tuple[Any, str] | None] = {}
        problems = Problems()
        for name, document in self.documents.items():
            for reference in _iter_references(document):
                if self.find_target(name, reference) is None:
                    said = f"the reference {reference} leads to no schema"
                    problems.add("M408", said, _beginning(name))
        problems.raise_if_any()

    def __contains__(self, name: object) -> bool:
        return name in self.documents

    @property
    def names(self) -> tuple[str, ...]:
        """The schemas' names, sorted."""
        return tuple(sorted(self.documents))

    def uri(self, name: str) -> str:
        """Give the schema's ``$id``, or the one its name implies."""
        declared = self.documents[name].get("$id")
        return declared if isinstance(declared, str) else f"{BASE_URI}{name}{SUFFIX}"

    def find_document(self, uri: str) -> dict[str, Any] | None:
        """Find a loaded schema by its full URI, or None."""
        name = self._uris.get(urldefrag(uri).url)
        return None if name is None else self.documents[name]

    def find_target(self, name: str, reference: str) -> tuple[Any, str] | None:
        """Find what ``$ref`` in schema ``name`` means: the sub-schema and its file."""
        key = (name, reference)
        if key not in self._targets:
            self._targets[key] = self._look_up(name, reference)
        return self._targets[key]

    def _look_up(self, name: str, reference: str) -> tuple[Any, str] | None:
        uri, fragment = urldefrag(urljoin(self.uri(name), reference))
        target = self._uris.get(uri)
        if target is None:
            return None
        found: Any = self.documents[target]
        for part in fragment.split("/")[1:] if fragment else ():
            key = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, dict) or key not in found:
                return None
            found = found[key]
        return found, target

    def field(self, name: str) -> SchemaField:
        """Give the root of a schema.

        Raises:
            KeyError: There is no schema of that name.
        """
        if name not in self._fields:
            self._fields[name] = SchemaField(self, (_Part(self.documents[name], name),))
        return self._fields[name]


@dataclass(frozen=True, slots=True)
class _Part:
    """One sub-schema and the file it stands in (references are relative to it)."""

    schema: Any
    name: str


class SchemaField:
    """What a schema says about one field, with references and ``allOf`` followed.

    Parts that all hold (``$ref``, ``allOf``) are merged; of ``anyOf`` and ``oneOf`` the
    null branch is left out: it says no more than that null may stand there. More
    branches than one are alternatives: a child is looked for in each.
    """

    def __init__(self, store: SchemaStore, parts: tuple[_Part, ...]) -> None:
        self._store = store
        self._alternatives: list[SchemaField] = []
        self._parts: list[_Part] = []
        self._children: dict[str, SchemaField | None] = {}
        for part in parts:
            self._add(part, 0)

    def _add(self, part: _Part, depth: int) -> None:
        schema = part.schema
        if not isinstance(schema, dict) or depth > _MAX_DEPTH:
            return
        self._parts.append(part)
        if "$ref" in schema:
            target = self._store.find_target(part.name, schema["$ref"])
            if target is not None:
                self._add(_Part(*target), depth + 1)
        for branch in schema.get("allOf", ()):
            self._add(_Part(branch, part.name), depth + 1)
        for keyword in ("anyOf", "oneOf"):
            branches = schema.get(keyword, ())
            real = [b for b in branches if b != {"type": "null"}]
            if len(real) == 1:
                self._add(_Part(real[0], part.name), depth + 1)
            elif depth < _MAX_DEPTH // 4:
                self._alternatives += [
                    SchemaField(self._store, (_Part(b, part.name),)) for b in real
                ]

    def _values(self, keyword: str) -> list[Any]:
        return [p.schema[keyword] for p in self._parts if keyword in p.schema]

    @cached_property
    def types(self) -> frozenset[str]:
        """JSON types the field may have, without "null"; empty when nothing is said."""
        found: frozenset[str] | None = None
        for value in self._values("type"):
            named = frozenset([value] if isinstance(value, str) else value)
            found = named if found is None else found & named
        if found is None:
            found = frozenset[str]().union(*(a.types for a in self._alternatives))
        if not found and self.enum:
            found = frozenset(_type_name(value) for value in self.enum)
        if not found and any("properties" in p.schema for p in self._parts):
            found = frozenset({"object"})
        return found - {"null"}

    @cached_property
    def enum(self) -> tuple[Any, ...] | None:
        """The allowed values without null, or None when any value may stand."""
        said = [*self._values("enum"), *([v] for v in self._values("const"))]
        if said:
            first, *others = said
            return tuple(
                v for v in first if v is not None and all(v in o for o in others)
            )
        lists = [a.enum for a in self._alternatives]
        if lists and all(lists):
            return tuple(v for values in lists for v in values or ())
        return None

    @cached_property
    def max_length(self) -> int | None:
        """The longest text, in characters."""
        said = self._values("maxLength")
        return int(min(said)) if said else None

    @cached_property
    def min_length(self) -> int | None:
        """The shortest text, in characters."""
        said = self._values("minLength")
        return int(max(said)) if said else None

    @property
    def forms(self) -> Forms:
        """No filter has been here."""
        return ()

    @cached_property
    def pattern(self) -> str | None:
        """The pattern a text must match."""
        return next(iter(self._values("pattern")), None)

    @cached_property
    def format(self) -> str | None:
        """The named form of a text: date, date-time, email, uuid …."""
        return next(iter(self._values("format")), None)

    @property
    def description(self) -> str:
        """The vendor's words about the field."""
        return next(iter(self._values("description")), "")

    @cached_property
    def required(self) -> frozenset[str]:
        """Properties that must be there, without those of ``if``/``then``."""
        return frozenset(n for names in self._values("required") for n in names)

    @property
    def alternatives(self) -> tuple[SchemaField, ...]:
        """The branches of which one must hold."""
        return tuple(self._alternatives)

    @cached_property
    def properties(self) -> tuple[str, ...]:
        """Names of the properties, in the schema's order."""
        names = [n for said in self._values("properties") for n in said]
        for alternative in self._alternatives:
            names += alternative.properties
        return tuple(dict.fromkeys(names))

    @cached_property
    def is_open(self) -> bool:
        """Whether names may occur that the schema does not list."""
        if self._alternatives:
            return any(a.is_open for a in self._alternatives)
        return not any(
            p.schema.get("x-closed") is True  # we list all; more may still be answered
            or p.schema.get("additionalProperties") is False
            or p.schema.get("unevaluatedProperties") is False
            for p in self._parts
        )

    def child(self, name: str) -> SchemaField | None:
        """Give the property of that name; None when the schema does not list it."""
        if name not in self._children:
            self._children[name] = self._find_child(name)
        return self._children[name]

    def _find_child(self, name: str) -> SchemaField | None:
        parts = tuple(
            _Part(p.schema["properties"][name], p.name)
            for p in self._parts
            if name in p.schema.get("properties", {})
        )
        if parts:
            return SchemaField(self._store, parts)
        for alternative in self._alternatives:
            found = alternative.child(name)
            if found is not None:
                return found
        return None

    def item(self) -> SchemaField | None:
        """Give what a list holds; None when it is no list or nothing is said."""
        return self._item

    @cached_property
    def _item(self) -> SchemaField | None:
        parts = tuple(
            _Part(p.schema["items"], p.name)
            for p in self._parts
            if isinstance(p.schema.get("items"), dict)
        )
        if parts:
            return SchemaField(self._store, parts)
        for alternative in self._alternatives:
            found = alternative.item()
            if found is not None:
                return found
        return None

    def annotation(self, keyword: str) -> Any:
        """Give a custom ``x-`` keyword's value, or None."""
        return next(iter(self._values(keyword)), None)


def load_schemas(root: Path) -> SchemaStore:
    """Load every ``<system>/<name>.schema.json`` below ``root`` (``grammar/`` is not).

    Numbers with a point become Decimal, so that ``multipleOf: 0.01`` is exact.

    Raises:
        RuleError: A file is not JSON or not an object (M408).
    """
    documents: dict[str, dict[str, Any]] = {}
    problems = Problems()
    for path in sorted(root.glob(f"*/*{SUFFIX}")):
        if path.parent.name == "grammar":
            continue
        name = f"{path.parent.name}/{path.name.removesuffix(SUFFIX)}"
        place = _beginning(name)
        try:
            document = json.loads(path.read_bytes(), parse_float=Decimal)
        except json.JSONDecodeError as error:
            place = replace(place, line=error.lineno, column=error.colno)
            problems.add("M408", f"this is not JSON: {error.msg}", place)
        except UnicodeDecodeError:
            problems.add("M408", "this is not UTF-8 text", place)
        else:
            if isinstance(document, dict):
                documents[name] = document
            else:
                problems.add("M408", "a schema is an object", place)
    problems.raise_if_any()
    return SchemaStore(documents)


def _beginning(name: str) -> Position:
    return Position(f"schemas/{name}{SUFFIX}", 1, 1)


def _iter_references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str):
            yield reference
        for key, value in node.items():
            # What an example shows is no schema.
            if key not in {"enum", "const", "default", "examples"}:
                yield from _iter_references(value)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for value in node:
            yield from _iter_references(value)


def _type_name(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, Decimal | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
