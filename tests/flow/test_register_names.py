"""What stands in the registers: switched off, without an id, under another's name."""

from __future__ import annotations

import pytest

from engine.errors import SettingsError
from tests.simulators import number_of
from tests.worlds import World

WAITS = "Waiting for transfer to Procountor"


def logged(world: World) -> list[tuple[str, str]]:
    """Give code and message of every line of the log."""
    ledger = world.open_ledger()
    rows = [*ledger.log(), *ledger.log(outcome="note", latest_per_document=False)]
    ledger.close()
    return [(row.code, row.message) for row in rows]


def partner_of(world: World, case: str) -> dict:
    """Give the partner that has the customer number of an invoice."""
    invoices = world.severa.data.invoices
    invoice = next(one for one in invoices if one["number"] == number_of(case))
    number = str(invoice["billingCustomer"]["number"])
    return next(
        one
        for one in world.procountor.data.partners.values()
        if one.get("invoicingInfo", {}).get("customerNumber") == number
    )


@pytest.mark.parametrize("is_first", [True, False])
def test_a_switched_off_status_is_no_candidate(tmp_path, is_first):
    """R003, R037: made again under its name, the one in use counts."""
    world = World(tmp_path, keep=["plain"])
    statuses = world.severa.data.invoicestatuses
    old = next(one for one in statuses if one["name"] == WAITS)
    old = {**old, "guid": "00000000-0000-4000-8000-00000000dead", "isActive": False}
    statuses.insert(0 if is_first else len(statuses), old)

    assert {"transferred": 1} == world.run().outcomes


def test_a_status_that_is_only_there_switched_off_is_told_so(tmp_path):
    world = World(tmp_path, keep=["plain"])
    for status in world.severa.data.invoicestatuses:
        status["isActive"] = status["isActive"] and status["name"] != WAITS

    with pytest.raises(SettingsError) as error:
        world.run()

    said = error.value.problems[0]
    assert "poistettu käytöstä" in said.message
    assert WAITS in said.message


@pytest.mark.parametrize("identifier", [None, "", " - ", "\u200b"])
def test_a_partner_without_a_business_id_is_said_to_have_none(tmp_path, identifier):
    """R019: not a different one; there is none to compare with."""
    world = World(tmp_path, keep=["plain"])
    partner_of(world, "plain")["invoicingInfo"]["identifier"] = identifier

    assert {"stopped": 1} == world.run().outcomes
    assert ["PARTNER_WITHOUT_ID"] == [code for code, _ in logged(world)]


def test_both_partners_are_named_by_their_own_names(tmp_path):
    """R135: ours with our number and id, the target's with its name."""
    world = World(tmp_path, keep=["same_number_other_id"])
    partner_of(world, "same_number_other_id")["name"] = "Aivan Toinen Oy"

    assert {"stopped": 1} == world.run().outcomes
    ((code, said),) = logged(world)
    ours, _, theirs = said.partition("; in the target: ")
    assert "PARTNER_NUMBER_OTHER_ID" == code
    assert "Kaksoisnumero Kauppa Oy (1041/2987650-8)" == ours
    assert theirs.startswith("Aivan Toinen Oy")


def test_a_name_that_differs_from_the_card_is_told(tmp_path):
    """A22: the invoice goes with its own name."""
    world = World(tmp_path, keep=["plain"])
    invoice = next(
        one for one in world.severa.data.invoices if one["number"] == number_of("plain")
    )
    name = invoice["receiverCustomerName"] = "Koivurannan Kirjapaino Oy c/o Tilat"

    assert {"transferred": 1} == world.run().outcomes
    said = [message for code, message in logged(world) if "NAME_DIFFERS" in code]
    assert [f"{name} / Koivurannan Kirjapaino Oy"] == said


def test_blanks_around_a_code_make_no_second_entry(tmp_path):
    """Items and products of the target count without the blanks around their codes."""
    world = World(tmp_path, keep=["plain"])
    data = world.procountor.data
    for dimension in data.dimensions.values():
        for item in dimension["items"]:
            item["codeName"] = f" {item['codeName']}\u00a0\u200b"
    items = [len(one["items"]) for one in data.dimensions.values()]

    assert {"transferred": 1} == world.run().outcomes
    assert items == [len(one["items"]) for one in data.dimensions.values()]


def test_a_row_with_several_codes_is_told(tmp_path):
    """R024: the first code goes; who groups rows should know."""
    world = World(tmp_path, keep=["plain"])
    guid = next(
        one["guid"]
        for one in world.severa.data.invoices
        if one["number"] == number_of("plain")
    )
    row = next(one for one in world.severa.data.rows if one["invoiceGuid"] == guid)
    row["code"] = [*row["code"], "MUU"]

    assert {"transferred": 1} == world.run().outcomes
    said = [text for code, text in logged(world) if code == "ROW_SEVERAL_CODES"]
    assert [f"{row['description']}, {row['code'][0]}, MUU"] == said


def test_a_contact_name_cut_for_itself_is_told(tmp_path):
    """A04: with 28 characters for each part."""
    world = World(tmp_path, {"sales": {"contact_limit": "per_part"}}, ["plain"])
    invoice = next(
        one for one in world.severa.data.invoices if one["number"] == number_of("plain")
    )
    invoice["receiverContactName"] = "Maria-Kristiina af Björkenheim"

    assert {"transferred": 1} == world.run().outcomes
    assert [text for code, text in logged(world) if code == "CUT"]


@pytest.mark.parametrize(
    ("theirs", "is_near"),
    [("0042", None), ("42", True), ("kons", True), ("43", False)],
)
def test_codes_are_compared_to_the_letter(tmp_path, theirs, is_near):
    """R024: 0042 stays text and is not 42; what nearly agrees is told."""
    world = World(tmp_path, keep=["plain"])
    ours = "KONS" if "K" in theirs.upper() else "0042"
    invoice = world.severa.data.invoices[0]
    for row in world.severa.data.rows:
        if row["invoiceGuid"] == invoice["guid"]:
            row["code"] = [ours]
    products = world.procountor.data.products.values()
    (product,) = [one for one in products if one["code"] == "KONS"]
    product["code"] = theirs

    assert {"transferred": 1} == world.run().outcomes

    codes = {code for code, _ in logged(world)}
    made = [one["code"] for one in world.procountor.data.products.values()]
    if is_near is None:
        assert [] == [code for code in codes if code.startswith("PRODUCT_")]
    else:
        assert ("PRODUCT_NEAR_MISS" in codes) is is_near
        assert ours in made
    (sent,) = [e.body for _, e in world.requests() if e.endpoint == "POST /invoices"]
    assert {ours} == {row["productCode"] for row in sent["invoiceRows"]}
