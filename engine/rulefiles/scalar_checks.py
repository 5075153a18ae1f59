"""What is wrong with one text of a rule file: hidden signs, keys, colons, comments.

A scalar that was read knows its file; findings are at its signs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engine.errors import Problem
from engine.problems import shorten
from engine.rulefiles.encoding import BAD_CHARACTER
from engine.rulefiles.nodes import Entry, Scalar
from engine.rulefiles.source import Source

_COMMENT = re.compile(r" +(#[^\s#!][^\n]*)")


def check_escapes(scalar: Scalar) -> Iterator[Problem]:
    r"""Find escapes that make what nobody can see: ``"C:\Laskut"`` has one."""
    for found in BAD_CHARACTER.finditer(scalar.text):
        at = scalar.at(found.start())
        line = scalar.source.line(at.line) if scalar.source else ""
        typed = line[at.column - 1 : at.column + 1]
        if found.group() != "\t" and typed.startswith("\\"):
            made = f"U+{ord(found.group()):04X}"
            message = f"{typed} makes an invisible character ({made})"
            hint = r"use single quotes, or write \\ for a backslash"
            yield Problem("M111", message, at, hint, 2)


def check_comment(source: Source, end: int) -> Iterator[Problem]:
    """Find a comment behind a text that was probably meant to be text."""
    found = _COMMENT.match(source.text, end)
    if found:
        yield Problem(
            "M121",
            f"{shorten(found.group(1))} is read as a comment, not as text",
            source.position(found.start(1)),
            "put the whole text in quotes, or a blank after # in a comment",
            len(found.group(1).rstrip()),
            is_warning=True,
        )


def check_key(key: Scalar, above: Mapping[str, Entry]) -> Iterator[Problem]:
    """Find a key that stands twice in its map, or that means something else to YAML."""
    if key.text == "<<" and key.style == "plain":
        message = "<< would copy keys from another place of the file"
        hint = "write the keys out, or use an overlay; as a text write '<<'"
        yield Problem("M114", message, key.position, hint, 2)
    if key.text in above:
        first = above[key.text].key.position
        message = (
            f"{shorten(key.text) or 'the empty key'} stands here a second time; "
            f"the first is on line {first.line}, column {first.column}"
        )
        length = max(1, key.end - key.start)
        yield Problem("M113", message, key.position, "keep one of the two", length)
    line = key.source.line(key.position.line) if key.source else ""
    line = line[: key.position.column - 1]
    before = line.rstrip(" ")
    # Of a long line only the end: a whole file may stand on one.
    if before != line and re.search(r"(^|[\s{\[,])\?$", before[-2:]):
        message = "a question mark before a key has a meaning of its own"
        yield Problem("M115", message, key.position, "take the question mark out")


def check_colon(key: Scalar, value: Scalar) -> Iterator[Problem]:
    """Find the key in braces that has no colon, or no blank after its colon."""
    between = key.source.text[key.end : value.end + 1] if key.source else ""
    if key.style == "plain" and re.match(r"[A-Za-z_][\w.]*:\S", key.text):
        name, rest = key.text.split(":", 1)
        message = "a blank is missing after the colon"
        hint = f"write {name}: {shorten(rest)}"
        yield Problem("M124", message, key.at(len(name)), hint)
    elif ":" not in between:
        message = f"{shorten(key.text)} has no colon and no value"
        hint = "write a colon and a value; a text with a comma in it needs quotes"
        length = max(1, key.end - key.start)
        yield Problem("M124", message, key.position, hint, length)
