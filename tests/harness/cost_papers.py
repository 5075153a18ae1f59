"""Costs of purchase invoices, which go the other way: one project fee for each."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.harness.papers import DRAFT, MOVED, WAITING, Content
from tests.simulators import Procountor, Severa

WANTED, UNWANTED = "APPROVED", "UNFINISHED"


class CostPapers:
    """Purchase invoices with one row on one project; nobody moves their status."""

    flow = "purchase_invoice"
    kind = "PURCHASE_INVOICE"

    def __init__(self, severa: Severa, procountor: Procountor) -> None:
        self.severa = severa
        self.procountor = procountor
        there = procountor.data.invoices.values()
        self.numbers = [n["invoiceNumber"] for n in there if n["type"] == self.kind]
        self._ids = {number: self.record(number)["id"] for number in self.numbers}
        for number in self.numbers:
            procountor.set_status(number, WANTED)
        self._removed: set[int] = set()  # a fee that a person took away is not missed

    def place(self, number: int) -> str:
        """Give the text that names the document where it is written to."""
        return f"[{self.record(number)['id']}/"

    def record(self, number: int) -> dict[str, Any]:
        return self.procountor.invoice(number)

    def status(self, number: int) -> str:
        """Moved is what has its fee; no status of the source says so."""
        if self.targets(number):
            return MOVED
        if self.record(number)["status"] != WANTED:
            return DRAFT
        return MOVED if number in self._removed else WAITING

    def set_status(self, number: int, name: str) -> None:
        self.procountor.set_status(number, WANTED if name == WAITING else UNWANTED)

    def content(self, number: int) -> Content:
        rows = self.record(number)["invoiceRows"]
        amount = sum((r["quantity"] * r["unitPrice"] for r in rows), Decimal())
        return Content(amount, "", "")

    @staticmethod
    def content_of(body: dict[str, Any]) -> Content:
        """Give the content of a fee, or of a request to make it."""
        return Content(Decimal(str(body["unitCost"]["amount"])), "", "")

    def edit_total(self, number: int, count: int) -> None:
        price = self.record(number)["invoiceRows"][0]["unitPrice"] + count
        self.procountor.edit_invoice(number, {0: {"unitPrice": price}})

    def edit_text(self, number: int, count: int) -> None:
        """Nothing that is compared: a text alone is not told again."""

    edit_card = edit_text

    def break_total(self, number: int) -> None:
        """There is no total beside the rows."""

    fix_total = break_card = fix_card = break_total

    # In the target --------------------------------------------------------------

    def targets(self, number: int) -> list[dict[str, Any]]:
        """Give the fees that were made of a document."""
        mark = f"[{self._ids[number]}/"
        fees = self.severa.data.projectfees
        return [fee for fee in fees if str(fee["description"]).startswith(mark)]

    def id_of(self, item: dict[str, Any]) -> Any:
        return item["guid"]

    def remove(self, item: dict[str, Any]) -> bool:
        number = next(n for n in self.numbers if item in self.targets(n))
        self.severa.delete_fee(item)
        if not self.targets(number):
            self._removed.add(number)
        return True

    def alter(self, item: dict[str, Any]) -> bool:
        """Somebody edits the fee."""
        item["unitCost"]["amount"] += 50
        return True

    def correct(self, number: int, item: dict[str, Any]) -> None:
        """Have the fee say what the invoice says."""
        item["unitCost"]["amount"] = self.content(number).amount

    def reopen(self, item: dict[str, Any]) -> None:
        """A fee has no status."""

    def is_sent(self, item: dict[str, Any]) -> bool:  # noqa: ARG002
        return False

    def approve(self, item: dict[str, Any]) -> bool:  # noqa: ARG002
        return False

    def make(self, body: dict[str, Any], content: Content) -> Any:  # noqa: ARG002
        """Nobody else makes costs of invoices."""
        return None
