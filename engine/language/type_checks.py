"""A literal in a formula or path, held against what is known of the value beside it.

``rowType == 'Hour'`` is never true, and ``number == '12'`` neither: both are found here
before any document is read. Pure; imports scope, shapes and problems.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.kinds import PHRASES
from engine.language.types import NUMBER, TEXT, TRUTH, KnownType
from engine.language.values import find_number
from engine.problems import hint_for

if TYPE_CHECKING:
    from engine.language.symbols import Symbol


@dataclass(frozen=True, slots=True)
class NeverEqual:
    """A value that never occurs, and one way out."""

    message: str
    hint: str | None


def known_literal(value: Any) -> KnownType | None:
    """Say what is known of a literal; its own value is the only one there is."""
    if isinstance(value, bool):
        return TRUTH
    if isinstance(value, int | Decimal):
        return NUMBER
    return KnownType(TEXT.types, enum=(value,)) if isinstance(value, str) else None


def find_value_fault(value: Any, shape: Symbol, name: str) -> NeverEqual | None:
    """Find a literal that its neighbour never equals.

    Args:
        value: What the literal says.
        shape: What is known of the other side.
        name: The other side in words, such as its last field.
    """
    enum = None if shape.field is None else shape.field.enum
    if enum is None or value in enum or value in ("", None):
        return None
    if not isinstance(value, str):
        return None
    hint = hint_for(value, [str(v) for v in enum], f"{name} is one of")
    shown = value if value.strip() else f'"{value}"'
    return NeverEqual(f"{shown} is never the value of {name}", hint)


def find_kind_fault(left: Symbol, right: Symbol) -> NeverEqual | None:
    """Find two sides of ``==`` of kinds that are never equal.

    A text that is written like a number may equal one, as in customer numbers.
    """
    kinds = (left.kind, right.kind)
    if "any" in kinds or left.kind == right.kind:
        return None
    if set(kinds) == {"text", "number"}:
        text = left if left.kind == "text" else right
        enum = None if text.field is None else text.field.enum
        if enum is None or any(find_number(value) is not None for value in enum):
            return None
        hint = None
    elif "truth" in kinds:
        hint = "yes and no stand alone: write FIELD, or not FIELD"
    else:
        hint = "compare one of its fields or items"
    said = f"{PHRASES[left.kind]} never equals {PHRASES[right.kind]}"
    return NeverEqual(said, hint)


def find_order_fault(left: Symbol, right: Symbol) -> NeverEqual | None:
    """Find two sides of ``<`` that have no order."""
    kinds = {left.kind, right.kind}
    if "any" in kinds or kinds in ({"text"}, {"number"}):
        return None
    if kinds == {"text", "number"}:
        said, hint = "a text and a number have no order", "write … | number"
    else:
        said, hint = "only numbers, dates and texts have an order", None
    return NeverEqual(said, hint)
