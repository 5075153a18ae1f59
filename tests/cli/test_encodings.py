"""Documents as editors and shells save them: read, or one finding that says how."""

from __future__ import annotations

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
    yield from (["map", "sales_invoice", "--document", file],)
    yield from (["explain", "sales_invoice", "--document", file],)
    yield ["test", "sales_invoice", "--new-from", file, "--name", "never_made"]


@pytest.mark.parametrize(("encoding", "said"), BAD)
@pytest.mark.parametrize("which", [0, 1, 2])
def test_another_encoding_is_one_finding(capsys, tmp_path, encoding, said, which):
    """Never a traceback; exit code 2, as for any wrong command line."""
    file = tmp_path / "document.json"
    file.write_bytes(TEXT.encode(encoding, "replace"))

    code, shown = run(capsys, *list(commands(str(file)))[which])

    assert 2 == code
    assert said in shown
    assert 1 == shown.count("M109")


def test_a_mark_of_the_byte_order_is_no_part_of_it(capsys, tmp_path):
    file = tmp_path / "document.json"
    file.write_bytes(TEXT.encode("utf-8-sig"))

    code, shown = run(capsys, "map", "sales_invoice", "--document", str(file))

    assert 0 == code, shown


def test_the_bare_record_of_the_list_is_told(capsys, tmp_path):
    file = tmp_path / "invoice.json"
    file.write_text('{"guid": "6ee06d6b-1e05-5c9f-8c22-19c90b643daf", "number": 7}')

    code, shown = run(capsys, "map", "sales_invoice", "--document", str(file))

    assert 2 == code
    assert "has no `invoice`; it looks like the invoice itself" in shown
