"""What the simulated Procountor books from a new invoice: the postings of its receipt."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.simulators.procountor_rules import compute_net, compute_totals, round_cents

if TYPE_CHECKING:
    from tests.simulators.procountor_data import Item, ProcountorData


@dataclass(frozen=True, slots=True)
class Side:
    """How one type of invoice is booked; accounts are the demo's chart."""

    vat_type: str  # SALES or PURCHASE
    sign: int  # of the rows' postings
    balance: str
    account: str
    account_field: str  # of the product


SIDES = {
    # Sales income is negative (documented); that costs are positive is a guess.
    "SALES_INVOICE": Side("SALES", -1, "1701", "3000", "defaultAccount"),
    "PURCHASE_INVOICE": Side("PURCHASE", 1, "2871", "4460", "defaultAccount"),
    "TRAVEL_INVOICE": Side("PURCHASE", 1, "2872", "7800", "bookkeepingAccount"),
}


def build_postings(body: Item, data: ProcountorData) -> list[Item]:
    """Give the receipt's postings: the reversing one first, then the rows in order.

    With ``accountingByRow`` one ENTRY per row; else one per VAT percent (a guess).
    Values are in the company's currency.
    """
    side = SIDES[body["type"]]
    payment = body["paymentInfo"]
    rate = Decimal(1)
    if payment["currency"] != data.currency:
        rate = Decimal(payment["currencyRate"])
    net, vat = compute_totals(body)
    total = -side.sign * (net + vat) / rate
    make = _Postings(data, body, side)
    postings = [make.posting("REVERSING_ENTRY", side.balance, total, Decimal(0), "")]
    if body["extraInfo"]["accountingByRow"]:
        for row in body["invoiceRows"]:
            product: Any = data.products.get(row.get("productId") or 0, {})
            account = product.get(side.account_field) or side.account
            value = side.sign * compute_net(body, row) / rate
            postings.append(
                make.posting("ENTRY", account, value, row["vatPercent"], row["product"])
            )
        return postings
    by_rate: dict[Any, Decimal] = defaultdict(Decimal)
    for row in body["invoiceRows"]:
        by_rate[row["vatPercent"]] += compute_net(body, row)
    for percent, amount in by_rate.items():
        value = side.sign * amount / rate
        postings.append(make.posting("ENTRY", side.account, value, percent, ""))
    return postings


def build_receipt(
    body: Item, data: ProcountorData, invoice_id: int, receipt_id: int, number: int
) -> Item:
    """Give the ledger receipt of an invoice; the caller adds version and status."""
    return {
        "id": receipt_id,
        "type": body["type"],
        "name": body["counterParty"]["counterPartyAddress"]["name"],
        "receiptDate": body["date"],
        "vatType": SIDES[body["type"]].vat_type,
        "vatStatus": body.get("vatStatus", 1),
        "invoiceId": invoice_id,
        "receiptNumber": number,
        "invoiceNumber": number,
        "transactions": build_postings(body, data),
        "attachments": [],
    }


@dataclass(frozen=True, slots=True)
class _Postings:
    data: ProcountorData
    body: Item
    side: Side

    def posting(
        self, kind: str, account: str, value: Decimal, percent: Any, description: str
    ) -> Item:
        return {
            "id": self.data.take_id(),
            "transactionType": kind,
            "account": account,
            "accountingValue": round_cents(value),
            "vatPercent": percent,
            "vatType": self.side.vat_type,
            "vatStatus": self.body.get("vatStatus", 1),
            "description": description[:255],
            "allocations": [],
            "dimensionItemValues": [],
        }
