"""A plan says what a run would do, and the run then does it; the plan writes nothing."""

from __future__ import annotations

from collections import Counter

import httpx
import pytest

from engine.flow.companies import choose_work
from engine.flow.planning import plan_company
from engine.systems.client import ReadOnlyTransport, WriteRefusedError
from tests.worlds import World

SIGN_IN = {"POST /v1/token", "POST /oauth/token"}
WRITES = {
    "partner": "POST /businesspartners",
    "product": "POST /products",
    "dimension_item": "POST /dimensions/{dimensionId}/items",
    "invoice": "POST /invoices",
}


def plan(world, **options):
    ((company, flows),) = choose_work(world.project)
    return plan_company(
        world.reader(), company, flows, ledger_url=world.ledger_url, **options
    )


def test_a_plan_only_reads(tmp_path):
    """Nothing but reads and the two sign-ins reaches a system, and no ledger is made."""
    world = World(tmp_path)

    found = plan(world)

    asked = {exchange.endpoint for _, exchange in world.requests()}
    assert SIGN_IN == {e for e in asked if not e.startswith("GET ")}
    assert [] == list(tmp_path.iterdir())
    assert sum(found.calls.values()) == len(world.requests())


def test_a_run_does_what_the_plan_said(tmp_path):
    """What would be created is created, entry for entry; what would stop is stopped.

    So is what the target would refuse, such as a closed period (R112, X14).
    """
    world = World(tmp_path)
    found = plan(world)
    planned = Counter(
        WRITES[entry.step]
        for document in found.documents
        for entry in document.entries
        if entry.action == "create"
    )
    outcomes = {d.label: d.outcome for d in found.documents}
    before = len(world.requests())

    world.run()

    made = Counter(e.endpoint for _, e in world.requests()[before:])
    assert planned == {write: made[write] for write in WRITES.values()}
    ledger = world.open_ledger()
    for row in ledger.log():
        foreseen = "planned" if row.outcome == "transferred" else row.outcome
        assert (row.label, foreseen) == (row.label, outcomes[row.label])
    ledger.close()


def test_after_the_run_the_plan_is_empty(tmp_path):
    world = World(tmp_path, keep=["plain"])
    world.run()

    found = plan(world)

    assert [] == found.documents


def test_a_plan_names_each_field_that_would_be_set(tmp_path):
    """A create lists its fields; money keeps its digits."""
    world = World(tmp_path, keep=["plain"])

    (document,) = plan(world).documents

    invoice = document.entries[-1]
    changes = {
        change.field: (change.before, change.after) for change in invoice.changes
    }
    assert ("invoice", "create") == (invoice.step, invoice.action)
    assert (None, "SALES_INVOICE") == changes["type"]
    assert (None, document.label) == changes["originalInvoiceNumber"]


def test_a_plan_stops_at_its_cap(tmp_path):
    """Requests are counted; the plan ends early and says so."""
    world = World(tmp_path)

    found = plan(world, max_calls=20)

    assert "requests, the most that this plan may make" in found.ended_early
    assert len(world.requests()) < 40


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_transport_refuses_every_write(method):
    """Whatever the code above it does, no write leaves."""
    transport = ReadOnlyTransport(
        httpx.MockTransport(lambda _: httpx.Response(200)), "/t"
    )

    with pytest.raises(WriteRefusedError):
        transport.handle_request(httpx.Request(method, "https://host.example/x"))
    sign_in = httpx.Request("POST", "https://host.example/t")
    assert 200 == transport.handle_request(sign_in).status_code


def test_a_plan_says_what_rests_and_since_when(tmp_path):
    """As the next sync leaves it alone; B5."""
    world = World(tmp_path, keep=["no_customer_number"])
    world.run()
    ledger = world.open_ledger()
    (held,) = ledger.transfers()
    ledger.close()

    (document,) = plan(world).documents

    assert ("still stopped", held.code, held.label) == (
        document.outcome,
        document.code,
        document.label,
    )
    assert "stopped since 2026-11-24 09:30" in document.message
    assert "from 2026-11-24 09:40 on" in document.message
    assert document.advice
