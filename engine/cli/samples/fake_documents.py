"""A document that may be kept: names, addresses, ids and accounts become made-up ones.

Each fake has the length and form of what it stands for: letters stay letters of their
kind (small or capital, vowel or not, plain or with an accent), so limits and character
checks behave as before; business ids, accounts and personal ids keep valid check
digits; mail addresses end in ``.example``. The same text always becomes the same fake,
so what was equal stays equal. Kept are numbers, yes and no, dates but those of birth,
values that a schema lists, and codes, units, types and statuses by the name of their
field: rules compare with them.

Not for secrets: whoever guesses a text can make the same fake and compare.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from stdnum import iban as stdnum_iban

from engine.cli.samples.hide_personal import is_marked
from engine.identifiers import find_business_id, find_iban, one_spelling
from engine.language.schema import SchemaField
from engine.masking import FINNISH_ID, SWEDISH_ID, replace_personal

# Fields that hold no person's or firm's words, by the last word of their name.
_CODES: Final = re.compile(
    "codes?|code[23]|types?|class|kind|category|units?|status|currency|language|culture"
    "|country|symbol|schedule|format|style|order|hash|sha256|form|timezone|mode"
    "|priority|level|grouping|by"
)
_GROUPS: Final = re.compile(  # groups whose every field is kept
    "currency|currencies|languages?|culture|country|countries|timezone|status"
    "|statuses|units"
)
_WORD_END: Final = re.compile(r"[A-Z]?[a-z0-9]+$")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}([T ][\d:.]+)?(Z|[+-]\d{2}:?\d{2})?")
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_IBAN: Final = re.compile(r"\b[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{2,4}){3,8}\b")
_BUSINESS: Final = re.compile(r"\b(?:FI)?\d{6,7}-?\d\b|\b(?:SE)?\d{6}-?\d{4}(?:01)?\b")
_EXTENSION: Final = re.compile(r"\.[A-Za-z0-9]{2,4}$")
_WORD: Final = re.compile(r"[^\W\d_]+")
# From five digits a number in a text is somebody's: a phone, an account, a register id.
_NUMBER: Final = re.compile(r"(?!\d{4}-\d\d-\d\d\b)\b\d(?:[ -]?\d){4,}")
_VOWELS: Final = "aeiouy"
_CONSONANTS: Final = "hjklmnprstv"
_TRIES: Final = 20_000  # of check digits; one in 97 fits an account


def fake_document(document: Any, schema: SchemaField | None = None) -> Any:
    """Give the document with everything that speaks of somebody replaced."""
    return _fake(document, schema, "")


def replace_ids(value: Any, schema: SchemaField | None, kept: Iterable[str]) -> Any:
    """Give the document with made-up personal ids and accounts, all else as it is.

    ``kept`` are accounts that are nobody's secret, as in a company's own settings.
    What is no plain data, such as a file's bytes, is left out.
    """
    own = {one_spelling(text).replace(" ", "") for text in kept}

    def fake(found: str) -> str:
        plain = one_spelling(found).replace(" ", "")
        return found if plain in own else fake_text(found)

    def follow(value: Any, schema: SchemaField | None) -> Any:
        if isinstance(value, Mapping):
            return {
                key: follow(item, schema.child(str(key)) if schema else None)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [follow(item, schema.item() if schema else None) for item in value]
        if isinstance(value, str):
            hidden = _fake(value, schema, "") if is_marked(schema) else value
            return replace_personal(value, fake) if hidden == value else hidden
        is_plain = value is None or isinstance(value, bool | int | float | Decimal)
        return value if is_plain else None

    return follow(value, schema)


def _fake(value: Any, schema: SchemaField | None, name: str) -> Any:
    if isinstance(value, Mapping):
        if _GROUPS.fullmatch(_last_word(name)):
            return value
        return {
            key: _fake(item, schema.child(str(key)) if schema else None, str(key))
            for key, item in value.items()
        }
    if isinstance(value, list):
        inner = schema.item() if schema is not None else None
        return [_fake(item, inner, name) for item in value]
    if not isinstance(value, str):
        return value
    if _DATE.fullmatch(value):
        return _fake_date(value) if is_marked(schema) else value
    return value if _is_kept(schema, name) else fake_text(value)


def _is_kept(schema: SchemaField | None, name: str) -> bool:
    is_listed = schema is not None and schema.enum is not None
    is_postal = name.lower().startswith(("post", "zip"))
    is_code = _CODES.fullmatch(_last_word(name)) is not None
    return is_listed or (is_code and not is_postal)


def _last_word(name: str) -> str:
    match = _WORD_END.search(name)
    return match.group().lower() if match else name.lower()


def fake_text(text: str) -> str:
    """Give a text of the same form: ids and addresses first, then word by word."""
    if _GUID.fullmatch(text):
        return _fake_guid(text)
    found: list[str] = []

    def keep(make: Callable[[str], str]) -> Callable[[re.Match[str]], str]:
        def replace(match: re.Match[str]) -> str:
            made = make(match.group())
            if made == match.group():
                return made
            found.append(made)
            return f"\x00{len(found) - 1}\x00"

        return replace

    text = _EMAIL.sub(keep(_fake_email), text)
    text = FINNISH_ID.sub(keep(_fake_person), text)
    text = SWEDISH_ID.sub(keep(_fake_person), text)
    text = _IBAN.sub(keep(_fake_account), text)
    text = _BUSINESS.sub(keep(_fake_business_id), text)
    text = _NUMBER.sub(keep(_fake_digits), text)
    extension = _EXTENSION.search(text)
    end = extension.group() if extension and " " not in text else ""
    parts = re.split(r"\x00(\d+)\x00", text[: len(text) - len(end)])
    return (
        "".join(
            found[int(part)] if index % 2 else _WORD.sub(_fake_word, part)
            for index, part in enumerate(parts)
        )
        + end
    )


def _bytes(text: str, salt: str = "") -> bytes:
    return hashlib.shake_256(f"{salt}|{text}".encode("utf-8", "replace")).digest(64)


def _fake_word(match: re.Match[str]) -> str:
    word = match.group()
    numbers = _bytes(word.lower())
    return "".join(
        _fake_letter(letter, numbers[index % len(numbers)])
        for index, letter in enumerate(word)
    )


def _fake_letter(letter: str, number: int) -> str:
    small = letter.lower()
    if small in _VOWELS:
        made = _VOWELS[number % len(_VOWELS)]
    elif small.isascii():
        made = _CONSONANTS[number % len(_CONSONANTS)]
    else:
        return letter  # ä, Ŕ, Cyrillic: which encodings take it must stay so
    return made.upper() if letter.isupper() else made


def _fake_digits(text: str, salt: str = "") -> str:
    """Replace digits; zeros in front stay, for they are part of the form."""
    numbers = iter(_bytes(text, salt))
    start = len(text) - len(text.lstrip("0"))
    return text[:start] + "".join(
        str(1 + next(numbers) % 9) if c.isdigit() else c for c in text[start:]
    )


def _fake_date(text: str) -> str:
    day, month = _bytes(text)[:2]
    return f"{text[:4]}-{1 + month % 12:02d}-{1 + day % 28:02d}{text[10:]}"


def _fake_guid(text: str) -> str:
    digits = iter(_bytes(text.lower()).hex())
    return "".join(next(digits) if c.isalnum() else c for c in text)


def _fake_email(text: str) -> str:
    """Keep the length where the domain leaves room for ``.example``."""
    name, _, domain = text.partition("@")
    firm = domain[: max(len(domain) - len(".example"), 1)].replace(".", "-").strip("-")
    return f"{_WORD.sub(_fake_word, name)}@{_WORD.sub(_fake_word, firm)}.example"


def _fake_account(text: str) -> str:
    """Give an account of the same country and length, with right check digits."""
    if find_iban(text) is None:
        return text
    made = text[:4] + _fake_digits(text[4:], "account")
    compact = made.replace(" ", "").upper()
    check = stdnum_iban.calc_check_digits(compact)
    return made[:2] + check + made[4:]


def _fake_business_id(text: str) -> str:
    if find_business_id(text) is None:
        return text
    start = 2 if text[:2].isalpha() else 0
    end = len(text) - 2 if text.startswith("SE") else len(text)
    for number in range(_TRIES):
        made = text[:start] + _fake_digits(text[start:end], str(number)) + text[end:]
        if find_business_id(made) is not None and made != text:
            return made
    return text


def _fake_person(text: str) -> str:
    """Give an id nobody has: the Finnish serial numbers 900-999 are never given."""
    finnish = FINNISH_ID.fullmatch(text)
    if finnish is None:
        return text[:-4] + _fake_digits(text[-4:], "person")
    day, month, serial = _bytes(text)[:3]
    born = f"{1 + day % 28:02d}{1 + month % 12:02d}{text[4:6]}"
    number = f"9{serial % 100:02d}"
    check = "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(born + number) % 31]
    return f"{born}{text[6]}{number}{check}"
