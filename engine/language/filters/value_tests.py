"""Tests of one value: ``is filled``, ``is starting_with('A')``, ``is valid_iban``."""

from __future__ import annotations

from typing import Any

from engine import identifiers
from engine.language.filters import mail_addresses
from engine.language.filters.declaration import declare
from engine.language.values import is_empty, text_of


@declare("truth", meets_empty=True)
def filled(value: Any) -> bool:
    """Tell whether there is a value; 0 and no are values.

    >>> 0 is filled
    true
    """
    return not is_empty(value)


@declare("truth", meets_empty=True)
def empty(value: Any) -> bool:
    """Tell whether a value is missing: null, "", blanks, an empty list or group.

    >>> '  ' is empty
    true
    """
    return is_empty(value)


@declare("truth")
def valid_business_id(value: Any, country: Any = "") -> bool:
    """Tell whether this is a business id with a right check digit.

    Of the country that is named, or that its letters name; else of Finland or Sweden.

    >>> '2077474-0' is valid_business_id
    true
    """
    return identifiers.find_business_id(value, text_of(country)) is not None


@declare("truth")
def valid_iban(value: Any) -> bool:
    """Tell whether this is a bank account number with right check digits.

    >>> 'FI21 1234 5600 0007 85' is valid_iban
    true
    """
    return identifiers.find_iban(value) is not None


@declare("truth")
def valid_email(value: Any) -> bool:
    """Tell whether this looks like one mail address.

    >>> 'lasku@yritys' is valid_email
    false
    """
    return mail_addresses.is_email(value)


@declare("truth")
def starting_with(value: Any, start: str) -> bool:
    """Tell whether a text starts with another.

    >>> 'ALV 25,5' is starting_with('ALV')
    true
    """
    return text_of(value).startswith(start)


@declare("truth")
def ending_with(value: Any, end: str) -> bool:
    """Tell whether a text ends with another.

    >>> 'lasku.pdf' is ending_with('.pdf')
    true
    """
    return text_of(value).endswith(end)


@declare("truth", takes=("text", "number", "list"))
def containing(value: Any, part: Any) -> bool:
    """Tell whether a text contains another, or a list has an item.

    >>> rows | pluck('code') is containing('B')
    true
    """
    if isinstance(value, list | tuple):
        return part in value
    return text_of(part) in text_of(value)
