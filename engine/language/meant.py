"""A text that was meant as something else: braces, or the path of a known field.

The key tells what a cell is, so ``fixed: order.number`` sends these very letters; where
a field of that name is known, nobody means that. Pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from engine.problems import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.language.symbols import SymbolTable

_BRACES: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\$\{\w[^{}]*\}", re.DOTALL)
_NAMED: Final = re.compile(r"\{([^{}]+)\}")
# What to write for a value that no text shows well.
AS_TEXT: Final[Mapping[str, str]] = {
    "truth": "write 'yes' if … else 'no', in your words",
    "list": "write … | join(', ')",
    "group": "name one of its fields",
}


def find_meant(
    text: str, types: SymbolTable, instead: str, *, lone: bool = False
) -> tuple[str, str] | None:
    """Say what a literal was meant as, and the way out; None where it is just a text.

    Args:
        text: The literal.
        types: What is known where it stands.
        instead: What to write for a field.
        lone: A name without a point may be a field too, such as orderNumber.
    """
    if _BRACES.search(text):
        said = f"{shorten(text)} holds braces, which mean nothing here"
        return said, "the key text: writes values into a text"
    if any(
        types.is_path(name.strip(), in_braces=True) for name in _NAMED.findall(text)
    ):
        said = f"{shorten(text)} holds braces, which mean nothing here"
        return said, "the key text: writes {{ field }} into a text"
    if types.is_path(text.strip(), lone=lone):
        return f"{text.strip()} is a field, but here it is a text", instead
    return None
