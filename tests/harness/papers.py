"""The documents of a schedule, as people see and edit them in the source.

``Content`` is what a document says that reaches the target: amount, text and what the
customer's card says. Both sides give it, so that they can be compared without a mapping.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.simulators import Procountor, Severa
from tests.simulators.severa_filters import stamp

WAITING = "Waiting for transfer to Procountor"
MOVED = "Transferred to Procountor"
DRAFT = "Draft"
CENT = Decimal("0.01")


REMOVED = ("DELETED", "INVALIDATED")


@dataclass(frozen=True, slots=True)
class Content:
    """What a document says, on either side."""

    amount: Decimal  # net, of all rows
    text: str
    card: str


class InvoicePapers:
    """What both flows have in common that make an invoice in the target."""

    severa: Severa
    procountor: Procountor

    def place(self, number: int) -> str:
        """Give the text that names the document in addresses of the source."""
        return str(self.record(number)["guid"])

    def targets(self, number: int) -> list[dict[str, Any]]:
        """Give the live invoices of a document's number."""
        found = self.procountor.found(number)
        return [invoice for invoice in found if invoice["status"] not in REMOVED]

    def id_of(self, item: dict[str, Any]) -> Any:
        return item["id"]

    def remove(self, item: dict[str, Any]) -> bool:
        item["status"] = "DELETED"
        return True

    def alter(self, item: dict[str, Any]) -> bool:
        """Somebody edits the invoice, as long as that is possible."""
        if item["status"] != "UNFINISHED":
            return False
        price = item["invoiceRows"][0]["unitPrice"] + 50
        self.procountor.edit_invoice(item["invoiceNumber"], {0: {"unitPrice": price}})
        return True

    def correct(self, number: int, item: dict[str, Any]) -> None:
        """Have the invoice say by hand what the source says."""
        self.put(item, self.content(number))
        self.procountor.edit_invoice(item["invoiceNumber"])

    def reopen(self, item: dict[str, Any]) -> None:
        """Take the invoice back to unfinished, so that it can be completed."""
        if not self.is_sent(item):
            self.procountor.set_status(item["invoiceNumber"], "UNFINISHED")

    def is_sent(self, item: dict[str, Any]) -> bool:
        return bool(item["status"] == "SENT")

    def approve(self, item: dict[str, Any]) -> bool:
        """Somebody approves the invoice before it is complete."""
        if item["status"] != "UNFINISHED":
            return False
        self.procountor.set_status(item["invoiceNumber"], self.approved)
        return True

    def make(self, body: dict[str, Any], content: Content) -> Any:
        """Book another's invoice of the same number; give its id."""
        return self.procountor.add_invoice(self.put(body, content))["id"]


class SalesPapers(InvoicePapers):
    """Sales invoices; the card is the customer's e-invoice address."""

    flow = "sales_invoice"
    kind = "SALES_INVOICE"
    released = ("PUT /invoices/{invoiceId}/approve", "PUT /invoices/{invoiceId}/send")
    final_status = "SENT"
    approved = "NOT_SENT"

    def __init__(self, severa: Severa, procountor: Procountor) -> None:
        self.severa = severa
        self.procountor = procountor
        self.numbers = [i["number"] for i in severa.data.invoices]
        self._ids: dict[int, str] = {}  # of cards that were broken

    def record(self, number: int) -> dict[str, Any]:
        return self.severa.invoice(number)

    def status(self, number: int) -> str:
        return self.severa.status_of(number)

    def set_status(self, number: int, name: str) -> None:
        self.severa.set_status(self.record(number), self.severa.status(name))

    def rows(self, number: int) -> list[dict[str, Any]]:
        guid = self.record(number)["guid"]
        return [r for r in self.severa.data.rows if r["invoiceGuid"] == guid]

    def customer(self, number: int) -> dict[str, Any]:
        guid = self.record(number)["customer"]["guid"]
        return next(c for c in self.severa.data.customers if c["guid"] == guid)

    def content(self, number: int) -> Content:
        rows = self.rows(number)
        amount = sum(
            (r["quantity"] * r["unitPrice"]["amount"] for r in rows), Decimal()
        )
        text = self.record(number)["orderNumber"] or ""
        return Content(amount, text, self.customer(number)["eInvoiceAddress"] or "")

    @staticmethod
    def content_of(body: dict[str, Any]) -> Content:
        """Give the content of an invoice of the target, or of a request to make it."""
        rows = body["invoiceRows"]
        amount = sum(
            (Decimal(str(r["quantity"])) * Decimal(str(r["unitPrice"])) for r in rows),
            Decimal(),
        )
        card = body.get("counterParty", {}).get("einvoiceAddress", {}).get("address")
        return Content(amount, body.get("orderReference") or "", card or "")

    def put(self, body: dict[str, Any], content: Content) -> dict[str, Any]:
        """Change an invoice's body so that it says this content."""
        body["orderReference"] = content.text
        body["counterParty"]["einvoiceAddress"]["address"] = content.card
        row = body["invoiceRows"][0]
        now = self.content_of(body).amount
        row["unitPrice"] += (content.amount - now) / Decimal(str(row["quantity"]))
        return body

    def edit_total(self, number: int, count: int) -> None:
        self.rows(number)[0]["unitPrice"]["amount"] += count
        self.sum_up(number)
        self.touch(number)

    def edit_text(self, number: int, count: int) -> None:
        self.record(number)["orderNumber"] = f"T{count}"
        self.touch(number)

    def edit_card(self, number: int, count: int) -> None:
        self.customer(number)["eInvoiceAddress"] = f"0037{count:08d}"

    def sum_up(self, number: int) -> None:
        """Have the totals follow the rows, each row's tax rounded half up."""
        record, net, tax = self.record(number), Decimal(), Decimal()
        for row in self.rows(number):
            amount = row["quantity"] * row["unitPrice"]["amount"]
            net += amount
            tax += (amount * row["vatRate"] / 100).quantize(CENT, ROUND_HALF_UP)
        record["totalExcludingTax"]["amount"] = net
        record["totalTax"]["amount"] = tax
        record["totalIncludingTax"]["amount"] = net + tax

    def break_total(self, number: int) -> None:
        self.record(number)["totalIncludingTax"]["amount"] += 50
        self.touch(number)

    def fix_total(self, number: int) -> None:
        self.sum_up(number)
        self.touch(number)

    def break_card(self, number: int) -> None:
        record, card = self.record(number), self.customer(number)
        self._ids[number] = card["vatNumber"]
        record["receiverVatNumber"] = card["vatNumber"] = None

    def fix_card(self, number: int) -> None:
        """Correct the card alone; the record stays as it is."""
        self.customer(number)["vatNumber"] = self._ids[number]

    def touch(self, number: int) -> None:
        now = stamp(self.severa.clock.now())
        self.record(number)["lastUpdatedDateTime"] = now


class TravelPapers(InvoicePapers):
    """Travel reimbursements; nothing of the traveller's card reaches the invoice."""

    flow = "travel_invoice"
    kind = "TRAVEL_INVOICE"
    released = (
        "PUT /invoices/{invoiceId}/sendToCirculation",
        "PUT /invoices/{invoiceId}/verify",
    )
    final_status = "VERIFIED"
    approved = "RECEIVED"

    def __init__(self, severa: Severa, procountor: Procountor) -> None:
        self.severa = severa
        self.procountor = procountor
        self.numbers = [t["number"] for t in severa.data.travelreimbursements]

    def record(self, number: int) -> dict[str, Any]:
        return self.severa.travel(number)

    def status(self, number: int) -> str:
        return self.severa.travel_status_of(number)

    def set_status(self, number: int, name: str) -> None:
        status = self.severa.travel_status(name)
        self.severa.set_travel_status(self.record(number), status)

    def rows(self, number: int) -> list[dict[str, Any]]:
        guid = self.record(number)["guid"]
        rows = self.severa.data.projecttravelexpenses
        return [
            r for r in rows if (r.get("travelReimbursement") or {}).get("guid") == guid
        ]

    def content(self, number: int) -> Content:
        rows = self.rows(number)
        amount = sum((r["quantity"] * r["unitCost"]["amount"] for r in rows), Decimal())
        return Content(amount, str(rows[0]["description"]), "")

    @staticmethod
    def content_of(body: dict[str, Any]) -> Content:
        """Give the content of an invoice of the target, or of a request to make it."""
        rows = body["invoiceRows"]
        amount = sum(
            (Decimal(str(r["quantity"])) * Decimal(str(r["unitPrice"])) for r in rows),
            Decimal(),
        )
        text = str(rows[0].get("comment", "")).partition(" ")[2]  # after the day
        return Content(amount, text, "")

    def put(self, body: dict[str, Any], content: Content) -> dict[str, Any]:
        """Change an invoice's body so that it says this content."""
        row = body["invoiceRows"][0]
        now = self.content_of(body).amount
        row["unitPrice"] += (content.amount - now) / Decimal(str(row["quantity"]))
        row["comment"] = f"{row['startDate']} {content.text}"
        return body

    def edit_total(self, number: int, count: int) -> None:
        self.rows(number)[-1]["quantity"] += count
        self.sum_up(number)
        self.touch(number)

    def edit_text(self, number: int, count: int) -> None:
        self.rows(number)[0]["description"] = f"T{count}"
        self.touch(number)

    def edit_card(self, number: int, count: int) -> None:
        """Nothing of it reaches the invoice."""
        guid = self.record(number)["user"]["guid"]
        user = next(u for u in self.severa.data.users if u["guid"] == guid)
        user["address"] = f"Katu {count}"

    def sum_up(self, number: int) -> None:
        record = self.record(number)
        amount = self.content(number).amount
        record["total"]["amount"] = record["totalExpenses"]["amount"] = amount

    def break_total(self, number: int) -> None:
        """The source gives no total that the flow relies on."""

    fix_total = break_card = fix_card = break_total

    def touch(self, number: int) -> None:
        now = stamp(self.severa.clock.now())
        self.record(number)["lastUpdatedDateTime"] = now
