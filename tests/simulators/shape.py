"""A small checker of JSON shapes that reports every finding, worded as one system does.

Two sentences and one code are seen in the wild ("Value of the 'x' field is invalid: ",
"Value of the 'x' cannot be blank." and SIZE_MUST_BE_BETWEEN_0_AND_100); the rest of the
wording here is a guess in their style.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Kind = str  # text, whole, number, truth, date, moment, object, list


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation: the field, spelled ``invoiceRows[3].unit``, and the message."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Field:
    """What one value may be. ``places`` is the number of decimals allowed."""

    kind: Kind
    required: bool = False
    most: int | None = None  # characters of a text, members of a list
    least: int = 0
    low: Decimal | None = None
    high: Decimal | None = None
    places: int | None = None
    one_of: frozenset[str] | None = None
    inside: Mapping[str, Field] = field(default_factory=dict)
    item: Field | None = None
    read_only: bool = False
    nullable: bool = False


def text(most: int | None = None, **more: Any) -> Field:
    return Field("text", most=most, **more)


def number(**more: Any) -> Field:
    return Field("number", **more)


def whole(**more: Any) -> Field:
    return Field("whole", **more)


def choice(values: frozenset[str], **more: Any) -> Field:
    return Field("text", one_of=values, **more)


def shape(inside: Mapping[str, Field], **more: Any) -> Field:
    return Field("object", inside=inside, **more)


def listing(item: Field, **more: Any) -> Field:
    return Field("list", item=item, **more)


TRUTH = Field("truth")
DAY = Field("date")
READ_ONLY = Field("any", read_only=True)


def blank(name: str) -> Finding:
    return Finding(name, f"Value of the '{name}' cannot be blank.")


def invalid(name: str, value: Any) -> Finding:
    return Finding(name, f"Value of the '{name}' field is invalid: {value}")


def iter_findings(value: Any, rule: Field, path: str = "") -> Iterator[Finding]:
    """Give everything that is wrong with a value."""
    if rule.kind == "object":
        yield from _check_object(value, rule, path)
    elif rule.kind == "list":
        yield from _check_list(value, rule, path)
    elif rule.kind == "text":
        yield from _check_text(value, rule, path)
    elif rule.kind in ("number", "whole"):
        yield from _check_number(value, rule, path)
    elif rule.kind == "truth":
        if not isinstance(value, bool):
            yield invalid(path, value)
    elif not _is_time(value, rule.kind):
        yield invalid(path, value)


def _check_object(value: Any, rule: Field, path: str) -> Iterator[Finding]:
    if not isinstance(value, dict):
        yield invalid(path, value)
        return
    for name, inner in rule.inside.items():
        where = f"{path}.{name}" if path else name
        present = value.get(name)
        if present is None:
            if inner.required:
                yield blank(where)
            elif name in value and not inner.nullable:
                yield invalid(where, "null")
        elif inner.read_only:
            # A guess: a live system more likely ignores it. Refused here, because
            # sending it means that somebody believes it has an effect.
            yield Finding(where, f"Value of the '{where}' field is read only.")
        else:
            yield from iter_findings(present, inner, where)
    for name in value:
        if name not in rule.inside:
            where = f"{path}.{name}" if path else name
            yield Finding(where, f"Unknown field '{where}'.")  # a guess


def _check_list(value: Any, rule: Field, path: str) -> Iterator[Finding]:
    if not isinstance(value, list):
        yield invalid(path, value)
        return
    if len(value) < rule.least or (rule.most is not None and len(value) > rule.most):
        yield Finding(path, _size_code(rule))
    assert rule.item is not None
    for place, member in enumerate(value):
        yield from iter_findings(member, rule.item, f"{path}[{place}]")


def _check_text(value: Any, rule: Field, path: str) -> Iterator[Finding]:
    if not isinstance(value, str):
        yield invalid(path, value)
        return
    if rule.one_of is not None:
        if value not in rule.one_of:
            yield invalid(path, value)
    elif rule.required and not value.strip():
        yield blank(path)
    elif len(value) < rule.least or (rule.most is not None and len(value) > rule.most):
        yield Finding(path, _size_code(rule))
    strange = find_strange_character(value)
    if strange is not None:
        yield Finding(
            path,
            f"Value of the '{path}' field is invalid: character U+{ord(strange):04X}",
        )


def _size_code(rule: Field) -> str:
    most = rule.most if rule.most is not None else 2_147_483_647
    return f"SIZE_MUST_BE_BETWEEN_{rule.least}_AND_{most}"


def find_strange_character(value: str) -> str | None:
    """Give the first character that Windows-1252 does not have."""
    try:
        value.encode("cp1252")
    except UnicodeEncodeError as error:
        return value[error.start]
    return None


def _check_number(value: Any, rule: Field, path: str) -> Iterator[Finding]:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        yield invalid(path, value)
        return
    amount = Decimal(value)
    if rule.kind == "whole" and (
        amount != amount.to_integral_value() or abs(amount) > 2_147_483_647
    ):
        yield invalid(path, value)
    if (rule.low is not None and amount < rule.low) or (
        rule.high is not None and amount > rule.high
    ):
        yield invalid(path, value)
    if rule.places is not None and amount != round(amount, rule.places):
        yield invalid(path, value)


def _is_time(value: Any, kind: Kind) -> bool:
    if kind == "any":
        return True
    try:
        if kind == "date":
            return len(value) == 10 and date.fromisoformat(value) is not None
        return datetime.fromisoformat(value) is not None
    except (TypeError, ValueError):
        return False
