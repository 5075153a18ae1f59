"""One spelling of an id, wherever it comes from; what is personal shows in no log."""

from __future__ import annotations

import re
from itertools import product
from string import ascii_uppercase

import pytest
from stdnum import numdb

from engine.identifiers import (
    comparable_id,
    find_business_id,
    find_iban,
    iban_form,
    write_code,
    write_personal_id,
)
from engine.masking import mask_text
from tests.places import TESTS, read_yaml

DATA = read_yaml(TESTS / "cases" / "identifiers.yaml")
HIDDEN = DATA["masked"]
PERSONAL = [code for codes in HIDDEN["codes"].values() for code in codes]


def spread(part):
    """Give (typed, country, one spelling) of each row of a list."""
    return [
        (typed, row.get("country", ""), row.get("one"))
        for row in DATA[part]
        for typed in row["typed"]
        if typed not in row.get("but", ())
    ]


@pytest.mark.parametrize(("typed", "country", "one"), spread("business_ids"))
def test_a_business_id_has_one_spelling(typed, country, one):
    assert one == find_business_id(typed, country)
    assert one == comparable_id(typed, country)


@pytest.mark.parametrize(("typed", "country", "_"), spread("not_valid"))
def test_nothing_is_made_of_what_is_not_valid(typed, country, _):
    assert find_business_id(typed, country) is None


@pytest.mark.parametrize(("typed", "country", "one"), spread("keys"))
def test_ids_without_check_digits_are_equal_by_letters_and_digits(typed, country, one):
    assert one == comparable_id(typed, country)


@pytest.mark.parametrize(("typed", "_", "one"), spread("personal_codes"))
def test_a_personal_code_has_one_spelling(typed, _, one):
    assert one == write_personal_id(typed)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("0037 2345 6705", "003723456705"),
        ("baswarex ", "BASWAREX"),
        ("TE\u00ad0037\u00a02345", "TE00372345"),
        ("-", ""),
        ("\u2013", ""),
        (None, ""),
    ],
)
def test_a_routing_code_has_no_blanks(typed, code):
    assert code == write_code(typed)


def spellings(code):
    """Give other ways to write a personal code or account."""
    yield from (code, code.lower(), code.replace(" ", "\u00a0"))
    yield from (code.replace("-", "\u2013"), code.replace("-", " - "))
    yield from (code.replace(" ", "_"), code.replace(" ", ""), code.replace(" ", "-"))
    yield code[:3] + "\u200b" + code[3:]


@pytest.mark.parametrize("code", [*PERSONAL, *HIDDEN["accounts"]])
def test_whoever_reads_a_log_sees_four_characters_at_most(code):
    """In any case, with any dash or blank, beside an underscore, in a file's name."""
    for written in spellings(code):
        for around in HIDDEN["around"]:
            text = around.format(written)
            hidden = around.format("…" + written[-4:])
            assert hidden == mask_text(text), text


@pytest.mark.parametrize("code", HIDDEN["signless"])
def test_without_a_sign_check_digits_tell_a_code(code):
    assert f"koodi …{code[-4:]}." == mask_text(f"koodi {code}.")


@pytest.mark.parametrize("code", HIDDEN["accounts"])
def test_an_account_without_blanks_is_right(code):
    assert code.replace(" ", "") == find_iban(code.lower().replace(" ", "\u202f"))


def accounts_of_all_countries():
    """Give one right account of each country of the registry of ISO 13616."""
    for country in map("".join, product(ascii_uppercase, repeat=2)):
        if iban_form(country) is None:
            continue
        (_, facts), *_ = numdb.get("iban").info(country)
        signs = {"n": "7391846205", "a": "KDXB", "c": "7A3C9"}
        parts = re.findall(r"(\d+)!([nac])", facts["bban"])
        body = "".join((signs[kind] * 30)[: int(count)] for count, kind in parts)
        number = "".join(str(int(sign, 36)) for sign in f"{body}{country}00")
        yield f"{country}{98 - int(number) % 97:02}{body}"


def test_an_account_of_any_country_is_masked_in_any_writing():
    accounts = list(accounts_of_all_countries())

    assert 80 < len(accounts)
    for account in accounts:
        groups = re.findall(".{1,4}", account)
        for written in (account.lower(), *(sign.join(groups) for sign in " -_\u202f")):
            assert account == find_iban(written.replace("_", " "))
            assert f"a_…{written[-4:]}.pdf" == mask_text(f"a_{written}.pdf")


def readable():
    for row in DATA["readable"]:
        yield from row.get("texts", ())
        for number in range(row.get("count", 0)):
            yield row["pattern"].format(n=row["from"] + number * row["step"])


def test_numbers_of_orders_references_phones_and_firms_stay_readable():
    texts = list(readable())

    assert 200 <= len(texts)
    assert [] == [text for text in texts if text != mask_text(text)]
