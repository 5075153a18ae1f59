"""From a checked path to a function of the scope.

Names joined by points, and lists of such, need no interpreter; all else is the
library's, counted and exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jmespath.exceptions import JMESPathError, JMESPathTypeError

from engine.language.jmespath_exact import Interpreter, Tree, View, item_of
from engine.language.values import ValueFault, plain

if TYPE_CHECKING:
    from engine.language.scope import Evaluate, Scope


def compile_path_tree(tree: Tree, text: str) -> Evaluate:
    """Give the function that picks a path's value; None when there is none.

    It raises a ValueFault when a function or comparison meets a value it cannot use.
    """
    keys = names_of(tree)
    if keys is not None:
        return _reader(keys)
    if tree["type"] == "multi_select_list":
        listed = [
            () if node["type"] == "current" else names_of(node)
            for node in tree["children"]
        ]
        readers = [_reader(keys) for keys in listed if keys is not None]
        if len(readers) == len(listed):
            return lambda scope: [read(scope) for read in readers]
    return _interpreter(tree, text)


def names_of(tree: Tree) -> tuple[str, ...] | None:
    """Give the names of a path that is nothing but names joined by points."""
    nodes = tree["children"] if tree["type"] == "subexpression" else [tree]
    if all(node["type"] == "field" for node in nodes):
        return tuple(node["value"] for node in nodes)
    return None


def _reader(keys: tuple[str, ...]) -> Evaluate:
    def read(scope: Scope) -> Any:
        value = scope.follow(keys)
        return plain(value) if isinstance(value, float) else value

    return read


def _interpreter(tree: Tree, text: str) -> Evaluate:
    def interpret(scope: Scope) -> Any:
        try:
            value = Interpreter().visit(tree, View(scope))
        except (JMESPathError, TypeError, ValueError, ArithmeticError) as error:
            said = _explain(error)
            raise ValueFault("PATH", f"{text} cannot be read: {said}") from error
        except RecursionError:
            raise ValueFault("PATH", f"{text} is nested too deeply") from None
        return plain(item_of(value))

    return interpret


def _explain(error: Exception) -> str:
    """Say in the consultant's words why a path met a value it cannot use."""
    if isinstance(error, JMESPathTypeError):
        kind = {"null": "an empty value"}.get(
            error.actual_type, f"a {error.actual_type}"
        )
        return f"{error.function_name}() cannot use {kind}"
    said = str(error).splitlines()[0] if str(error) else ""
    if "not supported between" in said:
        return "it compares a text with a number"
    return said or "a value of the wrong kind"
