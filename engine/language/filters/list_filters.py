"""Filters that look at lists: find, pick, add up, group and share out.

A path inside an item is dotted (``product.code``); a missing part is empty. Items are
never changed: a filter that adds a field gives new items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any

from engine.identifiers import comparable_id, strip_unseen
from engine.language.filters.declaration import (
    declare,
    field_of,
    one_item,
    same_list,
)
from engine.language.symbols import Symbol
from engine.language.types import NUMBER, group_of, list_of
from engine.language.values import (
    MAX_TEXT,
    ValueFault,
    decimal_of,
    find_date,
    find_number,
    get_path,
    is_empty,
    is_number_text,
    name_kind,
    text_of,
)

if TYPE_CHECKING:
    from datetime import tzinfo

Items = Sequence[Any]


def _fields(base: Symbol, args: Sequence[Symbol]) -> Symbol:
    found = field_of(base.item(), args[0]) if args else Symbol(None, "")
    return Symbol(list_of(found.field), found.label)


def _totals(base: Symbol, args: Sequence[Symbol]) -> Symbol:
    path = args[0].text if args else None
    if path is None:
        return Symbol(list_of(None), "")
    key = field_of(base.item(), args[0]).field
    return Symbol(
        list_of(group_of({path.rpartition(".")[2]: key, "amount": NUMBER})), ""
    )


def _flat(base: Symbol, _: Sequence[Symbol]) -> Symbol:
    inner = base.item()
    return inner if inner.kind == "list" else Symbol(list_of(None), "")


def _with_value(base: Symbol, _: Sequence[Symbol]) -> Symbol:
    item = base.item().field
    knows_it = item is not None and "value" in item.properties
    return base if knows_it else Symbol(list_of(None), "")


@declare("any", is_listwise=True, fields=("key",), equals="wanted", type_of=one_item)
def find_by(items: Items, key: str, wanted: Any) -> Any:
    """Give the first item whose field equals a value; empty when there is none.

    Blanks around a text do not count, nor what nobody sees there.

    >>> rows | find_by('code', 'B') | get('amount')
    20.00
    """
    for item in items:
        value = get_path(item, key)
        if (type(value) is str and value == wanted) or _same(value, wanted):
            return item
    return None


@declare("any", is_listwise=True, fields=("key",), type_of=one_item)
def find_id(items: Items, wanted: Any, key: str) -> Any:
    """Give the first item whose field is a business id, however either is written.

    >>> rows | find_id('b', 'code') | get('amount')
    20.00
    """
    asked = comparable_id(text_of(wanted))
    same = (item for item in items if comparable_id(get_path(item, key)) == asked)
    return next(same, None) if asked else None


@declare("any", is_listwise=True, fields=("keys",), type_of=one_item)
def find_any(items: Items, wanted: Any, *keys: str) -> Any:
    """Give the first item of which one of some fields is a text, whatever its case.

    >>> countries | find_any('suomi', 'code', 'name') | get('code')
    'FI'
    """
    if is_empty(wanted):
        return None
    text = strip_unseen(text_of(wanted)).casefold()
    for item in items:
        for key in keys:
            value = get_path(item, key)
            if isinstance(value, str) and strip_unseen(value).casefold() == text:
                return item
    return None


@declare("list", is_listwise=True, fields=("key",), equals="wanted", type_of=same_list)
def where(items: Items, key: str, wanted: Any) -> list[Any]:
    """Give the items whose field equals a value.

    >>> rows | where('code', 'A') | length
    2
    """
    return [item for item in items if _same(get_path(item, key), wanted)]


@declare("list", is_listwise=True, fields=("path",), type_of=_fields)
def pluck(items: Items, path: str) -> list[Any]:
    """Give one field of every item, without the empty ones.

    >>> rows | pluck('code')
    ['A', 'B', 'A']
    """
    values = (get_path(item, path) for item in items)
    return [value for value in values if not is_empty(value)]


@declare("list", is_listwise=True, type_of=same_list)
def unique(items: Items) -> list[Any]:
    """Give each different item once, in the order they come.

    >>> rows | pluck('code') | unique
    ['A', 'B']
    """
    seen: dict[Any, Any] = {}
    for item in items:
        seen.setdefault(_key(item), item)
    return list(seen.values())


@declare("number", is_listwise=True, fields=("path",), sums=("path",))
def sum_of(items: Items, path: str = "") -> Decimal:
    """Add up one numeric field of every item (or the items); empty ones count as 0.

    >>> rows | sum_of('amount')
    60.00
    """
    return sum((_number(i, path) for i in items), Decimal(0))


@declare("number", is_listwise=True, fields=("path",), sums=("path",))
def avg(items: Items, path: str = "") -> Decimal | None:
    """Give the average of a numeric field (or the items); empty ones do not count.

    >>> rows | avg('amount')
    20.00
    """
    values = [get_path(item, path) if path else item for item in items]
    numbers = [_number(value, "") for value in values if not is_empty(value)]
    return sum(numbers, Decimal(0)) / len(numbers) if numbers else None


@declare("list", is_listwise=True, type_of=_flat)
def flatten(items: Items) -> list[Any]:
    """Make one list of a list of lists; an item that is no list stays.

    >>> [['A', 'B'], ['C']] | flatten
    ['A', 'B', 'C']
    """
    lists = (item if isinstance(item, list | tuple) else [item] for item in items)
    return [inner for item in lists for inner in item if inner is not None]


@declare("text", is_listwise=True)
def join(items: Items, separator: str = ", ") -> str:
    """Join the filled items to one text.

    >>> rows | pluck('code') | unique | join(' + ')
    'A + B'
    """
    if len(items) * len(separator) > MAX_TEXT:  # before it is made
        raise ValueFault("FORMULA", f"join makes over {MAX_TEXT} characters")
    return separator.join(text_of(item) for item in items if not is_empty(item))


@declare(
    "list",
    is_listwise=True,
    fields=("key_path", "amount_path"),
    sums=("amount_path",),
    type_of=_totals,
)
def total_by(items: Items, key_path: str, amount_path: str) -> list[dict[str, Any]]:
    """Add up an amount per value of a field: items with that field and ``amount``.

    >>> rows | total_by('code', 'amount') | pluck('amount')
    [40.00, 20.00]
    """
    name = key_path.rsplit(".", 1)[-1]
    totals: dict[Any, dict[str, Any]] = {}
    for item in items:
        key = get_path(item, key_path)
        group = totals.setdefault(_key(key), {name: key, "amount": Decimal(0)})
        group["amount"] += _number(item, amount_path)
    return list(totals.values())


@declare(
    "list", is_listwise=True, fields=("keys", "sum"), sums=("sum",), type_of=same_list
)
def merged_by(items: Items, *keys: str, sum: str = "value") -> list[dict[str, Any]]:  # noqa: A002 - the word the rule writes
    """Merge items with equal keys into the first of them, adding up one field.

    >>> rows | merged_by('code', sum='amount') | pluck('amount')
    [40.00, 20.00]
    """
    if not keys:
        raise ValueFault("FORMULA", "merged_by needs at least one field name")
    merged: dict[Any, dict[str, Any]] = {}
    for item in items:
        if not isinstance(item, Mapping):
            raise ValueFault(
                "FORMULA", f"merged_by found {name_kind(item)} in the list"
            )
        key = tuple(_key(get_path(item, k)) for k in keys)
        if key in merged:
            merged[key][sum] += _number(item, sum)
        else:
            merged[key] = {**item, sum: _number(item, sum)}
    return list(merged.values())


@declare(
    "list",
    is_listwise=True,
    fields=("by", "weight"),
    sums=("weight",),
    type_of=_with_value,
)
def allocate(
    items: Items,
    total: Any,
    by: str | None = None,
    weight: str = "weight",
    places: int = 2,
) -> list[dict[str, Any]]:
    """Share an amount out by weight: the items with ``value``, exact to the last cent.

    The largest remainders get the odd cents. With ``by``, the values of the items that
    have the same ``by`` field sum to the total (one total per dimension). When all
    weights are zero or empty, the shares are equal. A total with more decimals than
    ``places`` keeps them, so that nothing is lost.

    >>> rows | allocate(100, weight='amount') | pluck('value')
    [16.67, 33.33, 50.00]
    """
    amount = find_number(total)
    if amount is None:
        raise ValueFault("FORMULA", f"allocate cannot share out {name_kind(total)}")
    groups: dict[Any, list[int]] = {}
    for index, item in enumerate(items):
        if not isinstance(item, Mapping):
            raise ValueFault("FORMULA", f"allocate found {name_kind(item)} in the list")
        groups.setdefault(_key(get_path(item, by)) if by else None, []).append(index)
    values: dict[int, Decimal] = {}
    for indexes in groups.values():
        weights = [_number(items[i], weight) for i in indexes]
        shares = share_out(amount, weights, places)
        values.update(zip(indexes, shares, strict=True))
    return [{**item, "value": values[i]} for i, item in enumerate(items)]


def share_out(total: Decimal, weights: Sequence[Decimal], places: int) -> list[Decimal]:
    """Split ``total`` by ``weights`` into amounts of ``places`` decimals, exactly.

    A negative total gives the same shares as the positive one, with the other sign.
    """
    if not weights:
        return []
    exponent = total.as_tuple().exponent
    unit = Decimal(1).scaleb(-max(places, -int(exponent)))
    whole = sum(weights, Decimal(0))
    if not whole:
        weights, whole = [Decimal(1)] * len(weights), Decimal(len(weights))
    size = abs(total)
    exact = [size * weight / whole for weight in weights]
    shares = [share.quantize(unit, ROUND_FLOOR) for share in exact]
    missing = int((size - sum(shares, Decimal(0))) / unit)
    # sorted() is stable: among equal remainders the first item gets the cent.
    order = sorted(range(len(shares)), key=lambda i: shares[i] - exact[i])
    for step in range(abs(missing)):
        shares[order[step % len(order)]] += unit if missing > 0 else -unit
    return [share.copy_negate() if total < 0 and share else share for share in shares]


@declare(
    "list",
    is_listwise=True,
    fields=("start_key", "end_key"),
    type_of=same_list,
    knows_zone=True,
)
def covering(
    items: Items,
    day: Any,
    start_key: str = "startDate",
    end_key: str = "endDate",
    *,
    zone: tzinfo | None,
) -> list[Any]:
    """Give the items whose dates enclose a day (an empty end is open).

    >>> periods | covering('2026-02-01', 'from', 'to') | pluck('name')
    ['spring']
    """
    wanted = find_date(text_of(day), zone)
    if wanted is None:
        raise ValueFault("FORMULA", f"covering needs a date, not {name_kind(day)}")
    found = []
    for item in items:
        start = find_date(text_of(get_path(item, start_key)), zone)
        end = find_date(text_of(get_path(item, end_key)), zone)
        if (start is None or start <= wanted) and (end is None or wanted <= end):
            found.append(item)
    return found


def _number(item: Any, path: str) -> Decimal:
    value = get_path(item, path) if path else item
    if is_empty(value):
        return Decimal(0)
    number = find_number(value)
    if number is None:
        where_ = f"{path} is" if path else "the list has"
        raise ValueFault("FORMULA", f"{where_} {name_kind(value)}, not a number")
    return number


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, float):
        value = decimal_of(value)
    if isinstance(value, str) and isinstance(wanted, str):
        return value == wanted or strip_unseen(value) == strip_unseen(wanted)
    if isinstance(value, str) and isinstance(wanted, int | float | Decimal):
        return is_number_text(value, wanted)
    if isinstance(wanted, str) and isinstance(value, int | float | Decimal):
        return is_number_text(wanted, value)
    return bool(value == wanted)


def _key(value: Any) -> Any:
    """Give something that can be compared and hashed for any plain value."""
    if isinstance(value, Mapping):
        return tuple(sorted((str(k), _key(v)) for k, v in value.items()))
    if isinstance(value, list | tuple):
        return tuple(_key(v) for v in value)
    exact = decimal_of(value) if isinstance(value, float) else value
    return isinstance(value, bool), exact  # 1 and true are two values
