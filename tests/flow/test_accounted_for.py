"""Every listed record and row is accounted for: taken once, or told; in each flow."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.worlds import World


class Answering(httpx.BaseTransport):
    """Changes what the GET requests of one path answer."""

    def __init__(self, inner: Any, end: str, change: Callable[[Any], Any]) -> None:
        self.inner, self.end, self.change = inner, end, change

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.inner.handle_request(request)
        if request.method == "GET" and request.url.path.endswith(self.end):
            return httpx.Response(200, json=self.change(json.loads(answer.read())))
        return answer


def answers(world: World, end: str, change: Callable[[Any], Any]) -> None:
    inner = world.transport
    world.transport = lambda: Answering(inner(), end, change)


def log_of(world: World) -> list[tuple[str, str]]:
    ledger = world.open_ledger()
    notes = ledger.log(outcome="note", latest_per_document=False)
    rows = [(row.code, row.message) for row in (*ledger.log(), *notes)]
    ledger.close()
    return rows


LISTS = {
    "sales_invoice": ("invoices", ["plain"], "number"),
    "travel_invoice": ("travelreimbursements", ["travel_plain"], "number"),
    "project_items": ("projects", None, "number"),
    "cost_centre_items": ("costcenters", None, "identifier"),
    "unit_items": ("businessunits", None, "name"),
}


@pytest.mark.parametrize("flow", LISTS)
def test_a_record_without_an_id_and_one_listed_twice_are_told(tmp_path, flow):
    """What is listed once is taken once; the others are told by name."""
    name, keep, label = LISTS[flow]
    world = World(tmp_path, keep=keep, flow=flow)
    listed = getattr(world.severa.data, name)
    first = listed[0]
    listed += [copy.deepcopy(first), {**first, "guid": None}]

    world.run()

    said = [text for code, text in log_of(world) if code == "RECORDS_UNCLEAR"]
    assert [f"2 of the list: {first[label]}"] == said


def test_a_purchase_without_an_id_and_one_listed_twice_are_told(tmp_path):
    world = World(tmp_path, keep=["purchase_approved"], flow="purchase_invoice")

    def twice(body: Any) -> Any:
        (one,) = body["results"]
        return {**body, "results": [one, one, {**one, "id": None}]}

    answers(world, "/invoices", twice)

    assert {"transferred": 1} == world.run().outcomes
    assert ("RECORDS_UNCLEAR", "2 of the list: 9001") in log_of(world)


ROWS = {
    "sales_invoice": ("/invoicerows", "plain"),
    "travel_invoice": ("/projecttravelexpenses", "travel_plain"),
}


@pytest.mark.parametrize("flow", ROWS)
@pytest.mark.parametrize("kind", ["twice", "without id"])
def test_a_row_that_is_listed_twice_goes_nowhere(tmp_path, flow, kind):
    """It would be invoiced, or paid, twice; nothing is written."""
    end, keep = ROWS[flow]
    world = World(tmp_path, keep=[keep], flow=flow)

    def change(rows: Any) -> Any:
        if kind == "twice":
            return [*rows, rows[0]]
        return [{**rows[0], "guid": None}, *rows[1:]]

    answers(world, end, change)

    assert {"stopped": 1} == world.run().outcomes
    assert ["ROWS_UNCLEAR"] == [code for code, _ in log_of(world)]
    sent = [e.endpoint for _, e in world.requests() if not e.endpoint.startswith("GET")]
    assert {"POST /v1/token", "POST /oauth/token"} >= set(sent)


def test_a_posting_that_is_listed_twice_is_no_second_cost(tmp_path):
    world = World(tmp_path, keep=["purchase_approved"], flow="purchase_invoice")
    (receipt,) = [
        number
        for number, one in world.procountor.data.receipts.items()
        if one["invoiceNumber"] == 9001
    ]

    def change(body: Any) -> Any:
        return {
            **body,
            "transactions": [*body["transactions"], body["transactions"][1]],
        }

    answers(world, f"/ledgerreceipts/{receipt}", change)

    assert {"stopped": 1} == world.run().outcomes
    assert ["ROWS_UNCLEAR"] == [code for code, _ in log_of(world)]
