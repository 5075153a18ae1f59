"""What stands in the target is ours only when it says all that we would send."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.test_scenarios import move_back
from tests.worlds import World

OTHER = "SAME_NUMBER_OTHER_CONTENT"


@pytest.fixture
def world(tmp_path):
    """The ledger is lost after the invoice went, and it is to go once more."""
    world = World(tmp_path, keep=["plain"])
    world.run()
    for file in Path(world.ledger_url.removeprefix("sqlite:///")).parent.iterdir():
        file.unlink()
    move_back(world)
    return world


def edit(world, change):
    (invoice,) = [
        invoice
        for invoice in world.procountor.data.invoices.values()
        if invoice.get("originalInvoiceNumber") == "20261040"
    ]
    change(invoice)


def run(world):
    world.run()
    with closing(world.open_ledger()) as ledger:
        (row,) = ledger.log()
    return row.outcome, row.code, row.field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda i: i.update(orderReference="T1"), ""),  # we send none
        (lambda i: i.update(language="SWEDISH"), "language"),
        (lambda i: i.pop("language"), "language"),
        (lambda i: i["invoiceRows"][0].update(unit="PIECE"), "invoiceRows[0].unit"),
        (
            lambda i: i["invoiceRows"].append(dict(i["invoiceRows"][0])),
            "invoiceRows[1].product",
        ),
    ],
)
def test_each_field_that_we_send_must_be_given_back(world, change, field):
    edit(world, change)
    outcome, code, named = run(world)

    assert (outcome == "transferred") == (not field)
    assert field in named
    assert code == (OTHER if field else "ADOPTED")


def test_blanks_and_the_form_of_numbers_do_not_count(world):
    def respell(invoice):
        row = invoice["invoiceRows"][0]
        row["product"] = f"  {row['product'].replace(' ', chr(10))} "
        row["quantity"] = float(row["quantity"])

    edit(world, respell)

    assert ("transferred", "ADOPTED", "") == run(world)


def test_a_field_that_the_target_does_not_give_back_is_named_in_the_flow(world):
    flow = world.project.flows["sales_invoice"]
    deliver = replace(flow.deliver, not_given_back=frozenset({"invoiceRows[].unit"}))
    flows = {**world.project.flows, flow.name: replace(flow, deliver=deliver)}
    world.project = replace(world.project, flows=flows)
    edit(world, lambda invoice: invoice["invoiceRows"][0].pop("unit"))

    assert ("transferred", "ADOPTED", "") == run(world)
