"""Whether a grammar accepts a file at all, at a look.

A grammar speaks of texts: "integer" is ``40``, "boolean" is yes. Said once more in
plain JSON Schema over texts, jsonschema-rs decides it in a moment. It may refuse what
the grammar takes, and never the other way; what it refuses is then looked at with care,
by :mod:`engine.rulefiles.grammar`, which finds words for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import jsonschema_rs

from engine.rulefiles.nodes import YES_NO

_TEXTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "integer": {"pattern": "^-?[0-9]+$"},
    "number": {"pattern": r"^-?[0-9]+(\.[0-9]+)?$"},
    "boolean": {"enum": list(YES_NO)},
}
# Least value of a number → the texts that surely have it.
_AT_LEAST: Final = {0: r"^[0-9]+(\.[0-9]+)?$", 1: r"^0*[1-9][0-9]*(\.[0-9]+)?$"}
_MOST_LISTED: Final = 1000
_PLAIN: Final = ("default", "examples", "description", "title", "$id", "$schema")


def compile_grammar(schema: Mapping[str, Any]) -> Any:
    """Give what tells of a file's plain tree whether it is surely accepted."""
    return jsonschema_rs.validator_for(_over_texts(schema))


def _over_texts(schema: Any) -> Any:
    """Say a schema once more, over texts."""
    if isinstance(schema, list):
        return [_over_texts(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    said: dict[str, Any] = {}
    also: list[dict[str, Any]] = []
    for key, value in schema.items():
        if key in _PLAIN or key.startswith("x-"):
            continue
        if key == "type":
            also.append(_types(value))
        elif key in ("enum", "const"):
            values = value if key == "enum" else [value]
            also.append({"enum": [text for one in values for text in _texts_of(one)]})
        elif key in ("minimum", "maximum"):
            continue
        elif key in ("properties", "patternProperties", "$defs", "dependentSchemas"):
            said[key] = {name: _over_texts(part) for name, part in value.items()}
        elif key in ("required", "dependentRequired"):
            said[key] = value
        else:
            said[key] = _over_texts(value)
    also += _bounds(schema)
    return {**said, "allOf": [*said.get("allOf", ()), *also]} if also else said


def _types(value: Any) -> dict[str, Any]:
    names = [value] if isinstance(value, str) else value
    forms = [
        {"type": "string", **_TEXTS[name]} if name in _TEXTS else {"type": name}
        for name in names
    ]
    return forms[0] if len(forms) == 1 else {"anyOf": forms}


def _bounds(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give texts that surely keep to the bounds; of others, none is sure."""
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None and most is None:
        return []
    if isinstance(least, int) and isinstance(most, int) and most - least < _MOST_LISTED:
        return [{"enum": [str(number) for number in range(least, most + 1)]}]
    if most is None and least in _AT_LEAST:
        return [{"pattern": _AT_LEAST[least]}]
    return [{"not": {}}]


def _texts_of(value: Any) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("yes", "true") if value else ("no", "false")
    return (str(value),)
