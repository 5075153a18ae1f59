"""The grammars of a project's files, from ``schemas/``.

Each definition stands in one file; the others refer to it, as to
``mapping.schema.json#/$defs/formula``. Here every grammar is put together, so that a
reader follows references inside one schema only. What begins with a reference
(``{"$ref": …, "unevaluatedProperties": false, "properties": …}``) holds what it refers
to, with its own keywords over it.

``schemas/settings.schema.json`` begins with a reference to the grammar of a company
file and adds what the companies of one project settle; the engine knows none of that.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from referencing import Registry, Resource

FOLDER = "schemas/grammar"
SETTINGS = "schemas/settings.schema.json"
_SETTINGS = "settings"
_SUFFIX = ".schema.json"
_DEFINITION = "#/$defs/"


def load_grammars(root: Path) -> dict[str, dict[str, Any]]:
    """Give the grammar of each kind of file: ``mapping``, ``flow``, ``company``.

    The same files give the same dictionaries again: do not change them.

    Raises:
        OSError: A grammar cannot be read.
        referencing.exceptions.Unresolvable: A reference leads nowhere.
        ValueError: One grammar refers to two definitions of one name.
    """
    paths = sorted((root / FOLDER).glob(f"*{_SUFFIX}"))
    texts = {path.name.removesuffix(_SUFFIX): path.read_bytes() for path in paths}
    if (root / SETTINGS).is_file():
        texts[_SETTINGS] = (root / SETTINGS).read_bytes()
    return dict(_put_together(tuple(texts.items())))


@lru_cache(maxsize=4)
def _put_together(texts: tuple[tuple[str, bytes], ...]) -> dict[str, dict[str, Any]]:
    schemas = {kind: json.loads(text) for kind, text in texts}
    registry: Any = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in schemas.values()
    )
    order = [name for schema in schemas.values() for name in schema.get("$defs", ())]
    found = {
        kind: _Bundle(registry.resolver(schema["$id"])).whole(schema, order)
        for kind, schema in schemas.items()
    }
    if _SETTINGS in found:
        found["company"] = found.pop(_SETTINGS)
    return found


class _Bundle:
    """Puts one grammar together out of the files that it refers to."""

    def __init__(self, resolver: Any) -> None:
        self._resolver = resolver
        self._definitions: dict[str, Any] = {}
        self._origins: dict[str, Any] = {}  # as they stand in their files

    def whole(self, schema: dict[str, Any], order: list[str]) -> dict[str, Any]:
        found = self._merged(schema, self._resolver)
        names = sorted(self._definitions, key=order.index)
        return found | {"$defs": {name: self._definitions[name] for name in names}}

    def _part(self, value: Any, resolver: Any) -> Any:
        if isinstance(value, list):
            return [self._part(item, resolver) for item in value]
        if not isinstance(value, dict):
            return value
        reference = value.get("$ref")
        if not isinstance(reference, str):
            return {key: self._part(part, resolver) for key, part in value.items()}
        name = reference.partition(_DEFINITION)[2]
        if not name or "/" in name:
            return self._merged(value, resolver)
        self._define(name, resolver.lookup(reference))
        others = {key: part for key, part in value.items() if key != "$ref"}
        return {"$ref": f"{_DEFINITION}{name}", **self._part(others, resolver)}

    def _define(self, name: str, found: Any) -> None:
        if name not in self._definitions:
            self._origins[name] = found.contents
            self._definitions[name] = {}  # it may refer to itself
            self._definitions[name] = self._merged(found.contents, found.resolver)
        elif self._origins[name] is not found.contents:
            raise ValueError(f"two definitions are called {name}")

    def _merged(self, schema: dict[str, Any], resolver: Any) -> dict[str, Any]:
        """Give a schema with what it refers to in the place of the reference."""
        reference = schema.get("$ref")
        others = {k: v for k, v in schema.items() if k not in ("$ref", "$defs")}
        own: dict[str, Any] = self._part(others, resolver)
        if not isinstance(reference, str):
            return own
        found = resolver.lookup(reference)
        base = self._merged(found.contents, found.resolver)
        merged = {**base, **own}
        for key in ("properties", "required"):
            if key in base and key in own:
                merged[key] = _joined(base[key], own[key])
        # Nothing is evaluated elsewhere any more.
        if "unevaluatedProperties" in merged:
            merged["additionalProperties"] = merged.pop("unevaluatedProperties")
        return merged


def _joined(base: Any, own: Any) -> Any:
    if isinstance(base, dict):
        return {**base, **own}
    return list(dict.fromkeys([*base, *own]))
