"""The mapping language, as tables of data: tests/cases/language/*.yaml."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest

from engine.errors import RuleError
from engine.language.schema import SchemaStore
from engine.language.scope import Scope
from engine.mapping.apply import Recorder, apply_mapping, load_mapping
from engine.mapping.rule_load import RULE_KEYS
from engine.rulefiles.reader import load_yaml
from tests.places import TESTS, read_yaml

CASES = TESTS / "cases" / "language"
LANGUAGES = "languages: {fi: FINNISH, sv: SWEDISH, en: ENGLISH}"
COMPANY = {"code": "4000", "zone": "Europe/Helsinki"}


def read_json(text):
    return json.loads(text, parse_float=Decimal, strict=False)


STORE = SchemaStore(read_json((CASES / "schemas.json").read_text("utf-8")))


def iter_cases():
    files = ("keys", "empties", "types", "formulas", "findings", "classic", "filters")
    for name in files:
        for case in read_yaml(CASES / f"{name}.yaml"):
            yield pytest.param(case, id=f"{name}: {case['name']}")


def indent(text, width):
    return "".join(f"{' ' * width}{line}\n" for line in text.strip().splitlines())


def write_mapping(case):
    """Write the file around a case's rules, which always start at line 15."""
    fields = case.get("fields") or f"{case.get('field', 'text')}: {case['rule']}\n"
    source = case.get("from", "t/in")
    head = ["format: 1", f"name: {json.dumps(case['name'])}"]
    head += [f"from: {source}" if source else "", f"to: {case.get('to', 't/out')}"]
    head += [case.get("top", ""), "", "", "tables:", f"  {LANGUAGES}"]
    head += [""] * (13 - len(head))
    variables = f"vars:\n{indent(case['vars'], 2)}" if "vars" in case else ""
    return "\n".join(head) + "\nfields:\n" + indent(fields, 2) + variables


def load(case):
    node = load_yaml(write_mapping(case), "case.yaml")
    return load_mapping(node, store=STORE, tables={}, name=case["name"])


def place(position):
    return f"{position.line}:{position.column}"


def show_problem(problem):
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{problem.code} {place(problem.position)} {problem.message}{hint}"


def show_violation(v):
    value = f"'{v.value}'" if v.value else ""
    return f"{v.code} {v.field} {v.message} {value} {place(v.position)}"


def show_cut(cut):
    moved = f" -> {cut.moved_to}" if cut.moved_to else ""
    return f"{cut.path} {cut.limit}: {cut.kept}{moved}"


@pytest.mark.parametrize("case", list(iter_cases()))
def test_case(case):
    if "load" in case:
        with pytest.raises(RuleError) as raised:
            load(case)
        found = [show_problem(p) for p in raised.value.problems]
        assert (sorted(case["load"]), True) == (
            (sorted(set(found) & set(case["load"])), True)
            if case.get("also")
            else (sorted(found), True)
        )
        return
    mapping = load(case)
    document = read_json(case["given"])
    scope = Scope(document, {"doc": document, "company": COMPANY})
    recorder = Recorder()

    result = apply_mapping(mapping, scope, recorder)

    assert case.get("errors", []) == [show_violation(v) for v in result.violations]
    assert exact(read_json(case["gives"])) == exact(result.payload)
    assert case.get("cuts", []) == [show_cut(c) for c in result.truncations]
    assert case.get("left_out", False) == result.is_left_out
    # One meaning: the same without anybody writing it down.
    assert result.payload == apply_mapping(mapping, scope).payload
    # Each leaf of the output has one trace row, with its value.
    sent = [(t.path, t.value) for t in recorder.traces if t.is_sent]
    assert sorted(leaves("", result.payload)) == sorted((p, exact(v)) for p, v in sent)


def exact(value):
    """Compare numbers by their digits: 1.10 is not 1.1 on an invoice."""
    if isinstance(value, dict):
        return {k: exact(v) for k, v in value.items()}
    if isinstance(value, list):
        return [exact(v) for v in value]
    return repr(value)


def leaves(path, value):
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(f"{path}.{key}" if path else key, item)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(f"{path}[{index}]", item)
    elif path:
        yield path, exact(value)


def test_every_key_has_a_case():
    """A key of the language that no case uses is a key that nobody checks."""
    text = "".join(p.read_text("utf-8") for p in CASES.glob("*.yaml"))
    missing = {
        key
        for key in (*RULE_KEYS, "fields", "each", "where")
        if not re.search(rf"\b{key}:", text)
    }
    assert {"note"} == missing
