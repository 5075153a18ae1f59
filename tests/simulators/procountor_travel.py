"""The rules of a new travel invoice beyond its shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stdnum import iban

from tests.simulators.procountor_rules import iter_date_findings
from tests.simulators.shape import Finding, blank, invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulators.procountor_data import Item, ProcountorData

# "Not used on travel and expense invoices": refused, since sending one means that
# somebody believes it has an effect (a live system more likely ignores it).
UNUSED = ("identifier", "taxCode", "customerNumber", "email", "einvoiceAddress")


def iter_travel_findings(body: Item, data: ProcountorData) -> Iterator[Finding]:
    """Give every broken rule of a travel invoice whose shape is right."""
    yield from iter_date_findings(body, data)
    partner_id = body.get("partnerId")
    if partner_id is None:  # nothing else says who travelled; compulsory is inferred
        yield blank("partnerId")
    elif partner_id not in data.persons:
        yield invalid("partnerId", partner_id)
    for name in UNUSED:
        if body["counterParty"].get(name) is not None:
            yield Finding(
                f"counterParty.{name}",
                f"Value of the 'counterParty.{name}' field is not used here.",
            )
    yield from _check_payment(body["paymentInfo"])
    for place, row in enumerate(body["invoiceRows"]):
        name = f"invoiceRows[{place}]"
        if not data.has_vat(row["vatPercent"], "purchase"):
            yield invalid(f"{name}.vatPercent", row["vatPercent"])
        product_id = row.get("productId")
        if product_id is not None and not _is_valid_product(
            data.products.get(product_id), row, body
        ):
            yield invalid(f"{name}.productId", product_id)


def _check_payment(payment: Item) -> Iterator[Finding]:
    name = "paymentInfo.bankAccount.accountNumber"
    if payment["paymentMethod"] == "DKLMPKRE":  # read only
        yield invalid("paymentInfo.paymentMethod", "DKLMPKRE")
    if payment["paymentMethod"] != "BANK_TRANSFER":
        return
    # The claimant's account, so any good IBAN.
    account = (payment.get("bankAccount") or {}).get("accountNumber")
    if not account:
        yield blank(name)
    elif " " in account or not iban.is_valid(account):
        yield Finding(name, f"Value of the '{name}' field is invalid: ")


def _is_valid_product(product: Item | None, row: Item, body: Item) -> bool:
    """Tell whether a travel product is valid on the row's days, or the invoice's.

    That the validity is checked at all is a guess: codes change every year.
    """
    if product is None or product["type"] != "TRAVEL":
        return False
    first = row.get("startDate") or body["date"]
    last = row.get("endDate") or first
    since, until = product.get("startDate", ""), product.get("endDate", "9999")
    return bool(since <= first and last <= until)
