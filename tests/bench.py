"""How fast is a mapping in YAML? Several ways to the same payload, side by side.

    make bench        (or: .venv/bin/python -m tests.bench [ROWS ...])

An invoice of 1, 10, 100 and 1,000 rows goes through our engine, through hand-written
Python and through the usual parts put together (JMESPath picks, Jinja writes,
jsonschema checks). All give the same payload, or nothing is measured. CPU time, each
round goes through all ways, the best round counts; hand-written mapping without
validation is 1. It is no test: only the ratios say something.

The hand-written mapping is the barest there is: it stops with an exception at the
first null, tells nobody of a cut, and knows no overlay.
"""

from __future__ import annotations

import copy
import re
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import jmespath
import jsonschema
from jinja2 import Environment
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from engine.flow.offline import map_document, pick_mapping, read_document
from engine.language.scope import Scope
from engine.language.validation import validate_payload
from engine.mapping.apply import LazyVars, Recorder, apply_mapping
from tests.worlds import ROOT, project

SIZES = (1, 10, 100, 1000)
SECONDS = 0.15  # of measuring, for each way in each round
ROUNDS = 7  # the best one counts: others only had to wait
SCHEMA = "procountor/invoice"
BASE = ROOT / "tests" / "samples" / "sales_invoice" / "base.json"
Way = Callable[[], Any]


def main() -> int:
    """Measure the ways at each size and print a table."""
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    for rows in sizes:
        ways = make_ways(rows)
        expected = ways["hand-written mapping"]()
        for name, way in ways.items():
            if way() != expected:
                sys.stderr.write(f"{name} makes another payload\n")
                return 1
        best = measure(ways)
        base = best["hand-written mapping"]
        sys.stdout.write(f"{rows} rows{'':<28}{'us':>10}{'ratio':>8}\n")
        for name, seconds in best.items():
            said = f"{1e6 * seconds:>10.0f}{seconds / base:>8.1f}"
            sys.stdout.write(f"  {name:<32}{said}\n")
    return 0


def make_ways(rows: int) -> dict[str, Way]:
    document, settings = make_document(rows)
    return {
        "hand-written mapping": use_python(document, settings, is_checked=False),
        "  validated (hand)": use_python(document, settings),
        "engine: map": use_engine(document, settings, is_checked=False),
        "  validated (engine)": use_engine(document, settings),
        "  validated, with a trace": use_engine(document, settings, is_traced=True),
        "  what a run computes": use_flow(document, settings),
        "usual parts: map": use_usual_parts(document, settings, is_checked=False),
        "  validated (usual)": use_usual_parts(document, settings),
    }


def measure(ways: dict[str, Way]) -> dict[str, float]:
    """Give the CPU seconds that one call of each way takes."""
    calls = {name: max(1, int(SECONDS / spent(way, 1))) for name, way in ways.items()}
    rounds = [
        {name: spent(way, calls[name]) / calls[name] for name, way in ways.items()}
        for _ in range(ROUNDS)
    ]
    return {name: min(found[name] for found in rounds) for name in ways}


def spent(way: Way, calls: int) -> float:
    start = time.process_time()
    for _ in range(calls):
        way()
    return max(time.process_time() - start, 1e-6)


def make_document(size: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give a gathered invoice of some rows, and the demo company's settings."""
    document = read_document(BASE.read_bytes(), BASE.name)
    rows = document["rows"]
    document["rows"] = [copy.deepcopy(rows[i % len(rows)]) for i in range(size)]
    settings = dict(project().companies["demo"].settings)
    flow = project().flows["sales_invoice"]
    # The facts of the rows are hung on them, as before a real mapping.
    map_document(flow, pick_mapping(project(), flow, None), document, settings)
    return document, settings


def use_engine(
    document: dict[str, Any],
    settings: dict[str, Any],
    *,
    is_traced: bool = False,
    is_checked: bool = True,
) -> Way:
    flow = project().flows["sales_invoice"]
    mapping = pick_mapping(project(), flow, None)
    if not is_checked:
        mapping = replace(mapping, target="")
    roots = {"doc": document, "company": settings, "run": document["run"]}
    scope = LazyVars(dict(flow.variables), Scope(document, roots)).scope

    def run() -> Any:
        result = apply_mapping(mapping, scope, Recorder() if is_traced else None)
        assert () == result.violations
        return result.payload

    return run


def use_flow(document: dict[str, Any], settings: dict[str, Any]) -> Way:
    """Give what a run computes: the flow's derivations, requirements, the mapping."""
    flow = project().flows["sales_invoice"]
    mapping = pick_mapping(project(), flow, None)

    def run() -> Any:
        fresh = {**document, "rows": [dict(row) for row in document["rows"]]}
        return map_document(flow, mapping, fresh, settings).result.payload

    return run


# --- hand-written ---------------------------------------------------------------------


def is_filled(value: Any) -> bool:
    return value is not None and (not isinstance(value, str) or bool(value.strip()))


def first(*values: Any) -> Any:
    return next((value for value in values if is_filled(value)), None)


def cut(text: str | None, limit: int) -> str | None:
    return None if text is None else text[:limit].rstrip()


def one_line(text: str | None) -> str | None:
    return None if text is None else " ".join(text.split())


def use_python(
    document: dict[str, Any], settings: dict[str, Any], *, is_checked: bool = True
) -> Way:
    """Give what a programmer would write once, for one company's rules."""
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
                "contactPersonName": cut("/".join(filter(is_filled, contacts)), 28),
                "identifier": first(business_id, invoice["receiverVatNumber"]),
                "customerNumber": str(
                    first(customer["number"], invoice["billingCustomer"]["number"])
                ),
                **({"email": email} if channel == "EMAIL" else {}),
                "counterPartyAddress": {
                    "name": cut(one_line(invoice["receiverCustomerName"]), 80),
                    "street": cut(one_line(address["addressline"]), 80),
                    "zip": cut(one_line(address["postalCode"]), 20),
                    "city": cut(one_line(address["city"]), 40),
                    "country": tables["countries"][country["code2"]],
                },
            },
            "originalInvoiceNumber": str(invoice["number"]),
            "date": invoice["date"],
            "orderReference": one_line(invoice["orderNumber"]),
            "additionalInformation": cut(
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
            "invoiceRows": [make_row(row, tables["units"]) for row in document["rows"]],
        }
        assert not is_checked or [] == validate_payload(store, SCHEMA, payload)
        return payload

    return run


def make_row(row: dict[str, Any], units: Any) -> dict[str, Any]:
    product = row.get("product") or row.get("default_product") or {}
    return {
        "productId": product.get("id"),
        "productCode": first(product.get("code"), row.get("product_code")),
        "product": cut(row["description"], 80),
        "quantity": row["quantity"],
        "unit": units.get((row["measurementUnit"] or "").lower().strip(), "NO_UNIT"),
        "unitPrice": row["unitPrice"]["amount"],
        "discountPercent": 0,
        "vatPercent": row["vat_percent"],
    }


# --- the usual parts ------------------------------------------------------------------

# Target field -> JMESPath where it only picks, Jinja where it computes. What a rule says
# of limits, requirements and types has no place here: code around it does that.
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


if __name__ == "__main__":
    sys.exit(main())
