"""From a checked path to the text of a function.

Names joined by points, and the common forms of paths, need no interpreter: each part
is written as what it does to the value before it, a list as a loop. All else is the
library's, counted and exact, and so is a value for which a form was not made: the
library then says what is wrong.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from jmespath.exceptions import JMESPathError, JMESPathTypeError

from engine.language.function_text import FunctionText
from engine.language.jmespath_exact import (
    EQUALS,
    MAX_STEPS,
    Interpreter,
    Tree,
    View,
    item_of,
)
from engine.language.values import ValueFault, is_empty, name_kind, plain

if TYPE_CHECKING:
    from engine.language.scope import Evaluate, Scope

_LOOPS: Final = ("projection", "filter_projection", "flatten", "value_projection")
_LOOP_FAULTS: Final = (TypeError, ValueError, ArithmeticError)


class _NotMadeForError(ValueError):
    """A value, or a form of path, that is the library's."""


def write_path(out: FunctionText, tree: Tree, text: str) -> str:
    """Write what picks a path's value; None when there is none.

    It raises a ValueFault when a function or comparison meets a value it cannot use.
    """
    keys = names_of(tree)
    if keys is not None:
        return out.follow(keys, is_exact=True)
    children = tree["children"]
    if tree["type"] == "multi_select_list" and all(map(_is_plain, children)):
        listed = [out.follow(names_of(c) or (), is_exact=True) for c in children]
        return f"[{', '.join(listed)}]"
    ask_library = f"{out.hold(_interpreter(tree, text), 'ask_library')}({out.scope})"
    if not _is_written(tree):
        return ask_library
    found = out.new("None")
    with out.block("try:"):
        value = _PathWriter(out, MAX_STEPS // (4 * _count(tree))).write(tree, None)
        out.add(f"{found} = {value}")
    faults = out.hold(_LOOP_FAULTS, "NOT_MADE_FOR")
    with out.block(f"except {faults}:"):
        out.add(f"{found} = {ask_library}")
    # A part of the document itself is exact where the document is.
    is_own = not _has(tree, "multi_select_list")
    own = " and not scope.is_exact" if is_own else ""
    return f"plain({found}) if type({found}) not in EXACT{own} else {found}"


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


def _is_written(tree: Tree) -> bool:
    """Tell whether a path has no form that is the library's."""
    try:
        _PathWriter(FunctionText(), MAX_STEPS).write(tree, None)
    except _NotMadeForError:
        return False
    return True


class _PathWriter:
    """Writes the parts of a path.

    Args:
        out: The function.
        most: Items of a list that are looked at; the library counts what is longer.
    """

    def __init__(self, out: FunctionText, most: int) -> None:
        self._out = out
        self._most = most

    def write(self, node: Tree, value: str | None) -> str:  # noqa: C901 - one case a node
        """Write a part; give what names its value.

        Args:
            node: A part of the path.
            value: What stands before it; None where nothing of the path does.

        Raises:
            _NotMadeForError: The library takes it.
        """
        out, children = self._out, node["children"]
        match node["type"]:
            case "field":
                if value is None:
                    return out.new(out.follow((node["value"],), is_exact=True))
                found = out.new(out.field(value, node["value"]))
                return out.new(f"plain({found}) if type({found}) is float else {found}")
            case "current" | "identity":
                return value or out.item
            case "literal":
                return out.new(out.hold(node["value"], "constant"))
            case "index" if value is not None:
                name = out.hold(_item_at, "item_at")
                return out.new(f"{name}({value}, {node['value']})")
            case "subexpression" | "index_expression" | "pipe":
                return self._chain(node, value)
            case "projection" | "filter_projection":
                return self._loop(node, value)
            case "flatten":
                items = self._items(self.write(children[0], value))
                name = out.hold(_flatten, "flatten")
                return out.new(f"{name}({items}, {self._most})")
            case "comparator" if node["value"] in {"eq", "ne"}:
                return out.new(self._compare(node, value))
            case "not_expression":
                inner = self.write(children[0], value)
                return out.new(f"{out.hold(_negate, 'negate')}({inner})")
            case "and_expression" | "or_expression":
                found = out.new(self.write(children[0], value))
                is_or = node["type"] == "or_expression"
                is_no = f"{out.hold(_is_false, 'is_false')}({found})"
                with out.block(f"if {'' if is_or else 'not '}{is_no}:"):
                    out.add(f"{found} = {self.write(children[1], value)}")
                return found
            case "multi_select_list":
                parts = [self.write(child, value) for child in children]
                unless = "" if value is None else f"None if {value} is None else "
                return out.new(f"{unless}[{', '.join(parts)}]")
        raise _NotMadeForError

    def _chain(self, node: Tree, value: str | None) -> str:
        first, *others = node["children"]
        if self._is_first_hit(first, others):
            return self._first_hit(first, value)
        value = self.write(first, value)
        for other in others:
            value = self.write(other, value)
        return value

    def _is_first_hit(self, loop: Tree, others: list[Tree]) -> bool:
        """Know ``list[?condition] | [0]``, a loop that ends at the first hit.

        Only where no field is read: one that is no number is a fault wherever it is.
        """
        if loop["type"] != "filter_projection" or not _is_first_item(others):
            return False
        _, right, condition = loop["children"]
        return right["type"] == "identity" and not _has(condition, "field", *_LOOPS)

    def _first_hit(self, loop: Tree, value: str | None) -> str:
        out = self._out
        base, _, condition = loop["children"]
        items = self._items(self.write(base, value))
        found = out.new("None")
        item = out.name()
        with out.block(f"for {item} in {items} or ():"):
            self._skip(f"{item} is None")
            self._skip(self._denied(condition, item))
            out.add(f"{found} = {item}")
            out.add("break")
        return found

    def _loop(self, node: Tree, value: str | None) -> str:
        """Write ``list[].part`` and ``list[?condition].part``."""
        out = self._out
        base, right, *conditions = node["children"]
        if any(_has(part, *_LOOPS) for part in (right, *conditions)):
            raise _NotMadeForError  # a loop in a loop: the library counts
        items = self._items(self.write(base, value))
        found = out.new(f"None if {items} is None else []")
        item = out.name()
        with out.block(f"for {item} in {items} or ():"):
            for condition in conditions:
                self._skip(self._denied(condition, item))
            part = self.write(right, item)
            with out.block(f"if {part} is not None:"):
                out.add(f"{found}.append({part})")
        return found

    def _skip(self, condition: str) -> None:
        with self._out.block(f"if {condition}:"):
            self._out.add("continue")

    def _denied(self, condition: Tree, item: str) -> str:
        if condition["type"] == "comparator" and condition["value"] in {"eq", "ne"}:
            return f"not ({self._compare(condition, item)})"
        held = self._out.hold(_is_false, "is_false")
        return f"{held}({self.write(condition, item)})"

    def _items(self, value: str) -> str:
        name = self._out.hold(_items, "items_of")
        return self._out.new(f"{name}({value}, {self._most})")

    def _compare(self, node: Tree, value: str | None) -> str:
        left, right = (self.write(child, value) for child in node["children"])
        is_equal, other = node["value"] == "eq", node["children"][1]
        if other["type"] == "literal" and isinstance(other["value"], str):
            return f"{left} {'==' if is_equal else '!='} {right}"
        return f"{self._out.hold(EQUALS, 'equals')}({left}, {right}) is {is_equal}"


def _is_first_item(nodes: list[Tree]) -> bool:
    """Tell whether these are nothing but ``[0]``."""
    if len(nodes) != 1 or nodes[0]["type"] != "index_expression":
        return False
    start, *others = nodes[0]["children"]
    is_start = start["type"] == "identity" and len(others) == 1
    return is_start and others[0]["type"] == "index" and others[0]["value"] == 0


def _item_at(value: Any, index: int) -> Any:
    if isinstance(value, list) and -len(value) <= index < len(value):
        return value[index]
    return None


def _items(value: Any, most: int) -> list[Any] | None:
    if not isinstance(value, list):
        return None
    if len(value) > most:
        raise _NotMadeForError
    return value


def _flatten(items: list[Any] | None, most: int) -> list[Any] | None:
    if items is None:
        return None
    merged: list[Any] = []
    for item in items:
        if isinstance(item, list):
            merged += item
        else:
            merged.append(item)
    return _items(merged, most)


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
        given = error.current_value
        kind = "an empty value" if is_empty(given) else name_kind(given)
        return f"{error.function_name}() cannot use {kind}"
    said = str(error).splitlines()[0] if str(error) else ""
    if "not supported between" in said:
        return "it compares a text with a number"
    return said or "a value of the wrong kind"
