"""The simulated data: explained, the same every time, and each company's own."""

from __future__ import annotations

import copy
import re
from decimal import Decimal
from io import BytesIO

import httpx
import pypdf
import pytest

from tests.places import TESTS
from tests.simulators import (
    DEMO_SE_SECRETS,
    DEMO_SECRETS,
    demo_data,
)
from tests.simulators.data_sweden import SWEDISH_IBAN
from tests.simulators.data_world import flows_data, group_data, number_of
from tests.simulators.demo import start_demo
from tests.simulators.files import make_pdf
from tests.simulators.talk import SMALLEST, SMALLEST_PERSON, Talk
from tests.simulators.test_simulators import put

SIMULATORS = TESTS / "simulators"


@pytest.fixture
def talk():
    return Talk(data=flows_data)


def test_the_demo_data_is_the_same_every_time_and_shared_by_nobody():
    first, second = demo_data(), demo_data()
    assert first[0].invoices == second[0].invoices
    assert first[0].invoices[0] is not second[0].invoices[0]
    first[0].invoices[0]["notes"] = "changed"
    assert second[0].invoices[0]["notes"] != "changed"


def test_row_sums_of_every_demo_invoice_add_up():
    data = demo_data()[0]
    for invoice in data.invoices:
        rows = [r for r in data.rows if r["invoiceGuid"] == invoice["guid"]]
        net = sum(
            round(r["quantity"] * r["unitPrice"]["amount"] + Decimal("1e-9"), 2)
            for r in rows
        )
        assert abs(invoice["totalExcludingTax"]["amount"] - net) <= Decimal("0.01")


def test_entries_of_a_row_add_up_to_its_quantity():
    data = demo_data()[0]
    lists = (
        data.workhours,
        data.projectfees,
        data.projecttravelexpenses,
        data.reimbursedworkhours,
        data.reimbursedprojectfees,
        data.reimbursedprojecttravelexpenses,
    )
    sums = {}
    for entry in (entry for entries in lists for entry in entries):
        row = entry["invoiceRowGuid"]
        sums[row] = sums.get(row, 0) + entry["invoiceQuantity"]
    rows = {row["guid"]: row["quantity"] for row in data.rows}
    assert {guid: rows[guid] for guid in sums} == sums


@pytest.mark.parametrize("module", ["data_trips", "data_costs"])
def test_every_case_is_explained(module):
    """The list at the top of the module and the data have the same cases."""
    text = (SIMULATORS / f"{module}.py").read_text("utf-8")
    prefix = {"data_trips": "travel_", "data_costs": "purchase_"}[module]
    told = set(re.findall(rf"\b{prefix}\w+", text.split('"""')[1]))
    cases = {case for case in flows_data().numbers if case.startswith(prefix)}
    # The last two have no number, or no case: they are never asked for by name.
    assert cases == told - {"travel_draft", "travel_returned"}


def test_the_data_is_the_same_every_time_and_shared_by_nobody():
    first, second = flows_data(), flows_data()
    assert first.severa.travelreimbursements == second.severa.travelreimbursements
    assert first.procountor["demo"].invoices == second.procountor["demo"].invoices
    first.severa.travelreimbursements[0]["title"] = "changed"
    assert second.severa.travelreimbursements[0]["title"] != "changed"


def test_the_sales_demo_knows_nothing_of_the_other_flows():
    small, large = Talk(), Talk(data=flows_data)
    assert [] == small.severa.data.users == small.severa.data.travelreimbursements
    assert small.severa.data.invoices == large.severa.data.invoices
    assert {} == small.procountor.data.invoices == small.procountor.data.persons


def test_cases_can_be_asked_for_by_name():
    assert 501 == number_of("travel_plain")
    assert 9001 == number_of("purchase_approved")


# The group ---------------------------------------------------------------------------


def test_the_key_says_whose_data_a_token_sees():
    talk = Talk(data=group_data)
    swedish = talk.procountor.companies[1]
    answers = {}
    for name, secrets in (("demo", DEMO_SECRETS), ("demo_se", DEMO_SE_SECRETS)):
        key = {"api_key": secrets["PROCOUNTOR_API_KEY"]}
        token = talk.ask_procountor_token(**key).json()["access_token"]
        answers[name] = {"Authorization": f"Bearer {token}"}
    seen = [
        talk.call("procountor GET /sessioninfo", headers=headers).json()["country"]
        for headers in answers.values()
    ]
    assert ["FINLAND", "SWEDEN"] == seen
    # The same id is another thing in the other company.
    number = next(iter(swedish.partners))
    names = [
        talk.call(f"procountor GET /businesspartners/{number}", headers=headers)
        .json()
        .get("name")
        for headers in answers.values()
    ]
    assert "Bageri Kanelbullen AB" == names[1] != names[0]
    assert talk.procountor.data is talk.procountor.companies[0]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, None),
        ({"invoiceRows.0.vatPercent": 25.5}, "invoiceRows[0].vatPercent"),
        ({"buyerReferenceIdentifier": "1"}, "buyerReferenceIdentifier"),
        (
            {"counterParty.einvoiceAddress": {"ediId": "003712345671"}},
            "counterParty.einvoiceAddress.ediId",
        ),
        (
            {"paymentInfo.bankAccount.accountNumber": "FI2112345600000785"},
            "paymentInfo.bankAccount.accountNumber",
        ),
    ],
)
def test_a_swedish_company_has_its_own_rules(changes, field):
    talk = Talk(data=group_data)
    talk.sign_in_to(DEMO_SE_SECRETS)
    body = copy.deepcopy(SMALLEST)
    put(body, "paymentInfo.currency", "SEK")
    put(body, "paymentInfo.bankAccount.accountNumber", SWEDISH_IBAN)
    put(body, "invoiceRows.0.vatPercent", 25)
    for path, value in changes.items():
        put(body, path, value)
    answer = talk.call("procountor POST /invoices", body)
    if field is None:
        assert "OCR" == answer.json()["paymentInfo"]["bankReferenceCodeType"]
    else:
        assert field in [error.get("field") for error in answer.json()["errors"]]
    assert {} == {
        key: invoice
        for key, invoice in talk.procountor.companies[0].invoices.items()
        if invoice["type"] == "SALES_INVOICE"
    }


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("deliveryAddress.specifier", "C/O"),
        ("deliveryAddress.postOfficeBox", "7"),
        ("invoicingInfo.dateOfBirth", "1986-02-14"),
    ],
)
def test_a_swedish_company_refuses_some_fields_of_persons(place, name):
    talk = Talk(data=group_data)
    body = copy.deepcopy(SMALLEST_PERSON) | {"deliveryAddress": {}}
    put(body, place, name)
    assert 200 == talk.call("procountor POST /persons", body).status_code
    talk.sign_in_to(DEMO_SE_SECRETS)
    answer = talk.call("procountor POST /persons", body)
    assert [place] == [error["field"] for error in answer.json()["errors"]]


def test_every_invoice_of_the_group_tells_its_company():
    """By the unit of its number, else by the sender, else by its project."""
    data = group_data().severa
    units = {unit["guid"]: unit for unit in data.businessunits}
    roots = {unit["vatNumber"]: unit for unit in units.values() if unit["vatNumber"]}
    projects = {project["guid"]: project for project in data.projects}
    companies = {}
    for invoice in data.invoices:
        unit = units.get(invoice["invoiceNumberBusinessUnitGuid"])
        unit = unit or roots.get(invoice["senderVatNumber"])
        if unit is None:
            unit = projects[invoice["projects"][0]["guid"]]["businessUnit"]
        companies.setdefault(unit["companyName"], []).append(invoice["number"])
    assert [59, 11, 1] == [len(numbers) for numbers in companies.values()]
    for case, number in group_data().severa.cases.items():
        if case.startswith("se_") and not case.startswith("se_travel"):
            assert number in companies["Havukka Sverige AB"], case


def test_the_group_leaves_the_finnish_company_as_it_is():
    alone, group = flows_data(), group_data()
    own = alone.severa.invoices
    assert own == group.severa.invoices[: len(own)]
    trips = alone.severa.travelreimbursements
    assert trips == group.severa.travelreimbursements[: len(trips)]
    assert alone.procountor["demo"] == group.procountor["demo"]


def test_every_case_of_the_group_is_explained():
    text = (SIMULATORS / "data_sweden.py").read_text("utf-8").split('"""')[1]
    told = set(re.findall(r"\b(?:se|ee)_\w+", text))
    assert told == {c for c in group_data().numbers if c.startswith(("se_", "ee_"))}


def test_the_demo_of_the_group_serves_both_companies():
    with start_demo(group=True) as world, httpx.Client(timeout=5) as client:
        ids = []
        for prefix in ("SIIRTO_DEMO_", "SIIRTO_DEMO_SE_"):
            names = ("client_id", "client_secret", "api_key")
            form = {"grant_type": "client_credentials"} | {
                name: world.environment[f"{prefix}PROCOUNTOR_{name.upper()}"]
                for name in names
            }
            base = world.base_urls["procountor"]
            token = client.post(f"{base}/oauth/token", data=form).json()["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            ids.append(client.get(f"{base}/company", headers=headers).json()["id"])
        assert [31042, 31107] == ids


def test_the_large_file_is_one_byte_too_large_and_a_pdf():
    content = make_pdf(["x"], 10_000_001)
    assert 10_000_001 == len(content)
    assert 1 == len(pypdf.PdfReader(BytesIO(content), strict=True).pages)
