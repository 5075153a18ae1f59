"""PyYAML's syntax errors in a consultant's words: what is wrong, where, one way out.

Imports ``engine.errors`` and ``engine.rulefiles.source`` only. It reads what PyYAML
says and looks at the lines around: a guess about the cause helps more than the parser's
state.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import Problem

if TYPE_CHECKING:
    import yaml

    from engine.rulefiles.source import Source, Style

_QUOTES = ("single", "double")
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}
_IN_BRACES = (
    "put the text in quotes, or each key on its own line without { }: inside { } on "
    "one line, a path with [ ] or , needs quotes"
)


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

    @property
    def found(self) -> str:
        """The token that PyYAML met: ``<scalar>``, ``[``, ``<stream end>``."""
        match = re.search(r"(?:found|got) '(.+)'$", self.problem)
        return match.group(1) if match else ""

    @property
    def line(self) -> str:
        return self.source.line(self.source.position(self.at).line)

    @property
    def before(self) -> str:
        """The line's text up to the place."""
        return self.line[: self.source.position(self.at).column - 1]


def explain_syntax(
    error: yaml.MarkedYAMLError, source: Source, last: ScalarPlace | None
) -> Problem:
    """Turn PyYAML's error into a finding at the character to change.

    Args:
        error: As raised by the scanner or parser.
        source: The file.
        last: The scalar that was read before the error, if any.
    """
    mark = error.problem_mark or error.context_mark
    at = mark.index if mark else 0
    opened = error.context_mark.index if error.context_mark else at
    case = _Case(source, error.context or "", error.problem or "", at, opened, last)
    if case.context.startswith("while scanning"):
        return _explain_scan(case)
    if "not allowed here" in case.problem:
        return _explain_not_allowed(case)
    if (
        case.context.startswith("while parsing a flow")
        and "expected ','" in case.problem
    ):
        return _explain_flow(case)
    if "expected the node content" in case.problem:
        return _explain_content(case)
    if "expected <block end>" in case.problem or "<document start>" in case.problem:
        return _explain_block(case)
    return _explain_other(case)


def _explain_other(case: _Case) -> Problem:
    return case.say(
        "M129",
        "this cannot be read",
        case.at,
        "check quotes, brackets and indentation here and on the line above",
    )


def _explain_scan(case: _Case) -> Problem:
    context = case.context
    if "quoted scalar" in context and "escape" not in case.problem:
        quote = case.source.text[case.opened : case.opened + 1]
        return case.say(
            "M122",
            f"the quote {quote} that begins here is never closed",
            case.opened,
            f"put {quote} at the end of the text",
        )
    if "double-quoted" in context and "hexadecimal" in case.problem:
        start = case.source.text.rfind("\\", 0, case.at)
        kind = case.source.text[start + 1]
        return case.say(
            "M126",
            rf"\{kind} must be followed by {_HEX_DIGITS[kind]} digits 0-9 or A-F",
            start,
            r"use single quotes, or write \\ for a backslash",
            2,
        )
    if "double-quoted" in context:
        return case.say(
            "M126",
            rf"\{case.source.text[case.at : case.at + 1]} means nothing inside double "
            "quotes",
            case.at - 1,
            r"use single quotes, or write \\ for a backslash",
            2,
        )
    if "block scalar" in context:
        line = case.source.position(case.opened)
        before = case.source.line(line.line)[: line.column - 1].rstrip()
        if before.endswith(("]", "}")):
            return _after_bracket(case, before[-1], case.opened)
        return case.say(
            "M127",
            "after | or > the line must end",
            case.at,
            "put the text on the next line, indented; text that begins with | or > "
            "needs quotes",
        )
    if "directive" in context:
        return case.say(
            "M117",
            "a line that begins with % is an instruction to the reader",
            case.opened,
            "take the line out, or put the text in quotes",
        )
    if "anchor" in context or "alias" in context:
        sign = case.source.text[case.opened : case.opened + 1]
        return case.say(
            "M114",
            f"a text that begins with {sign} would refer to another place of the file",
            case.opened,
            "put the text in quotes",
        )
    if "tag" in context:
        return case.say(
            "M116",
            "! says what kind of value follows, but here the key says that",
            case.opened,
            "take it out, or put the text in quotes if it begins with !",
        )
    if "simple key" in context:
        return _explain_key(case, case.opened)
    sign = case.source.text[case.at : case.at + 1]
    return case.say(
        "M125",
        f"a text cannot begin with {sign}",
        case.at,
        "put the text in quotes",
    )


def _explain_key(case: _Case, index: int) -> Problem:
    """Explain a line that should be a key but has no colon, or no blank after it."""
    place = case.source.position(index)
    line = case.source.line(place.line)
    text = line[place.column - 1 :]
    joined = re.match(r"([A-Za-z_][\w.]*):(?=\S)", text)
    if joined:
        return case.say(
            "M124",
            "a blank is missing after the colon",
            index + joined.end() - 1,
            f"write {joined.group(1)}: and a blank before the value",
        )
    if text.startswith(("'", '"')):
        return case.say(
            "M122",
            f"the quote {text[0]} that begins here is not closed on its line",
            index,
            f"put {text[0]} at the end of the text",
        )
    return case.say(
        "M124",
        "this line has no colon",
        index,
        "write the key, a colon, a blank and the value",
        max(1, len(text.rstrip())),
    )


def _explain_not_allowed(case: _Case) -> Problem:
    before = case.before
    if case.problem.startswith("sequence"):
        return case.say(
            "M123",
            "a list cannot begin on the line of its key",
            case.at,
            "put - on the next line, or write [a, b]; a text that begins with - needs "
            "quotes",
        )
    inside = re.match(r"\s*(?:- +)*[^\s:#'\"][^:#]*:\s+(?=\S)", before)
    if inside and case.problem.startswith("mapping values"):
        return case.say(
            "M124",
            "a text with a colon and a blank in it needs quotes",
            case.at,
            "put the whole text after the key in quotes",
        )
    number = case.source.position(case.at).line
    above = number - 1
    while above > 0 and re.match(r"\s*(#|$)", case.source.line(above)):
        above -= 1
    text = case.source.line(above)
    start = case.source.starts[above - 1] if above > 0 else 0
    indent = len(text) - len(text.lstrip())
    if re.match(r"\s*(- +)?[A-Za-z_][\w.]*:\S", text) or ":" not in text:
        skipped = re.match(r"\s*(?:- +)?", text)
        return _explain_key(case, start + (skipped.end() if skipped else 0))
    own = len(case.line) - len(case.line.lstrip())
    if own > indent:
        return case.say(
            "M123",
            f"this line is indented deeper than line {above}, which has its value "
            "already",
            case.source.starts[number - 1] + own,
            "let the two lines begin in the same column, or take the value away above",
        )
    return _explain_other(case)


def _explain_flow(case: _Case) -> Problem:
    bracket = case.source.text[case.opened : case.opened + 1]
    closing = "]" if bracket == "[" else "}"
    start, here = case.source.position(case.opened), case.source.position(case.at)
    quoted = _after_quote(case)
    if quoted:
        return quoted
    opening_line = case.source.line(start.line)
    if start.line != here.line and _indent(case.line) <= _indent(opening_line):
        comment = re.search(r" #", opening_line[start.column :])
        hint = f"put {closing} at the end"
        if comment:
            hint += "; text with a blank and # in it needs quotes, or it is a comment"
        return case.say(
            "M128", f"the bracket {bracket} is never closed", case.opened, hint
        )
    if case.found == "<stream end>":
        return case.say(
            "M128",
            f"the bracket {bracket} is never closed",
            case.opened,
            f"put {closing} at the end",
        )
    if case.found == "{":
        if case.source.text[case.at : case.at + 2] == "{{":
            return case.say(
                "M120",
                "text with {{ in it needs quotes",
                case.at,
                "put the whole text in double quotes",
                2,
            )
        return case.say("M128", "a comma is missing before {", case.at, _IN_BRACES)
    if case.found in "[]" and case.found:
        return case.say(
            "M128",
            f"inside {bracket} {closing} the sign {case.found} ends the text",
            case.at,
            _IN_BRACES,
        )
    if case.found == "}":
        return case.say(
            "M128",
            f"the bracket {bracket} is closed with {case.found}",
            case.at,
            f"close it with {closing}",
        )
    if case.found == ":":
        return case.say(
            "M124",
            "a text with a colon in it needs quotes",
            case.at,
            "put the whole text in quotes, or a comma before the next key",
        )
    return case.say("M128", "a comma is missing here", case.at, _IN_BRACES)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _after_quote(case: _Case) -> Problem | None:
    """Explain text that goes on after a closing quote, as in ``'PO ' ~ value``."""
    last = case.last
    if last is None or last.style not in _QUOTES or last.end > case.at:
        return None
    if case.source.text[last.end : case.at].strip(" "):
        return None
    quote = case.source.text[last.start : last.start + 1]
    if "\n" in case.source.text[last.start : last.end]:
        return case.say(
            "M122",
            f"the quote {quote} that begins here is not closed on its line",
            last.start,
            f"put {quote} at the end of the text",
        )
    other = "double" if quote == "'" else "single"
    return case.say(
        "M122",
        f"the text goes on after the closing quote {quote}",
        case.at,
        f"put the whole text or formula in {other} quotes, or use text: with "
        "{{ }} around the values",
    )


def _explain_content(case: _Case) -> Problem:
    sign = case.source.text[case.at : case.at + 1]
    if not sign.strip() or case.found.startswith("<"):
        return case.say("M128", "a value is missing here", case.at, "write the value")
    if sign == "," and case.context.endswith("flow node"):
        return case.say(
            "M128",
            "nothing stands between two commas",
            case.at,
            "take one comma out; a text with a comma in it needs quotes",
        )
    return case.say(
        "M125", f"a text cannot begin with {sign}", case.at, "put the text in quotes"
    )


def _after_bracket(case: _Case, bracket: str, index: int) -> Problem:
    return case.say(
        "M128",
        f"the text goes on after the closing bracket {bracket}",
        index,
        "put the whole path or text in quotes",
    )


def _explain_block(case: _Case) -> Problem:
    quoted = _after_quote(case)
    if quoted:
        return quoted
    before = case.before.rstrip()
    if case.found in ("]", "}", ","):
        return case.say(
            "M128",
            f"{case.found} stands here without an opening bracket",
            case.at,
            "take it out, or put the text in quotes",
        )
    if before.endswith(("]", "}")):
        return _after_bracket(case, before[-1], case.at)
    if before.strip(" -"):
        return _explain_other(case)
    place = case.source.position(case.at)
    first = re.search(r"^ +(?=[^\s#])", case.source.text, re.MULTILINE)
    if "<document start>" in case.problem and first:
        return case.say(
            "M123",
            f"the file's first key is indented, and line {place.line} is not",
            first.end(),
            "let all keys of the top level begin in column 1",
        )
    level = case.source.position(case.opened)
    return case.say(
        "M123",
        f"this line begins in column {place.column}, where no block begins",
        case.at,
        f"let it begin in column {level.column}, as line {level.line} does, or indent "
        "it as the lines above",
    )
