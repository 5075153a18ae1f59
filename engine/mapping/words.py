"""Words about rules for a reader, as Markdown.

The pages of the keys say in them what a key does. What comes from a rule file goes
through :func:`code` or :func:`escape`. Imports nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def join_words(parts: Iterable[str], between: str) -> str:
    """Put words one after the other; empty ones are left out."""
    return between.join(part for part in parts if part)


def literal_words(value: Any) -> str:
    """Show a literal; blanks and line ends become visible."""
    if value is None:
        return "null"
    if value == "":
        return "an empty text"
    if isinstance(value, bool):
        return code("true" if value else "false")
    text = str(value)
    if text != text.strip() or "\n" in text:
        text = '"' + text.replace("\n", "\\n") + '"'
    return code(text)


def table_anchor(name: str) -> str:
    """Name the place of a table on a flow's page."""
    return f"table-{name}"
