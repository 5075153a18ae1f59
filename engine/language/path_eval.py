"""From a checked path to a function of the scope.

Names joined by points, and the common forms of paths, need no interpreter: each part
becomes a function of the value before it. All else is the library's, counted and exact,
and so is a value for which a form was not made: the library then says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from jmespath.exceptions import JMESPathError, JMESPathTypeError

from engine.language.jmespath_exact import (
    EQUALS,
    MAX_STEPS,
    Interpreter,
    Tree,
    View,
    item_of,
)
from engine.language.scope import read_keys
from engine.language.values import EXACT, ValueFault, is_group, plain

if TYPE_CHECKING:
    from engine.language.scope import Evaluate, Scope

Pick = Callable[
    [Any], Any
]  # from a value, or the scope, to what a part of a path gives
_LOOPS: Final = ("projection", "filter_projection", "flatten", "value_projection")


class _NotMadeForError(ValueError):
    """A value, or a form of path, that is the library's."""


def compile_path_tree(tree: Tree, text: str) -> Evaluate:
    """Give the function that picks a path's value; None when there is none.

    It raises a ValueFault when a function or comparison meets a value it cannot use.
    """
    keys = names_of(tree)
    if keys is not None:
        return read_keys(keys, is_exact=True)
    children = tree["children"]
    if tree["type"] == "multi_select_list" and all(map(_is_plain, children)):
        reads = [read_keys(names_of(c) or (), is_exact=True) for c in children]
        return lambda scope: [read(scope) for read in reads]
    interpret = _interpreter(tree, text)
    try:
        pick = _compile(tree, MAX_STEPS // (4 * _count(tree)), is_start=True)
    except _NotMadeForError:
        return interpret

    is_own = not _has(tree, "multi_select_list")  # a part of the document itself

    def pick_part(scope: Scope) -> Any:
        try:
            value = pick(scope)
        except (TypeError, ValueError, ArithmeticError):
            return interpret(scope)
        if type(value) in EXACT or (is_own and scope.is_exact):
            return value
        return plain(value)

    return pick_part


def names_of(tree: Tree) -> tuple[str, ...] | None:
    """Give the names of a path that is nothing but names joined by points."""
    nodes = tree["children"] if tree["type"] == "subexpression" else [tree]
    if all(node["type"] == "field" for node in nodes):
        return tuple(node["value"] for node in nodes)
    return None


def _is_plain(node: Tree) -> bool:
    return node["type"] == "current" or names_of(node) is not None


def _count(tree: Tree) -> int:
    return 1 + sum(_count(c) for c in tree["children"] if isinstance(c, dict))


def _has(tree: Tree, *kinds: str) -> bool:
    found = (_has(c, *kinds) for c in tree["children"] if isinstance(c, dict))
    return tree["type"] in kinds or any(found)


def _compile(node: Tree, most: int, *, is_start: bool = False) -> Pick:  # noqa: C901 - one case a node
    """Give a part's function of the value before it; at the start, of the scope.

    Args:
        node: A part of the path.
        most: Items of a list that are looked at; the library counts what is longer.
        is_start: Nothing of the path stands before it.

    Raises:
        _NotMadeForError: The library takes it.
    """
    children = node["children"]
    match node["type"]:
        case "field" if is_start:
            return read_keys((node["value"],), is_exact=True)
        case "field":
            return _field(node["value"])
        case "current" | "identity":
            return _item if is_start else _same
        case "literal":
            return _literal(node["value"])
        case "index" if not is_start:
            return _index(node["value"])
        case "subexpression" | "index_expression" | "pipe":
            return _chain(node, most, is_start)
        case "projection" | "filter_projection":
            return _loop(node, most, is_start)
        case "flatten":
            return _flatten(_compile(children[0], most, is_start=is_start), most)
        case "comparator" if node["value"] in {"eq", "ne"}:
            left, right = (_compile(c, most, is_start=is_start) for c in children)
            return _compare(left, right, children[1], is_equal=node["value"] == "eq")
        case "not_expression":
            inner = _compile(children[0], most, is_start=is_start)
            return lambda value: _negate(inner(value))
        case "and_expression" | "or_expression":
            left, right = (_compile(c, most, is_start=is_start) for c in children)
            goes_on = node["type"] == "or_expression"
            return _either(left, right, goes_on)
        case "multi_select_list":
            parts = [_compile(c, most, is_start=is_start) for c in children]
            return lambda value: None if value is None else [p(value) for p in parts]
    raise _NotMadeForError


def _item(scope: Scope) -> Any:
    return scope.item


def _same(value: Any) -> Any:
    return value


def _literal(value: Any) -> Pick:
    return lambda _: value


def _field(name: str) -> Pick:
    def pick_field(value: Any) -> Any:
        if not (type(value) is dict or is_group(value)):
            return None
        found = value.get(name)
        return plain(found) if type(found) is float else found

    return pick_field


def _index(index: int) -> Pick:
    def pick_index(value: Any) -> Any:
        if isinstance(value, list) and -len(value) <= index < len(value):
            return value[index]
        return None

    return pick_index


def _chain(node: Tree, most: int, is_start: bool) -> Pick:
    first, *others = node["children"]
    stop = _first_hit(first, others, most, is_start)
    if stop is not None:
        return stop
    head = _compile(first, most, is_start=is_start)
    steps = tuple(_compile(other, most) for other in others)

    def follow(value: Any) -> Any:
        value = head(value)
        for step in steps:
            value = step(value)
        return value

    return follow


def _first_hit(
    loop: Tree, others: list[Tree], most: int, is_start: bool
) -> Pick | None:
    """Give ``list[?condition] | [0]`` as a loop that ends at the first hit.

    Only where no field is read: one that is no number is a fault wherever it stands.
    """
    if loop["type"] != "filter_projection" or not _is_first_item(others):
        return None
    base, right, condition = loop["children"]
    if right["type"] != "identity" or _has(condition, "field", *_LOOPS):
        return None
    source = _compile(base, most, is_start=is_start)
    holds = _compile(condition, most)

    def first_hit(value: Any) -> Any:
        for item in _items(source(value), most) or ():
            if item is not None and not _is_false(holds(item)):
                return item
        return None

    return first_hit


def _is_first_item(nodes: list[Tree]) -> bool:
    """Tell whether these are nothing but ``[0]``."""
    if len(nodes) != 1 or nodes[0]["type"] != "index_expression":
        return False
    start, *others = nodes[0]["children"]
    is_start = start["type"] == "identity" and len(others) == 1
    return is_start and others[0]["type"] == "index" and others[0]["value"] == 0


def _loop(node: Tree, most: int, is_start: bool) -> Pick:
    """Give ``list[].part`` and ``list[?condition].part``."""
    base, right, *conditions = node["children"]
    if any(_has(part, *_LOOPS) for part in (right, *conditions)):
        raise _NotMadeForError  # a loop in a loop: the library counts
    source = _compile(base, most, is_start=is_start)
    pick = _compile(right, most)
    holds = _compile(conditions[0], most) if conditions else None

    def pick_all(value: Any) -> Any:
        items = _items(source(value), most)
        if items is None:
            return None
        if holds is not None:
            items = [item for item in items if not _is_false(holds(item))]
        if pick is _same:
            return [item for item in items if item is not None]
        return [found for item in items if (found := pick(item)) is not None]

    return pick_all


def _flatten(source: Pick, most: int) -> Pick:
    def flatten(value: Any) -> Any:
        items = _items(source(value), most)
        if items is None:
            return None
        merged: list[Any] = []
        for item in items:
            if isinstance(item, list):
                merged += item
            else:
                merged.append(item)
        return _items(merged, most)

    return flatten


def _items(value: Any, most: int) -> list[Any] | None:
    if not isinstance(value, list):
        return None
    if len(value) > most:
        raise _NotMadeForError
    return value


def _compare(left: Pick, right: Pick, node: Tree, *, is_equal: bool) -> Pick:
    if node["type"] == "literal" and isinstance(node["value"], str):
        text = node["value"]
        if is_equal:
            return lambda value: left(value) == text
        return lambda value: left(value) != text
    return lambda value: EQUALS(left(value), right(value)) is is_equal


def _either(left: Pick, right: Pick, goes_on: bool) -> Pick:
    """Give the left value, or go on to the right: for "or" when it is none."""

    def choose(value: Any) -> Any:
        found = left(value)
        return right(value) if _is_false(found) is goes_on else found

    return choose


def _is_false(value: Any) -> bool:
    """Tell what counts as no in a path: nothing, no, and what is empty; 0 does not."""
    if value is None or value is False:
        return True
    return not value and isinstance(value, str | list | dict)


def _negate(value: Any) -> bool:
    is_zero = isinstance(value, int | float | Decimal) and value is not False
    return not value and not is_zero


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
