"""Filters that put items in order, or pick the first and last of an order.

Values that are all numbers, however they are spelled, are in the order of numbers; all
others in that of texts, capitals or not. Empty values come last, or do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from engine.language.filters.declaration import declare, field_of, same_list
from engine.language.symbols import Symbol
from engine.language.values import find_number, get_path, is_empty, text_of

Items = Sequence[Any]


def _one_value(base: Symbol, args: Sequence[Symbol]) -> Symbol:
    return field_of(base.item(), args[0]) if args else base.item()


@declare(
    "list", is_listwise=True, fields=("keys",), orders=("keys",), type_of=same_list
)
def sort_by(items: Items, *keys: str, descending: bool = False) -> list[Any]:
    """Put the items in the order of a field, then of the next ones; empty ones last.

    Without a field the items themselves are put in order. For one field up and another
    down, sort twice, by the more important one last.

    >>> rows | sort_by('code', 'amount', descending=true) | pluck('amount')
    [20.00, 30.00, 10.00]
    """
    found = list(items)
    for key in reversed(keys or ("",)):
        filled, ranks = _ranked(found, key)
        order = sorted(range(len(filled)), key=ranks.__getitem__, reverse=descending)
        empty = [item for item in found if is_empty(_value(item, key))]
        found = [*(filled[place] for place in order), *empty]
    return found


@declare(
    "any",
    name="min",
    is_listwise=True,
    fields=("path",),
    orders=("path",),
    type_of=_one_value,
)
def least(items: Items, path: str = "") -> Any:
    """Give the least number, the first text or the earliest date of the items.

    >>> rows | min('amount')
    10.00
    """
    filled, ranks = _ranked(items, path)
    found = min(range(len(filled)), key=ranks.__getitem__, default=None)
    return None if found is None else _value(filled[found], path)


@declare(
    "any",
    name="max",
    is_listwise=True,
    fields=("path",),
    orders=("path",),
    type_of=_one_value,
)
def most(items: Items, path: str = "") -> Any:
    """Give the greatest number, the last text or the latest date of the items.

    >>> ['2026-01-31', '2026-02-03'] | max
    '2026-02-03'
    """
    filled, ranks = _ranked(items, path)
    found = max(range(len(filled)), key=ranks.__getitem__, default=None)
    return None if found is None else _value(filled[found], path)


def _value(item: Any, path: str) -> Any:
    return get_path(item, path) if path else item


def _ranked(items: Items, path: str) -> tuple[list[Any], list[Decimal] | list[str]]:
    """Give the items that have a value, and what they are put in order by."""
    filled = [item for item in items if not is_empty(_value(item, path))]
    values = [_value(item, path) for item in filled]
    numbers = [n for value in values if (n := find_number(value)) is not None]
    if len(numbers) == len(values):
        return filled, numbers
    return filled, [text_of(value).casefold() for value in values]
