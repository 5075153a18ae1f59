"""The simulated systems judge the other flows as their documentation says."""

from __future__ import annotations

import copy
import re
from io import BytesIO

import jmespath
import pypdf
import pytest

from tests.places import TESTS
from tests.simulators.data_registers import TRANSFERRED, WAITING
from tests.simulators.data_world import flows_data, number_of
from tests.simulators.talk import SMALLEST_PERSON, SMALLEST_TRAVEL, Talk
from tests.simulators.test_simulators import load_cases, put

SIMULATORS = TESTS / "simulators"
PLACE = re.compile(r"\{([^}]+)\}")


@pytest.fixture
def talk():
    return Talk(data=flows_data)


def person_of(talk, first):
    persons = talk.procountor.data.persons.values()
    return next(p for p in persons if p["firstName"] == first)


def fill(talk, text):
    """Put guids and ids in the place of what a case calls them."""

    def value_of(match):
        kind, _, name = match[1].rpartition(":")
        severa, data = talk.severa, talk.procountor.data
        if kind == "":
            return severa.travel(number_of(name))["guid"]
        if kind.startswith("row:"):
            travel = severa.travel(number_of(kind.removeprefix("row:")))
            return severa._rows_of(travel["guid"])[int(name)]["guid"]
        if kind in ("invoice", "receipt"):
            found = getattr(talk.procountor, kind)(data.cases[name])
            return str(found["id"])
        register, key = {
            "project": ("projects", int(name) if name.isdecimal() else 0),
            "user": ("users", name),
            "status": ("travelreimbursementstatuses", name),
        }[kind]
        return severa.member(register, key)["guid"]

    if isinstance(text, dict):
        return {key: fill(talk, value) for key, value in text.items()}
    return PLACE.sub(value_of, text) if isinstance(text, str) else text


@pytest.mark.parametrize("case", load_cases("requests_more.yaml"))
def test_a_request_is_answered_as_documented(talk, case):
    if "scope" in case:
        talk.sign_in(case["scope"])
    system, method, path = case["call"].split(" ", 2)
    what = f"{system} {method} {fill(talk, path).replace(' ', '%20')}"
    answer = talk.call(what, fill(talk, case.get("body")), case.get("headers"))
    assert case["status"] == answer.status_code, answer.text
    if "find" in case:
        assert case["is"] == jmespath.search(case["find"], answer.json())


@pytest.mark.parametrize("case", load_cases("travel_invoice.yaml"))
def test_a_travel_invoice_is_judged_by_every_rule(talk, case):
    data = talk.procountor.data
    body = copy.deepcopy(SMALLEST_TRAVEL)
    body["partnerId"] = person_of(talk, "Aino")["id"]
    for path, value in case.get("set", {}).items():
        put(body, path, value)
    for path in case.get("remove", ()):
        put(body, path, None, remove=True)
    for path, length in case.get("repeat", {}).items():
        put(body, path, "x" * length)
    product = None
    if "product" in case:
        code, _, year = case["product"].partition(" ")
        product = next(
            p["id"]
            for p in data.products.values()
            if p["code"] == code and p.get("startDate", "")[:4] == year
        )
        body["invoiceRows"][0]["productId"] = product
    before = len(data.invoices)
    answer = talk.call("procountor POST /invoices", body)
    is_invalid = f"Value of the 'invoiceRows[0].productId' field is invalid: {product}"
    expected = [
        {"status": 400, **e, "message": e["message"].replace("PRODUCT", is_invalid)}
        for e in case.get("expect", ())
    ]
    assert expected == answer.json().get("errors", [])
    assert (400 if expected else 200) == answer.status_code
    assert (0 if expected else 1) == len(data.invoices) - before


def test_a_travel_invoice_is_booked_on_the_cost_side(talk):
    travel = talk.create_travel()
    path = f"procountor GET /ledgerreceipts/{travel['ledgerReceiptId']}"
    receipt = talk.call(path).json()
    assert ("TRAVEL_INVOICE", "PURCHASE") == (receipt["type"], receipt["vatType"])
    # 129.00 with 13.5 % in it
    assert [-129.0, 113.66] == [p["accountingValue"] for p in receipt["transactions"]]


@pytest.mark.parametrize(
    ("circulation", "moves", "results"),
    [
        (
            "approvers",
            ["sendToCirculation", "verify", "approve"],
            ["RECEIVED", "VERIFIED", "APPROVED"],
        ),
        ("approvers", ["sendToCirculation", "approve"], ["RECEIVED", "APPROVED"]),
        ("approvers", ["approve"], [403]),
        ("approvers", ["verify"], [403]),
        ("approvers", ["send"], [403]),
        ("approvers", ["sendToCirculation", "sendToCirculation"], ["RECEIVED", 403]),
        ("approvers", ["sendToCirculation", "reject"], ["RECEIVED", "PAYMENT_DENIED"]),
        ("nobody", ["sendToCirculation"], [403]),
        ("off", ["sendToCirculation", "approve"], [403, 403]),
        ("approvers", ["invalidate"], ["INVALIDATED"]),
    ],
)
def test_a_travel_invoice_moves_only_along_its_path(talk, circulation, moves, results):
    talk.procountor.data.circulation = circulation
    travel = talk.create_travel()["id"]
    seen = []
    for move in moves:
        answer = talk.call(f"procountor PUT /invoices/{travel}/{move}")
        status = talk.procountor.data.invoices[travel]["status"]
        seen.append(status if answer.status_code == 200 else answer.status_code)
    assert results == seen


def test_an_empty_approval_says_that_nobody_approves(talk):
    travel = talk.create_travel(invoiceApprovalInformation={})["id"]
    answer = talk.call(f"procountor PUT /invoices/{travel}/sendToCirculation")
    assert 403 == answer.status_code


def test_a_file_of_a_travel_invoice_is_never_sent_with_it(talk):
    travel = talk.create_travel()["id"]
    assert 400 == talk.attach(travel).status_code
    assert 200 == talk.attach(travel, sendWithInvoice=False).status_code


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"version": "2020-01-01T00:00:00"}, 400),
        ({"version": None}, 400),
        ({"lastName": ""}, 400),
        ({"id": 1}, 400),
    ],
)
def test_a_person_is_overwritten_at_its_latest_version(talk, changes, status):
    made = talk.call("procountor POST /persons", SMALLEST_PERSON).json()
    body = made | {"registryInfo": {"active": False}} | changes
    body = {key: value for key, value in body.items() if value is not None}
    answer = talk.call(f"procountor PUT /persons/{made['id']}", body)
    assert status == answer.status_code, answer.text
    kept = talk.procountor.data.persons[made["id"]]
    assert (status != 200) == kept["registryInfo"]["active"]


# Purchases -----------------------------------------------------------------------


def test_an_edit_gives_the_receipt_a_new_id_and_the_invoice_a_new_version(talk):
    number = number_of("purchase_approved")
    before = copy.deepcopy(talk.procountor.invoice(number))
    talk.procountor.edit_invoice(number, {0: {"unitPrice": 120}})
    invoice, receipt = talk.procountor.invoice(number), talk.procountor.receipt(number)
    posting = receipt["transactions"][1]
    assert before["ledgerReceiptId"] != invoice["ledgerReceiptId"] == receipt["id"]
    assert before["version"] < invoice["version"] == receipt["version"]
    assert [120] == [v["value"] for v in posting["dimensionItemValues"]]
    assert (
        404
        == talk.call(
            f"procountor GET /ledgerreceipts/{before['ledgerReceiptId']}"
        ).status_code
    )


def test_an_edit_can_lose_hand_made_dimensions(talk):
    number = number_of("purchase_two_projects")
    talk.procountor.edit_invoice(number, {0: {"unitPrice": 700}})
    assert (
        [] == talk.procountor.receipt(number)["transactions"][1]["dimensionItemValues"]
    )


def test_a_user_puts_a_row_on_a_project(talk):
    number = number_of("purchase_no_dimension")
    talk.procountor.allocate(number, 0, (("Projektit", "1101", None),))
    values = talk.procountor.receipt(number)["transactions"][1]["dimensionItemValues"]
    item = talk.procountor.item("Projektit", "1101")["id"]
    assert [(item, 64)] == [(v["itemId"], v["value"]) for v in values]
    assert "2026-11-24T09:30:00" == talk.procountor.invoice(number)["version"]


def test_a_payment_changes_the_version_and_not_the_receipts_id(talk):
    number = number_of("purchase_approved")
    receipt = talk.procountor.receipt(number)["id"]
    talk.procountor.set_status(number, "PAID")
    search = "procountor GET /invoices?types=PURCHASE_INVOICE&status=PAID"
    found = talk.call(f"{search}&versionStartDate=2026-11-24T00:00:00").json()
    assert [number] == [hit["invoiceNumber"] for hit in found["results"]]
    assert receipt == talk.procountor.receipt(number)["id"]


def test_dimension_values_of_every_purchase_add_up():
    data = flows_data().procountor["demo"]
    for receipt in data.receipts.values():
        for posting in receipt["transactions"]:
            sums = {}
            for value in posting["dimensionItemValues"]:
                own = value["dimensionId"]
                sums[own] = sums.get(own, 0) + value["value"]
            assert set(sums.values()) <= {posting["accountingValue"]}


def test_fees_of_a_project_are_listed_changed_and_deleted(talk):
    first, second = (talk.create_fee(1101).json()[0] for _ in range(2))
    path = f"severa GET /v1/projects/{first['project']['guid']}/projectfees"
    own = talk.call(f"{path}?isBilled=false&rowCount=100").json()
    assert [first["guid"], second["guid"]] == [fee["guid"] for fee in own]
    change = [{"op": "replace", "path": "/unitCost/amount", "value": "7.5"}]
    both = f"{first['guid']},{second['guid']}"
    changed = talk.call(f"severa PATCH /v1/projectfees/{both}", change).json()
    assert [7.5, 7.5] == [fee["unitCost"]["amount"] for fee in changed]
    gone = talk.call(f"severa DELETE /v1/projectfees/{first['guid']}")
    assert (204, b"") == (gone.status_code, gone.content)
    deleted = talk.call("severa GET /v1/deletedprojectfees").json()
    assert [first["guid"]] == [fee["guid"] for fee in deleted]
    assert 404 == talk.call(f"severa GET /v1/projectfees/{first['guid']}").status_code
    assert [second["guid"]] == [fee["guid"] for fee in talk.severa.fees_of(1101)]


# Travel and registers of the source -------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/travelReimbursementStatus/guid", TRANSFERRED, None),
        ("/status/guid", TRANSFERRED, "InvalidParameter"),
        ("/travelReimbursementStatus/guid", "Old travel status", "InvalidOperation"),
    ],
)
def test_only_the_status_of_a_reimbursement_can_be_replaced(talk, path, status, kind):
    number = number_of("travel_plain")
    value = talk.severa.travel_status(status)["guid"]
    change = [{"op": "replace", "path": path, "value": value}]
    guid = talk.severa.travel(number)["guid"]
    answer = talk.call(f"severa PATCH /v1/travelreimbursements/{guid}", change)
    if kind is None:
        assert status == answer.json()[0]["travelReimbursementStatus"]["name"]
        assert status == talk.severa.travel_status_of(number)
        row = talk.severa._rows_of(guid)[0]["travelReimbursement"]
        assert status == row["status"]
    else:
        assert (400, kind) == (answer.status_code, answer.json()["error"]["type"])
        assert WAITING == talk.severa.travel_status_of(number)


def test_reports_and_receipts_are_files_that_readers_accept(talk):
    guid = talk.severa.travel(number_of("travel_plain"))["guid"]
    pdf = talk.call(f"severa GET /v1/travelreimbursements/{guid}/pdf").content
    text = pypdf.PdfReader(BytesIO(pdf), strict=True).pages[0].extract_text()
    assert "Matkalasku 501" in text
    for file in talk.severa.data.travelfiles:
        answer = talk.call(f"severa GET /v1/files/{file['fileGuid']}/filedata")
        assert file["size"] == len(answer.content), file["name"]


def test_two_scans_are_good_alone_and_too_large_together(talk):
    guid = talk.severa.travel(number_of("travel_too_big"))["guid"]
    rows = {row["guid"] for row in talk.severa._rows_of(guid)}
    own = [f for f in talk.severa.data.travelfiles if f["travelExpenseGuid"] in rows]
    writer = pypdf.PdfWriter()
    for file in own:
        content = talk.severa.data.files[file["fileGuid"]].make()
        assert len(content) <= 10_000_000
        writer.append(pypdf.PdfReader(BytesIO(content), strict=True))
    writer.compress_identical_objects()
    merged = BytesIO()
    writer.write(merged)
    assert len(merged.getvalue()) > 10_000_000


def test_registers_are_changed_by_hand_and_tell_it(talk):
    severa = talk.severa
    talk.clock.advance(1800)
    severa.close_project(1101)
    severa.change("projects", 1102, name="Portaalin ylläpito 2027")
    severa.change("costcenters", "310", isActive=False)
    severa.remove("costcenters", "900")
    severa.add("projects", 1103, number=1201, name="Uusi projekti")
    severa.change("businessunits", "Neuvonta", isActive=False)
    since = "changedSince=2026-11-24T08:00:00Z&rowCount=100"
    projects = talk.call(f"severa GET /v1/projects?{since}").json()
    assert [(1101, True), (1102, False), (1201, False)] == [
        (p["number"], p["isClosed"]) for p in projects
    ]
    centres = talk.call(f"severa GET /v1/costcenters?{since}").json()
    assert [("310", False)] == [(c["identifier"], c["isActive"]) for c in centres]
    everything = talk.call("severa GET /v1/costcenters").json()
    assert ["100", "200", "300", "310"] == [c["identifier"] for c in everything]
    units = talk.call(f"severa GET /v1/businessunits?{since}").json()
    assert ["NEU"] == [u["code"] for u in units]
    severa.reopen_project(1101)
    assert not severa.member("projects", 1101)["isClosed"]


def test_an_item_is_closed_renamed_and_opened_again(talk):
    item = talk.procountor.item("Projektit", "1101")
    path = "procountor PUT /dimensions/9001/items"
    talk.call(path, item | {"status": "P", "description": "Uusi nimi"})
    assert ("P", "Uusi nimi") == tuple(
        talk.procountor.item("Projektit", "1101")[key]
        for key in ("status", "description")
    )
    talk.call(path, item)
    assert item == talk.procountor.item("Projektit", "1101")
