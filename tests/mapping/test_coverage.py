"""Rule coverage: what counts as a branch, and that samples meet all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.__main__ import main
from engine.cli.consultant.coverage import measure
from engine.cli.samples.samples import SAMPLES
from engine.language.schema import SchemaStore
from engine.language.scope import Scope
from engine.mapping.apply import Mapping, Recorder, apply_mapping, load_mapping
from engine.mapping.branches import list_branches
from engine.rulefiles.nodes import MapNode
from engine.rulefiles.reader import load_yaml
from tests.places import TESTS, read_yaml
from tests.worlds import ROOT, project

FLOWS = sorted(path.name for path in (ROOT / SAMPLES).iterdir() if path.is_dir())
CASES = read_yaml(TESTS / "cases" / "coverage.yaml")["cases"]
LONG_TABLE = "{" + ", ".join(f"k{number}: V{number}" for number in range(21)) + "}"


@pytest.mark.parametrize("flow", FLOWS)
def test_our_samples_go_through_every_branch(flow: str) -> None:
    """A rule that no sample meets is a rule that nobody has seen work."""
    missed = measure(project(), flow).missed

    assert [] == [
        f"{branch.position} {branch.field}: {branch.what}" for branch in missed
    ]


def load(rules: str) -> Mapping:
    node = load_yaml(f"format: 1\n{rules}", "rules.yaml")
    assert isinstance(node, MapNode)
    return load_mapping(node, store=SchemaStore({}), name="rules.yaml")


def missed(rules: str, *documents: dict[str, Any]) -> list[str]:
    """Give the branches that some documents do not go through."""
    mapping, recorder = load(rules), Recorder()
    for document in documents:
        apply_mapping(mapping, Scope(document, {"doc": document}), recorder)
    branches = list_branches([mapping])
    return [branch.what for branch in branches if not branch.is_met(recorder.branches)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["rules"].split("\n")[-1])
def test_branches(case: dict[str, Any]) -> None:
    """Each kind of branch, never met and met."""
    rules = case["rules"].replace("LONG_TABLE", LONG_TABLE)

    assert case["missed"] == missed(rules, *case["documents"])


def test_table_entries_count_once_for_all_rules() -> None:
    """Two rules of one table share its entries; each has its own way out of it."""
    rules = (
        "tables: {t: {k: V, m: W}}\n"
        "fields: {a: {source: x, lookup: t, else: E}, b: {source: y, lookup: t, else: E}}"
    )

    assert ["else", "else"] == missed(rules, {"x": "k", "y": "m"})


def call(capsys: Any, *arguments: str) -> tuple[int, str]:
    code = main(["coverage", *arguments])
    return code, capsys.readouterr().out


def test_the_command_counts_and_gates(capsys: Any) -> None:
    code, out = call(capsys, "sales_invoice", "--minimum", "100")

    assert 0 == code
    assert out.startswith("coverage of sales_invoice by ")
    assert out.endswith(" branches, 100.0 %\n")


def test_missed_branches_are_listed_and_fail_the_gate(
    capsys: Any, tmp_path: Path
) -> None:
    """A project with one sample: the line names file, field and branch."""
    (tmp_path / "mappings").symlink_to(ROOT / "mappings")
    (tmp_path / "schemas").symlink_to(ROOT / "schemas")
    folder = tmp_path / SAMPLES / "sales_invoice"
    folder.mkdir(parents=True)
    source = ROOT / SAMPLES / "sales_invoice"
    for name in ("base.json", "plain.yaml"):
        (folder / name).write_bytes((source / name).read_bytes())

    code, out = call(
        capsys, "sales_invoice", "--root", str(tmp_path), "--minimum", "100"
    )
    _, text = call(capsys, "sales_invoice", "--root", str(tmp_path), "--json")

    (found,) = json.loads(text)
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert 1 == code
    assert any(
        line.startswith("mappings/sales_invoice/invoice.yaml:")
        and line.endswith("vars.channel choose vars.has_e_invoice never")
        for line in lines
    )
    assert found["met"] == sum(branch["met"] for branch in found["branches"])
    assert len(lines) - 1 == len(found["branches"]) - found["met"]
