"""Formulas, templates and paths that mean harm: refused at load, or harmless."""

from __future__ import annotations

import json
import time
import tracemalloc
from decimal import Decimal

import pytest
import yaml
from jinja2 import nodes

from engine.errors import RuleError
from engine.language.formula_write import write_expression
from engine.language.formulas import compile_formula, compile_template
from engine.language.function_text import FunctionText
from engine.language.paths import compile_path
from engine.language.scope import Scope
from engine.language.values import ValueFault
from engine.rulefiles.reader import load_yaml
from tests.places import TESTS

CORPUS = yaml.safe_load(
    (TESTS / "cases" / "language" / "hostile.yaml").read_text("utf-8")
)
DOCUMENT = {
    "name": "Aino",
    "n": 7,
    "rows": ["a", "b"],
    "group": {"a": 1, "__init__": "a field may have any name"},
    "own": "__class__",
}
ADMITTED = frozenset(  # kinds of Jinja's nodes that formulas are made of
    {"Const", "Name", "Getattr", "Getitem", "List", "Tuple", "Filter", "Test"}
    | {"And", "Or", "Not", "CondExpr", "Compare", "Concat"}
    | {"Neg", "Pos", "Add", "Sub", "Mul", "Div"}
)
JUNK = ("<", "None", "Undefined", "built-in", "object at", "class '", "lambda")


def scalar(text):
    return load_yaml(f"cell: {quoted(text)}\n", "case.yaml").get("cell")


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def outcome(compile_, text):
    """Give what a formula makes of the document, "refused" or "fault"; never junk."""
    started = time.perf_counter()
    try:
        result = compile_(scalar(text)).evaluate(Scope(DOCUMENT, {"doc": DOCUMENT}))
    except RuleError as error:
        places = [p.position is not None for p in error.problems]
        result = "refused" if all(places) else None
    except ValueFault:
        result = "fault"
    assert time.perf_counter() - started < 2
    return result


def is_harmless(value):
    if isinstance(value, list):
        return len(value) <= 200_000 and all(is_harmless(v) for v in value[:1000])
    if isinstance(value, dict):
        return all(is_harmless(v) for v in value.values())
    if isinstance(value, str):
        return len(value) <= 100_000 and not any(j in value for j in JUNK)
    return value is None or isinstance(value, bool | int | Decimal)


@pytest.mark.parametrize(
    "text", [*map(str, CORPUS["reach"]), *map(str, CORPUS["stall"])]
)
def test_a_formula_reaches_nothing(text):
    assert is_harmless(outcome(compile_formula, text))


@pytest.mark.parametrize(
    "text", [*map(str, CORPUS["reach"]), *map(str, CORPUS["stall"])]
)
def test_a_template_reaches_nothing(text):
    template = text if text.startswith("{") else f"x {{{{ {text} }}}} y"
    assert is_harmless(outcome(compile_template, template))


@pytest.mark.parametrize(
    "text",
    [
        "long | replace('a', wide)",
        "long | replace(old='a', new=wide)",
        "long | replace('a', new=wide)",
        "many | join(wide)",
        "many | join(separator=wide)",
    ],
)
def test_what_is_too_long_is_never_made(text):
    """The bound holds before the text is there, however the values are given."""
    document = {"long": "a" * 50_000, "wide": "b" * 1000, "many": ["a"] * 50_000}
    formula = compile_formula(scalar(text))
    tracemalloc.start()

    with pytest.raises(ValueFault, match="makes over 100000 characters"):
        formula.evaluate(Scope(document, {"doc": document}))

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000  # the text itself would take 50 million


@pytest.mark.parametrize("text", CORPUS["paths"])
def test_a_path_cannot_run_away(text):
    assert is_harmless(outcome(compile_path, text))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 300 + "1" + ")" * 300,
        "[" * 300 + "1" + "]" * 300,
        "(" * 1900 + "1",
        "not " * 480 + "n",
        "-" * 1900 + "1",
        "n + " * 480 + "n",
        " and ".join(["n > 1"] * 200),
        " ~ ".join(["name"] * 300),
        "name" + ".a" * 900,
        "name" + "[0]" * 600,
        "name" + " | upper" * 200,
        "x" * 2001,
        "name " + "\n" * 3000,
        "1 if n " * 280 + "else 1",
        "'" + "a" * 1990,
    ],
)
def test_size_and_depth_end_at_the_checker(text):
    assert "refused" == outcome(compile_formula, text)


def test_the_document_is_never_changed():
    before = repr(DOCUMENT)
    for text in CORPUS["reach"]:
        outcome(compile_formula, str(text))
    assert before == repr(DOCUMENT)


def test_a_name_out_of_the_document_opens_nothing():
    """Text in a document is data, whatever it says."""
    assert "__class__" == outcome(compile_formula, "own")
    assert "refused" == outcome(compile_formula, "name[own]")
    assert outcome(compile_formula, "name | get(own)") is None
    assert "{{ n }}" == outcome(compile_formula, "'{{ ' ~ 'n' ~ ' }}'")


def test_what_the_checker_refuses_has_no_meaning_behind_it_either():
    """Behind the checker, syntax that it never admits cannot be computed."""
    refused = [
        kind
        for kind in vars(nodes).values()
        if isinstance(kind, type)
        and issubclass(kind, nodes.Node)
        and kind.__name__ not in ADMITTED
    ]

    assert nodes.Call in refused
    for kind in refused:
        with pytest.raises(AssertionError, match="no meaning"):
            write_expression(FunctionText(), kind.__new__(kind))


@pytest.mark.parametrize(
    "name", ["v1", "known", "roots", "scope", "item", "fields", "type", "is_empty"]
)
def test_a_name_of_the_function_is_a_field_as_any_other(name):
    """What a document calls a field is never what the written function calls it."""
    document = {name: "a", "b": {name: "c"}}
    scope = Scope(document, {"doc": document})

    assert "ac" == compile_formula(scalar(f"{name} ~ b.{name}")).evaluate(scope)
    assert "a" == compile_path(scalar(name)).evaluate(scope)
    assert ["c"] == compile_path(scalar(f"[b.{name}]")).evaluate(scope)


@pytest.mark.parametrize("text", ['"', "\\", "\n", "{x}", "'''", '"""', "%s", "\x00"])
def test_a_text_of_a_rule_is_never_code(text):
    """Whatever stands between quotes comes out as it went in."""
    document = {"a": text, "b": "b"}
    scope = Scope(document, {"doc": document})
    quoted = json.dumps(text)

    assert f"{text}b" == compile_formula(scalar(f"{quoted} ~ b")).evaluate(scope)
    found = compile_path(scalar(f"[@][?a == `{quoted}`].b | [0]")).evaluate(scope)
    assert "b" == found
