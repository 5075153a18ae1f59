"""The same invoice in plain Python, twice: with care, and bare.

With care is what an engineer writes who answers for the money: each value has the type
that the target asks for or is reported with its field, ids and accounts are checked,
texts are composed and cut to their limits, and what was cut or replaced is told. The
bare one stops with an exception at the first null and tells nobody of anything.
Both know one company's rules and no overlay.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from engine.identifiers import find_iban, write_code, write_id
from engine.language.filters.mail_addresses import find_addresses
from engine.language.scope import Scope
from engine.language.validation import validate_payload
from engine.mapping.apply import LazyVars
from tests.worlds import project

Way = Callable[[], Any]
SCHEMA = "procountor/invoice"
CENT = Decimal("0.01")
LINE_END = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?", re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Invoice:
    """One invoice on its way, with what is wrong with it and what was changed."""

    def __init__(self) -> None:
        self.faults: list[tuple[str, str]] = []  # code, field
        self.cuts: list[tuple[str, str, str]] = []  # field, whole, kept
        self.replaced: list[tuple[str, str]] = []  # field, value

    def text(
        self, field: str, value: Any, limit: int = 0, *, needed: bool = False
    ) -> str | None:
        if value is None or value == "":
            return self._missing(field) if needed else None
        if type(value) is not str:
            if type(value) not in {int, Decimal} or value != int(value):
                self.faults.append(("WRONG_TYPE", field))
                return None
            value = str(int(value))
        if value.isspace():
            return self._missing(field) if needed else None
        if not value.isascii():
            value = unicodedata.normalize("NFC", value)
        if not value.isprintable():
            value = LINE_END.sub("\n", value)
        if limit and len(value) > limit:
            kept = value[:limit].rstrip()
            self.cuts.append((field, value, kept))
            return kept
        return str(value)

    def number(self, field: str, value: Any, *, needed: bool = True) -> Any:
        if type(value) is str and NUMBER.fullmatch(value.strip()):
            value = Decimal(value.strip())
        if type(value) is int:
            return value
        if type(value) is Decimal:
            if not value.is_finite() or value.adjusted() >= 30:
                self.faults.append(("NOT_A_NUMBER", field))
                return None
            if len(str(value)) > 10:
                value = round(value, 10).normalize()
            return value
        if value is None or value == "" or value == []:
            return self._missing(field) if needed else None
        self.faults.append(("WRONG_TYPE", field))
        return None

    def day(self, field: str, value: Any) -> str | None:
        if value is None or value == "":
            return self._missing(field)
        try:
            if DAY.fullmatch(value[:10]):
                return date.fromisoformat(value[:10]).isoformat()
        except (TypeError, ValueError):
            pass
        self.faults.append(("NOT_A_DATE", field))
        return None

    def code(self, field: str, value: Any, table: Any, otherwise: str) -> str:
        if value in table:
            found: str = table[value]
            return found
        self.replaced.append((field, value))
        return otherwise

    def _missing(self, field: str) -> None:
        self.faults.append(("REQUIRED", field))


def is_filled(value: Any) -> bool:
    return value is not None and (not isinstance(value, str) or bool(value.strip()))


def first(*values: Any) -> Any:
    for value in values:
        if (
            value is not None
            and value != ""
            and not (type(value) is str and value.isspace())
        ):
            return value
    return None


def one_line(text: Any) -> Any:
    return " ".join(text.split()) if type(text) is str else text


def part(group: Any, name: str) -> Any:
    return group.get(name) if type(group) is dict else None


def mail(value: Any) -> str | None:
    if type(value) is not str or not value.strip("-. "):
        return None
    return next(iter(find_addresses(value)), None)


def use_python(
    document: dict[str, Any], settings: dict[str, Any], *, is_checked: bool = True
) -> Way:
    """Give the careful way."""
    tables, store = project().tables, project().schemas

    def run() -> Any:
        invoice = Invoice()
        payload = map_invoice(invoice, document, settings, tables)
        assert not invoice.faults, invoice.faults
        assert not is_checked or [] == validate_payload(store, SCHEMA, payload)
        return payload

    return run


def map_invoice(
    told: Invoice, document: dict[str, Any], settings: dict[str, Any], tables: Any
) -> dict[str, Any]:
    """Map with care; what is wrong or was changed is told."""
    invoice, customer = document["invoice"], document.get("customer")
    address, sales = invoice.get("receiverAddress"), settings["sales"]
    billing = invoice.get("billingCustomer")
    wanted = first(
        part(address, "country"),
        part(part(customer, "headquarterAddress"), "country"),
    )
    country = find_country(document["run"].get("countries") or (), wanted)
    code2 = part(country, "code2")
    owner = write_id(invoice.get("receiverVatNumber") or "", code2 or "")
    owner = owner or write_id(part(customer, "vatNumber") or "", code2 or "")
    mails = part(document.get("contact"), "emails")
    email = mail(invoice.get("receiverContactEmail"))
    email = email or (mail(first(*mails)) if type(mails) is list else None)
    email = email or mail(part(customer, "email"))
    channel = "MAIL"
    operator = write_code(part(customer, "eInvoiceOperator") or "")
    if sales.get("channel") == "NO_SENDING":
        channel = "NO_SENDING"
    elif operator and write_code(part(customer, "eInvoiceAddress") or ""):
        channel = "ELECTRONIC_INVOICE"
    elif email and (sales["email_invoicing"] or sales["email_rule"] == "table"):
        channel = "EMAIL"
    currency = first(part(invoice.get("currency"), "code"), settings["currency"])
    by_mail = channel in {"MAIL", "ELECTRONIC_INVOICE"}
    street = one_line(part(address, "addressline"))
    number = first(part(customer, "number"), part(billing, "number"))
    name = first(invoice.get("receiverCustomerName"), part(billing, "name"))
    place = "counterParty.counterPartyAddress."
    counter_party = {
        "contactPersonName": told.text(
            "counterParty.contactPersonName",
            joined("/", invoice, "senderContactName", "receiverContactName"),
            28,
        ),
        "identifier": told.text("counterParty.identifier", owner, 40),
        "customerNumber": told.text(
            "counterParty.customerNumber", number, 40, needed=True
        ),
        "counterPartyAddress": {
            "name": told.text(place + "name", one_line(name), 80, needed=True),
            "street": told.text(place + "street", street, 80, needed=by_mail),
            "zip": told.text(
                place + "zip", one_line(part(address, "postalCode")), 20, needed=by_mail
            ),
            "city": told.text(
                place + "city", one_line(part(address, "city")), 40, needed=by_mail
            ),
            "country": told.text(
                place + "country", tables["countries"].get(code2), needed=True
            ),
        },
    }
    if channel == "EMAIL":
        counter_party["email"] = email
    language = part(invoice.get("language"), "code")
    if type(language) is str and is_filled(language):
        languages = tables["languages"]
        language = told.code("language", language.lower()[:2], languages, "ENGLISH")
    else:
        language = sales.get("language") or "FINNISH"
    is_own = currency == settings["currency"]
    rate = 1 if is_own else told.number("currencyRate", invoice.get("currencyRate"))
    interest = told.number(
        "penaltyPercent", invoice.get("overdueInterest"), needed=False
    )
    if interest is not None:
        interest = Decimal(interest).quantize(CENT, ROUND_HALF_UP)
    vat = document.get("vat")
    return {
        "type": "SALES_INVOICE",
        "partnerId": document["partner"]["id"],
        "counterParty": without_nothing(counter_party),
        "originalInvoiceNumber": told.text(
            "originalInvoiceNumber", invoice.get("number"), 40, needed=True
        ),
        "date": told.day("date", invoice.get("date")),
        "orderReference": told.text(
            "orderReference", one_line(invoice.get("orderNumber")), 70
        ),
        "additionalInformation": told.text(
            "additionalInformation", information(invoice), 10000
        ),
        "paymentInfo": {
            "dueDate": told.day("paymentInfo.dueDate", invoice.get("dueDate")),
            "paymentMethod": settings.get("payment_method") or "BANK_TRANSFER",
            "currency": told.text("paymentInfo.currency", currency, needed=True),
            "currencyRate": rate,
            "bankAccount": {
                "accountNumber": told.text(
                    "paymentInfo.bankAccount.accountNumber",
                    find_iban(settings["bank_account"]),
                    needed=True,
                )
            },
            "bankReferenceCode": "",
        },
        "penaltyPercent": interest,
        "invoiceChannel": channel,
        "language": language,
        "extraInfo": {"accountingByRow": True, "unitPricesIncludeVat": False},
        "discountPercent": 0,
        "vatStatus": told.number("vatStatus", part(vat, "status")),
        "invoiceRows": [
            map_row(told, f"invoiceRows[{index}].", row, vat, tables["units"])
            for index, row in enumerate(document["rows"])
        ],
    }


def map_row(
    told: Invoice, place: str, row: dict[str, Any], vat: Any, units: Any
) -> dict[str, Any]:
    product = row.get("product") or {}
    other = row.get("default_product") or {}
    percent = told.number(place + "vatPercent", row.get("vat_percent"))
    code = first(product.get("code"), other.get("code"), row.get("product_code"))
    unit = row.get("measurementUnit")
    unit = unit.lower().strip() if type(unit) is str else None
    price = row.get("unitPrice")
    mapped = {
        "productId": first(product.get("id"), other.get("id")),
        "productCode": told.text(place + "productCode", code, 40),
        "product": told.text(
            place + "product", row.get("description"), 80, needed=True
        ),
        "quantity": told.number(place + "quantity", row.get("quantity")),
        "unit": told.code(place + "unit", unit, units, "NO_UNIT")
        if unit
        else "NO_UNIT",
        "unitPrice": told.number(place + "unitPrice", part(price, "amount")),
        "discountPercent": 0,
        "vatPercent": percent,
    }
    if percent == 0:
        mapped["vatStatus"] = part(vat, "row_status")
    return without_nothing(mapped)


def without_nothing(group: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if value is not None}


def joined(separator: str, group: dict[str, Any], *names: str) -> str | None:
    texts = [group.get(name) for name in names]
    return separator.join([t.strip() for t in texts if is_filled(t)]) or None


def information(invoice: dict[str, Any]) -> str | None:
    texts = [
        invoice.get("ourReference"),
        invoice.get("yourReference"),
        invoice.get("notes"),
        part(invoice.get("freeText1"), "plainText"),
        part(invoice.get("freeText2"), "plainText"),
    ]
    return "\n".join([t.strip() for t in texts if is_filled(t)]) or None


def find_country(countries: Any, wanted: Any) -> Any:
    if type(wanted) is not str:
        return None
    text = wanted.strip().casefold()
    for entry in countries:
        for name in ("name", "englishName", "code2", "code3"):
            value = entry.get(name)
            if type(value) is str and value.strip().casefold() == text:
                return entry
    return None


# --- bare -----------------------------------------------------------------------------


def bare_cut(text: str | None, limit: int) -> str | None:
    return None if text is None else text[:limit].rstrip()


def bare_line(text: str | None) -> str | None:
    return None if text is None else " ".join(text.split())


def use_bare_python(
    document: dict[str, Any], settings: dict[str, Any], *, is_checked: bool = True
) -> Way:
    """Give the barest way there is."""
    tables = project().tables
    store = project().schemas
    flow = project().flows["sales_invoice"]
    scope = Scope(document, {"doc": document, "company": settings, "run": {}})
    business_id = LazyVars(dict(flow.variables), scope)["business_id"]

    def run() -> Any:
        invoice, customer = document["invoice"], document["customer"]
        address, sales = invoice["receiverAddress"], settings["sales"]
        contact = document["contact"] or {}
        mails = [mail for mail in contact.get("emails", ()) if mail]
        email = first(
            invoice["receiverContactEmail"],
            mails[0] if mails else None,
            customer["email"],
        )
        channel = "MAIL"
        if sales.get("channel") == "NO_SENDING":
            channel = "NO_SENDING"
        elif first(customer["eInvoiceAddress"]) and first(customer["eInvoiceOperator"]):
            channel = "ELECTRONIC_INVOICE"
        elif email and (sales["email_invoicing"] or sales["email_rule"] == "table"):
            channel = "EMAIL"
        wanted = first(address["country"], customer["headquarterAddress"]["country"])
        names = ("name", "englishName", "code2", "code3")
        country = next(
            entry
            for entry in document["run"]["countries"]
            if any(entry[name].casefold() == wanted.casefold() for name in names)
        )
        contacts = [invoice["senderContactName"], invoice["receiverContactName"]]
        information = [
            invoice["ourReference"],
            invoice["yourReference"],
            invoice["notes"],
            (invoice["freeText1"] or {}).get("plainText"),
            (invoice["freeText2"] or {}).get("plainText"),
        ]
        currency = first((invoice["currency"] or {}).get("code"), settings["currency"])
        cent = Decimal("0.01")
        payload = {
            "type": "SALES_INVOICE",
            "partnerId": document["partner"]["id"],
            "counterParty": {
                "contactPersonName": bare_cut(
                    "/".join(filter(is_filled, contacts)), 28
                ),
                "identifier": first(business_id, invoice["receiverVatNumber"]),
                "customerNumber": str(
                    first(customer["number"], invoice["billingCustomer"]["number"])
                ),
                **({"email": email} if channel == "EMAIL" else {}),
                "counterPartyAddress": {
                    "name": bare_cut(bare_line(invoice["receiverCustomerName"]), 80),
                    "street": bare_cut(bare_line(address["addressline"]), 80),
                    "zip": bare_cut(bare_line(address["postalCode"]), 20),
                    "city": bare_cut(bare_line(address["city"]), 40),
                    "country": tables["countries"][country["code2"]],
                },
            },
            "originalInvoiceNumber": str(invoice["number"]),
            "date": invoice["date"],
            "orderReference": bare_line(invoice["orderNumber"]),
            "additionalInformation": bare_cut(
                "\n".join(filter(is_filled, information)), 10000
            ),
            "paymentInfo": {
                "dueDate": invoice["dueDate"],
                "paymentMethod": settings.get("payment_method") or "BANK_TRANSFER",
                "currency": currency,
                "currencyRate": 1
                if currency == settings["currency"]
                else invoice["currencyRate"],
                "bankAccount": {
                    "accountNumber": re.sub(r"[\s-]", "", settings["bank_account"])
                },
                "bankReferenceCode": "",
            },
            "penaltyPercent": Decimal(invoice["overdueInterest"]).quantize(
                cent, ROUND_HALF_UP
            ),
            "invoiceChannel": channel,
            "language": tables["languages"].get(
                invoice["language"]["code"].lower()[:2], "ENGLISH"
            ),
            "extraInfo": {"accountingByRow": True, "unitPricesIncludeVat": False},
            "discountPercent": 0,
            "vatStatus": sales["vat_status"],
            "invoiceRows": [
                make_bare_row(row, tables["units"]) for row in document["rows"]
            ],
        }
        assert not is_checked or [] == validate_payload(store, SCHEMA, payload)
        return payload

    return run


def make_bare_row(row: dict[str, Any], units: Any) -> dict[str, Any]:
    product = row.get("product") or row.get("default_product") or {}
    return {
        "productId": product.get("id"),
        "productCode": first(product.get("code"), row.get("product_code")),
        "product": bare_cut(row["description"], 80),
        "quantity": row["quantity"],
        "unit": units.get((row["measurementUnit"] or "").lower().strip(), "NO_UNIT"),
        "unitPrice": row["unitPrice"]["amount"],
        "discountPercent": 0,
        "vatPercent": row["vat_percent"],
    }
