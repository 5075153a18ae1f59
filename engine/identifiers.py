"""One spelling of what tells somebody apart: business ids, personal codes, accounts.

Systems and people write one number in many ways: with blanks and dashes of every kind,
with characters that nobody sees, in small letters, with a country's letters or without.
Compared, searched for, kept, sent and masked is always the spelling that is given here.
Check digits and national forms are python-stdnum's.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any, Final

from stdnum import numdb
from stdnum.ch import uid
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.fi import hetu, ytunnus
from stdnum.iso7064 import mod_97_10
from stdnum.no import orgnr as norwegian
from stdnum.se import orgnr
from stdnum.util import get_cc_module

# Dashes that Unicode does not call so, and letters that show nothing.
_MORE_DASHES: Final = "\u2212\u2043\u02d7\u2796"
_INVISIBLE: Final = "\u115f\u1160\u2800\u3164\uffa0"
_LABEL: Final = re.compile(
    r"^(?:VAT|MOMS|ALV|BTW|TVA|MVA|CVR|UID|UST-?ID(?:-?NR)?|Y-TUNNUS|ORG\.? ?NR)\b"
    r"(?: ?N[RO]\b)?[.: ]*"
)
_FINNISH: Final = re.compile(r"(?:FI)?(\d{7})(\d)", re.ASCII)
_OLD_FINNISH: Final = re.compile(r"(?:FI ?)?(\d{6})-(\d)", re.ASCII)
_SWEDISH: Final = re.compile(r"(?:SE)?(\d{10})(?:01)?", re.ASCII)
_SWEDISH_PERSON: Final = re.compile(r"(?:16|19|20)(\d{10})", re.ASCII)  # 16: a company
_SWISS: Final = re.compile(r"(CHE\d{9})(?:MWST|TVA|IVA|TPV)?", re.ASCII)
_NORWEGIAN: Final = re.compile(r"(?:NO)?(\d{9})(?:MVA)?", re.ASCII)
# Countries whose numbers follow another's rules; the letters of a VAT number that are
# not those of the country. Directive 2006/112/EC, articles 6 and 215; ISO 3166-1.
_RULES_OF: Final = {"AX": "FI", "EL": "GR", "IM": "GB", "LI": "CH"}
_LETTERS_OF: Final = {"GR": "EL"}
_LETTERED: Final = frozenset({*(c.upper() for c in eu_vat.MEMBER_STATES), "GB"})
_TEN_DIGITS: Final = re.compile(r"((?:19|20)?)(\d{6})-?(\d{4})", re.ASCII)
_ELEVEN_DIGITS: Final = re.compile(r"(\d{6})-?(\d{5})", re.ASCII)
_SHORT: Final = 11  # characters of a Swedish code without its century


def plain_characters(character: str) -> str:
    """Give what a character stands for: a blank, a hyphen, capitals, or nothing."""
    plain = ""
    for one in unicodedata.normalize("NFKC", character):
        kind = unicodedata.category(one)
        if kind == "Pd" or one in _MORE_DASHES:
            plain += "-"
        elif one.isspace():
            plain += " "
        elif kind not in ("Cc", "Cf", "Mn") and one not in _INVISIBLE:
            plain += one.upper()
    return plain


def drop_unseen(text: str) -> str:
    """Give a text without characters that show nothing; every blank is a plain one."""
    return "".join(" " if c.isspace() else c for c in text if plain_characters(c))


def strip_unseen(text: str) -> str:
    """Take blanks off both ends, and what nobody sees."""
    if text.isascii() and text.isprintable():
        return text.strip(" ")
    seen = [place for place, c in enumerate(text) if plain_characters(c).strip()]
    return text[seen[0] : seen[-1] + 1] if seen else ""


def one_spelling(value: Any) -> str:
    """Give an id in capitals, with plain hyphens and single plain blanks; "" for none.

    A number is written by its digits; true/false, lists and groups are no ids.
    """
    if value is None or isinstance(value, bool | list | tuple | dict):
        return ""
    text = unicodedata.normalize("NFKC", str(value))
    return " ".join("".join(map(plain_characters, text)).split())


def find_business_id(value: Any, country: str = "") -> str | None:
    """Give a business id or VAT number as its country writes it; None when not valid.

    ``1234567-1`` for Finland and Åland, ``556677-8899`` for Sweden, nine digits for
    Norway, ``CHE123456788`` for Switzerland, letters and number for the other countries
    of the EU (``BE0123456749``), the bare number for all others that are known.

    Args:
        value: Any spelling, with the country's letters or without.
        country: Two letters of ISO 3166; says how to read a number without letters.
            Without it such a number is read as Finnish or Swedish.
    """
    text = _LABEL.sub("", one_spelling(value))
    old = _OLD_FINNISH.fullmatch(text)  # seven digits: the leading zero is left out
    plain = f"0{old[1]}{old[2]}" if old else re.sub(r"[^A-Z0-9+*]", "", text)
    country = country.upper()
    for code in _countries_of(plain, _RULES_OF.get(country, country)):
        found = _write_business_id(plain, code)
        if found is not None:
            return found
    return None


def _countries_of(plain: str, country: str) -> list[str]:
    """List whose number it may be: by its own letters, then by the country."""
    own = "CH" if _SWISS.fullmatch(plain) else plain[:2]
    lettered = [_RULES_OF.get(own, own)] if own.isalpha() and own.isascii() else []
    if re.search("MVA$", plain):
        lettered.append("NO")
    return [*lettered, country, *(["FI", "SE"] if country in ("", "FI", "SE") else [])]


def _write_business_id(plain: str, country: str) -> str | None:
    if country == "FI":
        number = _FINNISH.fullmatch(plain)
        is_right = number and ytunnus.is_valid(number[1] + number[2])
        return f"{number[1]}-{number[2]}" if number and is_right else None
    if country == "SE":
        number = _SWEDISH_PERSON.fullmatch(plain) or _SWEDISH.fullmatch(plain)
        is_right = number and orgnr.is_valid(number[1])
        return f"{number[1][:6]}-{number[1][6:]}" if number and is_right else None
    if country == "CH":
        number = _SWISS.fullmatch(plain)
        return number[1] if number and uid.is_valid(number[1]) else None
    if country == "NO":
        number = _NORWEGIAN.fullmatch(plain)
        return number[1] if number and norwegian.is_valid(number[1]) else None
    module = _vat_module(country)
    if module is None:
        return None
    try:
        compact = str(module.validate(plain))
    except StdnumError:
        return None
    letters = _LETTERS_OF.get(country, country)
    if country not in _LETTERED:
        return compact
    return letters + compact.removeprefix(letters)


@cache
def _vat_module(country: str) -> Any:
    return get_cc_module(country.lower(), "vat") if country.isalpha() else None


def find_private_id(value: Any, country: str = "") -> str | None:
    """Give a private customer's personal code in one spelling; None when not valid.

    Finnish codes by their form, with every century sign of 2023; Norwegian, Danish and
    Estonian ones when the country says so. A Swedish one is a business id as well.
    """
    text = one_spelling(value).replace(" ", "")
    if hetu.is_valid(text, allow_temporary=True):
        return text
    if country.upper() not in ("NO", "DK", "EE"):
        return None
    module = get_cc_module(country.lower(), "personalid")
    return write_personal_id(text) if module and module.is_valid(text) else None


def write_personal_id(value: Any) -> str:
    """Give a personal code in one spelling, whether it is right or not.

    Finnish ``131052-308T``, Swedish and Danish ``yymmdd-nnnn``, Norwegian and Estonian
    eleven digits. The century of a Swedish code stays as it is typed; two codes are the
    same by their last eleven characters.
    """
    text = _bare(one_spelling(value)).replace(" ", "")
    if short := _TEN_DIGITS.fullmatch(text):
        return f"{short[1]}{short[2]}-{short[3]}"
    if long := _ELEVEN_DIGITS.fullmatch(text):
        return long[1] + long[2]
    return text


def find_other_person_form(value: Any) -> str | None:
    """Give a Swedish personal code the other way: with its century, or without.

    Of a short one the century is a guess: 2000 up to the year 15, then 1900.
    """
    code = write_personal_id(value)
    if not _TEN_DIGITS.fullmatch(code):
        return None
    return (
        code[2:] if len(code) > _SHORT else ("20" if code[:2] < "16" else "19") + code
    )


def find_other_business_form(value: Any, country: str = "") -> str | None:
    """Give a valid business id the other way: as a VAT number, or without its letters.

    Source:
        A VAT number is FI and the eight digits; SE, the ten digits and 01; nine digits
        and MVA in Norway; elsewhere in the EU the letters and the number.
    """
    found = find_business_id(value, country) or ""
    if re.fullmatch(r"\d{7}-\d", found):
        return "FI" + found.replace("-", "")
    if re.fullmatch(r"\d{6}-\d{4}", found):
        return f"SE{found.replace('-', '')}01"
    if country.upper() == "NO":
        return "NO{}MVA".format(found) if found else None  # noqa: UP032  # no code
    return found[2:] if found[:2].isalpha() else None


def write_id(value: Any, country: str = "") -> str:
    """Give any id of a customer in one spelling: as it is sent, searched and kept.

    A valid business id or personal code in its country's form; of anything else only
    blanks, dashes and letters are made plain.
    """
    found = find_business_id(value, country) or find_private_id(value, country)
    return found or _bare(one_spelling(value))


def comparable_id(value: Any, country: str = "") -> str:
    """Give what all spellings of one id have in common; two ids are equal by it."""
    found = find_business_id(value, country) or find_private_id(value, country)
    return found or re.sub(r"[^A-Z0-9+*]", "", one_spelling(value))


def write_code(value: Any) -> str:
    """Give a routing code (address of an e-invoice, operator) in capitals, unbroken.

    Nothing but dashes is nothing.
    """
    return _bare(one_spelling(value)).replace(" ", "")


def _bare(text: str) -> str:
    """Give nothing for what has neither letter nor digit: a lone dash, a point."""
    return text if any(character.isalnum() for character in text) else ""


def find_iban(value: Any) -> str | None:
    """Give an IBAN without blanks, in capitals; None when it is not valid."""
    if not isinstance(value, str):
        return None
    plain = re.sub(r"[ ./-]", "", one_spelling(value))
    form = iban_form(plain[:2])
    return plain if form and form.fullmatch(plain) and is_account(plain) else None


def is_account(plain: str) -> bool:
    """Tell whether the check digits of an account without blanks are right."""
    return bool(mod_97_10.is_valid(plain[4:] + plain[:4]))


@cache
def iban_form(country: str) -> re.Pattern[str] | None:
    """Give the form of a country's IBAN, by the registry of ISO 13616; None without."""
    if not re.fullmatch("[A-Z]{2}", country):
        return None
    (_, facts), *_ = numdb.get("iban").info(country)
    kinds = {"n": "[0-9]", "a": "[A-Z]", "c": "[A-Z0-9]"}
    parts = re.findall(r"(\d+)!([nac])", facts.get("bban", ""))
    form = "".join(f"{kinds[kind]}{{{count}}}" for count, kind in parts)
    return re.compile(rf"{country}\d\d{form}", re.ASCII) if parts else None
