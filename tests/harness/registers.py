"""The target's registers as a search shows them: late, or from an old copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulators.procountor_data import ProcountorData

Item = dict[str, Any]


class Registers:
    """Knows when each entry was made, and hides young ones while a request is served.

    Args:
        data: One company's data; what it holds now has been there for long.
    """

    def __init__(self, data: ProcountorData) -> None:
        self._data = data
        self._old = {item["id"] for items in self._lists() for item in items}
        self._made_at: dict[int, float] = {}
        self._hidden: list[tuple[list[Item], Item]] = []

    def hide(self, lag: float, now: float) -> None:
        """Hide entries younger than a lag; 0 hides all that is new."""
        for items in self._lists():
            for item in list(items):
                made = self._made_at.get(item["id"])
                if made is not None and (not lag or now - made < lag):
                    items.remove(item)
                    self._hidden.append((items, item))

    def show(self, now: float) -> None:
        """Show all again, and remember when new ones came."""
        for items, item in self._hidden:
            items.append(item)
        self._hidden.clear()
        for items in self._lists():
            for item in items:
                if item["id"] not in self._old:
                    self._made_at.setdefault(item["id"], now)

    def _lists(self) -> list[list[Item]]:
        return [dimension["items"] for dimension in self._data.dimensions.values()]
