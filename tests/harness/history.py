"""What the chronicle says stood where, and when: replayed entry by entry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.harness.cost_papers import CostPapers
from tests.harness.papers import MOVED, WAITING, Content, SalesPapers, TravelPapers

if TYPE_CHECKING:
    from tests.harness.chronicle import Entry

CONTENT_OF = {p.kind: p.content_of for p in (SalesPapers, TravelPapers)}
FEES = "POST /v1/projectfees"


@dataclass(slots=True)
class Made:
    """A document of the target, by its id there."""

    invoice: Any
    at: float
    is_ours: bool
    content: Content
    is_live: bool = True
    is_edited: bool = False  # by a person, in the target
    files: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    sends: int = 0


@dataclass(slots=True)
class Paper:
    """One document: its status and content in the source, and what was made of it."""

    number: int
    status: str = WAITING
    content: Content | None = None
    left_at: float | None = None  # since when it is not waiting
    changed_at: float | None = None
    card_changed_at: float | None = None
    moved_at: float = 0.0
    made: list[Made] = field(default_factory=list)
    is_total_broken: bool = False
    was_removed: bool = False
    faults: list[float] = field(default_factory=list)

    @property
    def live(self) -> list[Made]:
        return [made for made in self.made if made.is_live]

    def find(self, invoice: Any) -> Made | None:
        return next((m for m in self.made if m.invoice == invoice), None)


class History:
    """The state of everything, as of the last entry that was taken."""

    def __init__(self) -> None:
        self.papers: dict[int, Paper] = {}
        self.blind: list[tuple[float, float]] = []
        self.ends: list[float] = []

    def take(self, entry: Entry) -> None:
        """Take what happened next."""
        if entry.who == "us":
            self._take_ours(entry)
        elif entry.what == "blind":
            self.blind.append((entry.at, entry.at + 50.0))
        if entry.number is None:
            return
        paper = self.papers.setdefault(entry.number, Paper(entry.number))
        if entry.what.startswith("fault"):
            paper.faults.append(entry.at)
        if entry.who in ("person", "other"):
            self._take_deed(paper, entry)

    def is_blind(self, at: float, seconds: float) -> bool:
        """Tell whether a search of the last seconds may have been blind."""
        return any(b - 1 <= at and at - seconds <= end for b, end in self.blind)

    def _take_deed(self, paper: Paper, entry: Entry) -> None:
        details = entry.details
        if "status" in details:
            if details["status"] != WAITING and paper.status == WAITING:
                paper.left_at = entry.at
            paper.status = details["status"]
        if "content" in details:
            if paper.content is not None and details["content"] != paper.content:
                paper.changed_at = entry.at
                if details["content"].card != paper.content.card:
                    paper.card_changed_at = entry.at
            paper.content = details["content"]
        if entry.what in ("break_total", "total_fix", "edit_total"):
            paper.is_total_broken = entry.what == "break_total"
        if "live" in details:
            self._take_live(paper, entry, details["live"])

    def _take_live(self, paper: Paper, entry: Entry, live: dict[Any, Content]) -> None:
        for made in paper.made:
            paper.was_removed |= made.is_live and made.invoice not in live
            made.is_live = made.invoice in live
        for invoice, content in live.items():
            known = paper.find(invoice)
            if known is None:
                paper.made.append(
                    Made(invoice, entry.at, is_ours=False, content=content)
                )
            elif entry.what == "edit_target":
                known.is_edited |= known.content != content
                known.content = content

    def _take_ours(self, entry: Entry) -> None:
        exchange = entry.exchange
        assert exchange is not None
        if entry.number is None or exchange.status >= 400:
            return
        paper = self.papers.setdefault(entry.number, Paper(entry.number))
        if entry.what == "POST /invoices":
            body = exchange.body
            content = CONTENT_OF[body["type"]](body)
            invoice = exchange.response["id"]
            paper.made.append(Made(invoice, entry.at, is_ours=True, content=content))
        elif entry.what == FEES:
            content = CostPapers.content_of(exchange.body)
            guid = exchange.response[0]["guid"]
            paper.made.append(Made(guid, entry.at, is_ours=True, content=content))
            paper.status, paper.left_at = MOVED, entry.at
        elif entry.what == "POST /attachments":
            meta = exchange.body["meta"]
            made = paper.find(int(meta["referenceId"]))
            if made is not None:
                made.files.append(meta["name"])
        elif entry.what.startswith("PUT /invoices/"):
            made = paper.find(int(exchange.path.split("/")[2]))
            if made is not None:
                self._take_put(made, entry, exchange.body)
        elif entry.what.startswith("PATCH"):
            paper.status, paper.left_at = MOVED, entry.at
            paper.moved_at = entry.at

    @staticmethod
    def _take_put(made: Made, entry: Entry, body: Any) -> None:
        word = entry.what.rpartition("/")[2]
        if word == "{invoiceId}":
            made.content = CONTENT_OF[body["type"]](body)
            return
        made.released.append(word)
        made.sends += word == "send"
