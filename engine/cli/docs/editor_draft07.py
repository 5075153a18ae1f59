"""Grammar schemas as editors want them: JSON Schema draft-07, over YAML's own types.

Our loader reads every scalar as text, an editor reads ``yes``, ``012`` and ``28`` as
YAML does. So what is a text to us may be a number or a truth value there, and yes and
no are both words and values. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

DRAFT: Final = "http://json-schema.org/draft-07/schema#"
_RENAMED: Final[Mapping[str, str]] = {
    "$defs": "definitions",
    "dependentRequired": "dependencies",
}
_LEFT_OUT: Final = ("$schema", "$id")
# Their values are schemas by name, so a name is no keyword.
_NAMED: Final = ("properties", "$defs", "patternProperties")


def convert_grammar(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a 2020-12 grammar; our own ``x-`` keys and examples are left out."""
    return {"$schema": DRAFT, **_convert(schema)}


def _convert(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_convert(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _LEFT_OUT or key.startswith("x-") or key == "examples":
            continue
        name: str = _RENAMED.get(key, key)
        if key in _NAMED and isinstance(value, dict):
            found[name] = {n: _convert(part) for n, part in value.items()}
        elif key == "$ref":
            found[name] = str(value).replace("#/$defs/", "#/definitions/")
        elif key in ("const", "enum"):
            found["enum"] = _literals([value] if key == "const" else value)
        elif key == "type":
            found.update(_types(value))
        else:
            found[name] = value if key == "default" else _convert(value)
    if "$ref" in found and len(found) > 1:
        # Draft-07 reads nothing beside a reference.
        found = {"allOf": [{"$ref": found.pop("$ref")}], **found}
    return found


def _literals(values: list[Any]) -> list[Any]:
    """Give allowed values, and those that YAML makes of the same letters."""
    numbers = [int(v) for v in values if isinstance(v, str) and v.isdecimal()]
    return [*values, *numbers]


def _types(value: Any) -> dict[str, Any]:
    names = [value] if isinstance(value, str) else list(value)
    if names == ["boolean"]:
        return {"enum": ["yes", "no", True, False]}
    if "string" in names:
        names += [name for name in ("number", "boolean") if name not in names]
    return {"type": names[0] if len(names) == 1 else names}
