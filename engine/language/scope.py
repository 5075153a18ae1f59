"""What a rule can see: the current item, and the roots around it.

A bare name is a field of the current item. A root (``doc``, ``vars``, ``company``,
``run``, ``parent``, ``row_number``, ``this``, and what a flow adds) wins over a field
of the same name; ``this.NAME`` still reaches the field.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.language.values import get_path, is_group

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

ROOTS: Final = ("doc", "vars", "company", "run", "parent", "row_number", "this")


@dataclass(slots=True)  # frozen would cost every row 0.3 µs
class Scope:
    """The current item and the roots; never changed: every row has its own."""

    item: Any
    roots: Mapping[str, Any]
    is_exact: bool = False  # nowhere in it is a float: somebody has looked

    @property
    def zone(self) -> tzinfo | None:
        """Give the company's time zone; None where no settings are at hand."""
        return zone_of(self.roots.get("company"))

    def lookup(self, name: str) -> Any:
        """Give a root or a field of the item; None when there is neither."""
        if name == "this":
            return self.item
        if name in self.roots:
            return self.roots[name]
        return self.item.get(name) if is_group(self.item) else None

    def with_item(self, item: Any, row_number: int | None = None) -> Scope:
        """Step into a row: ``parent`` is then the item that was current until now."""
        roots = {**self.roots, "parent": self.item}
        if row_number is not None:
            roots["row_number"] = row_number
        return Scope(item, roots, self.is_exact)

    def with_roots(self, **more: Any) -> Scope:
        """Add or replace roots."""
        return Scope(self.item, {**self.roots, **more}, self.is_exact)


def zone_of(company: Any) -> tzinfo | None:
    """Give the time zone of a company's settings."""
    return find_zone(str(get_path(company, "zone") or ""))


@cache
def find_zone(name: str) -> tzinfo | None:
    """Find a time zone by its name."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a name as long as a book
        return None


Evaluate = Callable[[Scope], Any]  # what a path or formula becomes when it is loaded
