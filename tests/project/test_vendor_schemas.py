"""The payload schemas against the vendors' documents, field by field."""

from __future__ import annotations

import json
from decimal import Decimal
from urllib.parse import urldefrag, urljoin

import pytest
import yaml

from tests.places import ROOT
from tests.project.payload_schemas import (
    BY_URI,
    SCHEMAS,
    SENT,
    findings,
)

REFERENCE = ROOT.parent / "shared" / "reference"
needs_reference = pytest.mark.skipif(
    not REFERENCE.is_dir(), reason="the vendors' documents are not here"
)

SEVERA_MODELS = {
    "money": "MoneyOutputModel",
    "user": "UserWithFirstNameLastNameAndPhotoFileModel",
    "named": "ModelWithName",
    "invoice": "InvoiceOutputModel",
    "invoice_row": "InvoiceRowOutputModel",
    "customer": "CustomerModel",
    "project": "ProjectOutputModel",
    "work_hour": "WorkHourOutputModel",
    "project_fee": "ProjectFeeOutputModel",
    "travel_expense": "ProjectTravelExpenseOutputModel",
    "reimbursed_work_hour": "ReimbursedWorkHourOutputModel",
    "reimbursed_project_fee": "ReimbursedProjectFeeOutputModel",
    "reimbursed_travel_expense": "ReimbursedProjectTravelExpenseOutputModel",
    "flat_rate": "FlatRateOutputModel",
    "invoice_settings": "InvoiceSettingsOutputModel",
    "invoice_file": "InvoiceFileModel",
    "contact_person": "ContactModel",
    "address": "AddressModel",
    "invoice_status": "InvoiceStatusModel",
    "country": "CountryModel",
    "language": "LanguageModel",
    "travel_claim": "TravelReimbursementOutputModel",
    "travel_status": "TravelReimbursementStatusModel",
    "travel_file": "ProjectTravelExpenseFileModel",
    "traveller": "UserOutputModel",
    "cost_center": "CostCenterModel",
    "product": "ProductOutputModel",
    "work_type": "WorkTypeOutputModel",
    "travel_expense_type": "TravelExpenseTypeOutputModel",
}
PROCOUNTOR_MODELS = {
    "invoice": "Invoice",
    "invoice_created": "Invoice",
    "invoice_found": "InvoiceBasicInfo",
    "partner": "BusinessPartner",
    "partner_found": "BusinessPartnerBasicInfo",
    "product": "Product",
    "product_found": "Product",
    "dimension": "Dimension",
    "dimension_item": "DimensionItem",
    "transaction_dimensions": "DimensionItemValueList",
    "attachment": "Attachment",
    "ledger_receipt": "LedgerReceipt",
    "travel_invoice": "Invoice",
    "person": "Person",
    "person_card": "Person",
}
EXAMPLES = {
    "severa-invoice.json": "invoice",
    "severa-invoice-rows.json": "invoice_row",
    "severa-customer.json": "customer",
    "severa-customer-addresses.json": "address",
    "severa-projects.json": "project",
    "severa-contactperson.json": "contact_person",
    "severa-invoice-workhours.json": "work_hour",
    "severa-invoice-projectfees.json": "project_fee",
    "severa-invoice-travelexpenses.json": "travel_expense",
    "severa-invoice-flatrates.json": "flat_rate",
    "severa-invoice-settings.json": "invoice_settings",
    "severa-invoice-files.json": "invoice_file",
    "severa-invoicestatuses.json": "invoice_status",
    "severa-countries.json": "country",
    "severa-languages.json": "language",
    "severa-travelreimbursement.json": "travel_claim",
    "severa-travelreimbursement-expenses.json": "travel_expense",
    "severa-travelreimbursementstatuses.json": "travel_status",
    "severa-travelexpense-files.json": "travel_file",
    "severa-user.json": "traveller",
    "severa-costcenters.json": "cost_center",
}
# Values that a new document may not have, though the model lists them.
NARROWED = {
    "invoice.type",
    "invoice.invoiceChannel",
    "invoice.deliveryMethod",
    "invoice.paymentInfo.paymentMethod",
    "travel_invoice.type",
    "travel_invoice.invoiceChannel",
    "travel_invoice.paymentInfo.paymentMethod",
    "partner.invoicingInfo.invoiceChannel",
    "partner.invoicingInfo.identifierType",
    "partner.paymentInfo.paymentMethod",
    "product.type",
    "dimension_item.status",  # the document names the one value in words only
}
# Limits that the document gives in words only.
WORDED = {"invoice.counterParty.bccAddresses[]": 256}


@pytest.fixture(scope="module")
def severa():
    text = (REFERENCE / "severa-openapi.json").read_text(encoding="utf-8")
    return json.loads(text)["components"]["schemas"]


@pytest.fixture(scope="module")
def procountor():
    text = (REFERENCE / "procountor-openapi.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["components"]["schemas"]


def follow(node, base, models):
    """Go through $ref and the null branch; gives the node and what its refs lead from."""
    while True:
        if "anyOf" in node:
            node = next(n for n in node["anyOf"] if n != {"type": "null"})
        elif "$ref" in node:
            reference = node["$ref"]
            if models is not None:
                node = models[reference.rsplit("/", 1)[1]]
                continue
            uri, fragment = urldefrag(urljoin(base, reference))
            node, base = BY_URI[uri], uri
            for part in fragment.split("/")[1:]:
                node = node[part]
        else:
            return node, base


def iter_pairs(ours, theirs, models, path):
    """Our field beside theirs, down the tree; theirs is None when it has none."""
    (mine, base), (yours, _) = follow(*ours, None), follow(theirs, "", models)
    yield path, mine, yours
    if "items" in mine and "items" in yours:
        item = (mine["items"], base)
        yield from iter_pairs(item, yours["items"], models, f"{path}[]")
    for key, field in mine.get("properties", {}).items():
        if key not in yours.get("properties", {}):
            yield f"{path}.{key}", field, None
            continue
        child = (field, base)
        yield from iter_pairs(child, yours["properties"][key], models, f"{path}.{key}")


def compare(system, name, model, models):
    schema = SCHEMAS[f"{system}/{name}"]
    return list(iter_pairs((schema, schema["$id"]), models[model], models, name))


def type_names(node):
    said = node.get("type", [])
    return {said} - {"null"} if isinstance(said, str) else set(said) - {"null"}


@needs_reference
@pytest.mark.parametrize(
    ("system", "name", "model"),
    [("severa", *pair) for pair in SEVERA_MODELS.items()]
    + [("procountor", *pair) for pair in PROCOUNTOR_MODELS.items()],
)
def test_fields_are_the_vendor_s(system, name, model, request):
    """Names, types, lengths and values; a limit the vendor does not give is named."""
    wrong = []
    for path, mine, yours in compare(
        system, name, model, request.getfixturevalue(system)
    ):
        if yours is None:
            wrong.append(f"{path} is unknown")
            continue
        if type_names(yours) and type_names(mine) != type_names(yours):
            wrong.append(f"{path} is {mine.get('type')}")
        limit = yours.get("maxLength", yours.get("x-ui-max-length", WORDED.get(path)))
        if f"{system}/{name}" in SENT and mine.get("maxLength") != limit:
            wrong.append(f"{path} is limited to {mine.get('maxLength')}")
        values = [v for v in mine.get("enum", ()) if v is not None]
        if path in NARROWED:
            if not set(values) <= set(yours.get("enum", values)):
                wrong.append(f"{path} has values of its own")
        elif values != list(yours.get("enum", ())):
            wrong.append(f"{path} has other values")

    assert [] == wrong


@needs_reference
@pytest.mark.parametrize("name", SEVERA_MODELS)
def test_severa_schemas_are_complete(name, severa):
    """x-closed says that a field which is not here does not exist."""
    model = severa[SEVERA_MODELS[name]]

    assert set(model["properties"]) == set(SCHEMAS[f"severa/{name}"]["properties"])


@needs_reference
@pytest.mark.parametrize("example", EXAMPLES)
def test_example_is_valid(example):
    """The vendor's shapes pass, and we know every field of theirs."""
    name = EXAMPLES[example]
    text = (REFERENCE / "examples" / example).read_text(encoding="utf-8")
    payload = json.loads(text, parse_float=Decimal)
    for item in payload if isinstance(payload, list) else [payload]:
        assert set() == findings(f"severa/{name}", item)
        assert set(item) <= set(SCHEMAS[f"severa/{name}"]["properties"])


def test_gathered_row_has_all_fields_of_a_row():
    row = SCHEMAS["severa/sales_invoice"]["$defs"]["row"]["properties"]

    assert set(SCHEMAS["severa/invoice_row"]["properties"]) <= set(row)


@pytest.mark.parametrize(
    "kind",
    [
        "work_hour",
        "project_fee",
        "travel_expense",
        "reimbursed_work_hour",
        "reimbursed_project_fee",
        "reimbursed_travel_expense",
        "flat_rate",
    ],
)
def test_gathered_entry_has_all_fields_of_its_kinds(kind):
    entry = SCHEMAS["severa/sales_invoice"]["$defs"]["entry"]["properties"]

    assert set(SCHEMAS[f"severa/{kind}"]["properties"]) <= set(entry)
