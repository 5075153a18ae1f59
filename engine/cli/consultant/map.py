"""``map``: the payload that a document gives, what was cut, what is wrong.

Personal ids and bank accounts are hidden, unless ``--mask none`` asks for them.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from engine.cli.consultant import Reply
from engine.cli.consultant.one_document import add_arguments, make_mask, run_offline
from engine.cli.exit_codes import OK, STOPPED
from engine.errors import Violation
from engine.flow.context import Note
from engine.json_text import render_json
from engine.mapping.apply import Truncation


def add_command(add: Any) -> None:
    add_arguments(add("map", run, "show the payload that a document gives"))


def run(arguments: argparse.Namespace) -> Reply:
    at_hand = run_offline(arguments)
    mask, offline = make_mask(at_hand, arguments.mask), at_hand.outcome
    result = offline.result
    violations = (*offline.stops, *result.violations)
    code = STOPPED if violations else OK
    if arguments.json:
        found = {
            "payload": result.payload,
            "truncations": [_cut(cut) for cut in result.truncations],
            "warnings": [_warning(note) for note in offline.warnings],
            "errors": [_error(violation) for violation in violations],
        }
        return Reply(render_json(mask.apply(found)), code=code)
    lines = [
        *map(_cut_line, result.truncations),
        *map(_warning_line, offline.warnings),
        *map(_error_line, violations),
    ]
    shown = render_json(mask.apply(result.payload))
    return Reply(shown, "\n".join(mask.apply(lines)), code)


def _cut(cut: Truncation) -> dict[str, Any]:
    found = asdict(cut)
    del found["position"]
    return {**found, "rule": str(cut.position)}


def _warning(note: Note) -> dict[str, str]:
    return {"code": note.code, "field": note.field, "message": note.message}


def _error(violation: Violation) -> dict[str, Any]:
    return {
        "code": violation.code,
        "field": violation.field,
        "value": violation.value,
        "message": violation.message,
        "rule": str(violation.position or ""),
    }


def _cut_line(cut: Truncation) -> str:
    lost = f"cut from {len(cut.original)} to {cut.limit} characters"
    moved = f", what did not fit is in {cut.moved_to}" if cut.moved_to else ""
    return f"warning  {cut.path}: {lost}{moved}  {cut.position}"


def _warning_line(note: Note) -> str:
    return f"warning  {note.field or 'document'}: {note.code} {note.message}"


def _error_line(violation: Violation) -> str:
    value = f' (is "{violation.value}")' if violation.value else ""
    place = f"  {violation.position}" if violation.position else ""
    where = violation.field or "document"
    return f"error    {where}: {violation.code} {violation.message}{value}{place}"
