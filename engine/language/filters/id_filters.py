"""Filters of ids, accounts and addresses: one spelling of each."""

from __future__ import annotations

from typing import Any

from engine import identifiers
from engine.language.filters import mail_addresses
from engine.language.filters.declaration import declare
from engine.language.marked_text import read_marked_text
from engine.language.values import text_of
from engine.masking import mask_text


@declare("text")
def business_id(value: Any, country: Any = "") -> str | None:
    """Give a business id as its country writes it; empty when not valid.

    Without a country, and without its letters in front, a number is read as Finnish or
    Swedish.

    >>> 'FI20774740' | business_id
    '2077474-0'
    """
    return identifiers.find_business_id(text_of(value), text_of(country))


@declare("text")
def private_id(value: Any, country: Any = "") -> str | None:
    """Give the personal code of a private customer in one spelling; empty for others.

    >>> '131052 -308t' | private_id
    '131052-308T'
    """
    return identifiers.find_private_id(text_of(value), text_of(country))


@declare("text", is_form=True)
def personal_id(value: Any) -> str:
    """Give a personal code in one spelling, right or wrong.

    >>> '131052 -308t' | personal_id
    '131052-308T'
    """
    return identifiers.write_personal_id(text_of(value))


@declare("text")
def other_personal_id(value: Any) -> str | None:
    """Give a Swedish personal code the other way, with or without its century.

    >>> '19860214-9836' | other_personal_id
    '860214-9836'
    """
    return identifiers.find_other_person_form(text_of(value))


@declare("text")
def other_business_id(value: Any, country: Any = "") -> str | None:
    """Give a business id the other way: as a VAT number, or without its letters.

    >>> '2077474-0' | other_business_id
    'FI20774740'
    """
    return identifiers.find_other_business_form(text_of(value), text_of(country))


@declare("text")
def one_id(value: Any, country: Any = "") -> str:
    """Give a customer's id in one spelling: its country's form where it is valid.

    >>> 'BE 0123.456.749' | one_id('BE')
    'BE0123456749'
    """
    return identifiers.write_id(text_of(value), text_of(country))


@declare("text")
def id_key(value: Any, country: Any = "") -> str:
    """Give what all spellings of one id have in common, to compare by.

    >>> 'no 995 525 828 mva' | id_key
    '995525828'
    """
    return identifiers.comparable_id(text_of(value), text_of(country))


@declare("text", is_form=True)
def routing_code(value: Any) -> str:
    """Give a routing code without blanks and what nobody sees; a lone dash is nothing.

    >>> '0037 2345 6705' | routing_code
    '003723456705'
    """
    return identifiers.write_code(text_of(value))


@declare("text")
def masked(value: Any) -> str:
    """Mask personal codes and bank accounts to their last four characters.

    >>> '131052-308T' | masked
    '…308T'
    """
    return mask_text(text_of(value))


@declare("text", is_form=True)
def iban(value: Any) -> str | None:
    """Give an IBAN without blanks, in capitals; empty when not valid.

    >>> 'fi21 1234 5600 0007 85' | iban
    'FI2112345600000785'
    """
    return identifiers.find_iban(value)


@declare("text")
def unless_dash(value: Any) -> str | None:
    """Give a text; empty for one that only says that there is none: a dash, a point.

    >>> ' lasku@yritys.fi' | unless_dash
    'lasku@yritys.fi'
    """
    text = identifiers.strip_unseen(text_of(value))
    return text if any(character.isalnum() for character in text) else None


@declare("text")
def plain_text(value: Any) -> str:
    """Give the text of a page without its marks, line by line.

    >>> '<p>Kiitos <b>tilauksesta</b>&nbsp;!</p>' | plain_text
    'Kiitos tilauksesta !'
    """
    return read_marked_text(text_of(value))


@declare("text")
def email(value: Any) -> str | None:
    """Give the first usable mail address of a field; empty when there is none.

    >>> 'Maija <lasku@yritys.fi>; talous@yritys.fi' | email
    'lasku@yritys.fi'
    """
    return next(iter(mail_addresses.find_addresses(text_of(value))), None)
