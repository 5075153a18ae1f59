"""Comparisons in a formula that are never, or always, true; found at load."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from jinja2 import nodes

from engine.kinds import PHRASES
from engine.language.symbols import Symbol
from engine.language.type_checks import (
    NeverEqual,
    find_kind_fault,
    find_order_fault,
    find_value_fault,
    known_literal,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.language.formula_parse import FormulaProblems


def check_comparison(
    problems: FormulaProblems,
    left_node: nodes.Node,
    left: Symbol,
    operand: nodes.Operand,
    right: Symbol,
) -> None:
    """Find a comparison that is never, or always, true.

    M309 is a literal outside of the field's values, as in ``rowType == 'Huor'``;
    M310 are two kinds that are never equal, as in ``quantity == 'kpl'``, have no
    order, as in ``name > 3``, or are one and the same.
    """
    node = operand.expr
    if operand.op in {"in", "notin"}:
        _check_in(problems, left_node, left, node, right)
        return
    if operand.op not in {"eq", "ne"}:
        fault = find_order_fault(left, right)
    elif left_node == node and not isinstance(node, nodes.Const):
        fault = NeverEqual("both sides are the same", None)
    else:
        was_reported = check_literal(problems, node, left, left_node)
        was_reported = check_literal(problems, left_node, right, node) or was_reported
        fault = None if was_reported else find_kind_fault(left, right)
    if fault is not None:
        problems.at_node("M310", fault.message, node, fault.hint)


def _check_in(
    problems: FormulaProblems,
    left_node: nodes.Node,
    left: Symbol,
    node: nodes.Expr,
    right: Symbol,
) -> None:
    """Find a list that never holds the value, and what holds none."""
    fault: NeverEqual | None = None
    if isinstance(node, nodes.List | nodes.Tuple):
        for item in node.items:
            if not check_literal(problems, item, left, left_node):
                value = item.value if isinstance(item, nodes.Const) else None
                fault = find_kind_fault(left, Symbol(known_literal(value), ""))
                if fault is not None:
                    problems.at_node("M310", fault.message, item, fault.hint)
        _check_commas(problems, left, node)
        return
    if check_literal(problems, left_node, right.item(), node):
        return
    if right.kind == "list":
        fault = find_kind_fault(left, right.item())
    elif right.kind in {"number", "truth", "group"}:
        said = f"in looks in a list or a text, this is {PHRASES[right.kind]}"
        fault = NeverEqual(said, "compare with ==")
    elif right.kind == "text" and left.kind in {"list", "group", "truth"}:
        said = f"{PHRASES[left.kind]} is never a part of a text"
        fault = NeverEqual(
            said, "write … is containing('A')" if left.kind == "list" else None
        )
    if fault is not None:
        problems.at_node("M310", fault.message, node, fault.hint)


_NUMBERS: Final = re.compile(r"(?<![\d,.])\d+,\d+(?!\d|[.,]\d)")


def _check_commas(
    problems: FormulaProblems, left: Symbol, node: nodes.List | nodes.Tuple
) -> None:
    """Find a decimal comma, which makes two items of one number: [25,5]."""
    start = node.lineno or 0
    end = problems.text.find("]", start)
    if left.field is not None and "number" not in left.field.types:
        return
    inside = problems.text[start:end]
    if left.field is None and ", " not in inside:
        return
    for pair in _NUMBERS.finditer(inside):
        said = f"{pair[0]} is two numbers here"
        hint = f"write {pair[0].replace(',', '.')}; two numbers have a blank between"
        problems.add("M313", said, start + pair.start(), pair[0], hint)


def check_parts(problems: FormulaProblems, node: nodes.And | nodes.Or) -> None:
    """Find two parts that leave nothing to decide: ``a != 'x' or a != 'y'`` (M310)."""
    is_and = isinstance(node, nodes.And)
    wanted = "eq" if is_and else "ne"
    seen: list[tuple[nodes.Node, nodes.Node]] = []
    parts = list(_flat(node, type(node)))
    for number, part in enumerate(parts):
        if part in parts[:number]:
            problems.at_node("M310", "this part stands here twice", part)
        if not isinstance(part, nodes.Compare) or len(part.ops) != 1:
            continue
        operand = part.ops[0]
        if operand.op != wanted or not isinstance(operand.expr, nodes.Const):
            continue
        for name, value in seen:
            if name == part.expr and value != operand.expr:
                word = "never" if is_and else "always"
                joined = "or" if is_and else "and"
                said = f"this is {word} true: a value cannot be both"
                problems.at_node("M310", said, operand.expr, f"write {joined}")
        seen.append((part.expr, operand.expr))


def _flat(node: nodes.Node, kind: type[nodes.Node]) -> Iterator[nodes.Node]:
    if isinstance(node, kind) and isinstance(node, nodes.And | nodes.Or):
        yield from _flat(node.left, kind)
        yield from _flat(node.right, kind)
    else:
        yield node


def check_literal(
    problems: FormulaProblems, literal: nodes.Node, shape: Symbol, owner: nodes.Node
) -> bool:
    """Find a literal that the value beside it never has (M309); tell whether it is."""
    if not isinstance(literal, nodes.Const) or isinstance(owner, nodes.Const):
        return False
    name = shape.label.rsplit(".", 1)[-1].removesuffix("[]") or "this"
    fault = find_value_fault(literal.value, shape, name)
    if fault is not None:  # what stands between the quotes is underlined
        offset = (literal.lineno or 0) + isinstance(literal.value, str)
        word = str(literal.value)
        problems.add("M309", fault.message, offset, word, fault.hint)
    return fault is not None
