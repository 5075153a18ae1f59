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
