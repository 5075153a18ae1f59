"""``python -m engine test``: the samples and snapshots of pytest, without Python."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.__main__ import main
from engine.cli.samples.samples import find_samples, load_sample
from engine.cli.samples.snapshots import SNAPSHOTS, read_snapshots, write_snapshots
from engine.project.project import load_project
from tests.places import copy_rules, replace_once
from tests.worlds import ROOT

BASE = ROOT / "tests" / "samples" / "sales_invoice" / "base.json"
KEPT = ("plain", "city_41", "language_swedish", "order_reference_71")
RULES = "mappings/sales_invoice/invoice.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a project of its own, with a few samples and their snapshots."""
    copy_rules(tmp_path)
    samples = tmp_path / "tests" / "samples" / "sales_invoice"
    samples.mkdir(parents=True)
    for name in ("base.json", *(f"{case}.yaml" for case in KEPT)):
        shutil.copy(BASE.parent / name, samples)
    (tmp_path / SNAPSHOTS).parent.mkdir()
    shutil.copy(ROOT / SNAPSHOTS, tmp_path / SNAPSHOTS)
    others = set(read_snapshots(tmp_path)) - set(KEPT)
    write_snapshots(tmp_path, {}, others)
    return tmp_path


def call(capsys: Any, root: Path, *arguments: object) -> tuple[int, str, str]:
    code = main(["test", "--root", str(root), *(str(a) for a in arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def edit(root: Path, file: str, old: str, new: str) -> None:
    replace_once(root / file, old, new)


def test_without_a_change_all_is_as_before(capsys, root):
    assert (0, "4 samples: 4 as before\n", "") == call(capsys, root, "sales_invoice")


def test_a_changed_rule_shows_field_old_new_and_line(capsys, root):
    edit(root, "mappings/tables/languages.yaml", "sv: SWEDISH", "sv: ENGLISH")
    lines = (root / RULES).read_text("utf-8").splitlines()
    line = 1 + next(i for i, text in enumerate(lines) if text.startswith("  language:"))

    code, out, _ = call(capsys, root)

    assert 1 == code
    assert f"\n  language: 'SWEDISH' → 'ENGLISH'  {RULES}:{line}\n" in out
    assert "4 samples: 3 as before, 1 differs\n" in out


def test_new_errors_and_cuts_are_told(capsys, root):
    sample = "tests/samples/sales_invoice/city_41.yaml"
    text = (root / sample).read_text("utf-8")
    short = re.sub(r"address.city: .*|Address.city: .*", "Address.city: Lahti", text)
    (root / sample).write_text(f"{short}  invoice.date: null\n", "utf-8")

    code, out, _ = call(capsys, root)

    assert 1 == code
    assert "new error: date: REQUIRED" in out
    assert "no more cut: counterParty.counterPartyAddress.city" in out


def test_accepting_writes_what_pytest_reads(capsys, root):
    edit(root, "mappings/tables/languages.yaml", "sv: SWEDISH", "sv: ENGLISH")
    before = (root / SNAPSHOTS).read_text("utf-8")

    code, out, _ = call(capsys, root, "--accept")

    after = (root / SNAPSHOTS).read_text("utf-8")
    assert (0, True) == (code, out.endswith("; accepted\n"))
    assert before.replace('"SWEDISH"', '"ENGLISH"') == after
    assert (0, "4 samples: 4 as before\n", "") == call(capsys, root)


def test_samples_and_snapshots_without_each_other_are_named(capsys, root):
    folder = root / "tests" / "samples" / "sales_invoice"
    (folder / "plain.yaml").rename(folder / "simple.yaml")

    code, out, _ = call(capsys, root)

    assert 1 == code
    assert "plain  has a snapshot but no sample" in out
    assert "simple  " in out
    assert "(new, no snapshot yet)" in out
    assert "4 samples: 3 as before, 1 new, 1 unused" in out


def test_accepting_nothing_leaves_the_file_as_it_is(capsys, root):
    before = (root / SNAPSHOTS).read_bytes()

    call(capsys, root, "--accept")

    assert before == (root / SNAPSHOTS).read_bytes()


def test_the_shipped_samples_are_as_before(capsys):
    """What pytest finds right, the command finds right."""
    code, out, _ = call(capsys, ROOT, "--json")

    found = json.loads(out)
    assert [] == [one for one in found["samples"] if one["state"] != "same"]
    assert (0, []) == (code, found["unused"])


def test_a_pasted_document_becomes_a_masked_sample(capsys, root, tmp_path):
    code, out, _ = call(
        capsys,
        root,
        *("sales_invoice", "--new-from", BASE, "--name", "pasted"),
        *("--about", "Mary's invoice: it's odd"),
    )

    path = root / "tests" / "samples" / "sales_invoice" / "pasted.yaml"
    document = path.with_suffix(".json").read_text("utf-8")
    assert 0 == code
    assert "warning" not in out
    assert "Kivilah" not in document
    assert "2674310" not in document
    assert path in find_samples(root)
    assert "Mary's invoice: it's odd" == load_sample(load_project(root), path).about
    assert (0, "5 samples: 5 as before\n", "") == call(capsys, root)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("sales_invoice", "--new-from", BASE), "M616"),
        (("sales_invoice", "--new-from", BASE, "--name", "Big one"), "M617"),
        (("sales_invoice", "--new-from", BASE, "--name", "plain"), "M617"),
        (("sales_invoice", "--new-from", "no.json", "--name", "one"), "M600"),
        (("sales_invoise",), "C403"),
    ],
    ids=["no-name", "bad-name", "taken", "no-file", "flow"],
)
def test_what_cannot_be_done_gives_2(capsys, root, arguments, code):
    exit_code, out, err = call(capsys, root, *arguments)

    assert (2, "") == (exit_code, out)
    assert err.startswith(code)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("about: x\nchnge: {}\n", "M610", "did you mean change?"),
        ("about: [\n", "M128", "a value is missing here"),
        ("- about\n", "M610", "keys such as about"),
        ("about: x\nbase: no.json\n", "M612", "no document no.json"),
        ("about: x\nfor: nobody\n", "M613", "no company nobody"),
        ("about: x\nchange: {invoice.x.y: 1}\n", "M614", "there is no x"),
        ("about: x\nchange: {'rows[9].unit': 1}\n", "M614", "there is no 9"),
        ("about: x\nchange: {rows.unit: 1}\n", "M614", "no place rows.unit"),
        ("about: x\nmapping: partner\nitem: customr\n", "M614", "mean customer?"),
        ("about: x\nmapping: partnr\n", "M602", "no mapping partnr"),
    ],
)
def test_a_sample_that_is_wrong_is_told(capsys, root, text, code, said):
    path = root / "tests" / "samples" / "sales_invoice" / "wrong.yaml"
    path.write_text(text, "utf-8")

    exit_code, _, err = call(capsys, root)

    assert 2 == exit_code
    assert code in err
    assert said in err


def test_two_samples_of_one_name_are_told(capsys, root):
    other = root / "tests" / "samples" / "other"
    other.mkdir()
    (other / "plain.yaml").write_text("about: x\n", "utf-8")

    code, _, err = call(capsys, root)

    assert 2 == code
    assert "M611" in err


def test_words_of_a_sample_stay_texts(root):
    path = root / "tests" / "samples" / "sales_invoice" / "words.yaml"
    path.write_text(
        "about: x\ncompany: {sales: {email_invoicing: no}}\n"
        "change: {a: no, b: 012, c: 1:30, d: 1.10, e: true, f: 2026-01-01, g: 7}\n",
        "utf-8",
    )

    sample = load_sample(load_project(root), path)

    typed = {key: sample.document[key] for key in "abcdefg"}
    assert {
        "a": "no",
        "b": "012",
        "c": "1:30",
        "e": True,
        "f": "2026-01-01",
        "g": 7,
    } == {key: value for key, value in typed.items() if key != "d"}
    assert "1.10" == str(typed["d"])
    assert sample.settings["sales"]["email_invoicing"] is False
