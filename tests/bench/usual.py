"""The usual parts put together: JMESPath picks, Jinja writes, jsonschema checks.

Everything is compiled before, nothing in a hurry. What a rule says of limits,
requirements and types has no place in these parts: code around them does that.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import jmespath
import jsonschema
from jinja2 import Environment
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from engine.language.scope import Scope
from engine.mapping.apply import LazyVars
from tests.bench.hand import SCHEMA, Way
from tests.worlds import project

# Target field -> JMESPath where it only picks, Jinja where it computes.
PICKS = {
    "partnerId": "doc.partner.id",
    "counterParty.identifier": "business_id || doc.invoice.receiverVatNumber",
    "date": "doc.invoice.date",
    "orderReference": "doc.invoice.orderNumber",
    "paymentInfo.dueDate": "doc.invoice.dueDate",
    "paymentInfo.currency": "doc.invoice.currency.code || company.currency",
    "penaltyPercent": "doc.invoice.overdueInterest",
    "vatStatus": "company.sales.vat_status",
}
WRITES = {
    "counterParty.contactPersonName": (
        "{{ [doc.invoice.senderContactName, doc.invoice.receiverContactName]"
        " | select | join('/') }}"
    ),
    "counterParty.customerNumber": (
        "{{ doc.customer.number or doc.invoice.billingCustomer.number }}"
    ),
    "counterParty.email": (
        "{{ doc.invoice.receiverContactEmail or doc.contact.emails[0]"
        " or doc.customer.email }}"
    ),
    "counterParty.counterPartyAddress.name": "{{ doc.invoice.receiverCustomerName }}",
    "counterParty.counterPartyAddress.street": (
        "{{ doc.invoice.receiverAddress.addressline.split() | join(' ') }}"
    ),
    "counterParty.counterPartyAddress.zip": "{{ doc.invoice.receiverAddress.postalCode }}",
    "counterParty.counterPartyAddress.city": "{{ doc.invoice.receiverAddress.city }}",
    "counterParty.counterPartyAddress.country": (
        "{% for c in run.countries %}{% if doc.invoice.receiverAddress.country in"
        " [c.name, c.englishName, c.code2, c.code3] %}{{ countries[c.code2] }}"
        "{% endif %}{% endfor %}"
    ),
    "originalInvoiceNumber": "{{ doc.invoice.number }}",
    "additionalInformation": (
        "{{ [doc.invoice.ourReference, doc.invoice.yourReference, doc.invoice.notes,"
        " doc.invoice.freeText1.plainText, doc.invoice.freeText2.plainText]"
        " | select | join('\n') }}"
    ),
    "paymentInfo.bankAccount.accountNumber": (
        "{{ company.bank_account | replace(' ', '') | replace('-', '') }}"
    ),
    "invoiceChannel": (
        "{% if doc.customer.eInvoiceAddress and doc.customer.eInvoiceOperator %}"
        "ELECTRONIC_INVOICE{% elif (doc.invoice.receiverContactEmail or"
        " doc.customer.email) and company.sales.email_invoicing %}EMAIL"
        "{% else %}MAIL{% endif %}"
    ),
    "language": (
        "{{ languages.get((doc.invoice.language.code | lower)[:2], 'ENGLISH') }}"
    ),
}
FIXED = {
    "type": "SALES_INVOICE",
    "paymentInfo.paymentMethod": "BANK_TRANSFER",
    "paymentInfo.currencyRate": 1,
    "paymentInfo.bankReferenceCode": "",
    "extraInfo.accountingByRow": True,
    "extraInfo.unitPricesIncludeVat": False,
    "discountPercent": 0,
}
ROW_PICKS = {
    "productId": "product.id || default_product.id",
    "productCode": "product.code || default_product.code || product_code",
    "quantity": "quantity",
    "unitPrice": "unitPrice.amount",
    "vatPercent": "vat_percent",
}
ROW_WRITES = {
    "product": "{{ description }}",
    "unit": "{{ units.get(measurementUnit | lower | trim, 'NO_UNIT') }}",
}
LIMITS = {
    "counterParty.contactPersonName": 28,
    "counterParty.counterPartyAddress.name": 80,
    "counterParty.counterPartyAddress.street": 80,
    "counterParty.counterPartyAddress.zip": 20,
    "counterParty.counterPartyAddress.city": 40,
    "additionalInformation": 10000,
    "product": 80,
}


def use_usual_parts(
    document: dict[str, Any], settings: dict[str, Any], *, is_checked: bool = True
) -> Way:
    """Give what is usually built: everything compiled before, nothing in a hurry."""
    environment = Environment(autoescape=False)
    picks = {name: jmespath.compile(path) for name, path in PICKS.items()}
    row_picks = {name: jmespath.compile(path) for name, path in ROW_PICKS.items()}
    writes = {name: environment.from_string(text) for name, text in WRITES.items()}
    row_writes = {n: environment.from_string(text) for n, text in ROW_WRITES.items()}
    validator = make_validator()
    flow = project().flows["sales_invoice"]
    scope = Scope(document, {"doc": document, "company": settings, "run": {}})
    names = {
        "doc": document,
        "company": settings,
        "run": document["run"],
        "business_id": LazyVars(dict(flow.variables), scope)["business_id"],
        **project().tables,
    }

    def fill(picks: Any, writes: Any, names: dict[str, Any], fixed: Any) -> Any:
        payload: dict[str, Any] = {}
        for name, value in fixed.items():
            put(payload, name, value)
        for name, path in picks.items():
            put(payload, name, path.search(names))
        for name, template in writes.items():
            text = template.render(names)
            put(payload, name, text[: LIMITS.get(name, len(text))].rstrip())
        return payload

    def run() -> Any:
        payload = fill(picks, writes, names, FIXED)
        cent = Decimal("0.01")
        percent = Decimal(payload["penaltyPercent"]).quantize(cent, ROUND_HALF_UP)
        payload["penaltyPercent"] = percent
        payload["invoiceRows"] = [
            fill(
                row_picks,
                row_writes,
                {**row, "units": names["units"]},
                {"discountPercent": 0},
            )
            for row in document["rows"]
        ]
        assert not is_checked or [] == list(validator.iter_errors(payload))
        return payload

    return run


def put(payload: dict[str, Any], name: str, value: Any) -> None:
    *groups, last = name.split(".")
    for group in groups:
        payload = payload.setdefault(group, {})
    payload[last] = value


def make_validator() -> Any:
    store = project().schemas
    checker = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "number",
        lambda _, value: isinstance(value, int | Decimal) and value is not True,
    )
    base = jsonschema.validators.extend(
        jsonschema.Draft202012Validator, type_checker=checker
    )
    registry = Registry().with_resources(
        (store.uri(name), DRAFT202012.create_resource(document))
        for name, document in store.documents.items()
    )
    schema = {**store.documents[SCHEMA], "$id": store.uri(SCHEMA)}
    return base(schema, registry=registry, format_checker=base.FORMAT_CHECKER)
