"""The consultant's loop for a pair of systems that the engine has never heard of."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from engine.__main__ import main
from engine.cli.exit_codes import OK, STOPPED
from tests.toy.world import HERE, build_project

DOCUMENT = HERE / "documents" / "order.json"
RULES = "mappings/billing/document.yaml"


@pytest.fixture
def root(tmp_path: Path, capsys: Any) -> Path:
    """Give the toy's project with one sample of the pasted order."""
    folder = build_project(tmp_path)
    pasted = ("--new-from", str(DOCUMENT), "--name", "pasted")
    assert OK == main(["test", "billing", *pasted, "--root", str(folder)])
    capsys.readouterr()
    return folder


def call(capsys: Any, root: Path, *arguments: str) -> tuple[int, str]:
    code = main([arguments[0], "--root", str(root), *arguments[1:]])
    return code, capsys.readouterr().out


def cut_shorter(root: Path) -> int:
    """Shorten a limit; give the line of the field."""
    file = root / RULES
    text = file.read_text("utf-8")
    file.write_text(text.replace("limit: 28", "limit: 5"), "utf-8")
    before = text.partition("  BuyerReference:")[0]
    return before.count("\n") + 1


def test_a_sample_is_made_changed_and_accepted(capsys, root):
    line = cut_shorter(root)

    code, out = call(capsys, root, "test")
    accepted = call(capsys, root, "test", "--accept")
    after = call(capsys, root, "test", "billing")

    assert STOPPED == code
    assert re.search(rf"  BuyerReference: '.*' → '.{{1,5}}'  {RULES}:{line}\n", out)
    assert OK == accepted[0]
    assert (OK, "1 sample: 1 as before\n") == after


def test_the_sample_names_nobody_of_the_document(root):
    said = json.loads(DOCUMENT.read_text("utf-8"))
    text = (root / "tests" / "samples" / "billing" / "pasted.json").read_text("utf-8")

    names = [v for v in said["order"]["buyer"].values() if isinstance(v, str)]
    assert [] == [name for name in names if len(name) > 4 and name in text]


def test_coverage_speaks_of_the_toys_rules(capsys, root):
    code, out = call(capsys, root, "coverage", "billing", "--minimum", "100")

    assert STOPPED == code
    assert out.startswith("coverage of billing by 1 samples: ")
    assert f"   {RULES}:" in out


def test_diff_of_two_folders(capsys, root, tmp_path):
    other = build_project(tmp_path / "other")
    cut_shorter(other)

    code, out = call(
        capsys, root, "diff", ".", str(other), "--documents", str(DOCUMENT.parent)
    )

    assert STOPPED == code
    assert "   field BuyerReference: 1 of 1 changed\n" in out
    assert "      order: " in out


def test_every_value_is_explained(capsys, root):
    arguments = ("billing", "--document", str(DOCUMENT), "--json")

    _, payload = call(capsys, root, "map", *arguments)
    _, out = call(capsys, root, "explain", *arguments, "--mask", "none")

    sent = {t["path"]: t for t in json.loads(out) if t["sent"]}
    assert all(t["stages"][-1]["value"] == t["value"] for t in sent.values())
    for name, value in json.loads(payload)["payload"].items():
        if not isinstance(value, dict | list):
            assert value == sent[name]["value"]


def test_compiled_shows_what_a_rule_became(capsys, root):
    code, out = call(capsys, root, "compiled", "billing", "BuyerReference")

    place, run, *below = out.splitlines()
    assert OK == code
    assert place.startswith(f"{RULES}:")
    assert "def run(scope):" == run
    assert any("> 28:" in line for line in below)
