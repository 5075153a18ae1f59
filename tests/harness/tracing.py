"""Which document a request is about, from the request and the systems' own data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.simulators.bodies import load_json, parse_multipart

if TYPE_CHECKING:
    from tests.harness.game import Game
    from tests.simulators.base import Request

ID = re.compile(r"/(invoices|ledgerreceipts)/(\d+)")


def number_of(game: Game, system: str, endpoint: str, request: Request) -> int | None:
    """Give the document's number; None for what is of no single document."""
    if system == "severa":
        return next((n for g, n in game.guids.items() if g in request.path), None)
    if endpoint == "POST /invoices":
        body = load_json(request.content)
        return read_number(body.get("originalInvoiceNumber"))
    if endpoint == "POST /attachments":
        kind = request.headers.get("content-type", "")
        parts = {part.name: part for part in parse_multipart(kind, request.content)}
        invoice = int(load_json(parts["meta"].content)["referenceId"])
        return number_of_target(game, invoice)
    found = ID.search(request.path)
    if found is None:
        return None
    if found[1] == "invoices":
        return number_of_target(game, int(found[2]))
    data = game.procountor.data
    receipt = data.receipts.get(int(found[2]))
    if receipt is None:
        return None
    owner = next(
        (i for i in data.invoices.values() if i["ledgerReceiptId"] == receipt["id"]), {}
    )
    return read_number(owner.get("originalInvoiceNumber"))


def number_of_target(game: Game, invoice: int) -> int | None:
    """Give the document's number of an invoice of the target."""
    found = game.procountor.data.invoices.get(invoice, {})
    return read_number(found.get("originalInvoiceNumber"))


def read_number(text: object) -> int | None:
    return int(str(text)) if str(text).isdecimal() else None
