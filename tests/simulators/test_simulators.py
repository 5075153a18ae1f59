"""The simulated systems judge as their documentation says."""

from __future__ import annotations

import copy
import json
from io import BytesIO

import jmespath
import pypdf
import pytest

from tests.places import TESTS, read_yaml
from tests.simulators import invoice_number_of
from tests.simulators.bodies import dump_json
from tests.simulators.data_registers import TRANSFERRED, WAITING
from tests.simulators.talk import SMALLEST, Talk

CASES = TESTS / "cases" / "simulators"


@pytest.fixture
def talk():
    return Talk()


def load_cases(name):
    cases = read_yaml(CASES / name)
    return [pytest.param(case, id=case["name"]) for case in cases]


def put(body, path, value, remove=False):
    *way, last = [int(p) if p.isdecimal() else p for p in path.split(".")]
    for step in way:
        body = body[step]
    if remove:
        del body[last]
    else:
        body[last] = value


def as_floats(value):
    return json.loads(dump_json(value))


@pytest.mark.parametrize("case", load_cases("sales_invoice.yaml"))
def test_a_sales_invoice_is_judged_by_every_rule(talk, case):
    body = copy.deepcopy(SMALLEST)
    for path in case.get("remove", ()):
        put(body, path, None, remove=True)
    for path, value in case.get("set", {}).items():
        put(body, path, value)
    for path, length in case.get("repeat", {}).items():
        put(body, path, "x" * length)
    answer = talk.call("procountor POST /invoices", body)
    found = answer.json().get("errors", [])
    expected = [{"status": 400, **error} for error in case.get("expect", ())]
    assert expected == found
    assert (400 if expected else 200) == answer.status_code
    assert (0 if expected else 1) == len(talk.procountor.data.invoices)


@pytest.mark.parametrize("case", load_cases("requests.yaml"))
def test_a_request_is_answered_as_documented(talk, case):
    answer = talk.call(case["call"], case.get("body"), case.get("headers"))
    assert case["status"] == answer.status_code, answer.text
    if "find" in case:
        assert case["is"] == jmespath.search(case["find"], answer.json())


def test_an_answer_tells_the_clocks_time(talk):
    talk.clock.advance(90)
    answer = talk.call("procountor GET /sessioninfo")
    assert "Tue, 24 Nov 2026 07:31:30 GMT" == answer.headers["Date"]


def test_a_created_invoice_is_numbered_booked_and_unfinished(talk):
    rows = [
        SMALLEST["invoiceRows"][0],
        SMALLEST["invoiceRows"][0]
        | {"product": "Kirja", "quantity": -3, "unitPrice": 0.335, "vatPercent": 13.5},
    ]
    first, second = talk.create(invoiceRows=rows), talk.create()
    assert ("UNFINISHED", first["invoiceNumber"] + 1) == (
        first["status"],
        second["invoiceNumber"],
    )
    assert "40015" == first["paymentInfo"]["bankReferenceCode"]
    assert [
        {
            "currency": "EUR",
            "inAccountingCurrency": True,
            "excludingVatTotal": 898.99,
            "vatSumTotal": 229.36,
            "invoiceSumTotal": 1128.35,
        }
    ] == as_floats(first["invoiceSumInfo"])
    url = f"procountor GET /ledgerreceipts/{first['ledgerReceiptId']}"
    receipt = talk.call(url).json()
    assert [
        ("REVERSING_ENTRY", 1128.35, 0.0, ""),
        ("ENTRY", -900.0, 25.5, "Konsultointi"),
        ("ENTRY", 1.01, 13.5, "Kirja"),
    ] == [
        (p["transactionType"], p["accountingValue"], p["vatPercent"], p["description"])
        for p in receipt["transactions"]
    ]
    assert first["id"] == receipt["invoiceId"]


def test_without_a_reference_field_there_is_no_reference(talk):
    payment = {
        k: v for k, v in SMALLEST["paymentInfo"].items() if k != "bankReferenceCode"
    }
    assert "bankReferenceCode" not in talk.create(paymentInfo=payment)["paymentInfo"]


def test_a_new_invoice_is_found_after_the_lag_and_read_at_once():
    talk = Talk(search_lag_seconds=60)
    invoice = talk.create()
    search = "procountor GET /invoices?originalInvoiceNumber=20269999"
    assert [] == talk.call(search).json()["results"]
    assert 200 == talk.call(f"procountor GET /invoices/{invoice['id']}").status_code
    talk.clock.advance(60)
    assert [invoice["id"]] == [hit["id"] for hit in talk.call(search).json()["results"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("originalInvoiceNumber=2026", ["20260001", "20260002"]),  # by part
        ("originalInvoiceNumber=20260001", ["20260001"]),
        ("status=INVALIDATED", ["20260002"]),
        ("status=UNFINISHED,INVALIDATED", ["20260001", "20260002"]),
        ("types=TRAVEL_INVOICE", []),
        ("createdStartDate=2026-11-24T09:30:00", ["20260001", "20260002"]),
        ("createdStartDate=2026-11-24T09:30:01", []),
        ("versionStartDate=2026-11-24T09:31:00", ["20260002"]),
        ("createdEndDate=2026-11-24T09:29:59", []),
    ],
)
def test_invoices_are_searched(talk, query, found):
    talk.create(originalInvoiceNumber="20260001")
    other = talk.create(originalInvoiceNumber="20260002")
    talk.clock.advance(60)
    talk.call(f"procountor PUT /invoices/{other['id']}/invalidate")
    answer = talk.call(f"procountor GET /invoices?orderById=ASC&{query}").json()
    assert found == [hit["originalInvoiceNumber"] for hit in answer["results"]]


def test_pages_follow_the_previous_id(talk):
    ids = [talk.create()["id"] for _ in range(5)]
    seen, previous = [], ""
    while True:
        answer = talk.call(
            f"procountor GET /invoices?size=2&orderById=ASC&previousId={previous}"
        ).json()
        seen += [hit["id"] for hit in answer["results"]]
        if answer["meta"]["resultCount"] < 2:
            break
        previous = seen[-1]
    assert ids == seen


def test_many_ids_give_a_list_and_one_an_object(talk):
    ids = [talk.create()["id"] for _ in range(2)]
    both = talk.call(f"procountor GET /invoices/{ids[1]},{ids[0]},999").json()
    assert ids == [item["id"] for item in both]
    many = ",".join(str(n) for n in range(1, 202))
    assert 400 == talk.call(f"procountor GET /invoices/{many}").status_code


@pytest.mark.parametrize(
    ("channel", "moves", "statuses"),
    [
        ("EMAIL", ["approve", "send", "send"], ["NOT_SENT", "SENT", "SENT"]),
        ("NO_SENDING", ["approve"], ["APPROVED"]),
        ("EMAIL", ["send"], [403]),
        ("EMAIL", ["approve", "approve"], ["NOT_SENT", 403]),
        ("EMAIL", ["approve", "send", "invalidate"], ["NOT_SENT", "SENT", 403]),
        ("EMAIL", ["approve", "unfinished"], ["NOT_SENT", "UNFINISHED"]),
    ],
)
def test_a_status_moves_only_along_its_path(talk, channel, moves, statuses):
    party = SMALLEST["counterParty"] | {"email": "osto@asiakas.example"}
    invoice = talk.create(invoiceChannel=channel, counterParty=party)["id"]
    results = []
    for move in moves:
        answer = talk.call(f"procountor PUT /invoices/{invoice}/{move}")
        status = talk.procountor.data.invoices[invoice]["status"]
        results.append(status if answer.status_code == 200 else answer.status_code)
    assert statuses == results
    assert statuses.count("SENT") == len(talk.procountor.data.sent)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([(9001, 900100, -900)], None),
        ([(9001, 900100, -300.5), (9001, 900101, -599.5)], None),
        ([(9001, 900100, -900), (9003, 900300, -900)], None),
        ([], None),
        ([(9001, 900100, -899.99)], "add up to"),
        ([(9001, 900100, 900)], "add up to"),
        ([(9001, 900100, -450), (9001, 900100, -450)], "given twice"),
        ([(9001, 900104, -900)], "DOES_NOT_MATCH"),  # closed
        ([(9002, 900100, -900)], "DOES_NOT_MATCH"),  # of another dimension
        ([(9001, 900100, -899.999)], "field is invalid"),
    ],
)
def test_dimensions_of_a_posting_add_up(talk, values, message):
    receipt = talk.create()["ledgerReceiptId"]
    posting = talk.procountor.data.receipts[receipt]["transactions"][1]
    names = ("dimensionId", "itemId", "value")
    wanted = [dict(zip(names, value, strict=True)) for value in values]
    answer = talk.call(
        f"procountor PUT /ledgerreceipts/{receipt}/transactions/{posting['id']}/dimensions",
        {"dimensionItemValues": wanted},
    )
    if message is None:
        assert wanted == answer.json()["transactions"][1]["dimensionItemValues"]
    else:
        assert 400 == answer.status_code
        assert message in answer.json()["errors"][0]["message"]
        assert [] == posting["dimensionItemValues"]


def test_dimension_items_are_overwritten_by_put(talk):
    made = talk.call(
        "procountor POST /dimensions/9001/items", {"codeName": "1", "description": "a"}
    ).json()
    talk.call(
        "procountor PUT /dimensions/9001/items",
        {"id": made["id"], "codeName": "1", "status": "P"},
    )
    assert {"id": made["id"], "codeName": "1", "status": "P"} == talk.call(
        "procountor GET /dimensions/9001"
    ).json()["items"][-1]


def test_a_file_is_kept_with_its_invoice(talk):
    invoice = talk.create()["id"]
    made = talk.attach(invoice, b"%PDF\r\n--x\r\n\r\n").json()
    read = talk.call(f"procountor GET /invoices/{invoice}").json()
    assert [made] == read["attachments"]
    assert b"%PDF\r\n--x\r\n\r\n" == talk.procountor.data.attachments[made["id"]][1]
    assert "application/pdf" == made["mimeType"]


def test_bad_files_are_refused(talk):
    invoice = talk.create()["id"]
    assert 200 == talk.attach(invoice, b"x" * 10_000_000).status_code
    answer = talk.attach(invoice, b"x" * 10_000_001)
    assert [{"status": 400, "field": "file", "message": "File size too big"}] == (
        answer.json()["errors"]
    )
    assert 404 == talk.attach(1).status_code
    assert 400 == talk.attach(invoice, name="nimi").status_code
    assert 400 == talk.attach(invoice, sendWithInvoice="yes").status_code
    talk.call(f"procountor PUT /invoices/{invoice}/approve")
    assert 403 == talk.attach(invoice).status_code


# Sign-in, rights and rate ------------------------------------------------------


def test_wrong_credentials_are_refused(talk):
    assert 401 == talk.ask_severa_token(client_secret="x").status_code
    assert 403 == talk.ask_severa_token(scope="everything:read").status_code
    assert 401 == talk.ask_procountor_token(api_key="x").status_code
    assert "invalid_client" == talk.ask_procountor_token(client_id="x").json()["error"]


def test_a_scope_that_was_not_asked_for_is_missing(talk):
    talk.sign_in("invoices:read")
    guid = talk.severa.invoice(invoice_number_of("plain"))["guid"]
    answer = talk.call(f"severa GET /v1/invoices/{guid}/pdf")
    assert (403, "InsufficientApiScope") == (
        answer.status_code,
        answer.json()["error"]["type"],
    )


@pytest.mark.parametrize("name", ["Client_Id", "Authorization"])
def test_severa_wants_both_headers(talk, name):
    del talk.headers["severa"][name]
    answer = talk.call("severa GET /v1/invoices")
    assert (401, "AuthenticationRequired") == (
        answer.status_code,
        answer.json()["error"]["type"],
    )


def test_tokens_end_after_an_hour(talk):
    calls = ("severa GET /heartbeat/authorized", "procountor GET /sessioninfo")
    talk.clock.advance(3599)
    assert [204, 200] == [talk.call(what).status_code for what in calls]
    talk.clock.advance(1)
    assert [401, 401] == [talk.call(what).status_code for what in calls]
    assert {"errors": [{"status": 401, "message": "Unauthorized"}]} == talk.call(
        calls[1]
    ).json()


@pytest.mark.parametrize(
    ("what", "limit"), [("severa GET /heartbeat", 10), ("procountor GET /company", 60)]
)
def test_the_rate_holds_over_any_second(what, limit):
    talk = Talk(severa_rate=10, procountor_rate=60)
    talk.clock.advance(1)
    half = limit // 2
    assert {204, 200} >= {talk.call(what).status_code for _ in range(half)}
    talk.clock.advance(0.9)
    assert {204, 200} >= {talk.call(what).status_code for _ in range(limit - half)}
    assert 429 == talk.call(what).status_code
    talk.clock.advance(0.1)
    assert {204, 200} >= {talk.call(what).status_code for _ in range(half)}
    assert 429 == talk.call(what).status_code


# Severa ------------------------------------------------------------------------


def list_waiting(talk, size, between=lambda _: None):
    status = talk.severa.status(WAITING)["guid"]
    numbers, token = [], ""
    while True:
        answer = talk.call(
            f"severa GET /v1/invoices?invoiceStatusGuids={status}"
            f"&rowCount={size}&pageToken={token}"
        )
        page = answer.json()
        numbers += [item["number"] for item in page]
        token = answer.headers.get("NextPageToken", "")
        if not token:
            return numbers
        between(page)


def test_pages_lose_nothing_when_invoices_move_away_between_them(talk):
    def move(page):
        status = talk.severa.status(TRANSFERRED)
        for item in page:
            talk.severa.set_status(talk.severa.invoice(item["number"]), status)

    expected = list_waiting(talk, 100)
    assert len(expected) >= 40
    assert expected == list_waiting(talk, 7, move)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ([{"op": "replace", "path": "/status/guid", "value": TRANSFERRED}], None),
        (
            [{"op": "add", "path": "/status/guid", "value": TRANSFERRED}],
            "InvalidOperation",
        ),
        ([{"op": "replace", "path": "/notes", "value": "x"}], "InvalidParameter"),
        ([{"op": "replace", "path": "/status/guid", "value": "?"}], "InvalidParameter"),
        (
            [{"op": "replace", "path": "/status/guid", "value": "Old sent status"}],
            "InvalidOperation",
        ),
        ({"op": "replace"}, "InvalidRequest"),
    ],
)
def test_only_the_status_can_be_replaced(talk, change, kind):
    number = invoice_number_of("plain")
    guid = talk.severa.invoice(number)["guid"]
    names = {item["name"]: item["guid"] for item in talk.severa.data.invoicestatuses}
    change = copy.deepcopy(change)
    for item in change if isinstance(change, list) else ():
        item["value"] = names.get(item["value"], item["value"])
    answer = talk.call(f"severa PATCH /v1/invoices/{guid}", change)
    if kind is None:
        assert names[TRANSFERRED] == answer.json()[0]["status"]["guid"]
        assert TRANSFERRED == talk.severa.status_of(number)
    else:
        assert (400, kind) == (answer.status_code, answer.json()["error"]["type"])
        assert WAITING == talk.severa.status_of(number)


def test_pdf_and_files_can_be_read(talk):
    guid = talk.severa.invoice(invoice_number_of("files"))["guid"]
    pdf = talk.call(f"severa GET /v1/invoices/{guid}/pdf?pdfGetOptions=All")
    assert "application/pdf" == pdf.headers["Content-Type"]
    assert (
        "Leipomo Ruisvoima"
        in pypdf.PdfReader(BytesIO(pdf.content)).pages[0].extract_text()
    )
    files = talk.call(f"severa GET /v1/invoices/{guid}/files").json()
    contents = [
        talk.call(f"severa GET /v1/files/{item['fileGuid']}/filedata").content
        for item in files
    ]
    assert [item["size"] for item in files] == [len(content) for content in contents]
    assert [b"%PDF", b"\xff\xd8\xff\xe0", b"GIF8"] == [c[:4] for c in contents]
