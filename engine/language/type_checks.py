"""A value in a cell, held against what is known of the value beside it.

``rowType == 'Hour'`` is never true, nor is ``number > 'A'``, nor ``placed ==
'31.1.2026'``: all are found here before any document is read. Pure; imports symbols,
types, values and problems.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from engine.kinds import PHRASES
from engine.language.conversion import read_date
from engine.language.sent_texts import normalise_text
from engine.language.types import NUMBER, TEXT, TRUTH, KnownType
from engine.language.values import (
    ValueFault,
    find_date,
    find_number,
    is_number_text,
)
from engine.problems import hint_for, shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from engine.language.symbols import Symbol
    from engine.language.types import Type

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-].*)?"
)
_BEGINNING: Final = re.compile(r"\d{4}(-\d{2})?")  # of a day: in order as text
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def _is_moment(text: str) -> bool:
    return bool(_MOMENT.fullmatch(text)) and find_date(text) is not None


def _is_day(text: str) -> bool:
    return bool(_DAY.fullmatch(text)) and find_date(text) is not None


# Format → whether a text has it, and what it looks like.
_FORMATS: Final[Mapping[str, tuple[Callable[[str], bool], str]]] = {
    "date": (_is_day, "a date like 2026-01-31"),
    "date-time": (_is_moment, "a date-time like 2026-01-31T10:00:00Z"),
    "uuid": (
        lambda text: bool(_UUID.fullmatch(text)),
        "an id of 32 digits, 8-4-4-4-12",
    ),
}


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
        return KnownType(NUMBER.types, enum=(value,))
    return KnownType(TEXT.types, enum=(value,)) if isinstance(value, str) else None


def find_form_fault(text: str, field: Type | None, *, compared: bool) -> str | None:
    """Say by its form why a text is none that a place has; None where it may be one.

    Args:
        text: A literal.
        field: What is known of the place.
        compared: It is only compared, where a date equals a moment of that day.
    """
    if field is None or not text.strip() or not field.types <= {"string"}:
        return None
    is_right, like = _FORMATS.get(field.format or "", (None, ""))
    is_time = compared and like.startswith("a date") and find_date(text) is not None
    if is_right is not None and not is_time and not is_right(text):
        return f"this is not {like}"
    if field.pattern and not _fits(field.pattern, text):
        return f"the form is {field.pattern}"
    longest, size = field.max_length, len(normalise_text(text))
    if compared and longest is not None and size > longest:
        return f"at most {longest} characters are there"
    shortest = field.min_length or 0
    if size < shortest:
        return f"at least {shortest} characters are there"
    for name, form in field.forms:
        if form(text) != text:
            return f"{name} gives {form(text) or 'nothing'}"
    return None


def iso_hint(text: str) -> str | None:
    """Give the way out for a date that is written as people write it."""
    try:
        return f"write {read_date(text, 'D.M.YYYY')}"
    except ValueFault:
        return None


def _fits(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:  # the schema's dialect knows more than ours
        return True


def is_among(value: Any, values: Iterable[Any]) -> bool:
    """Tell whether a value is one of some; a number is, however it is written."""
    for one in values:
        if value == one and isinstance(value, bool) == isinstance(one, bool):
            return True
        text, number = (value, one) if isinstance(value, str) else (one, value)
        is_number = isinstance(number, int | Decimal) and not isinstance(number, bool)
        if isinstance(text, str) and is_number and is_number_text(text, number):
            return True
    return False


def find_value_fault(value: Any, shape: Symbol, name: str) -> NeverEqual | None:
    """Find a literal that its neighbour never equals.

    Args:
        value: What the literal says.
        shape: What is known of the other side.
        name: The other side in words, such as its last field.
    """
    field = shape.field
    is_plain = isinstance(value, str | int | Decimal) and not isinstance(value, bool)
    if field is None or value == "" or not is_plain:
        return None
    shown = str(value) if str(value).strip() else f'"{value}"'
    if field.enum is None:
        text = value if isinstance(value, str) else ""
        said = find_form_fault(text, field, compared=True)
        return (
            NeverEqual(f"{name} is never {shorten(text)}: {said}", None)
            if said
            else None
        )
    if is_among(value, field.enum):
        return None
    hint = hint_for(str(value), [str(v) for v in field.enum], f"{name} is one of")
    said = f"{shown} is never the value of {name}"
    if name == "value":  # of transform
        said = f"the value is never {shown}"
    return NeverEqual(said, hint)


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
        is_day = text.field is not None and text.field.format in _FORMATS
        if not is_day and (
            enum is None or any(find_number(v) is not None for v in enum)
        ):
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
    if kinds == {"text", "number"}:
        return NeverEqual("a text and a number have no order", "write … | number")
    if kinds - {"text", "number", "any"}:
        return NeverEqual("only numbers, dates and texts have an order", None)
    for one, other in ((left, right), (right, left)):
        text, field = one.text or "", other.field
        is_day = _BEGINNING.fullmatch(text) or find_date(text) is not None
        form = None if field is None else field.format
        if text and not is_day and form in ("date", "date-time"):
            said = f"{shorten(text)} is not a date like 2026-01-31, and has no order"
            return NeverEqual(said, iso_hint(text))
    return None
