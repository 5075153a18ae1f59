"""``diff``: two versions of the rules over recorded documents."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.__main__ import main
from engine.cli.samples.changes import list_changes
from engine.cli.samples.samples import load_sample
from engine.json_text import render_json
from tests.places import copy_rules, replace_once
from tests.worlds import ROOT, project

SAMPLES = ROOT / "tests" / "samples" / "sales_invoice"
RULES = "mappings/sales_invoice/invoice.yaml"
CASES = ("plain", "language_german", "language_missing", "row_text_81", "name_missing")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a project's folder with nothing but its rules."""
    return copy_rules(tmp_path / "new")


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """Give a folder of gathered documents, named by their case."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for case in CASES:
        sample = load_sample(project(), SAMPLES / f"{case}.yaml")
        (folder / f"{case}.json").write_text(render_json(sample.document), "utf-8")
    return folder


def edit(root: Path, old: str, new: str, file: str = RULES) -> None:
    replace_once(root / file, old, new)


Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys: Any, root: Path, documents: Path) -> Call:
    def run(*arguments: object) -> tuple[int, str, str]:
        shared = ["--documents", str(documents), "--root", str(root)]
        code = main(["diff", *(str(a) for a in arguments), *shared])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_the_same_rules_give_0(call, root):
    code, out, err = call(root, ".")

    assert (0, "") == (code, err)
    assert out.endswith(
        "on 5 documents: 5 the same, 0 changed, 0 newly failing, 0 newly fine\n"
    )


def test_a_changed_field_is_counted_with_examples(call, root):
    edit(root, "else: ENGLISH\n", "else: SWEDISH\n")
    edit(root, "    each: rows\n", "    each: rows[:2]\n")

    code, out, _ = call(ROOT, ".")

    lines = [line.strip() for line in out.splitlines()]
    assert 1 == code
    assert "field invoiceRows[].unit: 5 of 5 changed" in lines
    assert "language_german: 'KILOMETER' → (nothing)" in lines
    assert "field language: 1 of 5 changed" in lines
    assert "language_german: 'ENGLISH' → 'SWEDISH'" in lines


def test_what_a_flow_derives_before_is_compared_too(call, root):
    """A changed table or a changed mapping of the rows shows in what is sent."""
    edit(root, "  h: HOUR\n", "  h: DAY\n", "mappings/tables/units.yaml")
    edit(
        root,
        "first_of: [vatRate, vars.hours_vat,",
        "first_of: [quantity, vars.hours_vat,",
        "mappings/sales_invoice/row_facts.yaml",
    )

    _, out, _ = call(ROOT, ".")

    assert "   field invoiceRows[].vatPercent: 5 of 5 changed\n" in out
    assert "   field invoiceRows[].unit: 5 of 5 changed\n" in out


def test_three_examples_at_most(call, root):
    edit(root, "    limit: 10000\n", "    limit: 9\n")

    _, out, _ = call(ROOT, ".", "--json")

    found = json.loads(out)
    (field,) = found["fields"]
    assert ("additionalInformation", 5) == (field["field"], field["changed"])
    assert 3 == len(field["examples"])
    assert {"document", "old", "new"} == set(field["examples"][0])


def test_new_and_gone_errors_are_told(call, root):
    edit(root, "source: invoice.orderNumber", "source: invoice.senderKvkNumber")
    edit(
        root,
        "limit: 70, too_long: error}",
        "limit: 70, too_long: error, required: yes}",
    )
    edit(
        root,
        "    first_of: [invoice.receiverCustomerName, invoice.billingCustomer.name]\n",
        "    first_of: [invoice.senderName]\n",
    )

    code, out, _ = call(ROOT, ".")

    assert 1 == code
    assert "new error REQUIRED orderReference: 5 documents (" in out
    assert (
        "error no more REQUIRED counterParty.counterPartyAddress.name: "
        "1 documents (name_missing)" in out
    )
    assert "4 newly failing, 0 newly fine" in out


def test_newly_fine_documents_are_counted(call, root):
    edit(
        root,
        "    first_of: [invoice.receiverCustomerName, invoice.billingCustomer.name]\n",
        "    first_of: [invoice.senderName]\n",
    )

    code, out, _ = call(ROOT, ".")

    assert 1 == code
    assert "0 newly failing, 1 newly fine" in out
    assert "   newly fine: name_missing" in out


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("below", ["", "project"])
def test_revisions_are_read_from_git(call, root, below):
    """A revision needs no checkout; the project may be a folder of the repository."""
    top = root.parent if below else root
    for command in (
        ["init", "-q"],
        ["add", str(root)],
        ["-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-qm", "one"],
    ):
        subprocess.run(["git", *command], cwd=top, check=True)
    edit(root, "else: ENGLISH\n", "else: SWEDISH\n")

    code, out, _ = call("HEAD", ".", "--company", "demo")

    assert 1 == code
    assert out.startswith("diff HEAD... on 5 documents: 4 the same, 1 changed")


def test_many_documents_are_shared_out(call, documents):
    """More than a hundred go to several processes; the answer is the same."""
    text = (documents / "plain.json").read_text("utf-8")
    for number in range(120):
        (documents / f"copy{number:03}.json").write_text(text, "utf-8")

    code, out, _ = call(ROOT, ".")

    assert 0 == code
    assert "on 125 documents: 125 the same" in out


def test_a_bad_document_among_many_is_told(call, documents):
    text = (documents / "plain.json").read_text("utf-8")
    for number in range(120):
        (documents / f"copy{number:03}.json").write_text(text, "utf-8")
    (documents / "zz.json").write_text("[]", "utf-8")

    code, out, err = call(ROOT, ".")

    assert (2, "") == (code, out)
    assert err.startswith("M601  zz.json")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nowhere", "."), "M620"),
        ((".", ".", "--flow", "sales"), "C403"),
        ((".", ".", "--company", "nobody"), "C403"),
        ((".", ".", "--mapping", "nothing"), "M602"),
    ],
)
def test_what_is_not_there_gives_2(call, arguments, code):
    exit_code, out, err = call(*arguments)

    assert (2, "") == (exit_code, out)
    assert err.startswith(code)


def test_documents_must_be_there_and_of_a_flow(call, documents):
    (documents / "odd.json").write_text('{"nothing": 1}', "utf-8")
    odd = call(".", ".")
    for file in documents.iterdir():
        file.unlink()

    assert (2, True) == (odd[0], odd[2].startswith("M622  odd.json"))
    assert call(".", ".")[2].startswith("M621")


def test_leaves_are_compared_by_their_digits():
    from decimal import Decimal

    old = {"a": Decimal("1.50"), "b": [1, {"c": "x"}], "d": None}
    new = {"a": Decimal("1.5"), "b": [1, {"c": "y"}], "e": True}

    assert [
        "a: 1.50 → 1.5",
        "b[1].c: 'x' → 'y'",
        "e: (nothing) → true",
        "d: null → (nothing)",
    ] == [str(change) for change in list_changes(old, new)]


def test_long_texts_are_shown_where_they_part():
    (change,) = list_changes({"a": "x" * 90 + "one"}, {"a": "x" * 90 + "two"})

    assert str(change).endswith("xone' → …" + "x" * 56 + "two'")
