"""The rules of a new sales invoice beyond its shape, and what is booked from it."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from stdnum import luhn
from stdnum.fi import alv, hetu, ytunnus
from stdnum.se import orgnr, personnummer
from stdnum.se import vat as se_vat

from tests.simulators.shape import Finding, blank, invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulators.procountor_data import Item, ProcountorData

CENT = Decimal("0.01")
FINNISH_ONLY = (
    "orderNumber",
    "agreementNumber",
    "accountingCode",
    "deliverySite",
    "tenderReference",
    "buyerReferenceIdentifier",
    "sellerReferenceIdentifier",
)


def round_cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def is_business_id(text: str, country: str | None) -> bool:
    """Check an id by its country; only Finnish and Swedish forms are known here.

    What exactly the live check covers is not written down: a guess.
    """
    if country in (None, "FINLAND", "ALAND_ISLANDS"):
        return ytunnus.is_valid(text) or alv.is_valid(text) or hetu.is_valid(text)
    if country == "SWEDEN":
        return (
            orgnr.is_valid(text) or se_vat.is_valid(text) or personnummer.is_valid(text)
        )
    return True


def iter_sales_findings(body: Item, data: ProcountorData) -> Iterator[Finding]:
    """Give every broken rule of a sales invoice whose shape is right."""
    party, payment = body["counterParty"], body["paymentInfo"]
    address = party["counterPartyAddress"]
    yield from iter_date_findings(body, data)
    if party.get("identifier") and not is_business_id(
        party["identifier"], address.get("country")
    ):
        yield Finding("counterParty.identifier", "ERROR_BRN_CODE")
    yield from _check_payment(payment, data)
    yield from _check_channel(body)
    yield from _check_country(body, data)
    yield from _check_links(body, data)
    yield from _check_vat(body, data)
    email = party.get("email")
    if email and email in party.get("bccAddresses", ()):
        yield invalid("counterParty.bccAddresses", email)


def iter_date_findings(body: Item, data: ProcountorData) -> Iterator[Finding]:
    day = date.fromisoformat(body["date"])
    if not data.is_open(day):
        yield Finding("date", "CLOSED_FISCAL_PERIOD")
    days = (date.fromisoformat(body["paymentInfo"]["dueDate"]) - day).days
    if not 0 <= days <= 999:
        yield invalid("paymentInfo.dueDate", body["paymentInfo"]["dueDate"])


def _check_payment(payment: Item, data: ProcountorData) -> Iterator[Finding]:
    account = payment.get("bankAccount") or {}
    if payment["paymentMethod"] == "DKLMPKRE":  # read only
        yield invalid("paymentInfo.paymentMethod", "DKLMPKRE")
    if account.get("bic") is not None:
        yield invalid("paymentInfo.bankAccount.bic", account["bic"])
    if payment["paymentMethod"] == "BANK_TRANSFER":
        iban = account.get("accountNumber")
        if not iban:
            yield blank("paymentInfo.bankAccount.accountNumber")
        elif not data.has_iban(iban):
            yield invalid("paymentInfo.bankAccount.accountNumber", iban)
    code = payment.get("bankReferenceCode")
    own_kind = "OCR" if data.country == "SWEDEN" else "FI"
    is_finnish = payment.get("bankReferenceCodeType", own_kind) == "FI"
    if code and is_finnish and not is_reference(code):
        yield invalid("paymentInfo.bankReferenceCode", code)


def _check_channel(body: Item) -> Iterator[Finding]:
    channel, party = body["invoiceChannel"], body["counterParty"]
    address, billing = party["counterPartyAddress"], body.get("billingAddress") or {}
    if channel == "EMAIL" and not (party.get("email") or "").strip():
        yield blank("counterParty.email")
    if channel == "MAIL":
        lacking = _lacking(address)
        if lacking and _lacking(billing):
            for name in lacking:
                yield blank(f"counterParty.counterPartyAddress.{name}")
    if channel == "ELECTRONIC_INVOICE":
        for name in _lacking(address):
            yield blank(f"counterParty.counterPartyAddress.{name}")
        for name in _lacking(billing):
            yield blank(f"billingAddress.{name}")
        target = party.get("einvoiceAddress") or {}
        if not target.get("address"):
            yield blank("counterParty.einvoiceAddress.address")
        if address.get("country") == "FINLAND" and not target.get("operator"):
            yield blank("counterParty.einvoiceAddress.operator")
        if body["paymentInfo"].get("bankReferenceCode") is None:
            yield blank("paymentInfo.bankReferenceCode")  # e-invoices need one
    # Seen for the delivery address; for the other two a guess.
    for name, place in (
        ("counterParty.counterPartyAddress", address),
        ("billingAddress", billing),
        ("deliveryAddress", body.get("deliveryAddress") or {}),
    ):
        has_place = any(place.get(part) for part in ("street", "zip", "city"))
        if has_place and not place.get("country"):
            yield blank(f"{name}.country")


def _check_country(body: Item, data: ProcountorData) -> Iterator[Finding]:
    """Give what only Finnish companies may send."""
    if data.country == "FINLAND":
        return
    target = body["counterParty"].get("einvoiceAddress") or {}
    if target.get("ediId"):
        yield Finding("counterParty.einvoiceAddress.ediId", "OVT_NOT_ALLOWED")
    for name in FINNISH_ONLY:
        if body.get(name):
            yield invalid(name, body[name])


def _lacking(address: Item) -> list[str]:
    return [
        name
        for name in ("name", "street", "zip", "city")
        if not (address.get(name) or "").strip()
    ]


def _check_links(body: Item, data: ProcountorData) -> Iterator[Finding]:
    partner_id = body.get("partnerId")
    if partner_id is not None:
        # A closed partner may be linked: it is in the register (a guess).
        partner = data.partners.get(partner_id)
        if partner is None or partner["type"] != "CUSTOMER":
            yield invalid("partnerId", partner_id)
    for place, row in enumerate(body["invoiceRows"]):
        product_id = row.get("productId")
        if product_id is not None:
            product = data.products.get(product_id)
            if product is None or product["type"] != "SALES":
                yield invalid(f"invoiceRows[{place}].productId", product_id)


def _check_vat(body: Item, data: ProcountorData) -> Iterator[Finding]:
    known = {item["vatStatus"] for item in data.vat_statuses if item["sales"]}
    if body["vatStatus"] not in known:
        yield Finding("vatStatus", "ERROR_VATSTATUS_VATPERC")
    for place, row in enumerate(body["invoiceRows"]):
        if not data.has_vat(row["vatPercent"]):
            yield invalid(f"invoiceRows[{place}].vatPercent", row["vatPercent"])
        if row.get("vatStatus") is not None and row["vatStatus"] not in known:
            yield Finding(f"invoiceRows[{place}].vatStatus", "ERROR_VATSTATUS_VATPERC")


def add_check_digit(digits: str) -> str:
    """Give a Finnish reference number: weights 7, 3, 1 from the right."""
    weights = (7, 3, 1)
    total = sum(
        int(digit) * weights[place % 3] for place, digit in enumerate(reversed(digits))
    )
    return f"{digits}{-total % 10}"


def build_reference(number: int, country: str) -> Item:
    """Give the reference made for an invoice; the Swedish kind is a guess."""
    if country == "SWEDEN":
        code = f"{number}{luhn.calc_check_digit(str(number))}"
        return {"bankReferenceCode": code, "bankReferenceCodeType": "OCR"}
    code = add_check_digit(str(number))
    return {"bankReferenceCode": code, "bankReferenceCodeType": "FI"}


def is_reference(code: str) -> bool:
    """Check a Finnish reference number by its last digit."""
    return code.isdecimal() and add_check_digit(code[:-1]) == code


def compute_sum(body: Item, row: Item) -> Decimal:
    """Give a row's sum as it is priced, both discounts applied."""
    amount = Decimal(row["quantity"]) * Decimal(row["unitPrice"])
    for percent in (row["discountPercent"], body["discountPercent"]):
        amount *= 1 - Decimal(percent) / 100
    return round_cents(amount)


def compute_net(body: Item, row: Item) -> Decimal:
    """Give a row's net sum in the invoice's currency, both discounts applied."""
    amount = Decimal(row["quantity"]) * Decimal(row["unitPrice"])
    for percent in (row["discountPercent"], body["discountPercent"]):
        amount *= 1 - Decimal(percent) / 100
    if body["extraInfo"]["unitPricesIncludeVat"]:
        amount /= 1 + Decimal(row["vatPercent"]) / 100
    return round_cents(amount)


def compute_totals(body: Item) -> tuple[Decimal, Decimal]:
    """Give net and VAT; VAT is rounded once per rate (a guess)."""
    by_rate: dict[Decimal, Decimal] = defaultdict(Decimal)
    for row in body["invoiceRows"]:
        by_rate[Decimal(row["vatPercent"])] += compute_net(body, row)
    if body["extraInfo"]["unitPricesIncludeVat"]:
        gross = sum((compute_sum(body, row) for row in body["invoiceRows"]), CENT * 0)
        net_sum = sum(by_rate.values(), CENT * 0)
        return net_sum, gross - net_sum
    vat = sum(
        (round_cents(net * rate / 100) for rate, net in by_rate.items()), CENT * 0
    )
    return sum(by_rate.values(), CENT * 0), vat


def build_sums(body: Item, currency: str) -> list[Item]:
    """Give the totals in the invoice's currency and, when it differs, the company's."""
    net, vat = compute_totals(body)
    payment = body["paymentInfo"]
    own = payment["currency"] == currency
    sums = [_sums(payment["currency"], own, net, vat)]
    if not own:
        rate = Decimal(payment["currencyRate"])  # foreign units per own unit
        sums.append(
            _sums(currency, True, round_cents(net / rate), round_cents(vat / rate))
        )
    return sums


def _sums(currency: str, own: bool, net: Decimal, vat: Decimal) -> Item:
    return {
        "currency": currency,
        "inAccountingCurrency": own,
        "excludingVatTotal": net,
        "vatSumTotal": vat,
        "invoiceSumTotal": net + vat,
    }
