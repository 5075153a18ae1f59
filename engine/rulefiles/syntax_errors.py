"""PyYAML's syntax errors in a consultant's words: what is wrong, where, one way out.

``syntax_errors.yaml`` beside this module is a table of what PyYAML says, from the
particular to the general. The signs and lines around the place tell more about the
cause than the parser's state: that is what the functions here look at. Imports
``engine.errors`` and ``engine.rulefiles.source`` only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import Any, Final

import yaml

from engine.errors import Problem
from engine.rulefiles.source import HEX_DIGITS, Source, Style

_TABLE = Path(__file__).with_suffix(".yaml")
_ESCAPE = r"use single quotes, or write \\ for a backslash"


@dataclass(frozen=True, slots=True)
class ScalarPlace:
    """Where the last scalar that was read stands, as indexes into the text."""

    start: int
    end: int
    style: Style


@dataclass(frozen=True, slots=True)
class _Case:
    """One syntax error, with what is around it."""

    source: Source
    context: str
    problem: str
    at: int  # index of the place that could not be read
    opened: int  # index where the thing began that could not be ended
    last: ScalarPlace | None

    def say(
        self, code: str, message: str, index: int, hint: str, length: int = 1
    ) -> Problem:
        return Problem(code, message, self.source.position(index), hint, length)

    def sign(self, index: int) -> str:
        return self.source.text[index : index + 1]

    @property
    def found(self) -> str:
        """The token that PyYAML met: ``<scalar>``, ``[``, ``<stream end>``."""
        match = re.search(r"(?:found|got) '(.+)'$", self.problem)
        return match.group(1) if match else ""

    @property
    def number(self) -> int:
        return self.source.position(self.at).line

    def before(self, index: int) -> str:
        place = self.source.position(index)
        return self.source.line(place.line)[: place.column - 1]


def explain_syntax(
    error: yaml.MarkedYAMLError, source: Source, last: ScalarPlace | None
) -> Problem:
    """Turn PyYAML's error into a finding at the character to change.

    ``last`` is the scalar that was read before the error, if any.
    """
    mark = error.problem_mark or error.context_mark
    at = mark.index if mark else 0
    opened = error.context_mark.index if error.context_mark else at
    case = _Case(source, error.context or "", error.problem or "", at, opened, last)
    said = f"{case.context}: {case.problem}"
    rows = (row for row in _load_table() if re.search(row["said"], said))
    found = (_explain(row, case) for row in rows)
    return next(problem for problem in found if problem is not None)


# Cases that look at what is around ----------------------------------------------------


def _explain_escape(case: _Case) -> Problem:
    start = case.source.text.rfind("\\", 0, case.at + 1)
    kind = case.sign(start + 1)
    message = rf"\{kind} means nothing inside double quotes"
    if kind in HEX_DIGITS:
        message = rf"\{kind} must be followed by {HEX_DIGITS[kind]} digits 0-9 or A-F"
    return case.say("M126", message, start, _ESCAPE, 2)


def _explain_bracket(case: _Case) -> Problem | None:
    """Explain text that goes on after a closing bracket, as in ``[a] | x``."""
    index = case.opened if "block scalar" in case.context else case.at
    before = case.before(index).rstrip()
    if not before.endswith(("]", "}")):
        return None
    return case.say(
        "M128",
        f"the text goes on after the closing bracket {before[-1]}",
        index,
        "put the whole path or text in quotes",
    )


def _explain_quote(case: _Case) -> Problem | None:
    """Explain text that goes on after a closing quote, as in ``'PO ' ~ value``."""
    last = case.last
    if last is None or last.style not in ("single", "double") or last.end > case.at:
        return None
    if case.source.text[last.end : case.at].strip(" "):
        return None
    quote = case.sign(last.start)
    if "\n" in case.source.text[last.start : last.end]:
        return _open_quote(case, last.start)
    other = "double" if quote == "'" else "single"
    return case.say(
        "M122",
        f"the text goes on after the closing quote {quote}",
        case.at,
        f"put the whole text or formula in {other} quotes, or use text: with "
        "{{ }} around the values",
    )


def _open_quote(case: _Case, index: int) -> Problem:
    quote = case.sign(index)
    message = f"the quote {quote} that begins here is not closed on its line"
    return case.say("M122", message, index, f"put {quote} at the end of the text")


def _explain_key(case: _Case, index: int | None = None) -> Problem:
    """Explain a line that should be a key but has no colon, or no blank after it."""
    index = case.opened if index is None else index
    place = case.source.position(index)
    text = case.source.line(place.line)[place.column - 1 :]
    joined = re.match(r"([A-Za-z_][\w.]*):(?=\S)", text)
    if joined:
        return case.say(
            "M124",
            "a blank is missing after the colon",
            index + joined.end() - 1,
            f"write {joined.group(1)}: and a blank before the value",
        )
    if text.startswith(("'", '"')):
        return _open_quote(case, index)
    return case.say(
        "M124",
        "this line has no colon",
        index,
        "write the key, a colon, a blank and the value",
        max(1, len(text.rstrip())),
    )


def _explain_colon(case: _Case) -> Problem | None:
    """Explain a colon where none may be: here, or the line above is no key."""
    if re.match(r"\s*(?:- +)*[^\s:#'\"][^:#]*:\s+(?=\S)", case.before(case.at)):
        return case.say(
            "M124",
            "a text with a colon and a blank in it needs quotes",
            case.at,
            "put the whole text after the key in quotes",
        )
    above = case.number - 1
    while above > 0 and re.match(r"\s*(#|$)", case.source.line(above)):
        above -= 1
    text = case.source.line(above)
    if re.match(r"\s*(- +)?[A-Za-z_][\w.]*:\S", text) or ":" not in text:
        start = case.source.starts[above - 1] if above > 0 else 0
        return _explain_key(case, start + len(text) - len(text.lstrip(" -")))
    own = _indent(case.source.line(case.number))
    if own <= _indent(text):
        return None
    return case.say(
        "M123",
        f"this line is indented deeper than line {above}, which has its value already",
        case.source.starts[case.number - 1] + own,
        "let the two lines begin in the same column, or take the value away above",
    )


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _explain_unclosed(case: _Case) -> Problem | None:
    """Explain a bracket whose line is followed by one that is no deeper."""
    start = case.source.position(case.opened)
    line = case.source.line(start.line)
    if start.line == case.number:
        return None
    if _indent(case.source.line(case.number)) > _indent(line):
        return None
    opening = case.sign(case.opened)
    hint = f"put {']' if opening == '[' else '}'} at the end"
    if " #" in line[start.column :]:
        hint += "; text with a blank and # in it needs quotes, or it is a comment"
    message = f"the bracket {opening} is never closed"
    return case.say("M128", message, case.opened, hint)


def _explain_braces(case: _Case) -> Problem | None:
    if case.source.text[case.at : case.at + 2] != "{{":
        return None
    hint = "put the whole text in double quotes"
    return case.say("M120", "text with {{ in it needs quotes", case.at, hint, 2)


def _explain_missing(case: _Case) -> Problem | None:
    if case.sign(case.at).strip() and not case.found.startswith("<"):
        return None
    return case.say("M128", "a value is missing here", case.at, "write the value")


def _explain_level(case: _Case) -> Problem | None:
    """Explain a line that begins in a column where no block does."""
    if case.before(case.at).strip(" -"):
        return None
    place, level = case.source.position(case.at), case.source.position(case.opened)
    first = re.search(r"^ +(?=[^\s#])", case.source.text, re.MULTILINE)
    if "<document start>" in case.problem and first:
        return case.say(
            "M123",
            f"the file's first key is indented, and line {place.line} is not",
            first.end(),
            "let all keys of the top level begin in column 1",
        )
    return case.say(
        "M123",
        f"this line begins in column {place.column}, where no block begins",
        case.at,
        f"let it begin in column {level.column}, as line {level.line} does, or indent "
        "it as the lines above",
    )


# The table ----------------------------------------------------------------------------


_EXPLAIN: Final[Mapping[str, Callable[[_Case], Problem | None]]] = {
    "bracket": _explain_bracket,
    "braces": _explain_braces,
    "colon": _explain_colon,
    "escape": _explain_escape,
    "key": _explain_key,
    "level": _explain_level,
    "missing": _explain_missing,
    "quote": _explain_quote,
    "unclosed": _explain_unclosed,
}


@cache
def _load_table() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = yaml.safe_load(_TABLE.read_bytes())
    return rows


def _explain(row: dict[str, Any], case: _Case) -> Problem | None:
    if "explain" in row:
        return _EXPLAIN[row["explain"]](case)
    opening = case.sign(case.opened)
    named = {
        "sign": case.sign(case.at),
        "found": case.found,
        "opening": opening,
        "closing": "]" if opening == "[" else "}",
    }
    said, hint = (Template(row[key]).substitute(named) for key in ("message", "hint"))
    return case.say(
        row["code"], said, case.opened if "opened" in row else case.at, hint
    )
