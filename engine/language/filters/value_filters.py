"""Filters that look at one value: text, numbers.

Examples see ``rows`` (code, amount: A 10.00, B 20.00, A 30.00).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from engine.identifiers import strip_unseen
from engine.language.file_names import clean_file_name
from engine.language.filters.declaration import Misuse, declare, field_of
from engine.language.symbols import Symbol
from engine.language.types import TEXT, common_type, list_of
from engine.language.values import (
    MAX_TEXT,
    ValueFault,
    find_number,
    get_path,
    is_empty,
    name_kind,
    round_number,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal


MOST_PLACES: Final = 12


def _end(base: Symbol, args: Sequence[Symbol]) -> Symbol:
    if base.kind == "list":
        return base if args else base.item()
    return Symbol(TEXT if base.kind in {"text", "number"} else None, "")


def _texts(_: Symbol, __: Sequence[Symbol]) -> Symbol:
    return Symbol(list_of(TEXT), "")


def _either(base: Symbol, args: Sequence[Symbol]) -> Symbol:
    return Symbol(common_type([base.field, *(arg.field for arg in args)]), base.label)


def _field(base: Symbol, args: Sequence[Symbol]) -> Symbol:
    return field_of(base, args[0]) if args else Symbol(None, "")


@declare("text", is_form=True, at_once="{}.upper()")
def upper(value: Any) -> str:
    """Write a text in capitals.

    >>> 'kpl' | upper
    'KPL'
    """
    return text_of(value).upper()


@declare("text", is_form=True, at_once="{}.lower()")
def lower(value: Any) -> str:
    """Write a text in small letters.

    >>> 'KPL' | lower
    'kpl'
    """
    return text_of(value).lower()


@declare("text", is_form=True, at_once="{}.strip(' ')")
def trim(value: Any) -> str:
    """Take blanks off both ends, and what nobody sees.

    >>> '  kpl ' | trim
    'kpl'
    """
    return strip_unseen(text_of(value))


@declare("text", is_form=True, at_once="' '.join({}.split())")
def one_line(value: Any) -> str:
    """Write a text on one line: line breaks and repeated blanks become one blank.

    >>> 'Kaivokatu 1   A' | one_line
    'Kaivokatu 1 A'
    """
    return " ".join(text_of(value).split())


@declare("text", name="text")
def as_text(value: Any) -> str:
    """Write a value as text, so that 10027 and "10027" are equal.

    >>> 10027 | text
    '10027'
    """
    return text_of(value)


@declare("text")
def replace(value: Any, old: str, new: str = "") -> str:
    """Replace every occurrence of a text by another.

    >>> 'a/b/c' | replace('/', '-')
    'a-b-c'
    """
    if not old:
        raise ValueFault("FORMULA", "replace needs a text to look for")
    text = text_of(value)
    # Before it is made: a result that nobody asked for must not fill the memory.
    if text.count(old) * len(new) > MAX_TEXT:
        raise ValueFault("FORMULA", f"replace makes over {MAX_TEXT} characters")
    return text.replace(old, new)


@declare("list", type_of=_texts)
def split(value: Any, separator: str = " ") -> list[str]:
    """Cut a text at a separator into its parts, without blanks around them.

    >>> 'KV-2026; Oulu' | split(';')
    ['KV-2026', 'Oulu']
    """
    if not separator:
        raise ValueFault("FORMULA", "split needs a text to cut at")
    text = text_of(value)
    parts = text.split() if separator == " " else text.split(separator)
    return [part.strip() for part in parts]


@declare("text")
def pad(value: Any, width: int, fill: str = "0") -> str:
    """Fill a text up from the left to a width, with zeros unless said.

    >>> 42 | pad(5)
    '00042'
    """
    if len(fill) != 1 or not 0 <= width <= 1000:
        raise ValueFault("FORMULA", "pad needs one character and a width up to 1000")
    return text_of(value).rjust(width, fill)


@declare("any", takes=("text", "number", "list"), type_of=_end)
def first(value: Any, count: int | None = None) -> Any:
    """Give a list's first item, or the first characters of a text.

    >>> 'Virtanen' | first(3)
    'Vir'
    """
    if isinstance(value, list | tuple):
        return value[0] if count is None else list(value[: max(count, 0)])
    return text_of(value)[: max(1 if count is None else count, 0)]


@declare("any", takes=("text", "number", "list"), type_of=_end)
def last(value: Any, count: int | None = None) -> Any:
    """Give a list's last item, or the last characters of a text.

    >>> rows | last | get('code')
    'A'
    """
    if isinstance(value, list | tuple):
        return value[-1] if count is None else list(value[-count:] if count > 0 else ())
    wanted = 1 if count is None else count
    return text_of(value)[-wanted:] if wanted > 0 else ""


@declare("number", meets_empty=True, takes=("text", "list", "group"))
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


@declare("text", is_form=True)
def digits(value: Any) -> str:
    """Keep only the digits.

    >>> 'FI 1234567-1' | digits
    '12345671'
    """
    return "".join(re.findall(r"[0-9]", text_of(value)))


@declare("number")
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


def _misused_places(places: Any) -> Misuse | None:
    number = find_number(places)
    if number is not None and number in range(MOST_PLACES + 1):
        return None
    said = f"a number has 0 to {MOST_PLACES} decimals, whole ones"
    return Misuse(said, "write 2")


@declare("text", checks={"places": _misused_places})
def number_text(
    value: Any, places: int | None = None, mark: str = ",", group: str = ""
) -> str:
    """Write a number as people read it, with a decimal comma unless said.

    ``group`` stands between thousands; without it nothing does.

    >>> 1234.5 | number_text(2, group=' ')
    '1 234,50'
    """
    if places is not None and not 0 <= places <= MOST_PLACES:
        raise ValueFault("FORMULA", f"number_text keeps 0 to {MOST_PLACES} decimals")
    number = _need_number(value, "number_text")
    number = number if places is None else round_number(number, places)
    return format(number, ",f").translate({ord(","): group, ord("."): mark})


@declare("number", name="round", checks={"places": _misused_places})
def round_half_up(value: Any, places: int = 0) -> Decimal:
    """Round to a number of decimals, halves away from zero.

    >>> 100.005 | round(2)
    100.01
    """
    if not 0 <= places <= MOST_PLACES:
        raise ValueFault("FORMULA", f"round keeps 0 to {MOST_PLACES} decimals")
    return round_number(_need_number(value, "round"), places)


@declare("number", name="abs")
def absolute(value: Any) -> Decimal:
    """Give a number without its sign.

    >>> (0 - 12.50) | abs
    12.50
    """
    return abs(_need_number(value, "abs"))


@declare("any", meets_empty=True, type_of=_either)
def default(value: Any, instead: Any) -> Any:
    """Give another value when this one is empty.

    >>> '' | default('MUU')
    'MUU'
    """
    return instead if is_empty(value) else value


@declare("any", fields=("path",), takes=("group",), type_of=_field)
def get(value: Any, path: str) -> Any:
    """Give one field of a group, by a dotted path.

    >>> rows | first | get('code')
    'A'
    """
    return get_path(value, path)


@declare("text")
def file_name(value: Any) -> str:
    """Give a file name of A-Z a-z 0-9 . _ - only, at most 80 characters.

    >>> 'Lasku ääkköset.pdf' | file_name
    'Lasku_aakkoset.pdf'
    """
    return clean_file_name(text_of(value))


def _need_number(value: Any, name: str) -> Decimal:
    found = find_number(value)
    if found is None:
        raise ValueFault("FORMULA", f"{name} needs a number, not {name_kind(value)}")
    return found
