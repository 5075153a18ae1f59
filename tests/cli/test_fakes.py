"""Made-up stand-ins: nothing of the real one is left, and nothing else changes."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from engine.cli.samples.fake_documents import fake_document, fake_text
from engine.flow.offline import read_document
from engine.identifiers import find_business_id, find_iban
from engine.language.filters.mail_addresses import is_email
from engine.masking import mask_text
from tests.worlds import ROOT, project

BASE = ROOT / "tests" / "samples" / "sales_invoice" / "base.json"
SCHEMA = project().schemas.field("severa/sales_invoice")


def test_a_fake_has_the_length_and_the_letters_of_the_text():
    made = fake_text("Kivilahden Veneveistämö Oy, 3 krs")

    assert re.fullmatch(r"[A-Z][a-z]{9} [A-Z][a-zäö]{11} [A-Z][a-z], 3 [a-z]{3}", made)
    assert "Kivilahden" not in made


def test_the_same_text_gives_the_same_fake_wherever_it_stands():
    words = fake_text("Kiitos, Kivilahti!").split()

    assert words == ["Kiitos,", "Kivilahti!"] or words[1] == fake_text("Kivilahti!")
    assert fake_text("Kivilahti").lower() == fake_text("KIVILAHTI").lower()


def test_business_ids_stay_valid_and_keep_their_form():
    for text in ("2674310-1", "FI26743101", "SE556123456701", "556123-4567"):
        made = fake_text(text)

        assert text != made
        assert find_business_id(made) is not None
        assert len(text) == len(made)
        assert re.sub(r"\d", "9", text) == re.sub(r"\d", "9", made)


def test_accounts_stay_valid_and_keep_their_country():
    for text in (
        "FI21 1234 5600 0007 85",
        "SE4550000000058398257466",
        "fi49 5000 9420 0287 30",
    ):
        made = fake_text(text)

        assert text != made
        assert find_iban(made) is not None
        assert text[:2] == made[:2]
        assert len(text) == len(made)


def test_personal_ids_become_ids_that_nobody_has():
    made = fake_text("131052-308T")

    assert re.fullmatch(r"\d{6}-9\d\d\w", made)
    assert made != mask_text(made)


def test_mail_addresses_and_guids_become_others_of_their_form():
    guid = "6f9619ff-8b86-d011-b42d-00c04fc964ff"

    assert is_email(fake_text("ilkka.vene@kivilahti.fi"))
    assert fake_text("ilkka.vene@kivilahti.fi").endswith(".example")
    assert guid != fake_text(guid)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", fake_text(guid))


def test_a_document_keeps_codes_numbers_dates_and_registers():
    document = read_document(BASE.read_bytes(), BASE.name)

    made = fake_document(document, SCHEMA)

    assert document["run"]["countries"] == made["run"]["countries"]
    for name in ("date", "dueDate", "number", "language", "currency", "status"):
        assert document["invoice"][name] == made["invoice"][name]
    for row, other in zip(document["rows"], made["rows"], strict=True):
        assert row["measurementUnit"] == other["measurementUnit"]
        assert row["quantity"] == other["quantity"]


def test_a_document_loses_names_addresses_and_ids():
    document = read_document(BASE.read_bytes(), BASE.name)

    made = fake_document(document, SCHEMA)

    text = str(made)
    for said in ("Kivilah", "Telakkatie", "57130", "Savonlinna", "2674310", "Honka"):
        assert said not in text


@given(st.text(max_size=60))
def test_any_text_has_a_fake_of_its_form(text: str):
    """No text is too odd; what is no letter or long number stays."""
    made = fake_text(text)

    if "@" not in text:
        assert len(text) == len(made)
        kept = [c for c in text if not unicodedata.category(c).startswith(("L", "N"))]
        assert kept == [c for c in made if c in kept]
