"""Payment references: a number with its check digits, by the rules of who reads it."""

from __future__ import annotations

import re
from typing import Any, Final

from stdnum import iso11649, luhn
from stdnum.iso7064 import mod_97_10

from engine.identifiers import one_spelling
from engine.language.filters.declaration import Misuse, declare
from engine.language.values import ValueFault, name_kind, text_of
from engine.problems import hint_for

# What a reference is made of, and how that is said.
_FORMS: Final = {
    "FI": (r"\d{3,19}", "3 to 19 digits"),
    "RF": (r"[A-Z0-9]{1,21}", "1 to 21 letters and digits"),
    "OCR": (r"\d{1,24}", "1 to 24 digits"),
    "OCR_LENGTH": (r"\d{1,23}", "1 to 23 digits"),
}


def _misused(kind: str) -> Misuse | None:
    if kind in _FORMS:
        return None
    return Misuse(f"there is no reference {kind}", hint_for(kind, _FORMS, "write"))


def _complete(base: str, kind: str) -> str | None:
    """Add what the kind adds; None when it cannot be made of this."""
    if re.fullmatch(_FORMS[kind][0], base, re.ASCII) is None:
        return None
    if kind == "FI":  # Finance Finland: weights 7, 3, 1 from the right
        weighed = zip(reversed(base), (7, 3, 1) * 7, strict=False)
        return f"{base}{-sum(int(digit) * weight for digit, weight in weighed) % 10}"
    if kind == "RF":
        return f"RF{mod_97_10.calc_check_digits(f'{base}RF')}{base}"
    if kind == "OCR_LENGTH":  # Bankgirot: the whole length's last digit comes before
        base = f"{base}{(len(base) + 2) % 10}"
    return f"{base}{luhn.calc_check_digit(base)}"


@declare("text", checks={"kind": _misused})
def reference(value: Any, kind: str) -> str:
    """Make a payment reference of a number: FI, RF, OCR or OCR_LENGTH.

    FI is the Finnish reference number, RF that of ISO 11649. OCR adds a check digit by
    Luhn, as in Sweden and in a Norwegian KID; OCR_LENGTH a length digit before it.

    >>> '104417' | reference('FI')
    '1044175'
    """
    said = _FORMS.get(kind)
    if said is None:
        raise ValueFault("FORMULA", f"there is no reference {kind}")
    base = re.sub("[ -]", "", one_spelling(text_of(value)))
    made = _complete(base, kind)
    if made is None:
        wanted = f"a reference {kind} is made of {said[1]}"
        raise ValueFault("FORMULA", f"{wanted}, not of {name_kind(value)}")
    return made


@declare("truth", checks={"kind": _misused})
def valid_reference(value: Any, kind: str = "") -> bool:
    """Tell whether this is a payment reference with right check digits.

    Of one kind as in ``reference``; without a kind, FI or RF.

    >>> '1044175' is valid_reference
    true
    """
    text = re.sub("[ -]", "", one_spelling(value))
    if not kind:
        return any(valid_reference(text, one) for one in ("FI", "RF"))
    if kind == "RF":
        return bool(iso11649.is_valid(text))
    ends = 2 if kind == "OCR_LENGTH" else 1
    bare = text.lstrip("0") if kind == "FI" else text
    return kind in _FORMS and bool(bare) and _complete(bare[:-ends], kind) == bare
