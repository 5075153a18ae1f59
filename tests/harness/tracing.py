"""Which document a request is about, from the request and the systems' own data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.simulators.bodies import load_json, parse_multipart

if TYPE_CHECKING:
    from tests.harness.sides import Side
    from tests.simulators.base import Request, Simulator

ID = re.compile(r"/(invoices|ledgerreceipts)/(\d+)")


def number_of(
    side: Side, app: Simulator, endpoint: str, request: Request
) -> int | None:
    """Give the document's number; None for what is of no single document."""
    if app is side.severa:
        text = request.path
        if endpoint == "POST /v1/projectfees":
            text = str(load_json(request.content).get("description"))
        return next((n for place, n in side.guids.items() if place in text), None)
    if endpoint == "POST /invoices":
        body = load_json(request.content)
        return read_number(body.get("originalInvoiceNumber"))
    if endpoint == "POST /attachments":
        kind = request.headers.get("content-type", "")
        parts = {part.name: part for part in parse_multipart(kind, request.content)}
        invoice = int(load_json(parts["meta"].content)["referenceId"])
        return number_of_target(side, invoice)
    found = ID.search(request.path)
    if found is None:
        return None
    if found[1] == "invoices":
        return number_of_target(side, int(found[2]))
    data = side.procountor.data
    receipt = data.receipts.get(int(found[2]))
    if receipt is None:
        return None
    owners = (
        i for i in data.invoices.values() if i["ledgerReceiptId"] == receipt["id"]
    )
    owner = next(owners, None)
    return None if owner is None else number_of_target(side, owner["id"])


def number_of_target(side: Side, invoice: int) -> int | None:
    """Give the document's number of an invoice of the target."""
    found = side.procountor.data.invoices.get(invoice, {})
    if found.get("type") == "PURCHASE_INVOICE":
        return int(found["invoiceNumber"])
    return read_number(found.get("originalInvoiceNumber"))


def read_number(text: object) -> int | None:
    return int(str(text)) if str(text).isdecimal() else None
