"""A company's settings: texts become what the settings schema says they are.

The schema (``schemas/grammar/company.schema.json``) has accepted the file; here yes and
no become true and false, numbers become numbers, and what is not said gets its default.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.yamlfile import ListNode, MapNode, Scalar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.errors import Position
    from engine.yamlfile import Node

_YES = ("yes", "true")


@dataclass(frozen=True, slots=True)
class Company:
    """One company file, read."""

    name: str
    settings: Mapping[str, Any]
    base_urls: Mapping[str, str]  # system -> address, where the company has its own
    position: Position

    @property
    def is_enabled(self) -> bool:
        """Tell whether the master switch is on."""
        return bool(self.settings.get("enabled"))


def read_company(node: MapNode, schema: Mapping[str, Any]) -> Company:
    """Read a company file that the grammar accepts."""
    settings = read_settings(node, schema)
    systems = settings.get("systems") or {}
    return Company(
        name=str(settings.get("company", "")),
        settings=settings,
        base_urls={
            name: str(values["base_url"])
            for name, values in systems.items()
            if values.get("base_url")
        },
        position=node.position,
    )


def read_settings(node: Node | None, schema: Mapping[str, Any]) -> Any:
    """Give the value of a settings node, with the schema's types and defaults.

    Returns:
        Dictionaries, lists, texts, booleans, int and Decimal. A group that the file
        leaves out is there with its defaults, so that a rule may always ask for it.
    """
    return _read(node, schema, schema)


def _read(node: Node | None, schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    schema = _follow(schema, root)
    if isinstance(node, MapNode) or (node is None and "properties" in schema):
        return _read_group(node, schema, root)
    if node is None:
        return schema.get("default")
    if isinstance(node, ListNode):
        items = schema.get("items", {})
        return [_read(item, items, root) for item in node.items]
    return _read_text(node, schema)


def _read_group(
    node: MapNode | None, schema: Mapping[str, Any], root: Mapping[str, Any]
) -> dict[str, Any]:
    known: Mapping[str, Any] = schema.get("properties", {})
    others = schema.get("additionalProperties")
    found = {
        name: _read(node.get(name) if node else None, child, root)
        for name, child in known.items()
    }
    if node is not None:
        for key, value in node.items():
            if key.text not in known:
                child = others if isinstance(others, dict) else {}
                found[key.text] = _read(value, child, root)
    return found


def _read_text(node: Scalar, schema: Mapping[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "boolean":
        return node.text in _YES
    if kind == "integer":
        return int(node.text)
    if kind == "number":
        return Decimal(node.text)
    return node.text


def _follow(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return schema
    found: Any = root
    for part in reference[2:].split("/"):
        found = found[part]
    return {**found, **{key: v for key, v in schema.items() if key != "$ref"}}
