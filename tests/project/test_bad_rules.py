"""Each mistake of ``tests/bad_rules/{mapping,flow,match,company,system}`` is told.

A file is one mistake in the toy project: ``file`` (below mappings/), and what is put in
the place of ``old``. Without ``old``, the file is ``new``; ``gone`` takes it away;
``cut`` takes a piece out; ``change`` is a list of such changes; ``also`` changes a
second file. The snapshot shows what a person reads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from engine.cli.findings_index import load_findings
from engine.cli.report import render_problems
from engine.errors import Problem, RuleError
from engine.project.project import load_project
from tests.places import TESTS, read_yaml
from tests.toy.world import build_project

FOLDER = TESTS / "bad_rules"
KINDS = ("mapping", "flow", "match", "company", "system")
FILES = [path for kind in KINDS for path in sorted((FOLDER / kind).glob("*.yaml"))]
# Said by commands and by the machine, not about rules; their own tests show them.
ELSEWHERE = {"M615", "S120", "C306", "C402"}


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[Any, Any]]:
    """Build the toy once; what is not changed is loaded once."""
    return build_project(tmp_path_factory.mktemp("toy")), {}


def find_problems(
    root: Path, patches: dict[str, str | None], memo: dict[Any, Any]
) -> list[Problem]:
    try:
        return list(load_project(root, patches=patches, memo=memo).warnings)
    except RuleError as error:
        return list(error.problems)


def make_patches(root: Path, case: dict[str, Any]) -> dict[str, str | None]:
    file = f"mappings/{case['file']}"
    if "gone" in case:
        return {file: None}
    if "old" not in case and "new" in case:
        text: str = case["new"]
    else:
        text = (root / file).read_text("utf-8")
        changes = case.get("change", [case] if "old" in case else [])
        for change in changes:
            assert 1 == text.count(change["old"]), change["old"]
            text = text.replace(change["old"], change["new"])
        for cut in case.get("cut", ()):
            start = text.index(cut["from"])
            end = text.index(cut["to"], start) if cut["to"] else len(text)
            text = text[:start] + text[end:]
    also = make_patches(root, case["also"]) if "also" in case else {}
    return {file: text, **also}


def test_the_toy_has_no_findings(toy):
    root, memo = toy

    assert [] == find_problems(root, {}, memo)


@pytest.mark.parametrize(
    "path", FILES, ids=[f"{p.parent.name}-{p.stem}" for p in FILES]
)
def test_a_mistake_is_told(path: Path, toy, snapshot: SnapshotAssertion):
    root, memo = toy
    patches = make_patches(root, read_yaml(path))

    problems = find_problems(root, patches, memo)

    def read_lines(file: str) -> list[str]:
        text = patches.get(file)
        if text is None and file not in patches:
            text = (root / file).read_text("utf-8")
        return (text or "").splitlines()

    assert problems
    assert snapshot == render_problems(problems, read_lines)


def test_a_warning_takes_nothing_away(toy):
    """A flow with a warning runs as any other."""
    root, memo = toy
    file = "mappings/billing/flow.yaml"
    text = (root / file).read_text("utf-8")
    create = "    create: {mapping: party.yaml, send: ledgerbook.create_party}\n"
    changed = text.replace(create, create + create.replace("create:", "update:"))

    project = load_project(root, patches={file: changed}, memo=memo)

    assert ["F218"] == [problem.code for problem in project.warnings]
    assert list(load_project(root, memo=memo).flows) == list(project.flows)


def test_every_code_has_a_mistake():
    """Whatever can be said is shown by some test, in its own words."""
    shown = "\n".join(
        path.read_text("utf-8", "replace")
        for path in sorted(TESTS.rglob("*"))
        if path.suffix in {".py", ".yaml", ".ambr"}
    )

    assert [] == [c for c in load_findings() if c not in shown and c not in ELSEWHERE]


def test_a_setting_that_no_rule_reads_is_told(tmp_path: Path):
    root = build_project(tmp_path)
    path = root / "schemas" / "settings.schema.json"
    text = path.read_text("utf-8")
    path.write_text(text.replace('"way": {', '"day": {"type": "string"}, "way": {'))

    (found,) = find_problems(root, {}, {})

    assert "C116" == found.code
    assert "schemas/settings.schema.json:20:9" == str(found.position)
    assert "no rule reads the setting billing.day" == found.message
