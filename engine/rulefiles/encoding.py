"""The bytes of a rule file: size, encoding, and characters that nobody can see.

Pure; imports errors and source.
"""

from __future__ import annotations

import re

from engine.errors import Position, Problem, RuleError
from engine.rulefiles.source import Source

# A figure of this project: a rule file is written by hand.
MAX_BYTES = 1_000_000

# C0 but line feed, DEL and C1, the two separators that YAML takes for line ends,
# byte order marks and zero-width signs in the middle, halves of pairs.
BAD_CHARACTER = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]"
)
_ODD_BLANK = re.compile("^ *([\u00a0\u2000-\u200a\u202f\u3000])", re.MULTILINE)


def decode_text(content: str | bytes, file: str) -> str:
    """Give a file's text with line feeds only and without a byte order mark.

    Raises:
        RuleError: It is too large, or not UTF-8.
    """
    start = Position(file, 1, 1)
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
    if len(raw) > MAX_BYTES:
        message = (
            f"the file has {len(raw):,} bytes, and a rule file has at most "
            f"{MAX_BYTES:,}"
        )
        hint = "split it, or take out what is not a rule"
        raise RuleError([Problem("M119", message, start, hint)])
    if not isinstance(content, str):
        content = decode_utf8(content, file)
    return content.removeprefix("\ufeff").replace("\r\n", "\n")


def decode_utf8(content: bytes, file: str) -> str:
    """Give the text of a file; a mark of the byte order stays in front.

    Raises:
        RuleError: It is not UTF-8; the error names what it seems to be.
    """
    start, hint = Position(file, 1, 1), "save it as UTF-8 in your editor"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content[:4]:
        message = "the file is saved as UTF-16"
        raise RuleError([Problem("M109", message, start, hint)])
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8").removeprefix("\ufeff")
        before = before.replace("\r\n", "\n")
        at = Source(file, before).position(len(before))
        odd = content[error.start : error.start + 1]
        seen = odd.decode("cp1252", "replace")
        guess = f" is {seen} in Windows-1252" if seen.isprintable() else ""
        message = f"the file is not UTF-8: byte 0x{odd.hex().upper()}{guess}"
        raise RuleError([Problem("M109", message, at, hint)]) from error


def check_characters(source: Source) -> list[Problem]:
    """Find tabs, control characters and blanks that only look like blanks."""
    problems = []
    for found in BAD_CHARACTER.finditer(source.text):
        at = source.position(found.start())
        if found.group() == "\t":
            message = "a tab stands here, and tabs show differently in every editor"
            hint = r'put blanks in its place; in text write "\t" in double quotes'
            problems.append(Problem("M112", message, at, hint))
        else:
            message = f"an invisible character stands here (U+{ord(found.group()):04X})"
            problems.append(Problem("M111", message, at, "delete it"))
    for found in _ODD_BLANK.finditer(source.text):
        message = (
            f"the line is indented with U+{ord(found.group(1)):04X}, which only looks "
            "like a blank"
        )
        at = source.position(found.start(1))
        problems.append(Problem("M111", message, at, "put common blanks in its place"))
    return problems
