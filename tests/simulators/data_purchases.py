"""Builds purchase invoices with their ledger receipts on the Procountor side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.simulators.procountor_bookings import build_receipt
from tests.simulators.procountor_rules import build_sums

if TYPE_CHECKING:
    from tests.simulators.procountor_data import Item, ProcountorData

Share = tuple[str, str, str | None]  # dimension, item, amount; None is the whole


@dataclass(frozen=True, slots=True)
class Supplier:
    """One supplier in the partner register."""

    key: str
    name: str
    identifier: str
    iban: str
    country: str = "FINLAND"


@dataclass(frozen=True, slots=True)
class Cost:
    """One row: its net sum, and on whose account in each dimension it goes."""

    text: str
    net: str
    vat: str = "25.5"
    shares: tuple[Share, ...] = ()
    quantity: str = "1"
    unit: str = "PIECE"
    code: str | None = None
    comment: str | None = None


@dataclass(slots=True)
class PurchaseDesk:
    """Adds purchase invoices to one company; numbers run in the order of the calls."""

    data: ProcountorData
    next_number: int = 9001

    def add_supplier(self, supplier: Supplier, modified: str) -> None:
        """Add a supplier to the partner register."""
        number = self.data.take_id()
        self.data.partners[number] = {
            "id": number,
            "name": supplier.name,
            "type": "SUPPLIER",
            "address": {"name": supplier.name, "country": supplier.country},
            "billingAddress": {"name": supplier.name, "country": supplier.country},
            "invoicingInfo": {
                "customerNumber": "",
                "identifier": supplier.identifier,
                "identifierType": "SE" if supplier.country == "SWEDEN" else "FI",
            },
            "paymentInfo": {
                "paymentMethod": "BANK_TRANSFER",
                "bankAccount": supplier.iban,
            },
            "registryInfo": {"active": True},
            "version": modified,
        }

    def add(
        self,
        supplier: Supplier,
        day: str,
        costs: list[Cost],
        *,
        case: str | None = None,
        status: str = "APPROVED",
        number_there: str | None = None,
        changed: str | None = None,
        currency: str | None = None,
        rate: str = "1",
        notes: str | None = None,
    ) -> int:
        """Add an invoice as somebody received it; give its number.

        ``changed`` is the local time of the last change, noon of the day when not
        given.
        """
        data = self.data
        number, self.next_number = self.next_number, self.next_number + 1
        moment = changed or f"{day}T12:00:00"
        body = self._body(supplier, day, costs, currency or data.currency, rate)
        if number_there is not None:
            body["originalInvoiceNumber"] = number_there
        if notes is not None:
            body["notes"] = notes
        invoice_id, receipt_id = data.take_id(), data.take_id()
        receipt = build_receipt(body, data, invoice_id, receipt_id, number)
        data.receipts[receipt_id] = receipt | {"status": status, "version": moment}
        for posting, cost in zip(receipt["transactions"][1:], costs, strict=True):
            posting["dimensionItemValues"] = shares_of(data, posting, cost.shares)
        for row in body["invoiceRows"]:
            row["id"] = data.take_id()
        data.invoices[invoice_id] = body | {
            "id": invoice_id,
            "status": status,
            "invoiceNumber": number,
            "ledgerReceiptId": receipt_id,
            "version": moment,
            "creatorId": data.user_id,
            "attachments": [],
            "invoiceSumInfo": build_sums(body, data.currency),
        }
        data.created[invoice_id] = f"{day}T08:00:00"
        if case is not None:
            assert case not in data.cases, case
            data.cases[case] = number
        return number

    def _body(
        self, supplier: Supplier, day: str, costs: list[Cost], currency: str, rate: str
    ) -> Item:
        partner = next(
            p
            for p in self.data.partners.values()
            if p["type"] == "SUPPLIER" and p["name"] == supplier.name
        )
        return {
            "type": "PURCHASE_INVOICE",
            "partnerId": partner["id"],
            "date": day,
            "counterParty": {
                "identifier": supplier.identifier,
                "counterPartyAddress": {
                    "name": supplier.name,
                    "country": supplier.country,
                },
            },
            "paymentInfo": {
                "paymentMethod": "BANK_TRANSFER",
                "currency": currency,
                "currencyRate": Decimal(rate),
                "dueDate": _add_days(day, 14),
                "bankAccount": {"accountNumber": supplier.iban},
            },
            "extraInfo": {"accountingByRow": True, "unitPricesIncludeVat": False},
            "discountPercent": 0,
            "vatStatus": 1,
            "invoiceChannel": "ELECTRONIC_INVOICE",
            "invoiceRows": [_row(cost) for cost in costs],
        }


def _row(cost: Cost) -> Item:
    row: Item = {
        "product": cost.text,
        "quantity": Decimal(cost.quantity),
        "unit": cost.unit,
        "unitPrice": Decimal(cost.net) / Decimal(cost.quantity),
        "discountPercent": 0,
        "vatPercent": Decimal(cost.vat),
    }
    if cost.code is not None:
        row["productCode"] = cost.code
    if cost.comment is not None:
        row["comment"] = cost.comment
    return row


def shares_of(
    data: ProcountorData, posting: Item, shares: tuple[Share, ...]
) -> list[Item]:
    """Give a posting's dimension values; closed items keep what they have."""
    values = []
    for dimension_name, code, amount in shares:
        dimension = next(
            d for d in data.dimensions.values() if d["name"] == dimension_name
        )
        item = next(i for i in dimension["items"] if i["codeName"] == code)
        value = posting["accountingValue"] if amount is None else Decimal(amount)
        values.append(
            {"dimensionId": dimension["id"], "itemId": item["id"], "value": value}
        )
    sums: dict[int, Decimal] = {}
    for value in values:
        own = value["dimensionId"]
        sums[own] = sums.get(own, Decimal(0)) + value["value"]
    assert set(sums.values()) <= {posting["accountingValue"]}, (sums, posting)
    return values


def _add_days(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
