"""Rules that look odd and are right have no finding: tests/cases/language/odd.yaml."""

from __future__ import annotations

import json

import pytest

from tests.language.test_language import CASES, load
from tests.places import read_texts

LEAST = 200


def iter_rules():
    for rules in read_texts(CASES / "odd.yaml").values():
        for rule in rules:
            variables = rule.pop("vars", None)
            (field, said), *_ = rule.items()
            case = {"name": "odd", "field": field, "rule": json.dumps(said)}
            if variables is not None:
                case["vars"] = "".join(
                    f"{name}: {json.dumps(one)}\n" for name, one in variables.items()
                )
            yield pytest.param(case, id=f"{field}: {said}")


RULES = list(iter_rules())


@pytest.mark.parametrize("case", RULES)
def test_an_odd_rule_is_silent(case):
    load(case)


def test_there_are_enough_odd_rules():
    assert LEAST <= len(RULES)
