"""The grammar schemas refuse each mistake of ``tests/bad_rules/grammar`` in its place.

The first line of a file names code, line and column, the second the kind of file.
"""

from __future__ import annotations

import json
import re
import shutil

import pytest
from jsonschema import Draft202012Validator

from engine.cli.report import render_problems
from engine.rulefiles.grammar import check_grammar, prune
from engine.rulefiles.grammar_load import FOLDER, SETTINGS, load_grammars
from engine.rulefiles.nodes import to_plain
from engine.rulefiles.reader import load_yaml, load_yaml_file
from tests.places import ROOT, TESTS

GRAMMAR = load_grammars(ROOT)
PATHS = [ROOT / SETTINGS, *sorted((ROOT / FOLDER).glob("*.schema.json"))]
OURS = sorted(set(GRAMMAR) - {"system"})
FILES = sorted((TESTS / "bad_rules" / "grammar").glob("*.yaml"))
SHIPPED = sorted((ROOT / "mappings").rglob("*.yaml"))


def _kind(path):
    folder = path.parent.name
    kinds = {"systems": "system", "tables": "table", "companies": "company"}
    if folder in kinds:
        return kinds[folder]
    if path.name in ("advice.yaml", "notices.yaml", "flow.yaml"):
        return path.stem
    return "match" if path.name.endswith(".match.yaml") else "mapping"


def test_there_are_enough_of_them():
    assert 40 <= len(FILES)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_mistake_is_told_at_its_place(path, snapshot):
    lines = path.read_text("utf-8").split("\n")
    expected = lines[0].removeprefix("# expect: ")
    kind = lines[1].removeprefix("# kind: ")

    problems = check_grammar(
        load_yaml("\n".join(lines), path.name), GRAMMAR[kind], file=path.name
    )

    found = [f"{p.code} {p.position.line}:{p.position.column}" for p in problems]
    assert expected == ", ".join(found)
    assert snapshot == render_problems(problems, lambda _: lines)


@pytest.mark.parametrize(
    "path", SHIPPED, ids=[path.relative_to(ROOT).as_posix() for path in SHIPPED]
)
def test_the_shipped_files_follow_their_grammar(path):
    warnings = []
    node = load_yaml_file(path, ROOT, warnings)

    assert [] == [*warnings, *check_grammar(node, GRAMMAR[_kind(path)], file="f")]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_a_grammar_is_a_valid_schema(path):
    schema = json.loads(path.read_text("utf-8"))

    Draft202012Validator.check_schema(schema)
    place = path.relative_to(ROOT).as_posix()
    assert f"https://siirto.example/{place}" == schema["$id"]


@pytest.mark.parametrize("kind", GRAMMAR)
def test_a_grammar_put_together_needs_no_other_file(kind):
    references = re.findall(r'"\$ref": "([^"]+)"', json.dumps(GRAMMAR[kind]))

    Draft202012Validator.check_schema(GRAMMAR[kind])
    assert {f"#/$defs/{name}" for name in GRAMMAR[kind]["$defs"]} == set(references)


def _keys(schema, path):
    for key, value in schema.items():
        if key == "properties":
            for name, child in value.items():
                if isinstance(child, dict):
                    yield f"{path}.{name}", child
        if key == "$defs":
            for name, child in value.items():
                yield f"{path}#{name}", child
        if isinstance(value, dict):
            yield from _keys(value, f"{path}/{key}")
        elif isinstance(value, list):
            for child in value:
                if isinstance(child, dict):
                    yield from _keys(child, f"{path}/{key}")


@pytest.mark.parametrize("name", OURS)
def test_every_key_has_a_description_and_an_example(name):
    """An editor shows both, and the documentation is made from them."""
    poor = [
        path
        for path, child in _keys(GRAMMAR[name], name)
        if not child.get("description") or not child.get("examples")
    ]

    assert [] == poor


def test_a_definition_stands_once():
    """What two files need stands in one of them."""
    found = [
        (path.name, name, json.dumps(definition, sort_keys=True))
        for path in PATHS
        for name, definition in json.loads(path.read_text("utf-8"))
        .get("$defs", {})
        .items()
    ]
    texts = [text for _, _, text in found]

    assert [] == [(file, name) for file, name, t in found if texts.count(t) > 1]


def test_two_definitions_of_one_name_are_refused(tmp_path):
    shutil.copytree(ROOT / FOLDER, tmp_path / FOLDER)
    path = tmp_path / FOLDER / "table.schema.json"
    table = json.loads(path.read_text("utf-8"))
    table["properties"]["one"] = {"$ref": "match.schema.json#/$defs/rule"}
    table["properties"]["two"] = {"$ref": "mapping.schema.json#/$defs/rule"}
    path.write_text(json.dumps(table), "utf-8")

    with pytest.raises(ValueError, match="two definitions are called rule"):
        load_grammars(tmp_path)


def test_settings_are_put_over_what_every_company_file_may_say(tmp_path):
    """Without settings of its own a project's company files have the engine's keys."""
    shutil.copytree(ROOT / FOLDER, tmp_path / FOLDER)
    plain = load_grammars(tmp_path)["company"]

    assert {"format", "company", "enabled", "overlays"} <= set(plain["properties"])
    assert set(plain["properties"]) < set(GRAMMAR["company"]["properties"])
    assert set(plain["required"]) < set(GRAMMAR["company"]["required"])
    assert GRAMMAR["company"]["additionalProperties"] is False


def test_an_overlay_may_change_one_key_of_a_field():
    company = """
format: 1
company: acme
enabled: yes
country: FI
bank_account: FI21 1234 5600 0007 85
default_codes: {product: A, work_type: B, travel: C}
sales: {status_before: Waiting, status_after: Done}
overlays:
  sales_invoice/invoice.yaml:
    fields:
      language: {default: SWEDISH}
      orderReference: {remove: yes}
      invoiceRows[].productCode: {default: 4000}
    tables:
      units: {päivä: DAY}
"""

    assert [] == check_grammar(load_yaml(company, "acme.yaml"), GRAMMAR["company"])


SMALL = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "size": {"type": "integer"},
        "unit": {"type": "string"},
        "rows": {"type": "array", "items": {"$ref": "#/$defs/row"}},
        "colours": {"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}},
    },
    "dependentRequired": {"unit": ["size"]},
    "$defs": {
        "row": {
            "type": "object",
            "required": ["key"],
            "properties": {"key": {"type": "integer"}},
        }
    },
}


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("{name: a, size: 1, unit: m}", {"name": "a", "size": "1", "unit": "m"}),
        ("{name: a, nam: b}", {"name": "a"}),
        ("{size: 1}", {"size": "1"}),  # what is missing at the top takes nothing away
        ("{name: a, rows: [{key: 1}, {key: x}, {}]}", {"name": "a", "rows": ["1"]}),
        ("{name: a, size: big, unit: m}", {"name": "a"}),  # unit needs a size
        ("{name: a, colours: {red: 1, Red: 2}}", {"name": "a", "colours": "red"}),
    ],
)
def test_what_is_refused_is_taken_out(text, accepted):
    found = prune(load_yaml(text, "f"), SMALL)

    plain = to_plain(found)
    if "rows" in plain:
        plain["rows"] = [row["key"] for row in plain["rows"]]
    if "colours" in plain:
        plain["colours"] = " ".join(plain["colours"])
    assert accepted == plain


def test_what_was_taken_out_is_known():
    found = prune(load_yaml("{name: a, size: x, rows: [y, {key: 1}]}", "f"), SMALL)

    assert ["size"] == [key.text for key in found.refused]
    assert found.get("rows").is_whole is False


def test_of_a_text_nothing_is_left():
    assert prune(load_yaml("text", "f"), SMALL) is None
