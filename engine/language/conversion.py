"""From a document's value to the type the target schema asks for, without loss.

Only what loses nothing happens by itself: "12.10" → number, 12.0 → whole number, a
whole number → text, a date-time → date; decimals after the tenth are noise and are
rounded away. All else is a fault that names the key to add.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from engine.kinds import PHRASES
from engine.language.sent_texts import normalise_text
from engine.language.values import (
    ValueFault,
    find_date,
    find_number,
    is_number_text,
    name_kind,
    plain,
    tidy_number,
)
from engine.rulefiles.nodes import YES_NO

if TYPE_CHECKING:
    from datetime import tzinfo

    from engine.language.schema import SchemaField

_PATTERN: Final = re.compile(r"DD?|MM?|YYYY|YY|[^A-Za-z]")
_PARTS: Final = {
    "D": r"(?P<day>\d{1,2})",
    "DD": r"(?P<day>\d{2})",
    "M": r"(?P<month>\d{1,2})",
    "MM": r"(?P<month>\d{2})",
    "YYYY": r"(?P<year>\d{4})",
    "YY": r"(?P<year>\d{2})",
}


def convert_value(
    value: Any,
    target: SchemaField,
    *,
    number_as_text: bool = False,
    zone: tzinfo | None = None,
) -> Any:
    """Give the value in a type the target has.

    ``number_as_text``: a fraction may be written as text, because ``decimals`` has said
    how. ``zone`` is the company's: a date-time with a zone becomes the day there.

    Raises:
        ValueFault: The conversion would lose or guess something.
    """
    types = target.types
    value = plain(value)
    if isinstance(value, str):
        return _from_text(value, target, zone)
    if not types:
        return value
    if isinstance(value, bool):
        if "boolean" in types:
            return value
        raise _fault(value, target, "add lookup: with entries for true and false")
    if isinstance(value, int | Decimal):
        return _from_number(value, types, target, number_as_text)
    if isinstance(value, list):
        if "array" in types:
            return value
        raise _fault(value, target, "pick one item with [0], or use join:")
    if isinstance(value, dict):
        if "object" in types:
            return value
        raise _fault(value, target, "name one of its fields")
    return value


def _from_text(text: str, target: SchemaField, zone: tzinfo | None) -> Any:
    types = target.types
    if not types or "string" in types:
        if target.format == "date":
            day = find_date(text, zone)
            if day is None:
                raise ValueFault(
                    "NOT_A_DATE",
                    f"{name_kind(text)} is no date like 2026-01-31; "
                    "add date: with the pattern it has",
                )
            return day
        return normalise_text(text)
    if types & {"number", "integer"}:
        number = find_number(text)
        if number is None:
            raise _fault(text, target, "add transform: value | number")
        return _from_number(number, types, target, number_as_text=False)
    if "boolean" in types:
        raise _fault(text, target, "add lookup: with true and false")
    return _refuse(text, target)


def _from_number(
    value: int | Decimal,
    types: frozenset[str],
    target: SchemaField,
    number_as_text: bool,
) -> Any:
    value = tidy_number(value)
    if "number" in types:
        return value
    is_whole = isinstance(value, int) or value == value.to_integral_value()
    if "integer" in types:
        if is_whole:
            return int(value)
        raise _fault(value, target, "add decimals: 0")
    if "string" in types:
        if number_as_text and isinstance(value, Decimal):
            return format(value, "f")
        if is_whole:
            return str(int(value))
        raise _fault(value, target, "add decimals: to say how it is written")
    return _refuse(value, target)


def _refuse(value: Any, target: SchemaField) -> Any:
    raise _fault(value, target, "use fields: or each:")


def _fault(value: Any, target: SchemaField, way_out: str) -> ValueFault:
    wanted = " or ".join(PHRASES[t] for t in sorted(target.types))
    said = f"{name_kind(value)} does not fit, the field takes {wanted}; {way_out}"
    return ValueFault("WRONG_TYPE", said)


def read_literal(text: str, target: SchemaField | None) -> Any:
    """Read a literal as the target's type; text as typed when the type is unknown.

    Raises:
        ValueFault: The text is no such value ("abc" in a number field).
    """
    types = target.types if target is not None else frozenset()
    if not types or "string" in types:
        return text
    if types & {"number", "integer"}:
        number = find_number(text)
        is_whole = number is not None and number == number.to_integral_value()
        if number is None or not is_number_text(text, number):
            raise ValueFault("M407", f"{text} is not a number")
        if "number" not in types and not is_whole:
            raise ValueFault("M407", f"{text} is not a whole number")
        return int(number) if is_whole and "." not in text else number
    if "boolean" in types:
        if text.lower() not in YES_NO:
            raise ValueFault("M407", f"{text} is neither true nor false")
        return YES_NO[text.lower()]
    raise ValueFault("M407", f"{text} is no list or group of fields")


def find_pattern_fault(pattern: str) -> str | None:
    """Say what is wrong with a date pattern, or None."""
    parts = _PATTERN.findall(pattern)
    if "".join(parts) != pattern:
        return "a date pattern has D, DD, M, MM, YY, YYYY and signs between them"
    letters = [p[0] for p in parts if p in _PARTS]
    if sorted(letters) != ["D", "M", "Y"]:
        return "a date pattern names day, month and year once each: D.M.YYYY"
    return None


def find_writing_fault(pattern: str) -> str | None:
    """Say what is wrong with a pattern that a date is written by, or None."""
    parts = _PATTERN.findall(pattern)
    if "".join(parts) == pattern and any(part in _PARTS for part in parts):
        return None
    return "a date is written with D, DD, M, MM, YY, YYYY and signs between them"


def write_date(day: date, pattern: str) -> str:
    """Write a day by a pattern such as ``D.M.YYYY``, of which parts may be missing."""
    year, parts = f"{day.year:04d}", {"D": day.day, "M": day.month}
    written = {"YYYY": year, "YY": year[2:]}
    for part, number in parts.items():
        written |= {part: str(number), part * 2: f"{number:02d}"}
    return "".join(written.get(part, part) for part in _PATTERN.findall(pattern))


def read_date(text: str, pattern: str) -> str:
    """Read a date by a pattern such as ``D.M.YYYY``; give it as ``2026-01-31``.

    Raises:
        ValueFault: The text has another form, or there is no such day.
    """
    parts = _PATTERN.findall(pattern)
    form = "".join(_PARTS.get(p, re.escape(p)) for p in parts)
    match = re.fullmatch(form, text.strip(), re.ASCII)
    if match:
        year = int(match["year"])
        year += 2000 if len(match["year"]) == 2 else 0
        try:
            return date(year, int(match["month"]), int(match["day"])).isoformat()
        except ValueError:
            pass
    raise ValueFault("NOT_A_DATE", f"{name_kind(text)} is no date like {pattern}")
