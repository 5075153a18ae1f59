"""What the bookkeeper reads names the thing: the text that is too long, what to look for."""

from __future__ import annotations

import httpx
import pytest

from engine.cli.screens import render_log, translate_rows
from engine.flow.notices.letter import clean_details
from tests.places import ROOT
from tests.worlds import World


class Refusing(httpx.BaseTransport):
    """Refuses every create of an invoice, as the target words it."""

    def __init__(self, inner: httpx.BaseTransport, field: str, message: str) -> None:
        self.inner, self.field, self.message = inner, field, message

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith("/invoices"):
            row = {"status": 400, "field": self.field, "message": self.message}
            return httpx.Response(400, json={"errors": [row]})
        return self.inner.handle_request(request)


def advice_of(world: World, language: str = "en") -> str:
    """Give what the log says of the only document, in a language."""
    ledger = world.open_ledger()
    (row,) = ledger.log()
    ledger.close()
    details = {name: str(value) for name, value in row.details.items()}
    return world.project.advice.render(row.code, language, details) or ""


@pytest.mark.parametrize(
    ("field", "word"),
    [
        ("invoiceRows[0].product", "row 1: row text"),
        ("counterParty.counterPartyAddress.street", "street"),
        ("orderReference", "order reference"),
    ],
)
def test_a_text_that_is_too_long_is_named_with_its_length(tmp_path, field, word):
    """R134: row, field, limit, length and text; no row is named for another field."""
    world = World(tmp_path, keep=["plain"])
    invoice = world.severa.data.invoices[0]
    invoice["orderNumber"] = "Tilaus 7"
    invoice["receiverAddress"]["addressline"] = "Katu 7"
    row = next(
        row
        for row in world.severa.data.rows
        if row["invoiceGuid"] == invoice["guid"] and row["sortOrder"] in (0, 1)
    )
    texts = {"product": row["description"], "street": "Katu 7"}
    text = texts.get(field.rpartition(".")[2], "Tilaus 7")
    inner = world.transport
    world.transport = lambda: Refusing(inner(), field, "SIZE_MUST_BE_BETWEEN_0_AND_5")

    assert {"stopped": 1} == world.run().outcomes

    said = advice_of(world)
    expected = (
        f"too long: {word}, {len(text)} characters, 0 to 5 characters are allowed"
    )
    assert f'{expected}: "{text}"' in said
    assert "product register" not in said


def test_a_code_that_is_refused_is_told_masked(tmp_path):
    """The refused value is named, a personal code by its last four characters."""
    world = World(tmp_path, keep=["plain"])
    invoice = world.severa.data.invoices[0]
    invoice["receiverVatNumber"] = "131052-308T"
    inner = world.transport
    field = "counterParty.identifier"
    world.transport = lambda: Refusing(inner(), field, "ERROR_BRN_CODE")

    world.run()

    said = advice_of(world)
    assert "…308T" in said
    assert "131052" not in said


def test_a_create_that_fails_again_and_again_names_what_to_look_for(tmp_path):
    """V09: not at the first time, when a pause of the server is likelier."""
    world = World(tmp_path, keep=["plain"])
    fault = {"status": 500, "times": None}
    world.fault("procountor", "POST /invoices", "status_5xx", **fault)
    said = []
    for _ in range(3):
        world.clock.advance(1200)
        world.run()
        said.append(advice_of(world))

    assert "odd characters" not in said[0]
    assert "Attempt 2 has failed the same way: look for very long rows" in said[2]
    for language, words in {"fi": "outoja merkkejä", "sv": "ovanliga tecken"}.items():
        assert words in advice_of(world, language)


def stopped_by_many_things(tmp_path):
    """Give a world whose only document lacks, exceeds and holds what may not go."""
    world = World(tmp_path, keep=["plain"])
    invoice = world.severa.data.invoices[0]
    invoice |= {"receiverContactEmail": None, "receiverContactGuid": None}
    invoice["receiverAddress"] |= {"addressline": "", "postalCode": ""}
    invoice |= {"orderNumber": "T" * 71, "ourReference": "Hei \U0001f600"}
    guid = invoice["billingCustomer"]["guid"]
    customer = next(c for c in world.severa.data.customers if c["guid"] == guid)
    customer["email"] = None
    return world


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fi", ["puuttuu: katuosoite, postinumero", "71 merkkiä, enintään 70", "😀"]),
        ("sv", ["saknas: gatuadress, postnummer", "71 tecken, högst 70", "😀"]),
        ("en", ["missing: street, postal code", "71 characters, at most 70", "😀"]),
        ("nl", ["ontbreekt: straat, postcode", "71 tekens, hoogstens 70", "😀"]),
    ],
)
def test_all_that_is_wrong_is_told_in_the_readers_language(tmp_path, language, words):
    """X06: every missing field and every other reason; below it no rule's English."""
    world = stopped_by_many_things(tmp_path)
    world.run()

    ledger = world.open_ledger()
    (row,) = translate_rows(ledger.log(), language, ROOT)
    ledger.close()
    shown = " ".join(render_log([row], width=None, is_technical=True).split())

    for said in words:
        assert said in row.advice
    assert "[mappings/sales_invoice/invoice.yaml:" in shown
    assert "required when" not in shown
    assert "required when vars.needs_address" in row.to_json()["message"]


def test_a_mail_tells_all_that_is_wrong(tmp_path):
    """X06: the digest of a stopped document is as whole as its line in the log."""
    world = stopped_by_many_things(tmp_path)
    world.run()

    ledger = world.open_ledger()
    (row,) = ledger.log()
    ledger.close()
    advice = world.project.advice.explain(row.code, "fi", clean_details(row.details))

    assert "71 merkkiä" in " ".join(one.text for one in advice.also)
