"""What everybody did, in order: the only thing, beside the log's text, that is judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulators import Exchange


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened.

    Attributes:
        at: True seconds.
        who: "us" for what the product's request did, else "person", "other", "world".
        what: An endpoint as the journal spells it, or the name of a deed.
        number: Which document, by its number; None for none.
        exchange: The simulator's journal entry, for what the product did.
        details: Plain values that the deed knows.
    """

    at: float
    run: int
    who: str
    what: str
    number: int | None = None
    exchange: Exchange | None = None
    details: dict[str, Any] = field(default_factory=dict)
    company: str = ""  # whose system it was, for what the product did


class Chronicle:
    """Keeps entries; tells each to whoever replays."""

    def __init__(self, say: Callable[[str], None] | None = None) -> None:
        self.entries: list[Entry] = []
        self.kinds: Counter[str] = Counter()
        self._say = say

    def add(self, entry: Entry) -> None:
        """Keep an entry, and count its kind."""
        self.entries.append(entry)
        if entry.who != "us":
            self.kinds[entry.what] += 1
        if self._say is not None:
            self._say(_describe(entry))


def _describe(entry: Entry) -> str:
    status = f" -> {entry.exchange.status}" if entry.exchange else ""
    about = f" of {entry.number}" if entry.number else ""
    details = " ".join(f"{k}={v}" for k, v in entry.details.items())
    said = f"{entry.who}: {entry.what}{about}{status} {details}".rstrip()
    return f"{entry.at:9.1f} run {entry.run:2d}  {said}"
