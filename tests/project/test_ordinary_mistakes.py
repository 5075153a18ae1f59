"""The eight mistakes that everybody makes, and what becomes of each."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.errors import RuleError
from engine.language.schema import SchemaStore
from engine.language.scope import Scope
from engine.mapping.apply import apply_mapping, load_mapping
from engine.rulefiles.reader import load_yaml

TEXT = {"type": ["string", "null"]}
STORE = SchemaStore(
    {
        "shop/order": {
            "type": "object",
            "x-closed": True,
            "properties": {
                "language": TEXT,
                "own": TEXT,
                "theirs": TEXT,
                "price": {"type": ["number", "null"]},
            },
        },
        "books/bill": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"text": {"type": "string"}, "amount": {"type": "number"}},
        },
    }
)


def load(rule: str, field: str = "text"):
    text = f"""format: 1
name: ordinary
from: shop/order
to: books/bill
tables:
  languages:
    fi: FINNISH
    no: NORWEGIAN
fields:
  {field}: {rule}
"""
    node = load_yaml(text, "bill.yaml")
    return load_mapping(node, store=STORE, tables={}, name="bill.yaml")


def apply(rule: str, document: dict, field: str = "text"):
    scope = Scope(document, {"doc": document, "company": {}, "run": {}})
    return apply_mapping(load(rule, field), scope)


def problem_of(rule: str):
    with pytest.raises(RuleError) as caught:
        load(rule)
    (problem,) = [p for p in caught.value.problems if p.code != "M402"]
    return problem


def test_a_misspelt_source_field_is_found_with_its_place():
    problem = problem_of("{source: langauge}")

    assert ("M201", "bill.yaml:10:18") == (problem.code, str(problem.position))
    assert "did you mean language?" == problem.hint


def test_a_misspelt_function_is_found_with_its_place():
    problem = problem_of("{source: 'lenght(own)'}")

    assert ("M203", 10) == (problem.code, problem.position.line)
    assert "length" in (problem.hint or "")


def test_a_value_that_is_not_in_the_table_is_told_with_the_table():
    (violation,) = apply(
        "{source: language, lookup: languages}", {"language": "xx"}
    ).violations

    assert ("NOT_IN_TABLE", "text", "xx") == (
        violation.code,
        violation.field,
        violation.value,
    )
    assert "languages" in violation.message
    assert "fi" in violation.message


@pytest.mark.parametrize("empty", [None, "", "  "])
def test_a_joined_empty_part_leaves_no_separator(empty):
    result = apply("{join: [own, theirs], with: ' / '}", {"own": "A", "theirs": empty})

    assert {"text": "A"} == result.payload


def test_a_shorter_text_is_not_cut():
    result = apply("{source: own, limit: 28}", {"own": "n" * 28})

    assert {"text": "n" * 28} == result.payload
    assert () == result.truncations


def test_half_a_cent_is_rounded_up_exactly():
    result = apply(
        "{source: price, decimals: 2}", {"price": Decimal("100.005")}, "amount"
    )

    assert {"amount": Decimal("100.01")} == result.payload


def test_a_number_in_a_text_field_stays_the_text_that_was_typed():
    assert {"text": "4711"} == apply("{fixed: 4711}", {}).payload
    assert {"text": "0047"} == apply("{fixed: 0047}", {}).payload


def test_no_as_a_key_is_the_text_no():
    result = apply("{source: language, lookup: languages}", {"language": "no"})

    assert {"text": "NORWEGIAN"} == result.payload
