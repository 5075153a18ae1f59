"""What stands below a key of a rule file, by its kind; nothing when it is not that."""

from __future__ import annotations

from collections.abc import Iterator

from engine.rulefiles.reader import ListNode, MapNode, Node, Scalar


def scalar_at(node: Node | None, key: str) -> Scalar | None:
    """Give the cell below a key."""
    value = node.get(key) if isinstance(node, MapNode) else None
    return value if isinstance(value, Scalar) else None


def text_at(node: Node | None, key: str) -> str:
    """Give the text below a key; "" when there is none."""
    cell = scalar_at(node, key)
    return "" if cell is None else cell.text


def number_at(node: Node | None, key: str, default: int = 0) -> int:
    """Give the whole number below a key; the grammar has judged its form."""
    text = text_at(node, key)
    return int(text) if text.isdecimal() else default


def map_at(node: Node | None, key: str) -> MapNode | None:
    """Give the map below a key."""
    value = node.get(key) if isinstance(node, MapNode) else None
    return value if isinstance(value, MapNode) else None


def entries_at(node: Node | None, key: str) -> Iterator[tuple[Scalar, Node]]:
    """Yield keys and values of the map below a key."""
    found = map_at(node, key)
    return iter(()) if found is None else found.items()


def maps_at(node: Node | None, key: str) -> list[MapNode]:
    """Give the maps of the list below a key."""
    value = node.get(key) if isinstance(node, MapNode) else None
    items = value.items if isinstance(value, ListNode) else ()
    return [item for item in items if isinstance(item, MapNode)]


def scalars_at(node: Node | None, key: str) -> list[Scalar]:
    """Give the cells of the list below a key."""
    value = node.get(key) if isinstance(node, MapNode) else None
    items = value.items if isinstance(value, ListNode) else ()
    return [item for item in items if isinstance(item, Scalar)]


def iter_scalars(node: Node, key: str = "") -> Iterator[tuple[str, Scalar]]:
    """Give every text below a node with the key it stands under."""
    if isinstance(node, Scalar):
        yield key, node
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from iter_scalars(item, key)
    else:
        for name, entry in node.entries.items():
            yield from iter_scalars(entry.value, name)
