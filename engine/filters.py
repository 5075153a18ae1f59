"""The named filters and tests that formulas may use; there are no others.

Each filter's docstring is its documentation: one sentence, and an example that a test
runs. Examples see ``rows`` (code, amount: A 10.00, B 20.00, A 30.00) and ``periods``.
A filter meets an empty value only when it says so; otherwise empty stays empty.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date as calendar_date
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any, Final, Literal

from engine import identifiers, listfilters
from engine.values import (
    MAX_TEXT,
    ValueFault,
    find_date,
    find_number,
    is_empty,
    name_kind,
    text_of,
)

Kind = Literal["text", "number", "list", "truth", "any"]


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter or test: what it does, what it gives, and how it meets emptiness."""

    name: str
    function: Callable[..., Any]
    gives: Kind
    meets_empty: bool = False  # it is called with empty values too
    is_listwise: bool = False  # an empty value is an empty list to it

    @property
    def description(self) -> str:
        """The docstring, for the generated documentation."""
        return inspect.getdoc(self.function) or ""

    def find_misuse(self, positional: int, named: tuple[str, ...]) -> str | None:
        """Say what is wrong with a call (the value is not counted), or None."""
        try:
            inspect.signature(self.function).bind(
                *[None] * (positional + 1), **dict.fromkeys(named)
            )
        except TypeError as error:
            return f"{self.name}: {str(error).replace('argument', 'value')}"
        return None


def upper(value: Any) -> str:
    """Write a text in capitals.

    >>> 'kpl' | upper
    'KPL'
    """
    return text_of(value).upper()


def lower(value: Any) -> str:
    """Write a text in small letters.

    >>> 'KPL' | lower
    'kpl'
    """
    return text_of(value).lower()


def trim(value: Any) -> str:
    """Take blanks off both ends.

    >>> '  kpl ' | trim
    'kpl'
    """
    return text_of(value).strip()


def as_text(value: Any) -> str:
    """Write a value as text, so that 10027 and "10027" are equal.

    >>> 10027 | text
    '10027'
    """
    return text_of(value)


def one_line(value: Any) -> str:
    """Write a text on one line: line breaks and repeated blanks become one blank.

    >>> 'Kaivokatu 1   A' | one_line
    'Kaivokatu 1 A'
    """
    return " ".join(text_of(value).split())


def replace(value: Any, old: str, new: str = "") -> str:
    """Replace every occurrence of a text by another.

    >>> 'a/b/c' | replace('/', '-')
    'a-b-c'
    """
    if not old:
        raise ValueFault("FORMULA", "replace needs a text to look for")
    return text_of(value).replace(old, new)


def pad(value: Any, width: int, fill: str = "0") -> str:
    """Fill a text up from the left to a width, with zeros unless said.

    >>> 42 | pad(5)
    '00042'
    """
    if len(fill) != 1 or not 0 <= width <= 1000:
        raise ValueFault("FORMULA", "pad needs one character and a width up to 1000")
    return text_of(value).rjust(width, fill)


def first(value: Any, count: int | None = None) -> Any:
    """Give a list's first item, or the first characters of a text.

    >>> 'Virtanen' | first(3)
    'Vir'
    """
    if isinstance(value, list | tuple):
        return value[0] if count is None else list(value[: max(count, 0)])
    return text_of(value)[: max(1 if count is None else count, 0)]


def last(value: Any, count: int | None = None) -> Any:
    """Give a list's last item, or the last characters of a text.

    >>> rows | last | get('code')
    'A'
    """
    if isinstance(value, list | tuple):
        return value[-1] if count is None else list(value[-count:] if count > 0 else ())
    wanted = 1 if count is None else count
    return text_of(value)[-wanted:] if wanted > 0 else ""


def length(value: Any) -> int:
    """Count the characters of a text or the items of a list; 0 when empty.

    >>> rows | length
    3
    """
    if value is None:
        return 0
    if isinstance(value, list | tuple | Mapping):
        return len(value)
    return len(text_of(value))


def digits(value: Any) -> str:
    """Keep only the digits.

    >>> 'FI 1234567-1' | digits
    '12345671'
    """
    return "".join(re.findall(r"[0-9]", text_of(value)))


def number(value: Any) -> Decimal:
    """Read a number as people write it: ``1 234,50``, ``1.234,50``, ``1,234.50``.

    The last of point and comma is the decimal mark; a lone comma is one too.

    >>> '1 234,50' | number
    1234.50
    """
    known = find_number(value)
    if known is not None:
        return known
    text = re.sub(r"[\s\u00a0\u202f']", "", text_of(value)).replace("\u2212", "-")
    comma, point = text.rfind(","), text.rfind(".")
    if comma > point:
        text = text.replace(".", "")
        text = text.replace(",", ".") if text.count(",") == 1 else text.replace(",", "")
    else:
        text = text.replace(",", "")
    found = find_number(text)
    if found is None:
        raise ValueFault("NOT_A_NUMBER", f"{name_kind(value)} is not a number")
    return found


def round_half_up(value: Any, places: int = 0) -> Decimal:
    """Round to a number of decimals, halves away from zero.

    >>> 100.005 | round(2)
    100.01
    """
    if not 0 <= places <= 12:
        raise ValueFault("FORMULA", "round keeps 0 to 12 decimals")
    unit = Decimal(1).scaleb(-places)
    return _need_number(value, "round").quantize(unit, ROUND_HALF_UP)


def absolute(value: Any) -> Decimal:
    """Give a number without its sign.

    >>> (0 - 12.50) | abs
    12.50
    """
    return abs(_need_number(value, "abs"))


def default(value: Any, instead: Any) -> Any:
    """Give another value when this one is empty.

    >>> '' | default('MUU')
    'MUU'
    """
    return instead if is_empty(value) else value


def get(value: Any, path: str) -> Any:
    """Give one field of a group, by a dotted path.

    >>> rows | first | get('code')
    'A'
    """
    return listfilters.get_path(value, path)


def date(value: Any) -> str:
    """Give the day of an ISO date or date-time.

    >>> '2026-01-31T10:00:00Z' | date
    '2026-01-31'
    """
    return _need_date(value, "date").isoformat()


def add_days(value: Any, count: int) -> str:
    """Give the date so many days later, or earlier when negative.

    >>> '2026-01-31' | add_days(14)
    '2026-02-14'
    """
    try:
        return (_need_date(value, "add_days") + timedelta(days=count)).isoformat()
    except OverflowError:
        raise ValueFault("FORMULA", "add_days leaves the calendar") from None


def days_until(value: Any, end: Any) -> int:
    """Count the days from this date to another.

    >>> '2026-01-31' | days_until('2026-02-14')
    14
    """
    return (_need_date(end, "days_until") - _need_date(value, "days_until")).days


def business_id(value: Any) -> str | None:
    """Give a Finnish or Swedish business id in one spelling; empty when not valid.

    >>> 'FI20774740' | business_id
    '2077474-0'
    """
    return identifiers.find_business_id(value)


def iban(value: Any) -> str | None:
    """Give an IBAN without blanks, in capitals; empty when not valid.

    >>> 'fi21 1234 5600 0007 85' | iban
    'FI2112345600000785'
    """
    return identifiers.find_iban(value)


def email(value: Any) -> str | None:
    """Give a mail address without blanks around it; empty when it is none.

    >>> ' lasku@yritys.fi ' | email
    'lasku@yritys.fi'
    """
    return text_of(value).strip() if identifiers.is_email(value) else None


def file_name(value: Any) -> str:
    """Give a file name of A-Z a-z 0-9 . _ - only, at most 80 characters.

    >>> 'Lasku ääkköset.pdf' | file_name
    'Lasku_aakkoset.pdf'
    """
    return identifiers.clean_file_name(text_of(value))


def filled(value: Any) -> bool:
    """Tell whether there is a value; 0 and no are values.

    >>> 0 is filled
    true
    """
    return not is_empty(value)


def empty(value: Any) -> bool:
    """Tell whether a value is missing: null, "", blanks, an empty list or group.

    >>> '  ' is empty
    true
    """
    return is_empty(value)


def valid_business_id(value: Any) -> bool:
    """Tell whether this is a Finnish or Swedish business id with a right check digit.

    >>> '2077474-0' is valid_business_id
    true
    """
    return identifiers.find_business_id(value) is not None


def valid_iban(value: Any) -> bool:
    """Tell whether this is a bank account number with right check digits.

    >>> 'FI21 1234 5600 0007 85' is valid_iban
    true
    """
    return identifiers.find_iban(value) is not None


def valid_email(value: Any) -> bool:
    """Tell whether this looks like one mail address.

    >>> 'lasku@yritys' is valid_email
    false
    """
    return identifiers.is_email(value)


def starting_with(value: Any, start: str) -> bool:
    """Tell whether a text starts with another.

    >>> 'ALV 25,5' is starting_with('ALV')
    true
    """
    return text_of(value).startswith(start)


def ending_with(value: Any, end: str) -> bool:
    """Tell whether a text ends with another.

    >>> 'lasku.pdf' is ending_with('.pdf')
    true
    """
    return text_of(value).endswith(end)


def containing(value: Any, part: Any) -> bool:
    """Tell whether a text contains another, or a list has an item.

    >>> rows | pluck('code') is containing('B')
    true
    """
    if isinstance(value, list | tuple):
        return part in value
    return text_of(part) in text_of(value)


def _need_number(value: Any, name: str) -> Decimal:
    found = find_number(value)
    if found is None:
        raise ValueFault("FORMULA", f"{name} needs a number, not {name_kind(value)}")
    return found


def _need_date(value: Any, name: str) -> calendar_date:
    day = find_date(text_of(value))
    if day is None:
        raise ValueFault("FORMULA", f"{name} needs a date, not {name_kind(value)}")
    return calendar_date.fromisoformat(day)


def _table(*filters: Filter) -> Mapping[str, Filter]:
    return MappingProxyType({f.name: f for f in filters})


FILTERS: Final = _table(
    Filter("upper", upper, "text"),
    Filter("lower", lower, "text"),
    Filter("trim", trim, "text"),
    Filter("one_line", one_line, "text"),
    Filter("text", as_text, "text"),
    Filter("replace", replace, "text"),
    Filter("pad", pad, "text"),
    Filter("first", first, "any"),
    Filter("last", last, "any"),
    Filter("length", length, "number", meets_empty=True),
    Filter("digits", digits, "text"),
    Filter("number", number, "number"),
    Filter("round", round_half_up, "number"),
    Filter("abs", absolute, "number"),
    Filter("default", default, "any", meets_empty=True),
    Filter("get", get, "any"),
    Filter("date", date, "text"),
    Filter("add_days", add_days, "text"),
    Filter("days_until", days_until, "number"),
    Filter("business_id", business_id, "text"),
    Filter("iban", iban, "text"),
    Filter("email", email, "text"),
    Filter("file_name", file_name, "text"),
    Filter("find_by", listfilters.find_by, "any", is_listwise=True),
    Filter("find_any", listfilters.find_any, "any", is_listwise=True),
    Filter("where", listfilters.where, "list", is_listwise=True),
    Filter("pluck", listfilters.pluck, "list", is_listwise=True),
    Filter("unique", listfilters.unique, "list", is_listwise=True),
    Filter("sum_of", listfilters.sum_of, "number", is_listwise=True),
    Filter("join", listfilters.join, "text", is_listwise=True),
    Filter("total_by", listfilters.total_by, "list", is_listwise=True),
    Filter("merged_by", listfilters.merged_by, "list", is_listwise=True),
    Filter("allocate", listfilters.allocate, "list", is_listwise=True),
    Filter("covering", listfilters.covering, "list", is_listwise=True),
)

TESTS: Final = _table(
    Filter("filled", filled, "truth", meets_empty=True),
    Filter("empty", empty, "truth", meets_empty=True),
    Filter("valid_business_id", valid_business_id, "truth"),
    Filter("valid_iban", valid_iban, "truth"),
    Filter("valid_email", valid_email, "truth"),
    Filter("starting_with", starting_with, "truth"),
    Filter("ending_with", ending_with, "truth"),
    Filter("containing", containing, "truth"),
)


def call_filter(spec: Filter, value: Any, args: tuple[Any, ...], named: Any) -> Any:
    """Run a filter on plain values; empty stays empty unless the filter meets it.

    Raises:
        ValueFault: The value does not fit, or the result is over 100,000 characters.
    """
    if spec.is_listwise:
        if is_empty(value):
            value = []
        elif not isinstance(value, list | tuple):
            raise ValueFault(
                "FORMULA", f"{spec.name} works on a list, not on {name_kind(value)}"
            )
    elif is_empty(value) and not spec.meets_empty:
        return False if spec.gives == "truth" else None
    try:
        _check_size(spec, value, args)
        result = spec.function(value, *args, **named)
    except (TypeError, AttributeError, ValueError, ArithmeticError) as error:
        said = f"{spec.name} cannot use {name_kind(value)} with these values"
        raise ValueFault("FORMULA", said) from error
    if isinstance(result, str) and len(result) > MAX_TEXT:
        raise ValueFault("FORMULA", f"{spec.name} makes over {MAX_TEXT} characters")
    return result


def _check_size(spec: Filter, value: Any, args: tuple[Any, ...]) -> None:
    """Refuse what would grow without bound before it is made."""
    if spec.name == "replace" and isinstance(value, str) and len(args) > 1:
        grown = value.count(args[0]) * len(args[1]) if args[0] else 0
        if grown > MAX_TEXT:
            raise ValueFault("FORMULA", f"replace makes over {MAX_TEXT} characters")
    if spec.name == "join" and len(value) * len(args[0] if args else "") > MAX_TEXT:
        raise ValueFault("FORMULA", f"join makes over {MAX_TEXT} characters")
