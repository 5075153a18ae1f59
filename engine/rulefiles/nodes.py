"""The tree of a rule file: texts, lists and maps, each with its place.

Imports errors and source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.errors import Position
from engine.rulefiles.source import Source, Style, find_offsets

# Every scalar is text: these are the words that mean a truth value, in every file.
YES_NO: Final = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text as typed, with the place of each of its characters."""

    text: str
    position: (
        Position  # of its first sign in the file: the quote, the ``|``, the letter
    )
    style: Style = "plain"
    source: Source | None = field(default=None, repr=False, compare=False)
    start: int = field(default=0, repr=False, compare=False)  # index into the file
    end: int = field(default=0, repr=False, compare=False)

    def at(self, offset: int) -> Position:
        """Give the exact place in the file of character ``offset`` of ``text``.

        ``offset`` counts from 0; ``len(text)`` is the place just after the text.
        """
        offset = max(0, min(offset, len(self.text)))
        if self.source is None:
            column = self.position.column + offset
            return Position(self.position.file, self.position.line, column)
        raw = self.source.text[self.start : self.end]
        offsets = find_offsets(raw, self.text, self.style)
        if offsets is None:
            return self.position
        return self.source.position(self.start + offsets[offset])

    @property
    def is_missing(self) -> bool:
        """Say whether nothing at all was typed, as after ``street:``."""
        return not self.text and self.style == "plain"


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list, in file order."""

    items: tuple[Node, ...]
    position: Position
    is_whole: bool = True  # no: the grammar has refused an item


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a map with its value."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True)
class MapNode:
    """Keys and values, in file order."""

    entries: Mapping[str, Entry]
    position: Position
    refused: tuple[Scalar, ...] = ()  # keys that the grammar has taken out

    def get(self, name: str) -> Node | None:
        """Give the value of a key, None when the key is not there."""
        entry = self.entries.get(name)
        return None if entry is None else entry.value

    def key(self, name: str) -> Scalar:
        """Give the key itself, for its place; KeyError when it is not there."""
        return self.entries[name].key

    def items(self) -> Iterator[tuple[Scalar, Node]]:
        for entry in self.entries.values():
            yield entry.key, entry.value

    def mentions(self, name: str) -> bool:
        """Say whether the file has a key, though its value may be refused."""
        return name in self.entries or any(name == key.text for key in self.refused)

    def __contains__(self, name: object) -> bool:
        return name in self.entries

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


Node = Scalar | ListNode | MapNode


def to_plain(node: Node) -> dict[str, Any] | list[Any] | str:
    """Give a node as dicts, lists and texts."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, ListNode):
        return [to_plain(item) for item in node.items]
    return {key.text: to_plain(value) for key, value in node.items()}


# What stands below a key, by its kind; nothing when it is not that -------------------


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
