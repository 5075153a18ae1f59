"""A page as data: pieces of text, and the blocks they stand in.

What a page says is built once from these; :mod:`engine.cli.docs.markdown` writes it as
Markdown and :mod:`engine.cli.docs.html_page` as HTML. Imports nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Code:
    """A piece that is shown as typed: a path, a formula, a value."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A piece that leads to another place of the same page."""

    text: str
    anchor: str
    is_code: bool = False


Piece = str | Code | Link
Words = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 is the page's own."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph."""

    words: Words


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a list, with what belongs under it."""

    words: Words
    below: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """A list; numbered from ``start``, or with points when that is 0."""

    items: tuple[Item, ...]
    start: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table; a group row heads those that are nested under it."""

    cells: tuple[Words, ...]
    anchor: str = ""
    depth: int = 0
    is_group: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; ``can_filter`` gives it a filter box where a page can have one."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    can_filter: bool = False


@dataclass(frozen=True, slots=True)
class Fold:
    """What is hidden until somebody asks for it."""

    summary: str
    blocks: tuple[Block, ...]


Block = Heading | Paragraph | Listing | Table | Fold


@dataclass(frozen=True, slots=True)
class DocPage:
    """One page."""

    title: str
    blocks: tuple[Block, ...]


def join_words(parts: Iterable[Words], between: str) -> Words:
    """Put words one after the other, with a text between."""
    joined: list[Piece] = []
    for part in parts:
        if not part:
            continue
        if joined:
            joined.append(between)
        joined.extend(part)
    return tuple(joined)


def plain_text(words: Words) -> str:
    """Give words as text alone."""
    return "".join(p if isinstance(p, str) else p.text for p in words)
