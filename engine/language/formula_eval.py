"""Rewrites an admitted formula so that each operation is one of ours.

After this no Python operator, attribute or method is left in the tree, and nothing that
a user typed is an identifier in the generated code.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from jinja2 import nodes

if TYPE_CHECKING:
    from collections.abc import Mapping

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
_ARITHMETIC: Final[Mapping[type[nodes.Node], str]] = {
    nodes.Add: "+",
    nodes.Sub: "-",
    nodes.Mul: "*",
    nodes.Div: "/",
}


class Lowering:
    """Rewrites an admitted tree so that each operation is one of ours.

    Names become ``n0, n1 …`` and decimals ``c0, c1 …``: nothing a user typed is an
    identifier in the generated code.
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.constants: dict[str, Any] = {}

    def expression(self, node: nodes.Node) -> nodes.Expr:  # noqa: C901, PLR0912 - one case a node
        """Give the same expression, made of our operations."""
        match node:
            case nodes.Name():
                symbol = self.names.setdefault(node.name, f"n{len(self.names)}")
                return nodes.Name(symbol, "load")
            case nodes.Const():
                return self._constant(node.value)
            case nodes.Getattr():
                return self._apply(".", node.node, node.attr)
            case nodes.Getitem():
                return self._item(node)
            case nodes.Filter() | nodes.Test():
                return self._named(node)
            case nodes.And() | nodes.Or():
                both = (self._truth(node.left), self._truth(node.right))
                return type(node)(*both)
            case nodes.Not():
                return nodes.Not(self._truth(node.node))
            case nodes.CondExpr():
                other: nodes.Node = node.expr2 or nodes.Const(None)
                return nodes.CondExpr(
                    self._truth(node.test),
                    self.expression(node.expr1),
                    self.expression(other),
                )
            case nodes.Compare():
                return self._compare(node)
            case nodes.Concat():
                first, *others = (self.expression(n) for n in node.nodes)
                return _filter(first, "~", [_typed(node), *others])
            case nodes.List() | nodes.Tuple():
                return nodes.List([self.expression(n) for n in node.items])
            case nodes.Neg() | nodes.Pos():
                name = "neg" if isinstance(node, nodes.Neg) else "pos"
                return self._apply(name, node.node, label_of(node.node))
            case nodes.BinExpr():
                name = _ARITHMETIC[type(node)]
                return self._pair(name, node.left, node.right)
            case _:
                raise AssertionError(f"the gate let {type(node).__name__} through")

    def _constant(self, value: Any) -> nodes.Expr:
        if isinstance(value, Decimal):
            symbol = f"c{len(self.constants)}"
            self.constants[symbol] = value
            return nodes.Name(symbol, "load")
        return nodes.Const(value)

    def _apply(self, name: str, operand: nodes.Node, *constants: Any) -> nodes.Expr:
        values: list[nodes.Expr] = [nodes.Const(c) for c in constants]
        return _filter(self.expression(operand), name, values)

    def _pair(self, name: str, left: nodes.Node, right: nodes.Node) -> nodes.Expr:
        labels = [nodes.Const(label_of(left)), nodes.Const(label_of(right))]
        return _filter(self.expression(left), name, [self.expression(right), *labels])

    def _truth(self, node: nodes.Node) -> nodes.Expr:
        return self._apply("truth", node, label_of(node))

    def _item(self, node: nodes.Getitem) -> nodes.Expr:
        if isinstance(node.arg, nodes.Slice):
            start, stop = (
                n if n is None else _integer(n) for n in (node.arg.start, node.arg.stop)
            )
            return self._apply("[:]", node.node, start, stop, label_of(node.node))
        key = (
            node.arg.value if isinstance(node.arg, nodes.Const) else _integer(node.arg)
        )
        return self._apply("[]" if isinstance(key, int) else ".", node.node, key)

    def _named(self, node: nodes.Filter | nodes.Test) -> nodes.Expr:
        prefix = "filter" if isinstance(node, nodes.Filter) else "test"
        if node.node is None:
            raise AssertionError("the gate lets no empty filter through")
        return nodes.Filter(
            self.expression(node.node),
            f"{prefix}:{node.name}",
            [self.expression(a) for a in node.args],
            [nodes.Keyword(k.key, self.expression(k.value)) for k in node.kwargs],
            None,
            None,
        )

    def _compare(self, node: nodes.Compare) -> nodes.Expr:
        left: nodes.Node = node.expr
        whole: nodes.Expr | None = None
        for operand in node.ops:
            name = _COMPARISONS[operand.op]
            step = self._pair(name, left, operand.expr)
            whole = step if whole is None else nodes.And(whole, step)
            left = operand.expr
        if whole is None:
            raise AssertionError("a comparison without operands")
        return whole


def _filter(value: nodes.Expr, name: str, args: list[nodes.Expr]) -> nodes.Expr:
    return nodes.Filter(value, name, args, [], None, None)


def _typed(node: nodes.Concat) -> nodes.Expr:
    """Name the places of the texts that the formula itself says."""
    places = (
        place
        for place, part in enumerate(node.nodes)
        if isinstance(part, nodes.Const) and isinstance(part.value, str)
    )
    return nodes.Const(tuple(places))


def _integer(node: nodes.Node) -> int:
    if isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const):
        return -int(node.node.value)
    if isinstance(node, nodes.Const):
        return int(node.value)
    raise AssertionError("the gate lets only whole numbers through")


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
