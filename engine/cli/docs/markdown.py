"""Markdown, piece by piece: each function gives text that may stand in a page.

Words, from :mod:`engine.mapping.words`, are Markdown already. Blocks stand beside each
other with an empty line between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.mapping.words import escape


def heading(level: int, text: str, anchor: str) -> str:
    """Head a part, at a place that links lead to."""
    return f'<a id="{anchor}"></a>\n\n{"#" * level} {escape(text)}'


def points(words: str, below: Iterable[str]) -> str:
    """Give words with a list of points under them."""
    return "\n".join([words, *(_hang("- ", point) for point in below)])


def numbered(items: Iterable[str], start: int) -> str:
    """List items, numbered from ``start``."""
    return "\n".join(
        _hang(f"{number}. ", item) for number, item in enumerate(items, start=start)
    )


def _hang(mark: str, item: str) -> str:
    return mark + item.replace("\n", "\n" + " " * len(mark))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Give a table; its cells are words."""
    lines = [columns, ["---"] * len(columns)]
    lines += [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fold(summary: str, block: str) -> str:
    """Hide a block until somebody asks for it."""
    head = f"<details><summary>{escape(summary)}</summary>"
    return f"{head}\n\n{block}\n\n</details>"
