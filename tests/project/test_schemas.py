"""Payload schemas and code tables: valid, described, true to the vendors' documents."""

from __future__ import annotations

import copy
import json
import re
from decimal import Decimal
from urllib.parse import urldefrag, urljoin

import jsonschema
import jsonschema_rs
import pytest
import yaml

from tests.places import ROOT, TESTS, read_texts, read_yaml

CASES = TESTS / "cases" / "schemas"
REFERENCE = ROOT.parent / "shared" / "reference"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
SYSTEMS = ("severa", "procountor")
PATHS = sorted(p for s in SYSTEMS for p in (ROOT / "schemas" / s).glob("*.schema.json"))
SCHEMAS = {
    f"{path.parent.name}/{path.name.removesuffix('.schema.json')}": json.loads(
        path.read_text(encoding="utf-8"), parse_float=Decimal
    )
    for path in PATHS
}
BY_URI = {schema["$id"]: schema for schema in SCHEMAS.values()}
SENT = ("invoice", "partner", "product", "dimension_item", "transaction_dimensions")
SENT = (*SENT, "attachment", "travel_invoice", "person")
SENT = tuple(f"procountor/{name}" for name in SENT)
DERIVED = (
    "row_facts",
    "row_allocation",
    "transfer_files",
    "travel_facts",
    "expense_facts",
)
DERIVED = tuple(f"severa/{name}" for name in (*DERIVED, "item_facts"))
DERIVED = (*DERIVED, "procountor/purchase_postings", "procountor/purchase_costs")
CREATED = ("severa/project_fee_create",)  # sent to the system that knows no charset
needs_reference = pytest.mark.skipif(
    not REFERENCE.is_dir(), reason="the vendors' documents are not here"
)


def read_cases(name):
    return read_yaml(CASES / name)


def exact(value):
    """Numbers with a point become Decimal, as the engine reads them."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    return [exact(item) for item in value] if isinstance(value, list) else value


def refuse(uri):
    raise LookupError(uri)


REGISTRY = jsonschema_rs.Registry(list(BY_URI.items()), retriever=refuse)


def validator(name):
    return jsonschema_rs.Draft202012Validator(
        SCHEMAS[name], registry=REGISTRY, validate_formats=True, retriever=refuse
    )


def iter_objects(schema):
    """Every sub-schema, with its path."""
    stack = [("", schema)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, dict):
            yield path, node
            stack += [(f"{path}/{key}", item) for key, item in node.items()]
        elif isinstance(node, list):
            stack += [(f"{path}/{index}", item) for index, item in enumerate(node)]


def split(path):
    return [int(p) if p.isdigit() else p for p in re.findall(r"[^.\[\]]+", path)]


def change(body, path, value=None, *, remove=False):
    *above, last = split(path)
    for part in above:
        body = body[part]
    if remove:
        del body[last]
    else:
        body[last] = value


def build(name):
    case = read_cases("bodies.yaml")[name]
    body = copy.deepcopy(case["body"]) if "body" in case else build(case["from"])
    for path, value in case.get("set", {}).items():
        change(body, path, copy.deepcopy(value))
    for path in case.get("remove", ()):
        change(body, path, remove=True)
    return body


def findings(name, body):
    """(path, keyword) of every finding; a missing or unknown field counts as the path."""
    found = set()
    for error in validator(name).iter_errors(exact(body)):
        path = list(error.instance_path)
        keyword = error.kind.name
        if keyword == "required":
            path.append(error.kind.property.strip('"'))
        if keyword == "additionalProperties":
            path += error.kind.unexpected[:1]
        shown = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path)
        found.add((shown.lstrip("."), keyword))
    return found


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_is_valid(name):
    schema = json.loads(json.dumps(SCHEMAS[name], default=float))

    jsonschema.Draft202012Validator.check_schema(schema)
    assert DRAFT == schema["$schema"]
    assert f"https://siirto.example/schemas/{name}.schema.json" == schema["$id"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_references_lead_somewhere(name):
    for _, node in iter_objects(SCHEMAS[name]):
        reference = node.get("$ref")
        if isinstance(reference, str):
            uri, fragment = urldefrag(urljoin(SCHEMAS[name]["$id"], reference))
            found = BY_URI[uri]
            for part in fragment.split("/")[1:]:
                found = found[part]


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_property_has_a_description(name):
    """Editors and the generated documentation show it."""
    bare = [
        f"{path}/{key}"
        for path, node in iter_objects(SCHEMAS[name])
        if "/allOf/" not in path and isinstance(node.get("properties"), dict)
        for key, field in node["properties"].items()
        if not str(field.get("description", "")).strip("? ")
    ]

    assert [] == bare


@pytest.mark.parametrize("name", SENT)
def test_what_is_sent_is_closed_and_has_a_charset(name):
    schema = SCHEMAS[name]
    loose = [
        path
        for path, node in iter_objects(schema)
        if node.get("type") == "object"
        and node.get("additionalProperties") is not False
    ]

    assert "windows-1252" == schema["x-charset"]
    assert [] == loose


@pytest.mark.parametrize("name", [n for n in SCHEMAS if n not in SENT])
def test_what_is_read_tolerates_new_fields(name):
    """Facts and files are derived by us, so they are closed."""
    if name in (*DERIVED, *CREATED):
        return
    nodes = [node for _, node in iter_objects(SCHEMAS[name])]
    objects = [n for n in nodes if "properties" in n and "type" in n]

    assert all(n.get("x-closed") is True for n in objects)
    assert not any("additionalProperties" in n for n in objects)


@pytest.mark.parametrize("name", read_cases("bodies.yaml"))
def test_body_passes(name):
    schema = read_cases("bodies.yaml")[name]["schema"]

    assert set() == findings(schema, build(name))


@pytest.mark.parametrize(
    "case",
    read_cases("refused.yaml"),
    ids=lambda c: f"{c['body']} {c['at']} {c['rule']}",
)
def test_one_change_is_refused_at_its_place(case):
    body = build(case["body"])
    if "remove" in case:
        change(body, case["remove"], remove=True)
    else:
        value = "å" * case["length"] if "length" in case else case["to"]
        change(body, case["set"], value)
    schema = read_cases("bodies.yaml")[case["body"]]["schema"]

    places = [case["at"], *case.get("also", ())]
    assert {(place, case["rule"]) for place in places} == findings(schema, body)


@pytest.mark.parametrize(
    "case",
    [c for c in read_cases("refused.yaml") if "length" in c],
    ids=lambda c: c["at"],
)
def test_one_character_less_passes(case):
    body = build(case["body"])
    change(body, case["set"], "å" * (case["length"] - 1))
    schema = read_cases("bodies.yaml")[case["body"]]["schema"]

    assert set() == findings(schema, body)


def test_cents_are_exact():
    """19.99 is a multiple of 0.01; in binary floating point it is not."""
    body = {"dimensionItemValues": [{"dimensionId": 1, "itemId": 2, "value": 19.99}]}

    assert set() == findings("procountor/transaction_dimensions", body)


# --- tables ---------------------------------------------------------------------------

TABLES = {
    "countries": "country_name",
    "languages": "language",
    "units": "unit",
    "statuses": "invoice_status",
}


def read_table(name):
    """Read as text throughout: NO is a country, not false."""
    path = ROOT / "mappings" / "tables" / f"{name}.yaml"
    return read_texts(path)


@pytest.mark.parametrize("name", TABLES)
def test_table_values_are_allowed(name):
    table = read_table(name)
    allowed = SCHEMAS[f"procountor/{TABLES[name]}"]["enum"]

    assert (name, "1") == (table["table"], table["format"])
    assert [] == [v for v in table["entries"].values() if v not in allowed]


def test_every_country_has_a_code():
    entries = read_table("countries")["entries"]
    official = {k: v for k, v in entries.items() if k not in ("XI", "XK")}

    assert 249 == len(official)
    assert all(re.fullmatch("[A-Z]{2}", code) for code in entries)
    assert set(SCHEMAS["procountor/country_name"]["enum"]) == set(entries.values())


@pytest.mark.parametrize("name", ["languages", "units", "statuses"])
def test_keys_are_written_as_the_mapping_makes_them(name):
    keys = list(read_table(name)["entries"])

    assert [k.lower().strip() for k in keys] == keys


# --- against the vendors' documents ----------------------------------------------------

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
