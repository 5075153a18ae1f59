"""What a request is given is measured by the values that its argument takes.

Only what can never be right is found: null is not sent, and a condition may leave out a
value that the argument does not take.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import RuleError
from engine.project.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = "schemas/kiosk/order.schema.json"
SYSTEM = "mappings/systems/kiosk.yaml"
FLOW = "mappings/billing/flow.yaml"


def find_codes(root: Path, state: dict[str, Any], takes: str) -> list[str]:
    """Give the toy's order another kind of state, and read its lines by that state."""
    schema = json.loads((root / SCHEMA).read_text("utf-8"))
    schema["properties"]["lit"] = {"description": "A lamp.", **state}
    system = (root / SYSTEM).read_text("utf-8")
    flow = (root / FLOW).read_text("utf-8")
    lines = system.index("  lines:")
    before, after = system[:lines], system[lines:]
    argument = "key: {in: path}"
    assert argument in after, "the toy has changed"
    lit = f"{argument}, lit: {{in: query, values: {takes}}}"
    reading = "from: kiosk.lines\n    with: {key: order.key}"
    assert reading in flow
    (root / SCHEMA).write_text(json.dumps(schema), "utf-8")
    changed = before + after.replace(argument, lit, 1)
    (root / SYSTEM).write_text(changed, "utf-8")
    changed = flow.replace(reading, f"{reading[:-1]}, lit: order.lit}}")
    (root / FLOW).write_text(changed, "utf-8")
    try:
        return [p.code for p in load_project(root).warnings]
    except RuleError as error:
        return [p.code for p in error.problems]


@pytest.mark.parametrize(
    ("state", "takes"),
    [
        ({"type": "string", "enum": ["red", "green"]}, "[red, green]"),
        ({"type": "string", "enum": ["red", "green"]}, "[green]"),
        ({"type": ["string", "null"], "enum": ["red", None]}, "[red]"),
        ({"type": "boolean", "enum": [True]}, "['true']"),
        ({"type": "string"}, "[red]"),
    ],
    ids=["same", "wider than the argument", "null", "boolean", "any text"],
)
def test_what_may_be_right_is_not_found(root: Path, state: dict[str, Any], takes: str):
    assert [] == find_codes(root, state, takes)


@pytest.mark.parametrize(
    ("state", "takes"),
    [
        ({"type": "string", "enum": ["red", "green"]}, "[blue]"),
        ({"type": ["string", "null"], "enum": ["red", None]}, "[blue]"),
        ({"type": "boolean", "enum": [True]}, "['false']"),
    ],
    ids=["other", "null", "boolean"],
)
def test_what_is_never_right_is_found(root: Path, state: dict[str, Any], takes: str):
    assert ["F222"] == find_codes(root, state, takes)
