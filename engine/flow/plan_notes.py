"""What a run would do, without doing it: reads only, nothing is written anywhere.

The very steps of a run are taken, on a copy of the ledger, with systems that let only
reads pass. Where a run would write, a plan notes it and goes on as if it were done; at
the create of the document itself it ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Action = Literal["create", "update", "link", "adopt", "send", "leave"]
NEW = "(new)"  # stands for an id that the target would give


@dataclass(frozen=True, slots=True)
class PlannedField:
    """One field that a write would set: what is there, and what would be."""

    field: str  # dotted, rows counted from 0
    before: Any  # None where nothing is there
    after: Any


@dataclass(frozen=True, slots=True)
class Planned:
    """One write that a run would make, or one entry that it would use as it is."""

    step: str
    action: Action
    key: str
    changes: tuple[PlannedField, ...] = ()


class PlanEndError(Exception):
    """The plan of a document ends here: the next step would create it."""


@dataclass(slots=True)
class Planner:
    """Collects what a run would do for the document at hand."""

    entries: list[Planned] = field(default_factory=list)

    def add(
        self,
        step: str,
        action: Action,
        key: str,
        *,
        body: Any = None,
        present: Any = None,
    ) -> None:
        """Note a write: its body, against what the target has now."""
        changes = tuple(iter_changes(body, present)) if body is not None else ()
        entry = Planned(step, action, key, changes)
        if entry not in self.entries:
            self.entries.append(entry)

    def take(self) -> list[Planned]:
        """Give what was noted and begin anew, for the next document."""
        entries, self.entries = self.entries, []
        return entries


def iter_changes(body: Any, present: Any) -> Iterator[PlannedField]:
    """Give the fields of a body that differ from what is there."""
    there = dict(_iter_leaves("", present))
    for path, value in _iter_leaves("", body):
        before = there.get(path)
        if not _is_equal(before, value):
            yield PlannedField(path, before, value)


def _iter_leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _iter_leaves(f"{path}.{key}" if path else str(key), child)
    elif isinstance(value, list):
        for number, child in enumerate(value):
            yield from _iter_leaves(f"{path}[{number}]", child)
    elif value is not None:
        yield path, value


def _is_equal(one: Any, other: Any) -> bool:
    numbers = int | Decimal
    if isinstance(one, numbers) and isinstance(other, numbers):
        return Decimal(one) == Decimal(other)
    return bool(one == other)


def pretend_saved(body: Any, candidate: Any) -> Mapping[str, Any]:
    """Give what a write would have answered, as far as that can be known."""
    known = dict(candidate) if isinstance(candidate, dict) else {}
    return {**known, **(body if isinstance(body, dict) else {})}
