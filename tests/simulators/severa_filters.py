"""What the simulated Severa's lists are filtered by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulators.severa_data import Item


def invoice_of(item: Item) -> str | None:
    """Give the invoice of a row's content; reimbursed ones name it flatly."""
    if "invoiceGuid" in item:
        guid: str | None = item["invoiceGuid"]
        return guid
    return item["invoice"]["guid"] if item.get("invoice") else None


def any_of(
    values_of: Callable[[Item], list[str]],
) -> Callable[[Item, list[str]], bool]:
    return lambda item, wanted: any(value in wanted for value in values_of(item))


def flag(name: str) -> Callable[[Item, list[str]], bool]:
    return lambda item, wanted: str(bool(item[name])).lower() == wanted[-1].lower()


def part_of(name: str) -> Callable[[Item, list[str]], bool]:
    return lambda item, wanted: wanted[-1].lower() in item[name].lower()


def changed_since(item: Item, wanted: list[str]) -> bool:
    """Compare inclusively, as documented; a time without zone is read as UTC (guess)."""
    changed = item["lastUpdatedDateTime"] or item["createdDateTime"]
    since = datetime.fromisoformat(wanted[-1])
    since = since if since.tzinfo else since.replace(tzinfo=UTC)
    return datetime.fromisoformat(changed) >= since


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
