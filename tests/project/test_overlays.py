"""A company's changes to a mapping: tests/cases/overlays/*.yaml, and the shipped files."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest
import yaml

import engine.__main__ as offline_tool
from engine.cli.consultant.resolve import origin_of
from engine.cli.report import render_problems
from engine.errors import RuleError
from engine.flow.offline import map_document, pick_mapping, read_document
from engine.language.leaves import iter_leaves
from engine.language.schema import SchemaStore
from engine.language.scope import Scope
from engine.mapping.apply import apply_mapping, load_mapping
from engine.mapping.overlay import merge_overlay
from engine.project.project import load_project
from engine.rulefiles.grammar import check_grammar
from engine.rulefiles.grammar_load import load_grammars
from engine.rulefiles.printer import render_yaml
from engine.rulefiles.reader import load_yaml
from tests.places import ROOT, TESTS, read_texts

CASES = TESTS / "cases" / "overlays"
TABLES = {"units": {"h": "HOUR", "kpl": "PIECE"}}
STORE = SchemaStore(json.loads((CASES / "schemas.json").read_text("utf-8")))
BASE = (CASES / "base.yaml").read_text("utf-8")
DOCUMENT = json.loads((CASES / "document.json").read_text("utf-8"), parse_float=Decimal)
PAYLOAD = json.loads((CASES / "payload.json").read_text("utf-8"), parse_float=Decimal)
PARTS = ("tables", "vars", "fields")


def read_cases(name):
    cases = read_texts(CASES / f"{name}.yaml")
    return [pytest.param(case, id=case["name"]) for case in cases]


def write_overlay(case):
    """Write the overlay as a consultant would, in a company's file."""
    parts = {part: case[part] for part in PARTS if part in case}
    text = yaml.safe_dump(parts, allow_unicode=True, sort_keys=False, width=200)
    lines = [f"    {line}" for line in text.splitlines()]
    head = ["format: 1", "company: acme", "overlays:", "  base.yaml:"]
    return "\n".join([*head, *lines]) + "\n"


def merge(text):
    node = load_yaml(text, "acme.yaml")
    overlay = node.get("overlays").get("base.yaml")
    return merge_overlay(
        load_yaml(BASE, "base.yaml"),
        overlay,
        target=STORE.field("t/bill"),
        tables=TABLES,
    )


def load(node):
    base = load_yaml(BASE, "base.yaml")
    before = load_mapping(base, store=STORE, tables=TABLES, name="base.yaml")
    return load_mapping(
        node, store=STORE, tables=TABLES, name="base.yaml", before=before
    )


def run(mapping, recorder=None):
    scope = Scope(DOCUMENT, {"doc": DOCUMENT, "company": {}})
    return apply_mapping(mapping, scope, recorder)


def leaves(payload):
    return {path: str(value) for path, value in iter_leaves("", payload)}


def test_the_base_alone_gives_its_payload():
    assert leaves(PAYLOAD) == leaves(run(load(load_yaml(BASE, "base.yaml"))).payload)


@pytest.mark.parametrize("case", read_cases("merge"))
def test_a_change_makes_the_difference_that_it_says(case):
    merged = merge(write_overlay(case))

    result = run(load(merged.node))

    assert () == merged.problems
    errors = [f"{v.code} {v.field} {v.position.file}" for v in result.violations]
    assert case.get("errors", []) == errors
    if not errors:
        expected = leaves(PAYLOAD)
        for path, value in case["differs"].items():
            expected[path] = "True" if value == "true" else value
        gone = [path for path, value in expected.items() if value == "null"]
        assert {p: v for p, v in expected.items() if p not in gone} == leaves(
            result.payload
        )


@pytest.mark.parametrize("case", read_cases("merge"))
def test_what_resolve_prints_means_the_same(case):
    """The printed file is read again: same payload, and no warning."""
    merged = merge(write_overlay(case)).node
    warnings = []

    printed = load_yaml(render_yaml(merged, origin_of), "printed.yaml", warnings)

    assert [] == warnings
    assert run(load(merged)).payload == run(load(printed)).payload


@pytest.mark.parametrize("case", read_cases("merge"))
def test_the_grammar_accepts_it(case):
    grammar = load_grammars(ROOT)["company"]
    node = load_yaml(write_overlay(case), "acme.yaml").get("overlays")

    schema = {**grammar, **grammar["properties"]["overlays"]}
    for key in ("required", "properties"):
        schema.pop(key)
    assert [] == check_grammar(node, schema)


@pytest.mark.parametrize("case", read_cases("findings"))
def test_a_mistake_is_told(case, snapshot):
    """Told at its place in the company's file; the merged file is not read then."""
    text = write_overlay(case)
    merged = merge(text)
    problems = list(merged.problems)
    if merged.is_sound:
        try:
            load(merged.node)
        except RuleError as error:
            problems += error.problems

    assert case["codes"] == " ".join(
        f"{p.code}{'w' if p.is_warning else ''}" for p in problems
    )
    files = {"acme.yaml": text, "base.yaml": BASE}
    assert snapshot == render_problems(problems, lambda f: files[f].splitlines())


# --- the commands, on the shipped files -----------------------------------------------


def say(capsys, *arguments):
    code = offline_tool.main(list(arguments))
    return code, capsys.readouterr().out


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    """An invoice that names no language."""
    samples = ROOT / "tests" / "samples" / "sales_invoice" / "base.json"
    found = json.loads(samples.read_text("utf-8"))
    found["invoice"]["language"] = None
    path = tmp_path_factory.mktemp("documents") / "invoice.json"
    path.write_text(json.dumps(found), "utf-8")
    return path


def test_resolve_names_the_origin_of_each_key(capsys):
    code, out = say(capsys, "resolve", "sales_invoice", "--company", "demo_se")

    lines = [line.strip() for line in out.splitlines()]
    at = re.compile(r"default: SWEDISH +# mappings/companies/demo_se\.yaml:\d+")
    base = re.compile(r"lookup: languages +# mappings/sales_invoice/invoice\.yaml:\d+")
    assert 0 == code
    assert "# mappings/sales_invoice/invoice.yaml as demo_se uses it" == lines[0]
    assert 1 == sum(bool(at.fullmatch(line)) for line in lines)
    assert 1 == sum(bool(base.fullmatch(line)) for line in lines)


def test_what_resolve_prints_maps_as_the_company_does(capsys, document):
    """Printed, read again and put in the base's place: the same payload."""
    out = say(capsys, "resolve", "sales_invoice", "--company", "demo_se")[1]
    shipped = load_project(ROOT)
    company = shipped.companies["demo_se"]
    flow = shipped.flow_for("demo_se", "sales_invoice")
    merged = pick_mapping(shipped, flow, None, "demo_se")
    node = load_yaml(out, "printed.yaml")
    printed = load_mapping(
        node, store=shipped.schemas, tables=shipped.tables, name="printed"
    )
    given = read_document(document.read_bytes(), "invoice.json")

    ours = map_document(flow, merged, given, company.settings)
    theirs = map_document(flow, printed, given, company.settings)

    assert "SWEDISH" == ours.result.payload["language"]
    assert ours.result.payload == theirs.result.payload


def test_resolve_gives_json(capsys):
    out = say(capsys, "resolve", "sales_invoice", "--company", "demo_se", "--json")[1]

    found = json.loads(out)
    changed = [k for k in found["keys"] if "companies" in k["origin"]]
    assert ["fields.language.default"] == [key["path"] for key in changed]
    assert "SWEDISH" == found["merged"]["fields"]["language"]["default"]


def test_resolve_of_a_company_without_changes_is_the_base(capsys):
    out = say(capsys, "resolve", "sales_invoice", "--company", "demo")[1]

    assert "companies/" not in out


def test_an_unknown_company_is_told(capsys):
    assert 2 == say(capsys, "resolve", "sales_invoice", "--company", "acme")[0]


def test_explain_shows_the_place_of_both(capsys, document):
    """The field's own line in the base, and the company's line that gave the value."""
    asked = ("explain", "sales_invoice", "language", "--document", str(document))
    out = say(capsys, *asked, "--company", "demo_se")[1]

    first, *stages = out.splitlines()
    assert re.search(r'language = "SWEDISH" +mappings/.*invoice\.yaml:\d+', first)
    default = next(line for line in stages if line.strip().startswith("default "))
    assert re.search(r"\[mappings/companies/demo_se\.yaml:\d+\]", default)


def test_the_map_command_uses_the_changes(capsys, document):
    asked = ("map", "sales_invoice", "--document", str(document), "--company")

    languages = [
        json.loads(say(capsys, *asked, name)[1])["language"]
        for name in ("demo", "demo_se")
    ]

    assert ["FINNISH", "SWEDISH"] == languages


def test_flows_that_no_overlay_touches_are_shared():
    shipped = load_project(ROOT)
    base = shipped.flows["sales_invoice"]
    swedish = shipped.flow_for("demo_se", "sales_invoice")

    assert base is shipped.flow_for("demo", "sales_invoice")
    assert base.digest != swedish.digest
    assert base.enrich is swedish.enrich
    for name in set(shipped.flows) - {"sales_invoice"}:
        assert shipped.flows[name] is shipped.flow_for("demo_se", name)
