"""Mask what must not be read in a log: personal codes and bank accounts.

Shown are the last four characters at most. A text is looked at in the one spelling of
:mod:`engine.identifiers`, so letter case, dashes, blanks and what nobody sees hide
nothing; an underscore counts as a blank, as in names of files. Pure; used on every text
that leaves for the ledger, a mail or a screen.

Ten digits in a row are left alone: order numbers, references and phone numbers are
written so, and a code without its dash cannot be told from them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from stdnum import luhn
from stdnum.dk import cpr
from stdnum.ee import ik
from stdnum.no import fodselsnummer

from engine.identifiers import iban_form, is_account, plain_characters

_KEPT: Final = 4  # characters that are shown
_LONGEST_IBAN: Final = 34  # ISO 13616
_LONGEST_TEXT: Final = 20_000  # characters; what is longer is a file
_WIDEST_GAP: Final = 3
_YOUNGEST: Final = 2015  # a later year of birth is a day of today: an order's, a file's
_START, _END = r"(?<![0-9A-F])", r"(?![0-9A-Z])"  # after A-F: the middle of a guid
_BORN = r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}"  # ddmmyy
_NORDIC = r"(?:\d{2})?\d{2}(?:0[1-9]|1[0-2])\d{2}"  # yymmdd; the day may be 60 up
_GAP = " {0,3}"
# Finnish personal identity code: a day, a century sign (newer letters since 2023),
# three digits, a check character. A Swedish organisation number has the same shape but
# never a day, and is public. A Danish code has the shape of a Finnish one.
FINNISH_ID: Final = re.compile(
    rf"{_START}{_BORN}{_GAP}[-+A-FU-Y]{_GAP}\d{{3}}[0-9A-Z]{_END}", re.ASCII
)
# Swedish personal number: yymmdd or yyyymmdd, sign, four digits.
SWEDISH_ID: Final = re.compile(
    rf"{_START}{_NORDIC}{_GAP}[-+]{_GAP}\d{{4}}{_END}", re.ASCII
)
# Without a sign only check digits tell a code from any other number.
_SIGNLESS: Final = re.compile(
    rf"{_START}(?<!\+)(?:({_BORN}) {{0,3}}(\d{{3}})([A-Z])|(\d{{6}}) {{1,3}}(\d{{4}})"
    rf"|(\d{{6}} {{0,3}}-?\d{{5}})|((?:19|20)\d{{6}}) {{0,3}}(\d{{4}})){_END}",
    re.ASCII,
)
_CHECK_LETTERS: Final = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def mask_text(text: str) -> str:
    """Give the text with every personal code and bank account masked to its last four.

    >>> mask_text("131052-308T")
    '…308T'
    """
    return replace_personal(text, lambda found: f"…{found[-_KEPT:]}")


def replace_personal(text: str, make: Callable[[str], str]) -> str:
    """Give the text with something else for every personal code and bank account."""
    replaced, end = "", 0
    for first, last in _places_of_codes(text):
        replaced += f"{text[end:first]}{make(text[first:last])}"
        end = last
    return replaced + text[end:]


def find_codes(value: Any) -> set[str]:
    """Find the personal codes and accounts in all texts of plain data, as typed."""
    if isinstance(value, Mapping):
        return {code for item in value.values() for code in find_codes(item)}
    if isinstance(value, list | tuple):
        return {code for item in value for code in find_codes(item)}
    if not isinstance(value, str) or not _KEPT < len(value) <= _LONGEST_TEXT:
        return set()
    return {value[first:last] for first, last in _places_of_codes(value)}


def mask_pieces(text: str, codes: Iterable[str]) -> str:
    """Mask also what a cut has left of known codes: a beginning, or an end.

    >>> mask_pieces("Aino 131052-30", ["131052-308T"])
    'Aino …'
    """
    text = mask_text(text)
    for code in codes:
        for size in range(len(code), _KEPT, -1):
            text = text.replace(code[-size:], f"…{code[-_KEPT:]}")
            text = text.replace(code[:size], "…")
    return text


def _places_of_codes(text: str) -> Iterator[tuple[int, int]]:
    """Give where each code begins and ends; what lies inside another is left out."""
    flat, places = _flatten(text)
    end = 0
    for start, stop in sorted({*_persons(flat), *_accounts(flat)}):
        first, last = places[start], places[stop - 1] + 1
        if first >= end:
            yield first, last
            end = last


def _flatten(text: str) -> tuple[str, list[int]]:
    """Give the one spelling of a text, and where each of its characters stands."""
    flat: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if character.isascii() and character.isalnum():
            plain = character.upper()  # most of any text: no look into Unicode
        else:
            plain = " " if character == "_" else plain_characters(character)
        flat.append(plain)
        places += [place] * len(plain)
    return "".join(flat), places


def _persons(flat: str) -> Iterator[tuple[int, int]]:
    for pattern in (FINNISH_ID, SWEDISH_ID):
        yield from (found.span() for found in pattern.finditer(flat))
    for found in _SIGNLESS.finditer(flat):
        if _is_person(found):
            yield found.span()


def _is_person(found: re.Match[str]) -> bool:
    born, serial, letter, six, four, eleven, eight, last = found.groups()
    if letter:
        return _CHECK_LETTERS[int(born + serial) % 31] == letter
    if six:
        is_phone = six.startswith("0")
        return not is_phone and (_is_swedish(six + four) or _is_danish(six + four))
    if eleven:
        digits = re.sub("[ -]", "", eleven)
        is_estonian = digits == eleven and ik.is_valid(digits)
        return bool(is_estonian or fodselsnummer.is_valid(digits))
    return int(eight[:4]) <= _YOUNGEST and _is_swedish(eight[2:] + last)


def _is_swedish(digits: str) -> bool:
    return bool(re.match(_NORDIC, digits[:6]) and luhn.is_valid(digits))


def _is_danish(digits: str) -> bool:
    weights = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
    total = sum(w * int(d) for w, d in zip(weights, digits, strict=True))
    return total % 11 == 0 and bool(cpr.is_valid(digits))


def _accounts(flat: str) -> Iterator[tuple[int, int]]:
    """Find IBANs by their country's form; oddly grouped only with right digits."""
    for found in re.finditer(r"(?=([A-Z]{2})[ -]?\d)", flat):
        form, start = iban_form(found[1]), found.start()
        if form is None:
            continue
        places = _take(flat, start)
        account = form.match("".join(flat[place] for place in places))
        if account is None:
            continue
        stop = places[account.end() - 1] + 1
        is_alone = not (flat[start - 1 : start].isalnum() or flat[stop:][:1].isalnum())
        *groups, _ = flat[start:stop].split(" ")
        is_usual = {len(group) for group in groups} <= {4}
        is_loose = "[A-Z0-9]" in form.pattern  # much else has such a form
        if (is_alone and is_usual and not is_loose) or is_account(account.group()):
            yield start, stop


def _take(flat: str, start: int) -> list[int]:
    """Give the places of letters and digits from there on, over a few separators."""
    places: list[int] = []
    for place in range(start, len(flat)):
        if flat[place] not in " -":
            if not flat[place].isalnum() or len(places) == _LONGEST_IBAN:
                break
            places.append(place)
        elif places and place - places[-1] > _WIDEST_GAP:
            break
    return places
