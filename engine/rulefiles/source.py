"""The text of a rule file: its lines, and where each character of a scalar stands.

A finding must point at the exact character, also inside quoted text with escapes and
inside text blocks. PyYAML tells only where a scalar begins and ends, so the way from
the file to the scalar's text is walked again here, and only when somebody asks.

Pure; imports ``engine.errors`` only.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Literal

from engine.errors import Position

Style = Literal["plain", "single", "double", "literal", "folded"]

# The escapes of double-quoted text that stand for one character, YAML 1.1 section 5.6.
_ONE_CHARACTER = frozenset('0abt\tnvfre "\\/N_LP')
HEX_DIGITS = {"x": 2, "u": 4, "U": 8}


@dataclass(frozen=True, slots=True)
class Source:
    """A file's text with its line starts; turns an index into a position."""

    file: str
    text: str  # line ends are "\n"
    starts: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        starts = [0]
        starts += [i + 1 for i, character in enumerate(self.text) if character == "\n"]
        object.__setattr__(self, "starts", tuple(starts))

    def position(self, index: int) -> Position:
        """Give line and column, from 1, of the character at an index from 0."""
        index = max(0, min(index, len(self.text)))
        line = bisect_right(self.starts, index)
        return Position(self.file, line, index - self.starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """Give the text of a line, counted from 1; "" outside the file."""
        if not 1 <= number <= len(self.starts):
            return ""
        start = self.starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]


def find_offsets(raw: str, text: str, style: Style) -> list[int] | None:
    """Give, for each character of a scalar, its index in the raw slice of the file.

    The list has one item more than ``text``: the place just after it. None when the two
    do not fit; the caller then points at the scalar's beginning.
    """
    if style in ("literal", "folded"):
        pairs = _walk_block(raw, text, folded=style == "folded")
    else:
        pairs = _walk_flow(raw, style)
    walked = "".join(character for character, _ in pairs)
    # \0 stands for any character: escapes are not decoded a second time.
    if len(walked) != len(text) or any(
        a not in (b, "\0") for a, b in zip(walked, text, strict=True)
    ):
        return None
    offsets = [index for _, index in pairs]
    end = len(raw) - 1 if style in ("single", "double") else len(raw)
    if style in ("literal", "folded"):
        end = offsets[-1] + 1 if offsets else len(raw)
    return [*offsets, end]


def _walk_flow(raw: str, style: Style) -> list[tuple[str, int]]:
    """Walk plain or quoted text; line ends fold to one blank, empty lines stay."""
    i, end = (0, len(raw)) if style == "plain" else (1, len(raw) - 1)
    pairs: list[tuple[str, int]] = []
    while i < end:
        character = raw[i]
        if character in " \n":
            i = _fold(raw, i, end, pairs)
        elif style == "single" and character == "'":
            pairs.append(("'", i))
            i += 2
        elif style == "double" and character == "\\":
            i = _escape(raw, i, end, pairs)
        else:
            pairs.append((character, i))
            i += 1
    return pairs


def _fold(raw: str, i: int, end: int, pairs: list[tuple[str, int]]) -> int:
    stop = i
    breaks: list[int] = []
    while stop < end and raw[stop] in " \n":
        if raw[stop] == "\n":
            breaks.append(stop)
        stop += 1
    if not breaks:
        pairs += [(" ", k) for k in range(i, stop)]
    elif len(breaks) == 1:
        pairs.append((" ", breaks[0]))
    else:
        pairs += [("\n", k) for k in breaks[1:]]
    return stop


def _escape(raw: str, i: int, end: int, pairs: list[tuple[str, int]]) -> int:
    kind = raw[i + 1 : i + 2]
    if kind in HEX_DIGITS:
        pairs.append(("\0", i))
        return i + 2 + HEX_DIGITS[kind]
    if kind == "\n":  # the line goes on; only further empty lines are text
        stop = i + 2
        while stop < end and raw[stop] in " \n":
            if raw[stop] == "\n":
                pairs.append(("\n", stop))
            stop += 1
        return stop
    if kind in _ONE_CHARACTER:
        pairs.append(("\0", i))
    return i + 2


def _walk_block(raw: str, text: str, *, folded: bool) -> list[tuple[str, int]]:
    """Walk a ``|`` or ``>`` block below its header line.

    The indent is what the first filled line has more in the file than in the text; that
    holds with and without an indentation number in the header.
    """
    header_end = raw.find("\n")
    if header_end < 0:
        return []
    lines: list[tuple[int, str]] = []
    start = header_end + 1
    for line in raw[start:].split("\n"):
        lines.append((start, line))
        start += len(line) + 1
    indent = _block_indent([line for _, line in lines], text)
    contents = [
        (start + min(indent, len(line)), line[indent:]) for start, line in lines
    ]
    pairs: list[tuple[str, int]] = []
    for number, (start, content) in enumerate(contents):
        pairs += [(character, start + k) for k, character in enumerate(content)]
        end = start + len(content)
        if end >= len(raw):
            break
        if folded and content and content[0] not in " \t":
            # One line end between two flush lines is a blank; with empty lines between
            # them, only those count.
            following = contents[number + 1 :]
            filled = next((c for _, c in following if c), "")
            is_last = not filled
            if not is_last and filled[0] not in " \t":
                if following[0][1]:
                    pairs.append((" ", end))
                continue
        pairs.append(("\n", end))
    # Chomping: what the header or the default took from the end is not text.
    del pairs[len(text) :]
    return pairs


def _block_indent(lines: list[str], text: str) -> int:
    first_raw = next((line for line in lines if line.strip(" ")), "")
    first_text = next((line for line in text.split("\n") if line.strip(" ")), "")
    blanks = len(first_raw) - len(first_raw.lstrip(" "))
    kept = len(first_text) - len(first_text.lstrip(" "))
    if first_raw:
        return max(0, blanks - kept)
    longest = max((len(line) for line in text.split("\n")), default=0)
    return max(0, max((len(line) for line in lines), default=0) - longest)
