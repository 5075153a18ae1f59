"""Which fields of the source count as read, and which may change unseen."""

from __future__ import annotations

import pytest

from engine.project.read_paths import find_read_paths
from tests.worlds import project

SALES = "sales_invoice"
# flow, place in the document, where items begin in it, whether a rule reads it
CASES = [
    (SALES, "invoice.receiverContactEmail", (0, 1), True),
    (SALES, "invoice.receiverAddress.city", (0, 1), True),
    (SALES, "invoice.salesPerson.name", (0, 1), False),
    (SALES, "invoice.lastUpdatedDateTime", (0, 1), False),
    (SALES, "invoice.status.guid", (0, 1), False),
    (SALES, "customer.vatNumber", (0, 1), True),
    (SALES, "customer.accountManager.code", (0, 1), False),
    (SALES, "rows.quantity", (0, 1), True),
    (SALES, "rows.createdBy.name", (0, 1), False),
    ("travel_invoice", "user.bankAccountNumber", (0, 1), True),
    ("travel_invoice", "user.supervisor.firstName", (0, 1), False),
    ("travel_invoice", "rows.eventDate", (0, 1), True),
]
TEXT = b"""
fields:
  title: {source: "order.name"}          # and not order.secret
  'no # comment': {text: 'Nr # {{ order.number }}'}
  lines: {each: 'order.lines[?isOpen]', fields: {weight: kilos | round(2)}}
  sums: {transform: "lines | pluck('price.amount')"}
  place: {source: vars.shop.city}
  other: {transform: "(order.seller | first).phone"}
  clerk: {source: vars.clerk.pay}
vars:
  shop: {source: order.shop}
  clerk: {transform: "run.clerks | find_by('id', order.clerk)"}
"""


@pytest.mark.parametrize(("flow", "place", "starts", "is_read"), CASES)
def test_the_shipped_flows(flow, place, starts, is_read):
    paths = project().flows[flow].read_paths

    assert is_read == paths.has(tuple(place.split(".")), starts)


@pytest.mark.parametrize(
    ("place", "starts", "is_read"),
    [
        ("order.name", (0, 1), True),
        ("order.secret", (0, 1), False),
        ("order.number", (0, 1), True),
        ("order.lines.isOpen", (0, 1, 2), True),
        ("order.lines.kilos", (0, 1, 2), True),
        ("order.lines.price.amount", (0, 1, 2), True),
        ("order.lines.price.currency", (0, 1, 2), False),
        ("order.shop.city", (0, 1), True),
        ("order.shop.owner", (0, 1), False),
        ("order.seller.phone", (0, 1, 2), True),
        ("order.seller.pay", (0, 1, 2), False),  # of a register's clerk
        ("order.clerk", (0, 1), True),
        ("order.changed_at", (0, 1), False),
    ],
)
def test_how_a_path_is_found(place, starts, is_read):
    paths = find_read_paths({"order.yaml": TEXT}, {"changed_at"})

    assert is_read == paths.has(tuple(place.split(".")), starts)
