"""From an admitted formula to a function of the scope: closures, one for each node.

No Python code is made: a name, a field or a filter of a formula is only ever a key of
a table or of the document. Whatever the checker does not admit has no case here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from jinja2 import nodes

from engine.language.filters.registry import FILTERS, TESTS
from engine.language.operators import (
    BINARY,
    SIGNS,
    get_field,
    get_item,
    get_slice,
    is_true,
)
from engine.language.scope import Scope, read_keys
from engine.language.values import (
    EXACT,
    ValueFault,
    find_date,
    is_empty,
    limited_text,
    plain,
    rounded_text,
    same_days,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from engine.language.scope import Evaluate

_PLAIN: Final = (str, bool, int, Decimal, list, dict, type(None))
_LISTS: Final = (nodes.List, nodes.Tuple)
_COMPARISONS: Final[Mapping[str, str]] = {
    "eq": "==",
    "ne": "!=",
    "gt": ">",
    "gteq": ">=",
    "lt": "<",
    "lteq": "<=",
    "in": "in",
    "notin": "not in",
}

_OF_DAYS: Final = frozenset(_COMPARISONS.values()) - {"in", "not in"}


def compile_formula_tree(tree: nodes.Expr, text: str) -> Evaluate:
    """Give the function that computes a formula; an empty result is None.

    It raises a ValueFault when a value does not fit; the message names the field.
    """
    compute = compile_expression(tree)
    if gives_truth(tree):
        return compute
    is_own = isinstance(tree, nodes.Name | nodes.Getattr)

    def compute_plain(scope: Scope) -> Any:
        result = compute(scope)
        if type(result) in EXACT or isinstance(result, dict):
            return result  # a group is the document's own
        if is_own and scope.is_exact and type(result) is list:
            return result
        result = plain(result)
        if not isinstance(result, _PLAIN):
            raise ValueFault("FORMULA", f"{text} gives no plain data")
        return result

    return compute_plain


def gives_truth(node: nodes.Node) -> bool:
    """Tell whether an expression is never anything but yes or no."""
    kinds = (nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Test)
    return isinstance(node, kinds)


def compile_expression(node: nodes.Node | None) -> Evaluate:  # noqa: C901, PLR0912 - one case a node
    """Give the function that computes an expression the checker has admitted.

    Raises:
        AssertionError: The checker admits something that has no meaning here.
    """
    match node:
        case None:
            return _constant(None)
        case nodes.Const():
            return _constant(node.value)
        case nodes.Name():
            return read_keys((node.name,), is_exact=False)
        case nodes.Getattr():
            return _attribute(node)
        case nodes.Getitem():
            return _item(node)
        case nodes.Filter() | nodes.Test():
            return _named(node)
        case nodes.And():
            left, right = _condition(node.left), _condition(node.right)
            return lambda scope: left(scope) and right(scope)
        case nodes.Or():
            left, right = _condition(node.left), _condition(node.right)
            return lambda scope: left(scope) or right(scope)
        case nodes.Not():
            inner = _condition(node.node)
            return lambda scope: not inner(scope)
        case nodes.CondExpr():
            test = _condition(node.test)
            one, other = compile_expression(node.expr1), compile_expression(node.expr2)
            return lambda scope: one(scope) if test(scope) else other(scope)
        case nodes.Compare():
            return _compare(node)
        case nodes.Concat():
            writers = [_writer(part) for part in node.nodes]
            return lambda scope: limited_text("".join([w(scope) for w in writers]))
        case nodes.List() | nodes.Tuple():
            parts = _all(node.items)
            return lambda scope: [part(scope) for part in parts]
        case nodes.Neg() | nodes.Pos():
            return _applied(SIGNS[node.operator], node.node)
        case nodes.Add() | nodes.Sub() | nodes.Mul() | nodes.Div():
            return _pair(node.operator, node.left, node.right)
        case _:
            raise AssertionError(f"{type(node).__name__} has no meaning in a formula")


def _all(found: Sequence[nodes.Node]) -> list[Evaluate]:
    return [compile_expression(node) for node in found]


def _constant(value: Any) -> Evaluate:
    return lambda _: value


def _attribute(node: nodes.Getattr) -> Evaluate:
    """Follow ``a.b.c`` at once, a field of anything else step by step."""
    keys = [node.attr]
    owner = node.node
    while isinstance(owner, nodes.Getattr):
        keys.insert(0, owner.attr)
        owner = owner.node
    if isinstance(owner, nodes.Name):
        return read_keys((owner.name, *keys), is_exact=False)
    return _field(node.node, node.attr)


def _field(owner: nodes.Node, name: str) -> Evaluate:
    group = compile_expression(owner)
    return lambda scope: get_field(group(scope), name)


def _item(node: nodes.Getitem) -> Evaluate:
    if isinstance(node.arg, nodes.Slice):
        start, stop = (
            n if n is None else _integer(n) for n in (node.arg.start, node.arg.stop)
        )
        whole, label = compile_expression(node.node), label_of(node.node)
        return lambda scope: get_slice(whole(scope), start, stop, label)
    if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        return _field(node.node, node.arg.value)
    items, index = compile_expression(node.node), _integer(node.arg)
    return lambda scope: get_item(items(scope), index)


def _named(node: nodes.Filter | nodes.Test) -> Evaluate:
    spec = (FILTERS if isinstance(node, nodes.Filter) else TESTS)[node.name]
    value, args = compile_expression(node.node), _all(node.args)
    if isinstance(node, nodes.Test) and node.name in {"filled", "empty"}:
        return _filled(value, wanted=node.name == "filled")
    if not args and not node.kwargs and not spec.knows_zone:
        return lambda scope: spec(value(scope))
    named = {str(k.key): compile_expression(k.value) for k in node.kwargs}
    if spec.knows_zone:
        named["zone"] = lambda scope: scope.zone
    if not named and all(isinstance(arg, nodes.Const) for arg in node.args):
        given = [arg(Scope(None, {})) for arg in args]
        return lambda scope: spec(value(scope), *given)
    return lambda scope: spec(
        value(scope),
        *[argument(scope) for argument in args],
        **{key: argument(scope) for key, argument in named.items()},
    )


def _filled(value: Evaluate, *, wanted: bool) -> Evaluate:
    def is_filled(scope: Scope) -> bool:
        found = value(scope)
        if found is None:
            return not wanted
        if type(found) is str:
            return (bool(found) and not found.isspace()) is wanted
        return is_empty(found) is not wanted

    return is_filled


def _compare(node: nodes.Compare) -> Evaluate:
    """Compare two values, or a chain ``a < b < c`` each with the next."""
    left: nodes.Node = node.expr
    steps = []
    for operand in node.ops:
        general = _pair(_COMPARISONS[operand.op], left, operand.expr)
        wanted = _texts(operand.expr)
        asks_list = operand.op in {"in", "notin"}
        is_known = asks_list or operand.op in {"eq", "ne"}
        if wanted and is_known and isinstance(operand.expr, _LISTS) == asks_list:
            is_equal = operand.op in {"in", "eq"}
            general = _among(compile_expression(left), wanted, is_equal, general)
        steps.append(general)
        left = operand.expr
    if len(steps) == 1:
        return steps[0]
    return lambda scope: all(step(scope) for step in steps)


def _texts(node: nodes.Node) -> frozenset[str]:
    """Give the filled texts that a literal, or a list of them, names; else none.

    A date is none of them: it may equal a date-time.
    """
    items = node.items if isinstance(node, _LISTS) else [node]
    texts = [item.value for item in items if isinstance(item, nodes.Const)]
    is_known = len(texts) == len(items) and all(isinstance(t, str) for t in texts)
    if is_known and all(t.strip() and find_date(t) is None for t in texts):
        return frozenset(texts)
    return frozenset()


def _among(
    value: Evaluate, texts: frozenset[str], is_equal: bool, general: Evaluate
) -> Evaluate:
    """Compare a text, or nothing, with known texts; other kinds in general."""

    def is_among(scope: Scope) -> Any:
        found = value(scope)
        if type(found) is str:
            return (found in texts) is is_equal
        return not is_equal if found is None else general(scope)

    return is_among


def _pair(sign: str, left: nodes.Node, right: nodes.Node) -> Evaluate:
    operation = BINARY[sign]
    first, second = compile_expression(left), compile_expression(right)
    names = label_of(left), label_of(right)
    if sign not in _OF_DAYS:
        return lambda scope: operation(first(scope), second(scope), *names)

    def compare(scope: Scope) -> Any:
        one, other = first(scope), second(scope)
        if type(one) is str and type(other) is str and len(one) != len(other):
            one, other = same_days(one, other, scope.zone)
        return operation(one, other, *names)

    return compare


def _applied(operation: Callable[[Any, str], Any], node: nodes.Node) -> Evaluate:
    operand, label = compile_expression(node), label_of(node)
    return lambda scope: operation(operand(scope), label)


def _condition(node: nodes.Node) -> Evaluate:
    value = compile_expression(node)
    return value if gives_truth(node) else decided(value, label_of(node))


def decided(value: Evaluate, label: str) -> Evaluate:
    """Give the function that decides: what is no yes or no is a fault."""

    def is_yes(scope: Scope) -> bool:
        found = value(scope)
        return found if type(found) is bool else is_true(found, label)

    return is_yes


def _writer(node: nodes.Node) -> Callable[[Scope], str]:
    """Write a part of a text; blanks that the formula itself says stay."""
    value = compile_expression(node)
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        return value
    write = written_by(node)
    return lambda scope: write(value(scope))


def written_by(node: nodes.Node) -> Callable[[Any], str]:
    """Give how a part's value becomes text; what it rounds keeps its decimals."""
    is_rounded = isinstance(node, nodes.Filter) and node.name == "round"
    return rounded_text if is_rounded else text_of


def _integer(node: nodes.Node) -> int:
    if isinstance(node, nodes.Neg):
        return -_integer(node.node)
    if isinstance(node, nodes.Const):
        return int(node.value)
    raise AssertionError("the checker lets only whole numbers through")


def label_of(node: nodes.Node | None) -> str:
    """Name an operand as the formula does: "row.unitPrice"; "" for a calculation."""
    match node:
        case nodes.Name():
            return str(node.name)
        case nodes.Getattr():
            owner = label_of(node.node)
            return f"{owner}.{node.attr}" if owner else ""
        case nodes.Getitem() if isinstance(node.arg, nodes.Const):
            owner = label_of(node.node)
            return f"{owner}[{node.arg.value}]" if owner else ""
        case nodes.Filter():
            return label_of(node.node)
        case _:
            return ""
