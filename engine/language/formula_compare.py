"""Comparisons in a formula that are never, or always, true; found at load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import nodes

from engine.language.type_checks import (
    NeverEqual,
    find_kind_fault,
    find_order_fault,
    find_value_fault,
)

if TYPE_CHECKING:
    from engine.language.formula_parse import FormulaProblems
    from engine.language.symbols import Symbol


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
        if isinstance(node, nodes.List | nodes.Tuple):
            for item in node.items:
                check_literal(problems, item, left, left_node)
        else:
            check_literal(problems, left_node, right.item(), node)
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
