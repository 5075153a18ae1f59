"""What a user does by hand in the simulated Procountor, for tests."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.simulators.data_purchases import Share, shares_of
from tests.simulators.procountor_bookings import build_receipt
from tests.simulators.procountor_core import ProcountorCore
from tests.simulators.procountor_rules import build_sums

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.simulators.procountor_data import Item, ProcountorData


class Hands(ProcountorCore):
    """Edits by people; each takes the company, the first one when not given."""

    def invoice(self, number: int, company: ProcountorData | None = None) -> Item:
        """Give an invoice by its number."""
        data = company or self.data
        return next(i for i in data.invoices.values() if i["invoiceNumber"] == number)

    def receipt(self, number: int, company: ProcountorData | None = None) -> Item:
        """Give the ledger receipt of an invoice, by the invoice's number."""
        data = company or self.data
        return data.receipts[self.invoice(number, company)["ledgerReceiptId"]]

    def set_status(
        self, number: int, status: str, company: ProcountorData | None = None
    ) -> None:
        """Move an invoice to a status; a payment from the bank does the same."""
        invoice = self.invoice(number, company)
        invoice |= {"status": status, "version": self._now()}
        self.receipt(number, company)["status"] = status

    def copy_invoice(self, number: int, **changes: Any) -> None:
        """Book an invoice a second time, as another integration would."""
        first, new = self.invoice(number), self.data.take_id()
        copy = {**first, "id": new, "invoiceNumber": new, "version": self._now()}
        self.data.invoices[new] = copy | changes

    def edit_invoice(
        self,
        number: int,
        rows: Mapping[int, Item] | None = None,
        company: ProcountorData | None = None,
        *,
        keeps_dimensions: bool = True,
        **changes: Any,
    ) -> None:
        """Change rows (by place) or fields; the receipt is made anew, with a new id.

        A posting keeps its dimensions when they still add up, and always loses them
        without ``keeps_dimensions``. One that lay on one item wholly stays so.
        """
        data = company or self.data
        invoice, old = self.invoice(number, company), self.receipt(number, company)
        for place, change in (rows or {}).items():
            invoice["invoiceRows"][place] |= change
        invoice |= changes
        receipt_id = data.take_id()
        receipt = build_receipt(invoice, data, invoice["id"], receipt_id, number)
        receipt |= {"status": invoice["status"], "version": self._now()}
        if keeps_dimensions:
            for posting, before in zip(
                receipt["transactions"], old["transactions"], strict=True
            ):
                _keep_dimensions(posting, before)
        del data.receipts[old["id"]]
        data.receipts[receipt_id] = receipt
        invoice |= {
            "ledgerReceiptId": receipt_id,
            "version": self._now(),
            "invoiceSumInfo": build_sums(invoice, data.currency),
        }

    def allocate(
        self,
        number: int,
        row: int,
        shares: tuple[Share, ...],
        company: ProcountorData | None = None,
        *,
        touches_invoice: bool = True,
    ) -> None:
        """Put a row on dimension items (dimension, item, amount or None for all).

        Whether the invoice's own version changes with it is not written down.
        """
        data = company or self.data
        receipt = self.receipt(number, company)
        posting = receipt["transactions"][row + 1]
        posting["dimensionItemValues"] = shares_of(data, posting, shares)
        receipt["version"] = self._now()
        if touches_invoice:
            self.invoice(number, company)["version"] = self._now()

    def change_posting(self, number: int, row: int, **changes: Any) -> None:
        """Change the posting of a row, as an accountant may."""
        self.receipt(number)["transactions"][row + 1] |= changes

    def drop_vat_percent(self, percent: str) -> None:
        """Take a VAT percent out of use."""
        kept = [
            v for v in self.data.vat_percentages if v["vatPercent"] != Decimal(percent)
        ]
        self.data.vat_percentages = kept

    def remove_item(self, dimension: str, code: str) -> None:
        """Delete a dimension item."""
        found = next(d for d in self.data.dimensions.values() if d["name"] == dimension)
        found["items"][:] = [i for i in found["items"] if i["codeName"] != code]

    def add_item(self, dimension: str, code: str) -> None:
        """Make a dimension item by hand."""
        found = next(d for d in self.data.dimensions.values() if d["name"] == dimension)
        fresh = {"id": self.data.take_id(), "codeName": code, "description": ""}
        found["items"].append(fresh)

    def item(
        self, dimension: str, code: str, company: ProcountorData | None = None
    ) -> Item:
        """Give a dimension item by names."""
        data = company or self.data
        found = next(d for d in data.dimensions.values() if d["name"] == dimension)
        item: Item = next(i for i in found["items"] if i["codeName"] == code)
        return item


def _keep_dimensions(posting: Item, before: Item) -> None:
    values = [dict(value) for value in before["dimensionItemValues"]]
    per_dimension = [value["dimensionId"] for value in values]
    for value in values:
        if per_dimension.count(value["dimensionId"]) == 1:
            value["value"] = posting["accountingValue"]
    for dimension in set(per_dimension):
        own = [v["value"] for v in values if v["dimensionId"] == dimension]
        if sum(own) != posting["accountingValue"]:
            values = [v for v in values if v["dimensionId"] != dimension]
    posting["dimensionItemValues"] = values
