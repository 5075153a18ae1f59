"""Findings as people read them: place, code, sentence, the line, a caret, a way out.

And for machines: JSON, annotations of a build server, SARIF 2.1.0. The only place where
a ``Problem`` becomes text. Reads nothing itself: lines come from the caller.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from engine.errors import Problem
from engine.problems import in_file_order

_PLACE = ("file", "line", "column")
_TAB_WIDTH = 4
_WIDEST = 120  # columns of a source line; a longer one is shown around its fault


def render_problems(
    problems: Iterable[Problem], read_lines: Callable[[str], Sequence[str]]
) -> str:
    """Render findings in file order, each once, and the count at the end.

    ``read_lines`` gives a file's lines by the name that the findings use; [] when the
    file cannot be read.
    """
    lines: dict[str, Sequence[str]] = {}
    parts = []
    ordered = in_file_order(problems)
    for problem in ordered:
        source: Sequence[str] = ()
        if problem.position is not None:
            file = problem.position.file
            if file not in lines:
                lines[file] = read_lines(file)
            source = lines[file]
        parts.append(render_problem(problem, source))
    return "\n\n".join([*parts, render_count(ordered)])


def render_problem(problem: Problem, source_lines: Sequence[str]) -> str:
    """Render one finding; ``source_lines`` are all lines of its file, or none.

    Without a line there is no caret, and the way out stands below the sentence.
    """
    where = f"{problem.position}  " if problem.position else ""
    kind = "warning: " if problem.is_warning else ""
    head = f"{where}{problem.code}  {kind}{problem.message}"
    position = problem.position
    if position is None or not 1 <= position.line <= len(source_lines):
        return f"{head}\n  {problem.hint}" if problem.hint else head
    line = source_lines[position.line - 1].rstrip("\r\n")
    shown, start, width = _place_caret(line, position.column - 1, problem.length)
    number = str(position.line)
    gutter = " " * len(number)
    caret = "^" * width + (f" {problem.hint}" if problem.hint else "")
    return "\n".join(
        [head, f"{gutter} |", f"{number} | {shown}", f"{gutter} | {' ' * start}{caret}"]
    )


def render_count(problems: Sequence[Problem]) -> str:
    """Render the closing line: ``8 findings in 2 files: 6 errors, 2 warnings``."""
    if not problems:
        return "no findings"
    warnings = sum(problem.is_warning for problem in problems)
    files = {problem.position.file for problem in problems if problem.position}
    counts = {"error": len(problems) - warnings, "warning": warnings}
    kinds = [_count(number, word) for word, number in counts.items() if number]
    where = f" in {_count(len(files), 'file')}" if files else ""
    return f"{_count(len(problems), 'finding')}{where}: {', '.join(kinds)}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _place_caret(line: str, column: int, length: int) -> tuple[str, int, int]:
    """Give the line as shown, the caret's first column from 0, and its width."""
    column = min(column, len(line))
    end = min(max(column + 1, column + length), max(len(line), column + 1))
    lead = ""
    if _width(line) > _WIDEST:
        # One long line of one-line YAML: show what surrounds the fault.
        first = max(0, min(column - _WIDEST // 2, len(line) - _WIDEST))
        last = first + _WIDEST
        lead = "…" if first else ""
        tail = "…" if last < len(line) else ""
        line, column, end = line[first:last], column - first, min(end - first, _WIDEST)
        shown = lead + _show(line) + tail
    else:
        shown = _show(line)
    start = len(lead) + _width(line[:column])
    return shown, start, max(1, _width(line[column:end]))


def _show(line: str) -> str:
    return "".join(
        " " * _TAB_WIDTH
        if c == "\t"
        else c
        if c.isprintable()
        else "\N{REPLACEMENT CHARACTER}"
        for c in line
    )


def _width(text: str) -> int:
    """Count terminal columns: tabs are four, East Asian wide two, combining none."""
    width = 0
    for character in text:
        if character == "\t":
            width += _TAB_WIDTH
        elif unicodedata.combining(character):
            continue
        else:
            width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return width


# For machines ------------------------------------------------------------------------


SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def problems_to_json(problems: Iterable[Problem]) -> str:
    """Render findings as one JSON list."""
    found = [
        {
            **{name: getattr(p.position, name, None) for name in _PLACE},
            "length": p.length,
            "code": p.code,
            "level": _level(p),
            "message": p.message,
            "hint": p.hint,
        }
        for p in problems
    ]
    return json.dumps(found, ensure_ascii=False, indent=1)


def problems_to_github(problems: Iterable[Problem]) -> str:
    """Render findings as commands that a pull request shows at their lines."""
    lines = []
    for problem in problems:
        places = {"title": problem.code}
        if problem.position is not None:
            at = problem.position
            places = {
                "file": at.file,
                "line": str(at.line),
                "col": str(at.column),
                "endColumn": str(at.column + problem.length),
                **places,
            }
        said = ",".join(f"{key}={_escape(v, ':,')}" for key, v in places.items())
        lines.append(f"::{_level(problem)} {said}::{_escape(_sentence(problem))}")
    return "\n".join(lines)


def _escape(text: str, more: str = "") -> str:
    for sign in ("%", "\r", "\n", *more):
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


def problems_to_sarif(problems: Iterable[Problem], titles: Mapping[str, str]) -> str:
    """Render findings as a SARIF log; ``titles`` say what each code is called."""
    found = list(problems)
    codes = sorted({problem.code for problem in found})
    rules = [
        {"id": code, "shortDescription": {"text": titles.get(code, code)}}
        for code in codes
    ]
    results = [
        {
            "ruleId": problem.code,
            "ruleIndex": codes.index(problem.code),
            "level": _level(problem),
            "message": {"text": _sentence(problem)},
            **_location(problem),
        }
        for problem in found
    ]
    run = {
        "tool": {"driver": {"name": "engine check", "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    log = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=1)


def _location(problem: Problem) -> dict[str, Any]:
    at = problem.position
    if at is None:
        return {}
    region = {
        "startLine": at.line,
        "startColumn": at.column,
        "endColumn": at.column + problem.length,
    }
    place = {"artifactLocation": {"uri": at.file}, "region": region}
    return {"locations": [{"physicalLocation": place}]}


def _level(problem: Problem) -> str:
    return "warning" if problem.is_warning else "error"


def _sentence(problem: Problem) -> str:
    return f"{problem.message}; {problem.hint}" if problem.hint else problem.message
