"""What ``+ - * / ~``, comparisons and fields mean in a formula, for plain data.

Exact: numbers are int or Decimal, a float counts by its digits. A fault says which
field was empty or of the wrong kind, in the words of whoever reads the transfer log.
"""

from __future__ import annotations

import operator
from decimal import Decimal, DecimalException
from typing import TYPE_CHECKING, Any, Final

from engine.language.values import (
    ValueFault,
    decimal_of,
    is_amount,
    is_empty,
    is_number_text,
    name_kind,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CALCULATIONS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_ORDERS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def get_item(value: Any, index: int) -> Any:
    """Give a list's item by its place, from the end when negative; empty if none."""
    if isinstance(value, list | tuple) and -len(value) <= index < len(value):
        return value[index]
    return None


def get_slice(value: Any, start: int | None, stop: int | None, label: str = "") -> Any:
    """Give part of a text or list."""
    if is_empty(value):
        return None
    if isinstance(value, str | list | tuple):
        return value[start:stop]
    raise ValueFault(
        "FORMULA",
        f"{_name(label)} is {name_kind(value)}; only text and lists have parts",
    )


def is_true(value: Any, label: str = "") -> bool:
    """Give yes or no; empty counts as no, anything else is a fault."""
    if isinstance(value, bool):
        return value
    if is_empty(value):
        return False
    hint = f"; write {label} is filled" if label else ""
    raise ValueFault(
        "NOT_TRUE_OR_FALSE",
        f"{_name(label)} is {name_kind(value)}, not yes or no{hint}",
    )


def calculate(
    sign: str, left: Any, right: Any, left_label: str, right_label: str
) -> Any:
    """Compute exactly with two numbers."""
    if sign == "+" and isinstance(left, list) and isinstance(right, list):
        return left + right
    a = left if is_amount(left) else _operand(sign, left, left_label)
    b = right if is_amount(right) else _operand(sign, right, right_label)
    if sign == "/":
        if b == 0:
            said = f"{_name(right_label)} is 0 here, so / cannot be calculated"
            raise ValueFault("FORMULA", said)
        a, b = Decimal(a), Decimal(b)
    try:
        result = _CALCULATIONS[sign](a, b)
    except DecimalException:
        raise ValueFault("FORMULA", f"{sign} gives a number out of range") from None
    if not is_amount(result):
        decimal_of(result)  # refuses what no amount of money can be
    return result


def negate(value: Any, label: str = "") -> Any:
    """Give a number with the other sign."""
    return -_operand("-", value, label)


def keep_sign(value: Any, label: str = "") -> Any:
    """Give a number as it is."""
    return _operand("+", value, label)


def is_same(left: Any, right: Any, left_label: str = "", right_label: str = "") -> bool:
    """Tell whether two values are the same; empty ones are the same as each other.

    A number and a text are the same when the text says that number: customer numbers
    are numbers in one system and texts in another.
    """
    if is_empty(left) or is_empty(right):
        return is_empty(left) and is_empty(right)
    if isinstance(left, bool) or isinstance(right, bool):
        if isinstance(left, bool) and isinstance(right, bool):
            return left is right
        truth_label, other = (
            (left_label, right) if isinstance(left, bool) else (right_label, left)
        )
        said = f"{_name(truth_label)} is yes or no, it is never {name_kind(other)}"
        raise ValueFault("FORMULA", said)
    if isinstance(left, str) != isinstance(right, str):
        text, number = (left, right) if isinstance(left, str) else (right, left)
        is_number = isinstance(number, int | float | Decimal)
        return is_number and is_number_text(text, number)
    if isinstance(left, float | Decimal) and isinstance(right, int | float | Decimal):
        return decimal_of(left) == decimal_of(right)
    if isinstance(right, float) and isinstance(left, int):
        return Decimal(left) == decimal_of(right)
    return bool(left == right)


def is_in(value: Any, choices: Any, label: str = "", choices_label: str = "") -> bool:
    """Tell whether a value is one of a list, or part of a text."""
    if is_empty(value) or is_empty(choices):
        return False
    if isinstance(choices, list | tuple):
        return any(is_same(value, c, label) for c in choices if not is_empty(c))
    if isinstance(choices, str):
        return text_of(value) in choices
    said = f"{_name(choices_label)} is {name_kind(choices)}, so in cannot be decided"
    raise ValueFault("FORMULA", said)


def order(sign: str, left: Any, right: Any, left_label: str, right_label: str) -> bool:
    """Compare two numbers, or two texts (ISO dates are in order as text)."""
    for value, label in ((left, left_label), (right, right_label)):
        if is_empty(value):
            said = f"{_name(label)} is empty here, so {sign} cannot be decided"
            raise ValueFault("FORMULA", said)
    if isinstance(left, str) and isinstance(right, str):
        return _ORDERS[sign](left, right)
    a = _operand(sign, left, left_label, "decided")
    return _ORDERS[sign](a, _operand(sign, right, right_label, "decided"))


def _operand(
    sign: str, value: Any, label: str, verb: str = "calculated"
) -> int | Decimal:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return value if isinstance(value, int) else decimal_of(value)
    said = f"{_name(label)} is {name_kind(value)}"
    if is_empty(value):
        said = f"{_name(label)} is empty here"
    hint = ""
    if isinstance(value, str) and not is_empty(value):
        joins = sign == "+"
        hint = "; + adds numbers, ~ joins texts" if joins else "; write … | number"
    raise ValueFault("FORMULA", f"{said}, so {sign} cannot be {verb}{hint}")


def _name(label: str) -> str:
    return label or "a part of the formula"
