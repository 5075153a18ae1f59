"""``check`` and ``rule``: formats, exit codes, and every code explained."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from engine.__main__ import main
from engine.cli.exit_codes import OK, WRONG
from engine.cli.findings_index import FAMILIES, load_findings, render_finding
from engine.cli.report import problems_to_github, problems_to_json, problems_to_sarif
from engine.errors import Position, Problem, RuleError
from engine.rulefiles.grammar_messages import GrammarError, word_finding
from engine.rulefiles.nodes import ListNode, MapNode, Node, Scalar
from engine.rulefiles.reader import load_yaml
from engine.rulefiles.source import Source
from engine.rulefiles.syntax_errors import explain_syntax
from tests.places import ROOT, TESTS

CODE = re.compile(r"[MSFC]\d{3}")
ODD = [
    Problem(
        "M201", "no field a:b, c", Position("m/a.yaml", 3, 7), "did you mean d?", 3
    ),
    Problem("M518", "100 % alike\nor not", Position("m/b.yaml", 1, 1), None, 2, True),
    Problem("M110", "advice.yaml is missing"),
]


def break_date(root: Path) -> None:
    file = root / "mappings" / "billing" / "document.yaml"
    file.write_text(file.read_text("utf-8").replace("order.placed", "order.plaved"))


# --- formats and exit codes ------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_errors_end_with_two(form: str, root: Path, capsys: pytest.CaptureFixture[str]):
    break_date(root)

    assert WRONG == main(["check", "--root", str(root), "--format", form])
    said = capsys.readouterr()
    assert "M201" in said.out + said.err
    # What a machine reads is the output; what a person reads is the complaint.
    assert bool(said.err) is (form == "text")


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_warnings_alone_are_no_error(
    form: str, root: Path, capsys: pytest.CaptureFixture[str]
):
    table = root / "mappings" / "tables" / "tongues.yaml"
    table.write_text(f"{table.read_text('utf-8')}  NO: ENGLISH\n", "utf-8")

    assert OK == main(["check", "--root", str(root), "--format", form])
    assert "M518" in capsys.readouterr().out


def test_json_has_every_part():
    first, second, third = json.loads(problems_to_json(ODD))

    assert {
        "file": "m/a.yaml",
        "line": 3,
        "column": 7,
        "length": 3,
        "code": "M201",
        "level": "error",
        "message": "no field a:b, c",
        "hint": "did you mean d?",
    } == first
    assert ("warning", None) == (second["level"], second["hint"])
    assert None is third["file"]


def test_annotations_stay_on_one_line_each():
    assert [
        (
            "::error file=m/a.yaml,line=3,col=7,endColumn=10,title=M201"
            "::no field a:b, c; did you mean d?"
        ),
        (
            "::warning file=m/b.yaml,line=1,col=1,endColumn=3,title=M518"
            "::100 %25 alike%0Aor not"
        ),
        "::error title=M110::advice.yaml is missing",
    ] == problems_to_github(ODD).split("\n")


def test_sarif_is_what_its_schema_asks_for():
    """The parts that SARIF 2.1.0 requires, and references that lead somewhere."""
    log = json.loads(problems_to_sarif(ODD, {"M201": "No such source field"}))

    assert "2.1.0" == log["version"]
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"]
    assert ["M110", "M201", "M518"] == [rule["id"] for rule in rules]
    for result in run["results"]:
        assert result["ruleId"] == rules[result["ruleIndex"]]["id"]
        assert result["message"]["text"]
        assert result["level"] in {"error", "warning"}
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert "m/a.yaml" == place["artifactLocation"]["uri"]
    assert {"startLine": 3, "startColumn": 7, "endColumn": 10} == place["region"]
    assert "locations" not in run["results"][2]


def test_reading_the_rules_loads_no_http_library():
    """The offline commands are quick because they load what they need."""
    code = (
        "import sys, engine.project.project; "
        "print(*sorted({'httpx', 'sqlite3', 'tenacity', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True
    )

    assert b"" == done.stdout.strip()


# --- codes -----------------------------------------------------------------------------


def test_every_code_in_the_source_is_explained():
    """And nothing is explained that nobody says."""
    said = {
        node.value
        for path in [ROOT / "runner.py", *sorted((ROOT / "engine").rglob("*.py"))]
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and CODE.fullmatch(node.value)
    }

    table = (ROOT / "engine" / "rulefiles" / "syntax_errors.yaml").read_text("utf-8")
    said.update(row["code"] for row in yaml.safe_load(table) if "code" in row)

    assert sorted(said) == sorted(load_findings())


def test_every_explanation_is_whole():
    texts = load_findings().values()

    assert {text.family for text in texts} == set(FAMILIES)
    for text in texts:
        parts = (text.title, text.what, text.why, text.example, text.instead)
        assert all(parts), text.code
        assert text.what.endswith(".")
        assert text.why.endswith(".")
        assert text.example != text.instead, text.code


def test_rule_explains_a_code(capsys: pytest.CaptureFixture[str]):
    assert OK == main(["rule", "m309"])
    assert f"{render_finding(load_findings()['M309'])}\n" == capsys.readouterr().out


def test_rule_knows_no_other_codes(capsys: pytest.CaptureFixture[str]):
    assert WRONG == main(["rule", "M999"])
    assert "there is no code M999" in capsys.readouterr().err


# --- what no rule file reaches ---------------------------------------------------------


def test_what_yaml_refuses_without_a_plainer_word():
    source = Source("a.yaml", "a: b\n")
    mark = yaml.Mark("a.yaml", 3, 0, 3, None, None)
    error = yaml.MarkedYAMLError(None, None, "something new", mark)

    problem = explain_syntax(error, source, None)

    assert ("M129", "this cannot be read") == (problem.code, problem.message)


def test_what_a_grammar_refuses_without_a_plainer_word():
    cell = Scalar("x", Position("a.yaml", 1, 4))
    finding = GrammarError("not", {}, {}, cell, None, "key", False, cell.position, None)

    (problem,) = word_finding(finding)

    assert ("M107", "key is not allowed like this") == (problem.code, problem.message)


# --- two readers, one meaning ----------------------------------------------------------

READ = sorted(
    [
        *(ROOT / "mappings").rglob("*.yaml"),
        *TESTS.glob("bad_rules/*/*.yaml"),
    ]
)


def shape(node: Node) -> object:
    if isinstance(node, Scalar):
        return (node.text, node.position, node.style, node.start, node.end)
    if isinstance(node, ListNode):
        return (node.position, [shape(item) for item in node.items])
    assert isinstance(node, MapNode)
    return (node.position, [(shape(key), shape(value)) for key, value in node.items()])


def read(path: Path) -> object:
    notes: list[Problem] = []
    try:
        return shape(load_yaml(path.read_bytes(), path.name, notes)), notes
    except RuleError as error:
        return error.problems, notes


def test_both_readers_see_the_same(monkeypatch: pytest.MonkeyPatch):
    """The C parser is only faster: same nodes, same places, same findings."""
    fast = {path: read(path) for path in READ}
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)

    assert [] == [path.name for path in READ if read(path) != fast[path]]
