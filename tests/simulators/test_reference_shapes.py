"""Every answer of the demo's systems, and every request of a whole run, has the shape
that the vendors publish; skipped where their documents are not at hand.
"""

from __future__ import annotations

import copy

import pytest

from tests.simulators import DEMO_SE_SECRETS, published
from tests.simulators.data_registers import TRANSFERRED
from tests.simulators.data_world import flows_data, group_data
from tests.simulators.talk import SMALLEST, SMALLEST_PERSON, Talk
from tests.worlds import World

pytestmark = pytest.mark.skipif(
    not published.has_documents(), reason="the vendors' documents are not here"
)


def journal_findings(talk):
    """Give what the published shapes say against the journals' answers."""
    findings, count = [], 0
    for system, app in (("severa", talk.severa), ("procountor", talk.procountor)):
        for entry in app.journal:
            findings += published.iter_answer_findings(system, entry)
            count += 1
    return findings, count


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


def test_every_read_of_the_other_flows_has_its_shape():
    talk = Talk(data=flows_data)
    data = talk.severa.data
    pages = ["travelreimbursements", "projecttravelexpenses", "users", "projectfees"]
    pages += ["travelreimbursementstatuses", "salesaccounts", "costaccounts"]
    pages += ["bankaccounts", "currencies", "travelexpensetypes", "projects"]
    for name in pages:
        talk.call(f"severa GET /v1/{name}?rowCount=100")
    talk.call("severa GET /v1/vatrates")
    for travel in data.travelreimbursements:
        path = f"/v1/travelreimbursements/{travel['guid']}"
        for more in ("", "/pdf", "/projecttravelexpenses?rowCount=100"):
            assert 200 == talk.call(f"severa GET {path}{more}").status_code
    for user in data.users:
        talk.call(f"severa GET /v1/users/{user['guid']}")
        talk.call(f"severa GET /v1/users/{user['guid']}/travelexpensesfiles")
    for file in data.travelfiles:
        row = file["travelExpenseGuid"]
        talk.call(f"severa GET /v1/projecttravelexpenses/{row}")
        talk.call(f"severa GET /v1/projecttravelexpenses/{row}/files")
    status = talk.severa.travel_status(TRANSFERRED)["guid"]
    change = {
        "op": "replace",
        "path": "/travelReimbursementStatus/guid",
        "value": status,
    }
    travel = data.travelreimbursements[0]["guid"]
    talk.call(f"severa PATCH /v1/travelreimbursements/{travel}", [change])
    fee = talk.create_fee(1101).json()[0]
    talk.call(f"severa GET /v1/projectfees/{fee['guid']}")
    talk.call(f"severa GET /v1/projects/{fee['project']['guid']}/projectfees")
    change = {"op": "replace", "path": "/quantity", "value": "2"}
    talk.call(f"severa PATCH /v1/projectfees/{fee['guid']}", [change])
    talk.call(f"severa DELETE /v1/projectfees/{fee['guid']}")
    talk.call("severa GET /v1/deletedprojectfees")
    talk.create_fee(1130)
    findings, checked = journal_findings(talk)
    assert [] == findings[:10]
    assert {200, 201, 204, 400} == {e.status for e in talk.severa.journal}
    assert checked > 150


def test_every_read_of_the_group_has_its_shape():
    talk = Talk(data=group_data)
    own = [i for i in talk.severa.data.invoices if i["currency"]["code"] == "SEK"]
    assert len(own) >= 10
    for invoice in own:
        for part in ("", "/invoicerows", "/workhours", "/projectfees", "/pdf"):
            path = f"/v1/invoices/{invoice['guid']}{part}"
            assert 200 == talk.call(f"severa GET {path}").status_code
    for name in ("businessunits", "customers", "projects", "users", "bankaccounts"):
        talk.call(f"severa GET /v1/{name}?rowCount=100")
    talk.call("severa GET /v1/organizationdetails")
    talk.call("severa GET /v1/travelreimbursements?rowCount=100")
    talk.sign_in_to(DEMO_SE_SECRETS)
    for path in (
        "/company",
        "/sessioninfo",
        "/bankaccounts",
        "/vats/default",
        "/invoices",
        "/dimensions",
        "/products?type=TRAVEL",
        "/businesspartners",
    ):
        assert 200 == talk.call(f"procountor GET {path}").status_code
    findings, _ = journal_findings(talk)
    assert [] == findings[:10]


def test_every_answer_of_the_other_flows_has_its_shape():
    talk = Talk(data=flows_data)
    data = talk.procountor.data
    travel = talk.create_travel(travelInformationItems=[{"places": "Turku"}])
    for move in ("sendToCirculation", "verify", "approve", "unfinished", "invalidate"):
        assert (
            200
            == talk.call(f"procountor PUT /invoices/{travel['id']}/{move}").status_code
        )
    talk.call(f"procountor PUT /invoices/{travel['id']}/verify")
    talk.call(f"procountor PUT /invoices/{travel['id']}/notes", {"notes": "x"})
    person = talk.call("procountor POST /persons", SMALLEST_PERSON).json()
    talk.call(f"procountor PUT /persons/{person['id']}", person)
    talk.call("procountor POST /persons", {})
    number = talk.procountor.data.cases["purchase_several_rows"]
    talk.procountor.edit_invoice(number, {0: {"unitPrice": 93}})
    ids = ",".join(str(number) for number in data.invoices)
    receipts = ",".join(str(number) for number in data.receipts)
    for path in (
        "/invoices?types=PURCHASE_INVOICE&orderById=ASC&size=200",
        f"/invoices/{ids}",
        f"/ledgerreceipts/{receipts}",
        "/ledgerreceipts?types=PURCHASE_INVOICE",
        "/businesspartners?type=PERSON",
        "/persons?includeInactive=true",
        *(f"/persons/{key}" for key in data.persons),
        "/products?type=TRAVEL&startDate=2026-11-01&endDate=2026-11-30",
        "/coa",
        "/company/usagesettings",
    ):
        assert 200 == talk.call(f"procountor GET {path}").status_code, path
    findings, checked = journal_findings(talk)
    assert [] == findings[:10]
    assert checked >= 30
    body = talk.procountor.calls("POST /invoices")[0]
    assert [] == list(published.iter_request_findings("procountor", body))


def test_the_smallest_invoice_is_one_for_the_published_document_too():
    validator = published.model_validator("procountor", "SalesInvoiceCreate")
    assert [] == list(validator.iter_errors(copy.deepcopy(SMALLEST)))


def test_the_check_of_shapes_finds_what_is_wrong():
    talk = Talk()
    body = copy.deepcopy(SMALLEST) | {"language": "fi"}
    talk.call("procountor POST /invoices", body)
    talk.call("procountor GET /invoices?statuses=PAID")
    talk.procountor.data.bank_accounts[0]["status"] = "OPEN"
    talk.call("procountor GET /bankaccounts")
    _, first, second, third = talk.procountor.journal
    assert [True, True, True] == [
        "$.language" in next(published.iter_request_findings("procountor", first)),
        "statuses" in next(published.iter_request_findings("procountor", second)),
        "OPEN" in next(published.iter_answer_findings("procountor", third)),
    ]


def test_every_request_and_answer_of_a_whole_run_has_its_shape(tmp_path):
    world = World(tmp_path)
    world.run()
    findings = [
        finding
        for system, entry in world.requests()
        for check in (published.iter_request_findings, published.iter_answer_findings)
        for finding in check(system, entry)
    ]
    assert [] == findings
    assert len(world.severa.journal) > 50
