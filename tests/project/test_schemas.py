"""Payload schemas and code tables: valid, described, and refusing what is wrong."""

from __future__ import annotations

import json
import re
from urllib.parse import urldefrag, urljoin

import jsonschema
import pytest

from engine.errors import RuleError
from engine.language.validation import load_sound_schemas
from tests.places import ROOT, read_texts
from tests.project.payload_schemas import (
    BY_URI,
    CREATED,
    DERIVED,
    DRAFT,
    SCHEMAS,
    SENT,
    build,
    change,
    findings,
    iter_objects,
    read_cases,
)


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_is_valid(name):
    schema = json.loads(json.dumps(SCHEMAS[name], default=float))

    jsonschema.Draft202012Validator.check_schema(schema)
    assert DRAFT == schema["$schema"]
    assert f"https://siirto.example/schemas/{name}.schema.json" == schema["$id"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_references_lead_somewhere(name):
    for _, node in iter_objects(SCHEMAS[name]):
        reference = node.get("$ref")
        if isinstance(reference, str):
            uri, fragment = urldefrag(urljoin(SCHEMAS[name]["$id"], reference))
            found = BY_URI[uri]
            for part in fragment.split("/")[1:]:
                found = found[part]


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_property_has_a_description(name):
    """Editors and the generated documentation show it."""
    bare = [
        f"{path}/{key}"
        for path, node in iter_objects(SCHEMAS[name])
        if "/allOf/" not in path and isinstance(node.get("properties"), dict)
        for key, field in node["properties"].items()
        if not str(field.get("description", "")).strip("? ")
    ]

    assert [] == bare


@pytest.mark.parametrize("name", SENT)
def test_what_is_sent_is_closed_and_has_a_charset(name):
    schema = SCHEMAS[name]
    loose = [
        path
        for path, node in iter_objects(schema)
        if node.get("type") == "object"
        and node.get("additionalProperties") is not False
    ]

    assert "windows-1252" == schema["x-charset"]
    assert [] == loose


@pytest.mark.parametrize("name", [n for n in SCHEMAS if n not in SENT])
def test_what_is_read_tolerates_new_fields(name):
    """Facts and files are derived by us, so they are closed."""
    if name in (*DERIVED, *CREATED):
        return
    nodes = [node for _, node in iter_objects(SCHEMAS[name])]
    objects = [n for n in nodes if "properties" in n and "type" in n]

    assert all(n.get("x-closed") is True for n in objects)
    assert not any("additionalProperties" in n for n in objects)


@pytest.mark.parametrize("name", read_cases("bodies.yaml"))
def test_body_passes(name):
    schema = read_cases("bodies.yaml")[name]["schema"]

    assert set() == findings(schema, build(name))


@pytest.mark.parametrize(
    "case",
    read_cases("refused.yaml"),
    ids=lambda c: f"{c['body']} {c['at']} {c['rule']}",
)
def test_one_change_is_refused_at_its_place(case):
    body = build(case["body"])
    if "remove" in case:
        change(body, case["remove"], remove=True)
    else:
        value = "å" * case["length"] if "length" in case else case["to"]
        change(body, case["set"], value)
    schema = read_cases("bodies.yaml")[case["body"]]["schema"]

    places = [case["at"], *case.get("also", ())]
    assert {(place, case["rule"]) for place in places} == findings(schema, body)


@pytest.mark.parametrize(
    "case",
    [c for c in read_cases("refused.yaml") if "length" in c],
    ids=lambda c: c["at"],
)
def test_one_character_less_passes(case):
    body = build(case["body"])
    change(body, case["set"], "å" * (case["length"] - 1))
    schema = read_cases("bodies.yaml")[case["body"]]["schema"]

    assert set() == findings(schema, body)


def test_cents_are_exact():
    """19.99 is a multiple of 0.01; in binary floating point it is not."""
    body = {"dimensionItemValues": [{"dimensionId": 1, "itemId": 2, "value": 19.99}]}

    assert set() == findings("procountor/transaction_dimensions", body)


# --- tables ---------------------------------------------------------------------------

TABLES = {
    "countries": "country_name",
    "languages": "language",
    "units": "unit",
    "statuses": "invoice_status",
}


def read_table(name):
    """Read as text throughout: NO is a country, not false."""
    path = ROOT / "mappings" / "tables" / f"{name}.yaml"
    return read_texts(path)


@pytest.mark.parametrize("name", TABLES)
def test_table_values_are_allowed(name):
    table = read_table(name)
    allowed = SCHEMAS[f"procountor/{TABLES[name]}"]["enum"]

    assert (name, "1") == (table["table"], table["format"])
    assert [] == [v for v in table["entries"].values() if v not in allowed]


def test_every_country_has_a_code():
    entries = read_table("countries")["entries"]
    official = {k: v for k, v in entries.items() if k not in ("XI", "XK")}

    assert 249 == len(official)
    assert all(re.fullmatch("[A-Z]{2}", code) for code in entries)
    assert set(SCHEMAS["procountor/country_name"]["enum"]) == set(entries.values())


@pytest.mark.parametrize("name", ["languages", "units", "statuses"])
def test_keys_are_written_as_the_mapping_makes_them(name):
    keys = list(read_table(name)["entries"])

    assert [k.lower().strip() for k in keys] == keys


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ({"pattern": "(A"}, '"(A" is not a "regex"'),
        ({"pattern": "(?<!x)y"}, '"(?<!x)y" is not a "regex"'),
        ({"type": "strin"}, '"strin" is not valid'),
        ({"maxLength": "40"}, '"40" is not of type "integer"'),
        ({"$ref": "#/nowhere"}, "the reference #/nowhere leads to no schema"),
        ({"$ref": "other.schema.json"}, "leads to no schema"),
    ],
)
def test_a_schema_that_cannot_work_is_found_when_it_is_loaded(tmp_path, field, said):
    folder = tmp_path / "schemas" / "shop"
    folder.mkdir(parents=True)
    schema = {"type": "object", "properties": {"name": {"type": "string", **field}}}
    (folder / "order.schema.json").write_text(json.dumps(schema, indent=1), "utf-8")

    with pytest.raises(RuleError) as raised:
        load_sound_schemas(tmp_path / "schemas")

    [problem] = raised.value.problems
    assert "M408" == problem.code
    assert said in problem.message
    assert "schemas/shop/order.schema.json" == problem.position.file
