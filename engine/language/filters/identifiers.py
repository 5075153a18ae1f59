"""Business ids, bank accounts and mail addresses in one spelling.

What two systems write differently must compare equal. Check digits are python-stdnum's.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from stdnum import iban as stdnum_iban
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.fi import ytunnus
from stdnum.se import orgnr

from engine.language.values import is_empty, text_of

_SEPARATORS = re.compile(r"[\s\u00a0\u2010-\u2015\u2212./-]+")
_FINNISH = re.compile(r"(?:FI)?(\d{7})(\d)", re.ASCII)
_SWEDISH = re.compile(r"(?:SE)?(\d{10})(?:01)?", re.ASCII)
_SWEDISH_PERSON = re.compile(r"(?:19|20)(\d{10})", re.ASCII)
# Deliberately plain: one @, no blanks, a point in the domain. The receiving system's
# own check is stricter or laxer in ways nobody writes down.
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
    r"@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}",
    re.ASCII,
)


def find_business_id(value: Any) -> str | None:
    """Give a Finnish or Swedish business id as ``1234567-1`` or ``556677-8899``.

    Any spelling counts: with or without hyphen, blanks, the country's letters, the
    Swedish ``01`` of a VAT number. None when the check digit is wrong or the form is
    unknown. A seven-digit Finnish id of old gets its leading zero.

    Source:
        A VAT number is FI and the eight digits, or SE, the ten digits and 01.
    """
    if is_empty(value) or isinstance(value, bool | list | tuple | dict):
        return None
    text = unicodedata.normalize("NFKC", text_of(value)).upper()
    text = re.sub(r"^(VAT|MOMS|ALV|Y-TUNNUS|ORG\.?NR)[.: ]*", "", text.strip())
    hyphened = re.fullmatch(r"(?:FI)?\s*(\d{6})-(\d)", text, re.ASCII)
    if hyphened:
        text = f"0{hyphened[1]}{hyphened[2]}"
    text = _SEPARATORS.sub("", text)
    finnish = _FINNISH.fullmatch(text)
    if finnish:
        number = finnish[1] + finnish[2]
        return f"{finnish[1]}-{finnish[2]}" if ytunnus.is_valid(number) else None
    swedish = _SWEDISH_PERSON.fullmatch(text) or _SWEDISH.fullmatch(text)
    if swedish and orgnr.is_valid(swedish[1]):
        return f"{swedish[1][:6]}-{swedish[1][6:]}"
    return None


def find_iban(value: Any) -> str | None:
    """Give an IBAN without blanks, in capitals; None when it is not valid."""
    if is_empty(value) or not isinstance(value, str):
        return None
    try:
        return str(
            stdnum_iban.validate(_SEPARATORS.sub("", value), check_country=False)
        )
    except StdnumError:
        return None


def is_email(value: Any) -> bool:
    """Tell whether a text looks like one mail address: ``name@firm.fi``."""
    return isinstance(value, str) and bool(_EMAIL.fullmatch(value.strip()))
