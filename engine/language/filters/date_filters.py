"""Filters of dates. A date is written ``2026-01-31``; a moment's day is the company's.

All but ``date_text``, ``week`` and ``week_year`` give such a date again.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date as calendar_date
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from engine.language.conversion import find_writing_fault, write_date
from engine.language.filters.declaration import Misuse, declare, one_day
from engine.language.scope import find_zone
from engine.language.values import (
    ValueFault,
    find_date,
    find_number,
    name_kind,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

_MONTHS = 12
_OF_DAY: Final[Mapping[str, Any]] = {"knows_zone": True, "takes": ("text",)}
_DAY: Final[Mapping[str, Any]] = {**_OF_DAY, "type_of": one_day}  # gives a date


def _misused_pattern(pattern: str) -> Misuse | None:
    fault = find_writing_fault(pattern)
    return Misuse(fault, "write it like DD.MM.YYYY", code="M510") if fault else None


def _misused_zone(zone: Any) -> Misuse | None:
    if not zone or find_zone(str(zone)):
        return None
    return Misuse(f"there is no time zone {zone}", "write it like Europe/Helsinki")


def _misused_count(count: Any) -> Misuse | None:
    number = find_number(count)
    if number is not None and number == int(number):
        return None
    return Misuse("this counts whole days or months", "write 1, or -1 for back")


@declare("text", **_DAY, checks={"place": _misused_zone})
def date(value: Any, place: Any = "", *, zone: tzinfo | None) -> str:
    """Give the company's day of an ISO date or date-time.

    A time zone's name gives the day there instead.

    >>> '2026-01-31T23:30:00Z' | date('Europe/Stockholm')
    '2026-02-01'
    """
    return _need_date(value, "date", _zone(place, zone)).isoformat()


@declare("text", **_OF_DAY, checks={"pattern": _misused_pattern})
def date_text(value: Any, pattern: str, *, zone: tzinfo | None) -> str:
    """Write a date by a pattern of D, DD, M, MM, YY, YYYY and signs between them.

    >>> '2026-01-31' | date_text('D.M.YYYY')
    '31.1.2026'
    """
    fault = find_writing_fault(text_of(pattern))
    if fault:
        raise ValueFault("FORMULA", fault)
    return write_date(_need_date(value, "date_text", zone), text_of(pattern))


@declare("number", **_OF_DAY)
def week(value: Any, *, zone: tzinfo | None) -> int:
    """Give the number of a date's week, from Monday (ISO 8601): 1 to 53.

    >>> '2027-01-01' | week
    53
    """
    return _need_date(value, "week", zone).isocalendar().week


@declare("number", **_OF_DAY)
def week_year(value: Any, *, zone: tzinfo | None) -> int:
    """Give the year that a date's week belongs to; it may be the one before or after.

    >>> '2027-01-01' | week_year
    2026
    """
    return _need_date(value, "week_year", zone).isocalendar().year


@declare("text", **_DAY)
def month_end(value: Any, *, zone: tzinfo | None) -> str:
    """Give the last day of a date's month.

    >>> '2026-02-03' | month_end
    '2026-02-28'
    """
    day = _need_date(value, "month_end", zone)
    return day.replace(day=monthrange(day.year, day.month)[1]).isoformat()


@declare("text", **_DAY, checks={"count": _misused_count})
def add_days(value: Any, count: Any, *, zone: tzinfo | None) -> str:
    """Give the date so many days later, or earlier when negative.

    >>> '2026-01-31' | add_days(14)
    '2026-02-14'
    """
    day = _need_date(value, "add_days", zone)
    try:
        return (day + timedelta(days=_need_whole(count, "add_days"))).isoformat()
    except OverflowError:
        raise ValueFault("FORMULA", "add_days leaves the calendar") from None


@declare("text", **_DAY, checks={"count": _misused_count})
def add_months(value: Any, count: Any, *, zone: tzinfo | None) -> str:
    """Give the same day so many months later, or earlier when negative.

    A month that is too short gives its last day.

    >>> '2026-01-31' | add_months(1)
    '2026-02-28'
    """
    day = _need_date(value, "add_months", zone)
    months = day.year * _MONTHS + day.month - 1 + _need_whole(count, "add_months")
    year, month = months // _MONTHS, months % _MONTHS + 1
    if not calendar_date.min.year <= year <= calendar_date.max.year:
        raise ValueFault("FORMULA", "add_months leaves the calendar")
    last = monthrange(year, month)[1]
    return calendar_date(year, month, min(day.day, last)).isoformat()


@declare("number", **_OF_DAY)
def days_until(value: Any, end: Any, *, zone: tzinfo | None) -> int:
    """Count the days from this date to another.

    >>> '2026-01-31' | days_until('2026-02-14')
    14
    """
    last = _need_date(end, "days_until", zone)
    return (last - _need_date(value, "days_until", zone)).days


def _zone(name: Any, company: tzinfo | None) -> tzinfo | None:
    found = find_zone(text_of(name))
    if found is None and text_of(name):
        raise ValueFault("FORMULA", f"there is no time zone {text_of(name)}")
    return found or company


def _need_whole(value: Any, name: str) -> int:
    number = find_number(value)
    if number is None or number != int(number):
        said = f"{name} needs a whole number, not {name_kind(value)}"
        raise ValueFault("FORMULA", said)
    return int(number)


def _need_date(value: Any, name: str, zone: tzinfo | None) -> calendar_date:
    day = find_date(text_of(value), zone)
    if day is None:
        raise ValueFault("FORMULA", f"{name} needs a date, not {name_kind(value)}")
    return calendar_date.fromisoformat(day)
