"""Every answer of the demo's systems has the shape that the vendors publish.

The two OpenAPI documents are not part of this repository; where they stand beside it
(``../shared/reference``) they are used, elsewhere these tests are skipped.
"""

from __future__ import annotations

import copy
import json
import warnings
from functools import cache
from pathlib import Path

import pytest
import yaml

from tests.simulators.talk import SMALLEST, Talk

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from jsonschema import Draft202012Validator

REFERENCE = Path(__file__).resolve().parents[2].parent / "shared" / "reference"
DOCUMENTS = {
    "severa": REFERENCE / "severa-openapi.json",
    "procountor": REFERENCE / "procountor-openapi.yaml",
}
pytestmark = pytest.mark.skipif(
    not all(path.exists() for path in DOCUMENTS.values()),
    reason="the vendors' documents are not here",
)


@cache
def load_document(system):
    text = DOCUMENTS[system].read_text(encoding="utf-8")
    return json.loads(text) if system == "severa" else yaml.safe_load(text)


def as_schema(node, is_closed):
    """Turn OpenAPI 3.0 wording into JSON Schema: ``nullable`` becomes a type.

    A 3.1 document passes unchanged, but for what is not a JSON Schema keyword.
    ``is_closed`` refuses properties that a plain object does not name.
    """
    if isinstance(node, list):
        return [as_schema(item, is_closed) for item in node]
    if not isinstance(node, dict):
        return node
    may_be_null = node.get("nullable") is True
    if "$ref" in node:
        target = {"$ref": node["$ref"].replace("#/components/schemas/", "#/$defs/")}
        return {"anyOf": [target, {"type": "null"}]} if may_be_null else target
    schema = {
        key: {name: as_schema(item, is_closed) for name, item in value.items()}
        if key == "properties"
        else as_schema(value, is_closed)
        for key, value in node.items()
        if key not in ("nullable", "discriminator", "example", "format")
    }
    if may_be_null and "type" in schema:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    if is_closed and schema.get("type") == "object" and "allOf" not in schema:
        schema["additionalProperties"] = False
    return schema


@cache
def find_validator(system, endpoint, status):
    """Give the validator of one answer; None when it has no JSON body."""
    document = load_document(system)
    method, path = endpoint.split(" ")
    responses = document["paths"][path][method.lower()]["responses"]
    response = responses.get(str(status), responses.get("default"))
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].split("/")[-1]]
    content = response.get("content") or {}
    if "application/json" not in content:
        return None
    return build_validator(system, content["application/json"]["schema"])


def build_validator(system, schema, is_closed=True):
    parts = load_document(system)["components"]["schemas"]
    return Draft202012Validator(
        as_schema(schema, is_closed)
        | {"$defs": {name: as_schema(part, is_closed) for name, part in parts.items()}}
    )


def journal_findings(talk):
    """Give what the published shapes say against the journals' answers."""
    findings, checked = [], 0
    for system, app in (("severa", talk.severa), ("procountor", talk.procountor)):
        for entry in app.journal:
            if entry.endpoint in UNPUBLISHED:
                continue
            validator = find_validator(system, entry.endpoint, entry.status)
            if validator is None or entry.status == 404:
                continue
            checked += 1
            raw = json.loads(entry._response)
            findings += [
                f"{entry.endpoint} {entry.status} {error.json_path}: {error.message[:200]}"
                for error in validator.iter_errors(raw)
            ]
    return findings, checked


# The simulator answers these, the published subset leaves them out.
UNPUBLISHED = {"GET /heartbeat"}


def test_every_read_of_severa_has_its_shape():
    talk = Talk()
    data = talk.severa.data
    registers = [
        "customers",
        "projects",
        "invoicestatuses",
        "businessunits",
        "costcenters",
        "products",
        "worktypes",
        "travelexpensetypes",
        "localization/countries",
        "localization/languages",
        "organizationdetails",
        "invoices",
        "flatrates",
    ]
    pages = {"localization/countries", "localization/languages", "organizationdetails"}
    for name in registers:
        more = "" if name in pages else "?rowCount=100"
        assert 200 == talk.call(f"severa GET /v1/{name}{more}").status_code
    parts = [
        "invoicerows",
        "workhours",
        "projectfees",
        "projecttravelexpenses",
        "reimbursedworkhours",
        "reimbursedprojectfees",
        "reimbursedprojecttravelexpenses",
        "invoicesettings",
        "files",
    ]
    for invoice in data.invoices:
        for part in parts:
            path = f"/v1/invoices/{invoice['guid']}/{part}"
            assert 200 == talk.call(f"severa GET {path}").status_code
        talk.call(f"severa GET /v1/invoices/{invoice['guid']}")
        talk.call(f"severa GET /v1/invoices/{invoice['guid']}/pdf")
    for customer in data.customers:
        talk.call(f"severa GET /v1/customers/{customer['guid']}")
        talk.call(f"severa GET /v1/customers/{customer['guid']}/addresses")
    for person in data.contactpersons:
        talk.call(f"severa GET /v1/contactpersons/{person['guid']}")
    status = data.invoicestatuses[2]["guid"]
    change = [{"op": "replace", "path": "/status/guid", "value": status}]
    talk.call(f"severa PATCH /v1/invoices/{data.invoices[0]['guid']}", change)
    talk.call("severa PATCH /v1/invoices/" + data.invoices[0]["guid"], [{"op": "add"}])
    talk.call("severa GET /v1/invoices?rowCount=1000")
    talk.ask_severa_token(client_secret="x")
    findings, checked = journal_findings(talk)
    assert [] == findings[:10]
    assert checked > 500


def test_every_answer_of_procountor_has_its_shape():
    talk = Talk()
    created = talk.create()
    invoice, receipt = created["id"], created["ledgerReceiptId"]
    posting = talk.procountor.data.receipts[receipt]["transactions"][1]["id"]
    talk.attach(invoice)
    dimension = {"dimensionId": 9001, "itemId": 900100, "value": -900}
    talk.call(
        f"procountor PUT /ledgerreceipts/{receipt}/transactions/{posting}/dimensions",
        {"dimensionItemValues": [dimension]},
    )
    talk.call(
        "procountor POST /businesspartners",
        {
            "name": "Uusi Oy",
            "type": "CUSTOMER",
            "paymentInfo": {"paymentMethod": "BANK_TRANSFER"},
            "address": {"name": "Uusi Oy", "country": "FINLAND"},
        },
    )
    talk.call(
        "procountor POST /products",
        {
            "type": "SALES",
            "name": "Uusi",
            "discount": 0,
            "price": 1,
            "active": True,
            "currency": "EUR",
        },
    )
    item = {"codeName": "1", "description": "a"}
    made = talk.call("procountor POST /dimensions/9001/items", item).json()
    talk.call("procountor PUT /dimensions/9001/items", made)
    for path in (
        "/invoices",
        "/invoices?types=SALES_INVOICE&originalInvoiceNumber=2026",
        f"/invoices/{invoice}",
        f"/invoices/{invoice},{invoice}",
        f"/ledgerreceipts/{receipt}",
        "/businesspartners?active=true",
        "/businesspartners?active=false",
        "/products?type=SALES",
        "/products?type=TRAVEL",
        "/dimensions",
        "/dimensions/9001",
        "/fiscalyears",
        "/bankaccounts",
        "/vats/default",
        "/sessioninfo",
        "/company",
        *(f"/businesspartners/{key}" for key in talk.procountor.data.partners),
        *(f"/products/{key}" for key in talk.procountor.data.products),
    ):
        assert 200 == talk.call(f"procountor GET {path}").status_code, path
    for move in ("approve", "unfinished", "approve", "send", "invalidate"):
        talk.call(f"procountor PUT /invoices/{invoice}/{move}")
    talk.create(date="2020-01-01")
    talk.call("procountor GET /invoices/1")
    talk.ask_procountor_token(api_key="x")
    findings, checked = journal_findings(talk)
    assert [] == findings
    assert checked > 50


def test_the_smallest_invoice_is_one_for_the_published_document_too():
    validator = build_validator(
        "procountor",
        {"$ref": "#/components/schemas/SalesInvoiceCreate"},
        is_closed=False,  # it is an allOf of two parts
    )
    assert [] == list(validator.iter_errors(copy.deepcopy(SMALLEST)))
