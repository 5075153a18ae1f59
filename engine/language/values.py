"""What a value is: empty or not, as text, as number, and how a text is cut.

One definition for every part of the language. Only plain data occurs: text, int,
Decimal, true/false, null, lists and mappings. A float (from a document that somebody
else decoded) is taken by the digits it prints.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from typing import Any, Final, TypeGuard

from engine.masking import mask_text

MAX_TEXT: Final = 100_000  # characters one rule may make
MAX_VALUES: Final = 200_000  # in one value, all levels together
MAX_DIGITS: Final = 30  # digits before the point; no amount of money has more
# Decimals of a number that goes out. Binary arithmetic leaves noise in the 14th digit
# and after it; no vendor's example has over 6 decimals, so 10 is our choice.
MAX_PLACES: Final = 10
_TOO_LARGE: Final = 10**MAX_DIGITS
_EXACTLY: Final = Context(prec=2 * MAX_DIGITS)
_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?", re.ASCII)
_CODE = re.compile(r"[+-]?0\d")  # 0123: whoever types a leading zero means a code
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
EXACT: Final = frozenset({str, int, Decimal, bool, type(None)})
NUMBERS: Final = frozenset({int, float, Decimal, bool})  # 0 and false are values


class ValueFault(Exception):  # noqa: N818 - a fault becomes a Violation, it stops nothing
    """A value that a rule cannot use: a code and a sentence for the bookkeeper."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def is_empty(value: Any) -> bool:
    """Tell whether a value counts as missing.

    Empty are: missing, null, "", blanks, [] and {}. ``0`` and ``false`` are values.
    """
    kind = type(value)
    if kind is str:
        return not value or value.isspace()
    if kind in EXACT:
        return value is None
    if isinstance(value, str):
        return not value or value.isspace()
    if isinstance(value, list | dict | tuple):
        return not value
    if isinstance(value, int | Decimal):
        return False
    return is_group(value) and len(value) == 0


def is_group(value: Any) -> TypeGuard[Mapping[str, Any]]:
    """Tell whether a value has fields.

    This is asked of every value on the way, and an abstract class answers slowly.
    """
    kind = type(value)
    if kind is dict:
        return True
    return kind not in EXACT and kind is not list and isinstance(value, Mapping)


def field_in(value: Any, name: str) -> Any:
    """Give a field of a group; None when there is none, or no group."""
    return value.get(name) if is_group(value) else None


def fields_in(item: Any) -> Mapping[str, Any]:
    """Give an item's fields; it has none when it is no group."""
    return item if is_group(item) else {}


def get_path(value: Any, path: str) -> Any:
    """Follow a dotted path through groups of fields; None where it ends early."""
    if "." not in path:
        return value.get(path) if is_group(value) else None
    for part in path.split("."):
        if not is_group(value):
            return None
        value = value.get(part)
    return value


def name_kind(value: Any) -> str:
    """Name a value's kind in the reader's words: "the text 'A1'", "a list"."""
    if is_empty(value):
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return f"the text '{show_value(value)}'"
    if isinstance(value, int | float | Decimal):
        return f"the number {show_value(value)}"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, Mapping):
        return "a group of fields"
    return "not plain data"


def show_value(value: Any, limit: int = 40) -> str:
    """Show a value on one line, masked, then at most ``limit`` characters."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return f"{len(value)} items"
    if isinstance(value, Mapping):
        text = ", ".join(str(key) for key in list(value)[:8])
    else:
        try:
            text = text_of(value)
        except ValueFault:
            text = "true" if value is True else "false" if value is False else "?"
    text = mask_text("".join(c if c.isprintable() else " " for c in text[: limit * 4]))
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def text_of(value: Any, label: str = "") -> str:
    """Give a value as text; an empty one as "".

    A number has one spelling, whatever zeros it came with: 24.0 is "24". ``label`` is
    the path or formula that gave the value.

    Raises:
        ValueFault: It is true/false, a list or a group, which no text shows well.
    """
    if is_empty(value):
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        said, way = "yes" if value else "no", "say it in words, with choose:"
        raise _not_text(f"{said} is true/false, not text", way, label)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float | Decimal):
        return spell_number(decimal_of(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    is_list = isinstance(value, list | tuple)
    way = "pick one of its items" if is_list else "pick one of its fields"
    raise _not_text(f"{name_kind(value)} cannot be written as text", way, label)


def _not_text(said: str, way: str, label: str) -> ValueFault:
    where = f"{label}: " if label else ""
    return ValueFault("NOT_TEXT", f"{where}{said}; {way}")


def spell_number(number: int | Decimal) -> str:
    """Give the one spelling of a number as text."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def rounded_text(value: Any, label: str = "") -> str:
    """Give as text what a formula has just rounded: its zeros are meant."""
    return format(value, "f") if isinstance(value, Decimal) else text_of(value, label)


def is_number_text(text: str, number: float | Decimal) -> bool:
    """Tell whether a text says a number; with a zero in front it is a code."""
    found = find_number(text)
    if found is None or _CODE.match(text.strip()):
        return False
    return found == decimal_of(number)


def limited_text(text: str) -> str:
    """Give a text back that a rule has made.

    Raises:
        ValueFault: It has over 100,000 characters.
    """
    if len(text) > MAX_TEXT:
        raise ValueFault("FORMULA", f"this text has over {MAX_TEXT} characters")
    return text


def sent_text(value: Any) -> str:
    """Give a value as text as other systems write it: true/false for a truth value.

    Raises:
        ValueFault: It is a list or a group.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return text_of(value)


def decimal_of(value: float | Decimal) -> Decimal:
    """Give a number exactly: a float by the digits it prints.

    Raises:
        ValueFault: It is infinite, not a number, or longer than any amount.
    """
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise ValueFault("NOT_A_NUMBER", "this is not a finite number")
    if not number:
        return abs(number)  # -0.0 is nothing but 0.0
    if number.adjusted() >= MAX_DIGITS:
        raise ValueFault("NOT_A_NUMBER", f"this number has over {MAX_DIGITS} digits")
    return number


@cache
def _unit(places: int) -> Decimal:
    return Decimal(1).scaleb(-places)


def is_amount(value: Any) -> bool:
    """Tell at a look that ``decimal_of`` leaves a number as it is."""
    if type(value) is Decimal:
        is_finite = bool(value) and value.is_finite()
        return is_finite and value.adjusted() < MAX_DIGITS
    return type(value) is int and -_TOO_LARGE < value < _TOO_LARGE


def round_number(
    number: Decimal, places: int, rounding: str = ROUND_HALF_UP
) -> Decimal:
    """Round to a number of decimals; what becomes nothing has no sign."""
    rounded = number.quantize(_unit(places), rounding, _EXACTLY)
    return rounded or abs(rounded)


def tidy_number(number: int | Decimal) -> int | Decimal:
    """Take off what only binary arithmetic has left: decimals after the tenth."""
    if not isinstance(number, Decimal):
        return number
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= -MAX_PLACES:
        return number or abs(number)
    rounded = round_number(number, MAX_PLACES).normalize(_EXACTLY)
    return int(rounded) if rounded == int(rounded) else rounded


def find_number(value: Any) -> Decimal | None:
    """Give a number, or a text that is plainly one ("10.005"), exactly; else None."""
    if type(value) is Decimal and is_amount(value):
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | Decimal):
        return decimal_of(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    return None


def find_date(text: str, zone: tzinfo | None = None) -> str | None:
    """Give the ISO date of an ISO date or date-time, if it is a real day; else None.

    A date-time that says its own zone is a moment: its day is the one in ``zone``.
    """
    text = text.strip()
    if is_day(text):
        return text
    match = _DATE_TIME.fullmatch(text)
    day = match[1] if match else text
    if not _DATE.fullmatch(day):
        return None
    try:
        if match and match[4] and zone is not None:
            offset = match[4].replace("Z", "+00:00")
            moment = datetime.fromisoformat(f"{day}T{match[2]}:00{offset}")
            return moment.astimezone(zone).date().isoformat()
        return date.fromisoformat(day).isoformat()
    except (ValueError, OverflowError):
        return None


def same_days(left: str, right: str, zone: tzinfo | None) -> tuple[str, str]:
    """Give a date and the day of a date-time beside it; other texts as they are."""
    if len(left) == len(right) or 10 not in (len(left), len(right)):
        return left, right
    one, other = find_date(left, zone), find_date(right, zone)
    return (one, other) if one and other else (left, right)


def plain(value: Any) -> Any:
    """Give a value with floats replaced by exact decimals, at any depth.

    Raises:
        ValueFault: It holds over 200,000 values; lists that share their parts can grow
            without bound when they are walked.
    """
    if type(value) in EXACT:
        return value
    # What holds no float is given back itself: a flow hangs what it finds on the items
    # of its document, and a copy would lose that.
    if isinstance(value, list | tuple | dict) and not has_float(value):
        return value
    return _plain(value, [MAX_VALUES])


def has_float(value: Any) -> bool:
    """Tell whether a list or group holds a float, at any depth.

    Raises:
        ValueFault: It holds over 200,000 values.
    """
    waiting, left = [value], MAX_VALUES
    while waiting:
        group = waiting.pop()
        left -= len(group)
        if left < 0:
            raise ValueFault("TOO_MANY", f"this holds over {MAX_VALUES} values")
        for item in group.values() if is_group(group) else group:
            kind = type(item)
            if kind in EXACT:
                continue
            if kind is dict or kind is list or kind is tuple or is_group(item):
                waiting.append(item)
            elif isinstance(item, float):
                return True
    return False


def _plain(value: Any, left: list[int]) -> Any:
    if isinstance(value, float):
        return decimal_of(value)
    if not isinstance(value, list | tuple | dict):
        return value
    left[0] -= len(value)
    if left[0] < 0:
        raise ValueFault("TOO_MANY", f"this holds over {MAX_VALUES} values")
    if isinstance(value, dict):
        fields = {key: _plain(item, left) for key, item in value.items()}
        return fields if any(fields[key] is not value[key] for key in value) else value
    items = [_plain(item, left) for item in value]
    return (
        items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    )


def is_tidy_number(value: Any) -> bool:
    """Tell at a look that ``tidy_number`` leaves a number as it is."""
    if type(value) is Decimal:
        text = str(value)
        return len(text) <= MAX_PLACES and "E" not in text and bool(value)
    return type(value) is int


def is_day(value: Any) -> bool:
    """Tell whether this is a date as it is sent: ``2026-01-31``, a real day."""
    if type(value) is not str or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
