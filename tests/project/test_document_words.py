"""An advice speaks of its flow's document, and names the right system."""

from __future__ import annotations

import pytest

from engine.project.languages import LANGUAGES
from engine.project.project import load_project
from tests.places import ROOT, TESTS, read_yaml

DOCUMENTS = read_yaml(TESTS / "cases" / "advice" / "documents.yaml")["cases"]


@pytest.mark.parametrize(
    "case",
    DOCUMENTS,
    ids=[f"{c['flow']} {c['code']} {c['language']}" for c in DOCUMENTS],
)
def test_an_advice_names_the_document_of_its_flow(case):
    book = load_project(ROOT).advice

    advice = book.explain(case["code"], case["language"], flow=case["flow"])

    assert case["says"] in advice.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_advice_calls_a_document_by_the_name_of_another(language):
    """Whatever code a flow ends with; what is swapped stands on both sides."""
    book = load_project(ROOT).advice
    for flow, said in book.documents.items():
        words = said.words[language]
        pattern = said.patterns[language]
        values = " ".join(words.values()).casefold()
        others = {word for word in words if word not in values}
        for code in set(book.codes) - said.but:
            text = book.explain(code, language, flow=flow).text
            found = {word.casefold() for word in pattern.findall(text)}
            assert set() == found & others, (flow, code)
