"""Each form of path gives what the library gives, with an interpreter or without."""

from __future__ import annotations

from typing import Any

import jmespath
import pytest
from jmespath.exceptions import JMESPathError

from engine.errors import Position
from engine.language.paths import compile_path
from engine.language.scope import Scope
from engine.language.values import ValueFault, plain
from engine.rulefiles.nodes import Scalar
from tests.places import TESTS, read_yaml

CASES = read_yaml(TESTS / "cases" / "language" / "paths.yaml")
PATHS = [(kind, path) for kind, paths in CASES["paths"].items() for path in paths]


@pytest.mark.parametrize(("kind", "path"), PATHS, ids=str)
def test_a_path_gives_what_the_library_gives(kind: str, path: str) -> None:
    evaluate = compile_path(Scalar(path, Position("paths.yaml", 1, 1))).evaluate

    for item in CASES["documents"]:
        scope = Scope(item, {})
        expected, actual = ask(jmespath.search, path, item), ask(evaluate, scope)
        assert expected == actual, f"{kind}: {item}"


def ask(pick: Any, *given: Any) -> Any:
    """Give the value; "fault" where it cannot be had, whatever the reason."""
    try:
        return shown(plain(pick(*given)))
    except (JMESPathError, TypeError, ValueFault):
        return "fault"


def shown(value: Any) -> Any:
    """Give a value in which 1 and true differ."""
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return (type(value).__name__, value)


@pytest.mark.parametrize("path", ["a.b", "a.b.c", "vars.a.b", "vars.a.b.c"])
def test_a_number_on_the_way_has_no_fields(path: str) -> None:
    evaluate = compile_path(Scalar(path, Position("paths.yaml", 1, 1))).evaluate
    item = {"a": float("nan")}

    assert evaluate(Scope(item, {"vars": item})) is None
