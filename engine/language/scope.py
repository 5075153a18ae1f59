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

from engine.language.values import get_path, is_group, plain

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
        return find_zone(str(get_path(self.roots.get("company"), "zone") or ""))

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

    def this(self) -> Any:
        """Give the item itself."""
        return self.item

    def with_roots(self, **more: Any) -> Scope:
        """Add or replace roots."""
        return Scope(self.item, {**self.roots, **more}, self.is_exact)


@cache
def find_zone(name: str) -> tzinfo | None:
    """Find a time zone by its name."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


Evaluate = Callable[[Scope], Any]  # what a path or formula becomes when it is loaded


def read_keys(keys: tuple[str, ...], *, is_exact: bool) -> Evaluate:
    """Give the function that follows names, one in the other; no name is the item.

    Args:
        keys: The first is a root or a field of the item.
        is_exact: A float comes out as the decimal that it prints.
    """
    if not keys:
        return lambda scope: scope.item
    first, *others = keys
    if first == "this" or (first == "vars" and others):
        name = "" if first == "this" else others.pop(0)
        head = _variable(name, is_exact and not others) if name else Scope.this
        return _on(head, others, is_exact) if others else head
    if len(others) == 1:
        return _field_of(first, others[0], is_exact)
    # A float on the way has no fields; only one at the end is written exactly.
    head = _name(first, is_exact and not others)
    return _on(head, others, is_exact) if others else head


def _on(head: Evaluate, others: list[str], is_exact: bool) -> Evaluate:
    def read_on(scope: Scope) -> Any:
        value = head(scope)
        for key in others:
            if type(value) is dict or is_group(value):
                value = value.get(key)
            else:
                return None
        return plain(value) if type(value) is float and is_exact else value

    return read_on


def _name(name: str, is_exact: bool) -> Evaluate:
    def read_name(scope: Scope) -> Any:
        if name in scope.roots:
            value = scope.roots[name]
        else:
            item = scope.item
            value = item.get(name) if type(item) is dict or is_group(item) else None
        return plain(value) if type(value) is float and is_exact else value

    return read_name


def _field_of(name: str, key: str, is_exact: bool) -> Evaluate:
    """Read ``name.key`` at once: most paths are of this form."""

    def read_field(scope: Scope) -> Any:
        if name in scope.roots:
            value = scope.roots[name]
        else:
            item = scope.item
            value = item.get(name) if type(item) is dict or is_group(item) else None
        if type(value) is dict or is_group(value):
            value = value.get(key)
            return plain(value) if type(value) is float and is_exact else value
        return None

    return read_field


def _variable(name: str, is_exact: bool) -> Evaluate:
    def read_variable(scope: Scope) -> Any:
        variables = scope.roots.get("vars")
        known: Any = getattr(variables, "known", ())  # what was computed already
        if name in known:
            value = known[name]
        else:
            value = variables.get(name) if is_group(variables) else None
        return plain(value) if type(value) is float and is_exact else value

    return read_variable
