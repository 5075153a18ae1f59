"""The kinds of values that there are, in the words of messages and pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_TABLE: Final = (
    # JSON type, kind in a formula, noun, what a sentence says
    ("string", "text", "text", "a text"),
    ("integer", "number", "whole number", "a whole number"),
    ("number", "number", "number", "a number"),
    ("boolean", "truth", "yes or no", "yes or no"),
    ("array", "list", "list", "a list"),
    ("object", "group", "group", "a group of fields"),
    ("null", "any", "nothing", "empty"),
)
KINDS: Final[Mapping[str, str]] = {row[0]: row[1] for row in _TABLE}
NOUNS: Final[Mapping[str, str]] = {row[0]: row[2] for row in _TABLE}
PHRASES: Final[Mapping[str, str]] = {  # by kind, and by type
    **{row[1]: row[3] for row in _TABLE},
    **{row[0]: row[3] for row in _TABLE},
}
