"""Where a field stands in a mapping: ``invoiceRows[].unit``, ``billingAddress.name``.

A mapping may write a group as a nested block or as dotted names; an address is the same
for both. Pure; imports problems and the yaml modules.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.problems import nearest
from engine.rulefiles.reader import Entry, ListNode, MapNode, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.language.schema import SchemaField

_SHOWN = 8  # names that a finding lists at most


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
            inner = block.get("fields") if isinstance(block, MapNode) else None
            if isinstance(block, MapNode) and isinstance(inner, MapNode):
                joint = "[]." if "each" in block else "."
                found += [f"{name}{joint}{n}" for n in list_addresses(inner.entries)]
    return list(dict.fromkeys(found))


def has_field(block: Node, address: str) -> bool:
    """Tell whether a block makes a field, or fields below it."""
    fields = block.get("fields") if isinstance(block, MapNode) else None
    own = list_addresses(fields.entries) if isinstance(fields, MapNode) else []
    return any(o == address or o.startswith(f"{address}.") for o in own)


def hint_name(word: str, known: Iterable[str], what: str) -> str | None:
    """Suggest the name that was meant, or list some that there are."""
    names = list(dict.fromkeys(known))
    close = nearest(word, names)
    if close:
        return f"did you mean {close}?"
    if not names:
        return None
    more = ", …" if len(names) > _SHOWN else ""
    return f"{what}: {', '.join(names[:_SHOWN])}{more}"
