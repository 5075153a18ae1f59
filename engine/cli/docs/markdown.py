"""Markdown, piece by piece: each function gives text that may stand in a page.

Words are Markdown already: what comes from a rule file goes through :func:`code` or
:func:`escape`. Blocks stand beside each other with an empty line between. Imports
nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\`*_\[\]<>#])")


def escape(text: str) -> str:
    """Show a text on one line, without a letter of it meaning something."""
    return _SPECIAL.sub(r"\\\1", text.replace("\n", " "))


def code(text: str) -> str:
    """Show a path, a formula or a value as typed, on one line."""
    text = re.sub(r"\s*\n\s*", " ", text.strip())
    fence = "``" if "`" in text else "`"
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{blank}{text}{blank}{fence}"


def link(words: str, anchor: str) -> str:
    """Lead to another place of the same page."""
    return f"[{words}](#{anchor})"


def heading(level: int, text: str, anchor: str) -> str:
    """Head a part, at a place that links lead to."""
    return f'<a id="{anchor}"></a>\n\n{"#" * level} {escape(text)}'


def join_words(parts: Iterable[str], between: str) -> str:
    """Put words one after the other; empty ones are left out."""
    return between.join(part for part in parts if part)


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
