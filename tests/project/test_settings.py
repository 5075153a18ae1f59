"""A company's settings: what they become, and what is wrong with them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.cli.report import render_problems
from engine.errors import RuleError
from engine.project.company import read_company
from engine.project.project import load_project
from engine.rulefiles.grammar_load import load_grammars
from engine.rulefiles.reader import load_yaml
from tests.places import ROOT, copy_rules, read_texts

FILE = "mappings/companies/demo.yaml"
CASES = ROOT / "tests" / "cases" / "settings"
COMPANY = (CASES / "company.yaml").read_text("utf-8")
MISTAKES = read_texts(CASES / "mistakes.yaml")
GRAMMAR = load_grammars(ROOT)["company"]


@pytest.fixture(scope="module")
def memo():
    """What one load of the project leaves for the next."""
    return {}


def read(*lines):
    text = "\n".join(["company: acme", *lines])
    return read_company(load_yaml(text, FILE), GRAMMAR)


@pytest.mark.parametrize("case", MISTAKES, ids=lambda case: case["name"])
def test_a_mistake_is_told(case, memo, snapshot):
    assert 1 == COMPANY.count(case["text"])
    text = COMPANY.replace(case["text"], case["by"])

    with pytest.raises(RuleError) as raised:
        load_project(ROOT, patches={FILE: text}, memo=memo)

    problems = [p for p in raised.value.problems if not p.is_warning]
    assert case["codes"] == " ".join(dict.fromkeys(p.code for p in problems))
    if all(p.position.file == FILE for p in problems):
        assert snapshot == render_problems(problems, lambda _: text.splitlines())
    else:
        assert all(f"with the changes of {FILE}:" in p.message for p in problems)


def test_there_are_enough_of_them():
    assert 20 <= len(MISTAKES)


def test_the_copied_example_is_a_good_company(tmp_path):
    copy_rules(tmp_path)
    folder = tmp_path / "mappings" / "companies"
    demo = (folder / "demo.yaml").read_text("utf-8")
    text = demo.replace("company: demo", "company: acme")
    text = text.replace("FI21 1234 5600 0007 85", "FI37 1590 3000 0007 76")
    (folder / "acme.yaml").write_text(text, "utf-8")

    assert "acme" in load_project(tmp_path).companies


@pytest.mark.parametrize(
    ("lines", "currency"),
    [
        (["country: FI"], "EUR"),
        (["country: SE"], "SEK"),
        (["country: SE", "currency: EUR"], "EUR"),
        (["country: FI", "currency: SEK"], "SEK"),
        ([], "EUR"),
    ],
)
def test_the_currency_follows_the_country(lines, currency):
    assert currency == read(*lines).settings["currency"]


def test_a_group_that_is_left_out_has_its_defaults():
    settings = read("country: FI").settings

    assert settings["sales"]["transfer"] is True
    assert settings["travel"]["transfer"] is False
    assert "id_and_number" == settings["customers"]["match"]
    assert ("every_10min", "Europe/Helsinki") == (
        settings["schedule"],
        settings["zone"],
    )


def test_texts_become_what_the_schema_says():
    company = read("enabled: no", "sales: {vat_status: 3}", "unit: 0123")

    assert not company.is_enabled
    assert 3 == company.settings["sales"]["vat_status"]
    assert "0123" == company.settings["unit"]
    assert not isinstance(company.settings["sales"]["vat_status"], Decimal)
