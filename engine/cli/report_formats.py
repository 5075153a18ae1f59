"""Findings for machines: JSON, annotations of a build server, SARIF 2.1.0.

The same findings in the same order as the text of ``engine.cli.report``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from engine.errors import Problem

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def problems_to_json(problems: Iterable[Problem]) -> str:
    """Render findings as one JSON list."""
    found = [
        {
            "file": p.position.file if p.position else None,
            "line": p.position.line if p.position else None,
            "column": p.position.column if p.position else None,
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
    """Render findings as a SARIF log.

    Args:
        problems: The findings.
        titles: What each code is called.
    """
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
