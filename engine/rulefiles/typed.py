"""Turns accepted YAML nodes into typed values, as their grammar schema says."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.rulefiles.nodes import YES_NO, ListNode, MapNode, Node, Scalar


def read_settings(node: Node | None, schema: Mapping[str, Any]) -> Any:
    """Give the value of a settings node, with the schema's types and defaults.

    Returns:
        Dictionaries, lists, texts, booleans, int and Decimal. A group that the file
        leaves out is there with its defaults, so that a rule may always ask for it.
    """
    return _read(node, schema, schema)


def _read(node: Node | None, schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    schema = _follow(schema, root)
    is_group = "properties" in schema and schema.get("type", "object") == "object"
    if isinstance(node, MapNode) or (node is None and is_group):
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
    for name, child in known.items():
        if node is None or name not in node:
            for other, defaults in child.get("x-default-by", {}).items():
                found[name] = defaults.get(found.get(other), found[name])
    if node is not None:
        for key, value in node.items():
            if key.text not in known:
                child = others if isinstance(others, dict) else {}
                found[key.text] = _read(value, child, root)
    return found


def _read_text(node: Scalar, schema: Mapping[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "boolean":
        return YES_NO.get(node.text, False)
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
