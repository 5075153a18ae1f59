"""Write a page as Markdown. Imports pagewords."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.cli.docs.blocks import Code, Fold, Heading, Link, Listing, Paragraph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.cli.docs.blocks import Block, DocPage, Item, Row, Table, Words

_SPECIAL = re.compile(r"([\\`*_\[\]<>#])")
_INDENT = "&emsp;"


def render_markdown(page: DocPage, made: str) -> str:
    """Write a page; ``made`` is a comment line below its title."""
    lines: list[str] = []
    for block in page.blocks:
        lines += [*_block(block), ""]
        if isinstance(block, Heading) and block.level == 1:
            lines += [made, ""]
    return "\n".join(lines).rstrip() + "\n"


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        if block.level > 1:
            yield f'<a id="{block.anchor}"></a>'
            yield ""
        yield f"{'#' * block.level} {_escape(block.text)}"
    elif isinstance(block, Paragraph):
        yield _words(block.words)
    elif isinstance(block, Listing):
        for number, item in enumerate(block.items, start=block.start):
            mark = f"{number}." if block.start else "-"
            yield from _item(item, mark, 0)
    elif isinstance(block, Fold):
        yield f"<details><summary>{_escape(block.summary)}</summary>"
        yield ""
        for inner in block.blocks:
            yield from _block(inner)
            yield ""
        yield "</details>"
    else:
        yield from _table(block)


def _item(item: Item, mark: str, indent: int) -> Iterator[str]:
    yield f"{' ' * indent}{mark} {_words(item.words)}"
    for below in item.below:
        yield from _item(below, "-", indent + len(mark) + 1)


def _table(table: Table) -> Iterator[str]:
    yield "| " + " | ".join(table.columns) + " |"
    yield "| " + " | ".join("---" for _ in table.columns) + " |"
    for row in table.rows:
        yield "| " + " | ".join(_cells(row)) + " |"


def _cells(row: Row) -> Iterator[str]:
    for number, words in enumerate(row.cells):
        text = _words(words).replace("|", "\\|")
        if number == 0:
            text = f"**{text}**" if row.is_group else text
            text = _INDENT * row.depth + text
        yield text


def _words(words: Words) -> str:
    return "".join(
        _escape(piece)
        if isinstance(piece, str)
        else _code(piece.text)
        if isinstance(piece, Code)
        else _link(piece)
        for piece in words
    )


def _link(link: Link) -> str:
    text = _code(link.text) if link.is_code else _escape(link.text)
    return f"[{text}](#{link.anchor})"


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{blank}{text}{blank}{fence}"


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split("\n")))
