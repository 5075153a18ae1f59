"""However an id is written: nobody is added twice, and nothing written tells it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.simulators import number_of
from tests.worlds import World

TRAVELLERS = [
    "140385-914v",
    "140385-914V\u00a0",
    "140385\u2013914V",
    "140385 -914V",
    "\u200e140385-914V\u200b",
    "140385\u2011914V\r\n",
]
PRIVATE = ["131052-308T", "131052-308t", "131052\u2013308T", "131052 -308T"]


def written_by(world: World, folder: Path) -> str:
    """Give all that a run has written: the ledger's files, byte by byte, and the log."""
    kept = b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())
    ledger = world.open_ledger()
    rows = [*ledger.log(), *ledger.log(outcome="note", latest_per_document=False)]
    ledger.close()
    told = json.dumps([repr(row) for row in rows], ensure_ascii=False)
    return kept.decode("utf-8", "replace") + told


def leaks(text: str, code: str) -> list[str]:
    """Give what is told of a code beyond its last four characters."""
    plain = code.replace(" ", "")
    pieces = {plain[at : at + 5] for at in range(len(plain) - 4)}
    low = text.lower()
    return sorted(piece for piece in pieces if piece.lower() in low)


@pytest.mark.parametrize("typed", TRAVELLERS)
def test_a_traveller_is_found_by_any_spelling(tmp_path, typed):
    """R055, R021: no second person card; what was typed stands nowhere (X12)."""
    world = World(tmp_path, keep=["travel_plain"], flow="travel_invoice")
    record = next(
        one
        for one in world.severa.data.travelreimbursements
        if one["number"] == number_of("travel_plain")
    )
    guid = record["user"]["guid"]
    user = next(one for one in world.severa.data.users if one["guid"] == guid)
    account = user["bankAccountNumber"]
    user["socialSecurityNumber"] = typed
    before = len(world.procountor.data.persons)

    assert {"transferred": 1} == world.run().outcomes
    assert before == len(world.procountor.data.persons)
    written = written_by(world, tmp_path)
    assert [] == leaks(written, "140385-914V")
    assert [] == leaks(written, account)


@pytest.mark.parametrize("typed", PRIVATE)
def test_a_private_customer_is_added_once_and_told_nowhere(tmp_path, typed):
    """R102: the code goes as such, and at most its last four characters are kept."""
    world = World(tmp_path, {"customers": {"create": True}}, ["plain"])
    invoice = next(
        one for one in world.severa.data.invoices if one["number"] == number_of("plain")
    )
    invoice["receiverVatNumber"] = typed
    guid = invoice["billingCustomer"]["guid"]
    card = next(one for one in world.severa.data.customers if one["guid"] == guid)
    card["number"] = invoice["billingCustomer"]["number"] = 998877

    assert {"transferred": 1} == world.run().outcomes
    made = [
        one["invoicingInfo"]
        for one in world.procountor.data.partners.values()
        if str(one.get("invoicingInfo", {}).get("customerNumber")) == "998877"
    ]
    assert ["131052-308T"] == [one["identifier"] for one in made]
    assert ["HETU"] == [one["identifierType"] for one in made]
    assert [] == leaks(written_by(world, tmp_path), "131052-308T")
