"""From an admitted formula to the text of a function: a case for each kind of node.

A name, a field or a filter of a formula is only ever a key of a table or of the
document. Whatever the checker does not admit has no case here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from jinja2 import nodes

from engine.language.filters.registry import FILTERS, TESTS
from engine.language.operators import (
    calculate,
    get_item,
    get_slice,
    is_in,
    is_same,
    is_true,
    keep_sign,
    negate,
    order,
)
from engine.language.scope import zone_of
from engine.language.values import (
    ValueFault,
    find_date,
    limited_text,
    plain,
    rounded_text,
    same_days,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from engine.language.function_text import FunctionText

_PLAIN: Final = (str, bool, int, Decimal, list, dict, type(None))
_SHORT: Final = 1000  # characters; what a filter makes of them is never too long
_LISTS: Final = (nodes.List, nodes.Tuple)
_ORDERS: Final[Mapping[str, str]] = {"gt": ">", "gteq": ">=", "lt": "<", "lteq": "<="}


def write_formula(out: FunctionText, tree: nodes.Expr, text: str) -> str:
    """Write what computes a formula; an empty result is None.

    It raises a ValueFault when a value does not fit; the message names the field.
    """
    found = write_expression(out, tree)
    if gives_truth(tree) or isinstance(tree, nodes.Concat):
        return found
    if not isinstance(tree, nodes.Const):
        found = out.new(found)
        is_own = isinstance(tree, nodes.Name | nodes.Getattr)
        own = f" and not (type({found}) is list and scope.is_exact)" if is_own else ""
        with out.block(f"if type({found}) not in EXACT{own}:"):
            name = out.hold(plainly, "plainly")
            out.add(f"{found} = {name}({found}, {text!r})")
    return found


def plainly(value: Any, text: str) -> Any:
    """Give what a formula computed as plain data; a group is the document's own."""
    if isinstance(value, dict):
        return value
    value = plain(value)
    if not isinstance(value, _PLAIN):
        raise ValueFault("FORMULA", f"{text} gives no plain data")
    return value


def gives_truth(node: nodes.Node) -> bool:
    """Tell whether an expression is never anything but yes or no."""
    kinds = (nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Test)
    return isinstance(node, kinds)


def write_expression(out: FunctionText, node: nodes.Node | None) -> str:  # noqa: C901, PLR0912 - one case a node
    """Write what computes an expression the checker has admitted; give its value.

    Raises:
        AssertionError: The checker admits something that has no meaning here.
    """
    match node:
        case None:
            return "None"
        case nodes.Const():
            return out.hold(node.value, "constant")
        case nodes.Name() | nodes.Getattr():
            return _field(out, node)
        case nodes.Getitem():
            return _item(out, node)
        case nodes.Filter() | nodes.Test():
            return _named(out, node)
        case nodes.And() | nodes.Or():
            return _either(out, node)
        case nodes.Not():
            return f"not {out.keep(_condition(out, node.node))}"
        case nodes.CondExpr():
            found = out.new("None")
            with out.block(f"if {_condition(out, node.test)}:"):
                out.add(f"{found} = {write_expression(out, node.expr1)}")
            with out.block("else:"):
                out.add(f"{found} = {write_expression(out, node.expr2)}")
            return found
        case nodes.Compare():
            return _compare(out, node)
        case nodes.Concat():
            texts = [_text(out, part) for part in node.nodes]
            return f"{out.hold(limited_text, 'limited_text')}({' + '.join(texts)})"
        case nodes.List() | nodes.Tuple():
            return f"[{', '.join(_all(out, node.items))}]"
        case nodes.Neg() | nodes.Pos():
            operand = _kept(out, node.node)
            sign = negate if isinstance(node, nodes.Neg) else keep_sign
            name = out.hold(sign, sign.__name__)
            return f"{name}({operand}, {label_of(node.node)!r})"
        case nodes.Add() | nodes.Sub() | nodes.Mul() | nodes.Div():
            left, right = _all(out, [node.left, node.right])
            labels = f"{label_of(node.left)!r}, {label_of(node.right)!r}"
            name = out.hold(calculate, "calculate")
            return f"{name}({node.operator!r}, {left}, {right}, {labels})"
        case _:
            raise AssertionError(f"{type(node).__name__} has no meaning in a formula")


def _kept(out: FunctionText, node: nodes.Node | None) -> str:
    return out.keep(write_expression(out, node))


def _all(out: FunctionText, found: list[nodes.Expr]) -> list[str]:
    return [_kept(out, node) for node in found]


def _field(out: FunctionText, node: nodes.Expr) -> str:
    """Follow ``a.b.c`` at once, a field of anything else step by step."""
    keys: list[str] = []
    owner = node
    while isinstance(owner, nodes.Getattr):
        keys.insert(0, owner.attr)
        owner = owner.node
    if isinstance(owner, nodes.Name):
        return out.follow((owner.name, *keys))
    assert isinstance(node, nodes.Getattr)
    return out.field(_kept(out, node.node), node.attr)


def _item(out: FunctionText, node: nodes.Getitem) -> str:
    if isinstance(node.arg, nodes.Slice):
        ends = (node.arg.start, node.arg.stop)
        start, stop = (n if n is None else _integer(n) for n in ends)
        name, whole = out.hold(get_slice, "get_slice"), _kept(out, node.node)
        return f"{name}({whole}, {start}, {stop}, {label_of(node.node)!r})"
    if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        return out.field(_kept(out, node.node), node.arg.value)
    name, items = out.hold(get_item, "get_item"), _kept(out, node.node)
    return f"{name}({items}, {_integer(node.arg)})"


def _named(out: FunctionText, node: nodes.Filter | nodes.Test) -> str:
    """Use a filter or test; most are not asked about an empty value."""
    spec = (FILTERS if isinstance(node, nodes.Filter) else TESTS)[node.name]
    value, args = _kept(out, node.node), _all(out, node.args)
    if isinstance(node, nodes.Test) and node.name in {"filled", "empty"}:
        is_empty = out.empty(value)
        return is_empty if node.name == "empty" else f"not {is_empty}"
    args += [f"**{{{pair.key!r}: {_kept(out, pair.value)}}}" for pair in node.kwargs]
    if spec.knows_zone:
        args.append(f"zone={_zone(out)}")
    given = value
    if spec.is_listwise:
        listed = f"{out.hold(spec.listed, 'listed')}({value})"
        given = f"{value} if type({value}) is list else {listed}"
    use = f"{out.hold(spec.use, spec.name)}({', '.join([given, *args])})"
    if spec.at_once:
        is_plain = f"{value}.isascii() and {value}.isprintable()"
        is_plain = f"type({value}) is str and len({value}) < {_SHORT} and {is_plain}"
        use = f"{spec.at_once.format(value)} if {is_plain} else {use}"
    if spec.is_listwise or spec.meets_empty or value in out.filled:
        return use
    nothing = "False" if spec.gives == "truth" else "None"
    return f"{nothing} if {out.empty(value)} else {use}"


def _zone(out: FunctionText) -> str:
    return f'{out.hold(zone_of, "zone_of")}(roots.get("company"))'


def _either(out: FunctionText, node: nodes.And | nodes.Or) -> str:
    found = out.new(_condition(out, node.left))
    with out.block(f"if {'not ' * isinstance(node, nodes.Or)}{found}:"):
        out.add(f"{found} = {_condition(out, node.right)}")
    return found


def _compare(out: FunctionText, node: nodes.Compare) -> str:
    """Compare two values, or a chain ``a < b < c`` each with the next."""
    first, *others = node.ops
    found = _pair(out, node.expr, first)
    if not others:
        return found
    found = out.new(found)
    left: nodes.Node = first.expr
    for operand in others:
        with out.block(f"if {found}:"):
            out.add(f"{found} = {_pair(out, left, operand)}")
        left = operand.expr
    return found


def _pair(out: FunctionText, expr: nodes.Node, operand: nodes.Operand) -> str:
    left, right = _kept(out, expr), _kept(out, operand.expr)
    labels = f"{label_of(expr)!r}, {label_of(operand.expr)!r}"
    kind, wanted = operand.op, _texts(operand.expr)
    asks_list = kind in {"in", "notin"}
    denied = "not " * (kind in {"ne", "notin"})
    if wanted and kind not in _ORDERS and isinstance(operand.expr, _LISTS) == asks_list:
        # A text is compared with known texts at once; other kinds in general.
        left = out.new(left)
        texts = out.hold(wanted, "texts") if asks_list else right
        at_once = f"{left} {'in' if asks_list else '=='} {texts}"
        general = _compared(out, kind, f"{left}, {right}, {labels}")
        general = f"{left} is not None and {general}"
        return f"{denied}({at_once} if type({left}) is str else {general})"
    if not asks_list and not _is_number(operand.expr):
        left, right = out.new(left), out.new(right)
        # One may be a day, the other a moment.
        are_texts = f"type({left}) is type({right}) is str"
        with out.block(f"if {are_texts} and len({left}) != len({right}):"):
            days = f"{out.hold(same_days, 'same_days')}({left}, {right}, {_zone(out)})"
            out.add(f"{left}, {right} = {days}")
    return denied + _compared(out, kind, f"{left}, {right}, {labels}")


def _compared(out: FunctionText, kind: str, given: str) -> str:
    if kind in _ORDERS:
        return f"{out.hold(order, 'order')}({_ORDERS[kind]!r}, {given})"
    compare = is_in if kind in {"in", "notin"} else is_same
    return f"{out.hold(compare, compare.__name__)}({given})"


def _is_number(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and not isinstance(node.value, str)


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


def _condition(out: FunctionText, node: nodes.Node) -> str:
    found = write_expression(out, node)
    return found if gives_truth(node) else decided(out, found, label_of(node))


def decided(out: FunctionText, value: str, label: str) -> str:
    """Write what decides: what is no yes or no is a fault."""
    value = out.keep(value)
    name = out.hold(is_true, "is_true")
    return f"({value} if type({value}) is bool else {name}({value}, {label!r}))"


def _text(out: FunctionText, node: nodes.Node) -> str:
    """Write a part of a text; blanks that the formula itself says stay."""
    value = write_expression(out, node)
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        return value
    write = written_by(node)
    label = label_of(node)
    return out.new(f"{out.hold(write, write.__name__)}({value}, {label!r})")


def written_by(node: nodes.Node) -> Callable[[Any, str], str]:
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
