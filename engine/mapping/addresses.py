"""Where a field stands in a mapping: ``invoiceRows[].unit``, ``billingAddress.name``.

A mapping may write a group as a nested block or as dotted names; an address is the same
for both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.mapping.rule_load import VALUE_KEYS
from engine.rulefiles.nodes import Entry, ListNode, MapNode, Node, Scalar, map_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.language.schema import SchemaField


@dataclass(frozen=True, slots=True)
class Address:
    """A field's address, seen from the group that is being looked at."""

    key: Scalar  # as the overlay writes it
    name: str  # the part that is left below the group
    path: str  # the part above it, with its joint: "invoiceRows[]."
    field: SchemaField | None  # what the target says of the group; None is unknown

    @property
    def full(self) -> str:
        """The whole address."""
        return self.path + self.name

    @property
    def target(self) -> SchemaField | None:
        """What the target says of the field itself; None when it has no such field."""
        return step(self.field, self.name)

    @property
    def owner(self) -> SchemaField | None:
        """What the target says of the group that the field stands in."""
        return step(self.field, self.name.rpartition(".")[0])

    @property
    def is_free(self) -> bool:
        """Whether the target may have fields of any name there."""
        return self.field is None or (self.owner is not None and self.owner.is_open)

    def below(self, own: str, joint: str) -> Address:
        """Step into ``own``, a group (``.``) or the rows of a list (``[].``)."""
        field = step(self.field, own + joint.removesuffix("."))
        rest = self.name[len(own + joint) :]
        return Address(self.key, rest, f"{self.path}{own}{joint}", field)

    def at(self, key: Scalar) -> Address:
        """Give the address of a key written inside this group."""
        return replace(self, key=key, name=f"{self.name}.{key.text}")

    def named_key(self) -> Scalar:
        """Give the key for a new field, at the place of its own part."""
        if self.key.text == self.name:
            return self.key
        offset = max(len(self.key.text) - len(self.name), 0)
        return Scalar(self.name, self.key.at(offset))


def step(field: SchemaField | None, address: str) -> SchemaField | None:
    """Follow an address in a schema; None where it does not lead anywhere."""
    for part in address.split(".") if address else ():
        if field is None:
            return None
        field = field.child(part.removesuffix("[]"))
        if part.endswith("[]") and field is not None:
            field = field.item()
    return field


def list_addresses(entries: Mapping[str, Entry]) -> list[str]:
    """List the addresses of all fields of a group, as an overlay writes them."""
    found = []
    for name, entry in entries.items():
        found.append(name)
        node = entry.value
        for block in node.items if isinstance(node, ListNode) else (node,):
            inner = map_at(block, "fields")
            if isinstance(block, MapNode) and inner is not None:
                joint = "[]." if "each" in block else "."
                found += [f"{name}{joint}{n}" for n in list_addresses(inner.entries)]
    return list(dict.fromkeys(found))


def has_field(block: Node, address: str) -> bool:
    """Tell whether a block makes a field, or fields below it."""
    fields = map_at(block, "fields")
    own = [] if fields is None else list_addresses(fields.entries)
    return any(o == address or o.startswith(f"{address}.") for o in own)


def rule_kind(node: Node, like: Node | None = None) -> str:
    """Tell a rule, a group of fields and rows apart.

    Of a change (``like`` is what it changes), only a value key, ``fields`` or ``each``
    says that it is another kind: a lone ``when`` changes whatever stands there.
    """
    if isinstance(node, ListNode):
        return "rows"
    if isinstance(node, Scalar):
        return "rule"
    if "each" in node:
        return "rows"
    if makes_value(node) and "fields" not in node:
        return "rule"
    known = "rule" if like is None else rule_kind(like)
    return "group" if "fields" in node and known == "rule" else known


def makes_value(node: Node) -> bool:
    """Tell whether a change makes a value by itself."""
    return not isinstance(node, MapNode) or any(
        key in node for key in (*VALUE_KEYS, "transform", "fields", "each")
    )


def as_map(node: Node) -> MapNode:
    """Write the short form of a rule out: a path is ``source``."""
    if isinstance(node, MapNode):
        return node
    key = Scalar("source", node.position)
    return MapNode({"source": Entry(key, node)}, node.position)
