"""Filters and a test of regular expressions, by RE2: linear in time, whatever is asked.

A pattern is a text of the formula itself. It is compiled when the formula is loaded, so
what is wrong with it is found before any document is read.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from engine.language.filters.declaration import Misuse, declare
from engine.language.values import MAX_TEXT, ValueFault, text_of

_LONGEST: Final = 500  # characters of a pattern
_MAX_BYTES: Final = 1 << 20  # that RE2 may use for one; the longest needs a tenth
# What RE2 says of a pattern: in our words, and one way out.
_SAID: Final = {
    "missing )": ("a ( is not closed", "add ), or write \\( for the sign itself"),
    "unexpected )": ("a ) closes nothing", "write \\) for the sign itself"),
    "missing ]": ("a [ is not closed", "add ], or write \\[ for the sign itself"),
    "invalid perl operator": (
        "a pattern looks neither ahead nor behind",
        "match what stands around, with ( ) about the part that is wanted",
    ),
    "invalid escape sequence": (
        "this has no meaning after \\",
        "\\d is a digit, \\pL a letter, \\s a blank; the same text twice has no sign",
    ),
    "trailing \\": ("the pattern ends with \\", "write \\\\\\\\ for the sign"),
    "invalid character class range": (
        "this is no range of characters",
        "write the lower one first, as in [a-z]; letters are \\pL",
    ),
    "invalid repetition size": (
        "a part is repeated 1000 times at most, with all that repeats inside of it",
        "write the smaller number first, or * or + for any number",
    ),
    "bad repetition operator": ("two signs of repetition follow", "write one"),
    "no argument for repetition operator": (
        "there is nothing to repeat here",
        "write \\*, \\+ or \\? for the sign itself",
    ),
    "pattern too large": ("this pattern is too large", "repeat less"),
}


def _misused(pattern: str) -> Misuse | None:
    if not pattern:
        return Misuse("the pattern is empty", "write what is looked for")
    if len(pattern) > _LONGEST:
        said = f"this pattern is longer than {_LONGEST} characters"
        return Misuse(said, "look for less")
    import re2

    try:
        _compiled(pattern)
    except re2.error as error:
        code, _, word = error.args[0].decode().partition(": ")
        said, hint = _SAID.get(code, (f"this pattern cannot be read: {code}", None))
        return Misuse(said, hint, word)
    return None


@cache
def _compiled(pattern: str) -> Any:
    import re2

    options = re2.Options()
    options.log_errors, options.max_mem = False, _MAX_BYTES
    return re2.compile(pattern, options)


_PATTERN: Final = {"pattern": _misused}


@declare("truth", checks=_PATTERN, is_written=True)
def matching(value: Any, pattern: str) -> bool:
    r"""Tell whether a whole text has the form of a regular expression.

    \d is a digit, \pL a letter of any language; (?i) in front: capitals or not.

    >>> 'KV-2026' is matching('[A-Z]+-\d+')
    true
    """
    return _compiled(pattern).fullmatch(text_of(value)) is not None


@declare("text", checks=_PATTERN, is_written=True)
def extract(value: Any, pattern: str) -> str | None:
    r"""Give the first part of a text that a regular expression finds, else nothing.

    Where the pattern has ( ), what stands in the first of them.

    >>> 'Tilaus PO 4711 / Oulu' | extract('PO (\d+)')
    '4711'
    """
    found = _compiled(pattern).search(text_of(value))
    return None if found is None else found[1 if found.re.groups else 0]


@declare("text", checks=_PATTERN, is_written=True)
def replace_pattern(value: Any, pattern: str, new: str = "") -> str:
    r"""Replace each part of a text that a regular expression finds by another text.

    >>> 'Lasku (kopio) 12 (2)' | replace_pattern(' *\([^)]*\)')
    'Lasku 12'
    """
    text, parts, end = text_of(value), [], 0
    for found in _compiled(pattern).finditer(text):
        parts.append(text[end : found.start()])
        end = found.end()
        # Before it is made: a result that nobody asked for must not fill the memory.
        if len(parts) * len(new) > MAX_TEXT:
            raise ValueFault(
                "FORMULA", f"replace_pattern makes over {MAX_TEXT} characters"
            )
    return new.join([*parts, text[end:]])
