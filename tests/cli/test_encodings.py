"""Documents as editors and shells save them: read, or one finding that says how."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.__main__ import main
from tests.places import ROOT

BASE = ROOT / "tests" / "samples" / "sales_invoice" / "base.json"
TEXT = BASE.read_text("utf-8")
BAD = [
    ("utf-16", "UTF-16"),
    ("utf-16-le", "UTF-16"),
    ("utf-16-be", "UTF-16"),
    ("cp1252", "in Windows-1252"),
]


def run(capsys, *words):
    code = main([*words, "--root", str(ROOT)])
    out, err = capsys.readouterr()
    return code, out + err


def commands(file):
    """Give each command that reads a document."""
    yield ["map", "sales_invoice", "--document", file]
    yield ["explain", "sales_invoice", "--document", file]
    yield ["test", "sales_invoice", "--new-from", file, "--name", "never_made"]
    folder = str(Path(file).parent)
    yield ["diff", ".", ".", "--documents", folder, "--flow", "sales_invoice"]


@pytest.mark.parametrize(("encoding", "said"), BAD)
@pytest.mark.parametrize("which", range(4))
def test_another_encoding_is_one_finding(capsys, tmp_path, encoding, said, which):
    """Never a traceback; exit code 2, as for any wrong command line."""
    file = tmp_path / "document.json"
    file.write_bytes(TEXT.encode(encoding, "replace"))

    code, shown = run(capsys, *list(commands(str(file)))[which])

    assert 2 == code
    assert said in shown
    assert 1 == shown.count("M109")


@pytest.mark.parametrize("which", [0, 1, 3])
def test_a_mark_of_the_byte_order_is_no_part_of_it(capsys, tmp_path, which):
    file = tmp_path / "document.json"
    file.write_bytes(TEXT.encode("utf-8-sig"))

    code, shown = run(capsys, *list(commands(str(file)))[which])

    assert 0 == code, shown


@pytest.mark.parametrize("which", range(4))
def test_the_bare_record_of_the_list_is_told(capsys, tmp_path, which):
    file = tmp_path / "invoice.json"
    file.write_text('{"guid": "6ee06d6b-1e05-5c9f-8c22-19c90b643daf", "number": 7}')

    code, shown = run(capsys, *list(commands(str(file)))[which])

    assert 2 == code
    assert "has no `invoice`; it looks like the invoice itself" in shown


@pytest.mark.parametrize("which", range(4))
def test_a_whole_answer_of_the_list_is_told(capsys, tmp_path, which):
    file = tmp_path / "invoices.json"
    file.write_text('[{"guid": "6ee06d6b-1e05-5c9f-8c22-19c90b643daf"}]')

    code, shown = run(capsys, *list(commands(str(file)))[which])

    assert 2 == code
    assert "it is a list of 1: give each a file of its own" in shown


def test_map_warns_of_what_a_run_would_note(capsys, tmp_path):
    """What the flow's steps note, and what a table does not know."""
    file = tmp_path / "document.json"
    document = json.loads(TEXT)
    document["invoice"]["receiverContactEmail"] = "Kati <a@example.com>; b@example.com"
    document["invoice"]["language"] = {"code": "de"}
    document["rows"][0]["code"] = ["A", "B"]
    file.write_text(json.dumps(document))

    code, shown = run(capsys, "map", "sales_invoice", "--document", str(file))
    _, in_json = run(capsys, "map", "sales_invoice", "--document", str(file), "--json")

    assert 0 == code, shown
    for told in (
        "warning  document: MAIL_FIRST_TAKEN invoice.receiverContactEmail: Kati",
        "warning  document: ROW_SEVERAL_CODES ",
        'warning  language: VALUE_REPLACED "de" is not in table languages; ENGLISH',
    ):
        assert told in shown
    codes = {warning["code"] for warning in json.loads(in_json)["warnings"]}
    assert {"MAIL_FIRST_TAKEN", "ROW_SEVERAL_CODES", "VALUE_REPLACED"} <= codes
