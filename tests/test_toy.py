"""Everything works for a pair of systems that the engine has never heard of."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from engine.__main__ import main
from engine.cli.docs import pages
from engine.cli.docs.editor_schemas import editor_schemas
from engine.cli.exit_codes import OK, STOPPED, WRONG
from engine.ledger.model import LogRow
from engine.project.project import load_project
from tests.toy.world import HERE, ROOT, ToyWorld

DOCUMENT = HERE / "documents" / "order.json"


def run(root: Path, *arguments: str) -> int:
    return main([arguments[0], "--root", str(root), *arguments[1:]])


def test_the_toy_shares_no_vendors_word():
    """Otherwise it would prove nothing."""
    words = re.compile(r"severa(?!l\b)|procountor|visma|finago", re.IGNORECASE)
    found = [
        path.name
        for path in HERE.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
        if words.search(path.read_text("utf-8"))
    ]

    assert [] == found


def test_check(root: Path, capsys: pytest.CaptureFixture[str]):
    assert OK == run(root, "check")
    assert "1 flows, 2 mappings, 2 systems" in capsys.readouterr().out


def test_check_finds_a_typo(root: Path, capsys: pytest.CaptureFixture[str]):
    """The finding speaks of the toy's fields."""
    file = root / "mappings" / "billing" / "document.yaml"
    file.write_text(file.read_text("utf-8").replace("order.placed", "order.plaved"))

    assert WRONG == run(root, "check")
    said = capsys.readouterr().err
    assert "mappings/billing/document.yaml:16:29  M201" in said
    assert "placed" in said


def test_map(
    root: Path, capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion
):
    """Joined, cut, translated, rounded, defaulted; the address only for paper."""
    assert OK == run(root, "map", "billing", "--document", str(DOCUMENT))
    said = capsys.readouterr()
    assert f"{said.out}---\n{said.err}" == snapshot


def test_explain(
    root: Path, capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion
):
    arguments = ("billing", "BuyerReference", "--document", str(DOCUMENT))
    assert OK == run(root, "explain", *arguments)
    assert capsys.readouterr().out == snapshot


def test_docs(root: Path, snapshot: SnapshotAssertion):
    """The flow's page, as people read it; a second time nothing is stale."""
    assert OK == run(root, "docs")
    assert OK == run(root, "docs", "--check")
    assert (root / "docs" / "flows" / "billing.md").read_text("utf-8") == snapshot


def test_docs_find_what_is_stale(root: Path, capsys: pytest.CaptureFixture[str]):
    """A rule that changes makes its page stale, and a page of nothing is too."""
    run(root, "docs")
    file = root / "mappings" / "billing" / "document.yaml"
    file.write_text(file.read_text("utf-8").replace("limit: 28", "limit: 27"))
    (root / "docs" / "flows" / "gone.md").write_text("# Gone\n")
    capsys.readouterr()

    assert STOPPED == run(root, "docs", "--check")
    said = capsys.readouterr().err
    assert "docs/flows/billing.md is stale" in said
    assert "docs/flows/gone.md is stale" in said
    assert "docs/rules.md" not in said
    assert ".html" not in said  # not kept in git: made anew where it is needed


def test_the_first_run_writes_what_git_does_not_keep(root: Path):
    """``runner.py test`` leaves a stale page as it is: a check must find it."""
    written = pages.write_pages(root, only_local=True)

    assert "docs/flows/billing.html" in written
    assert "schemas/editor/billing/document.schema.json" in written
    assert [] == [name for name in written if name.endswith(".md")]
    assert not (root / "docs" / "rules.md").exists()


def test_docs_find_what_does_not_come_out_the_same(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """Pages that are not kept are made twice and compared."""
    run(root, "docs")
    made = itertools.count()
    changing = {"schemas/editor/x.schema.json": lambda: str(next(made))}
    monkeypatch.setattr(
        pages, "editor_schemas", lambda _: {k: v() for k, v in changing.items()}
    )
    capsys.readouterr()

    assert STOPPED == run(root, "docs", "--check")
    said = capsys.readouterr().err
    assert "schemas/editor/x.schema.json comes out differently" in said


def test_docs_show_where_a_company_differs(root: Path):
    """An overlay's fields and table entries, beside what they replace."""
    file = root / "mappings" / "companies" / "socks.yaml"
    overlay = """\
overlays:
  billing/document.yaml:
    fields:
      BuyerReference: {limit: 20}
      AccountingCostCode: {fixed: 4711}
      Note: {remove: yes}
    tables:
      tongues: {sv: NORWEGIAN}
"""
    file.write_text(file.read_text("utf-8") + overlay)
    assert OK == run(root, "docs")
    page = (root / "docs" / "flows" / "billing.md").read_text("utf-8")
    table = page.partition("## Where companies differ")[2].partition("<a id")[0]
    found = {
        row.split(" | ")[2]: row.split(" | ")[3:5]
        for row in table.splitlines()
        if row.startswith("| `socks`")
    }

    assert {
        "`Note`",
        "`BuyerReference`",
        "`AccountingCostCode`",
        "`tables.tongues.sv`",
    } == set(found)
    assert "left out" == found["`Note`"][0]
    assert ["always `4711`", "nothing |"] == found["`AccountingCostCode`"]
    assert ["`NORWEGIAN`", "`ENGLISH` |"] == found["`tables.tongues.sv`"]
    assert "at most 20" in found["`BuyerReference`"][0]
    assert "at most 28" in found["`BuyerReference`"][1]


def test_editor_schemas(root: Path):
    """Target fields, source paths, tables and settings are the toy's."""
    schemas = editor_schemas(load_project(root))
    document = json.loads(schemas["schemas/editor/billing/document.schema.json"])
    offered = {
        snippet["label"]
        for part in document["definitions"].values()
        for snippet in part.get("defaultSnippets", ())
    }
    fields = document["definitions"]["fields-of-the-target"]["properties"]

    assert "AccountingCustomerParty.PostalAddress.StreetName" in fields
    assert {"order.buyer.name", "each", "company.billing.run"} <= offered


def test_a_sync_moves_and_stops(tmp_path: Path, root: Path):
    """One order becomes a document, one is stopped with advice, one is not ready."""
    world = ToyWorld(root)

    report = world.run()

    assert {"transferred": 1, "stopped": 1} == dict(report.outcomes)
    [document] = world.books.documents
    assert "W-1007" == document["ID"]
    assert "NOK" == document["DocumentCurrencyCode"]
    assert "2026-12-04" == document["DueDate"]
    lines = [(line["PriceAmount"], line["Item"]) for line in document["InvoiceLine"]]
    assert 100.01 == lines[0][0]
    assert {"Name": "Postage", "SellersID": "OTHER"} == lines[1][1]
    assert 2 == len(lines)
    assert ["987654321"] == [party["CompanyID"] for party in world.books.parties]
    states = {order["number"]: order["state"] for order in world.kiosk.orders.values()}
    assert {"W-1007": "billed", "W-1008": "packed", "W-1009": "open"} == states
    [stopped] = [row for row in log(world) if row.outcome == "stopped"]
    assert ("W-1008", "NO_REGISTER_NUMBER") == (stopped.label, stopped.code)
    assert "Add the number in the kiosk." in str(stopped.to_json())


def test_a_second_sync_has_no_news(root: Path):
    """Nothing is created, changed or moved again."""
    world = ToyWorld(root)
    world.run()

    report = world.run()

    assert {"still stopped": 1} == dict(report.outcomes)
    written = [line for line in world.transport.journal if not line.startswith("GET")]
    assert ["POST kiosk.example/api/session"] == written
    assert 1 == len(world.books.documents)


def test_a_corrected_order_goes(root: Path):
    world = ToyWorld(root)
    world.run()
    world.kiosk.orders[8]["buyer"]["register_no"] = "123456789"
    world.kiosk.orders[8]["buyer"]["mail"] = "a@nameless.example"

    report = world.run()

    assert {"transferred": 1} == dict(report.outcomes)
    assert ["W-1007", "W-1008"] == [d["ID"] for d in world.books.documents]


def log(world: ToyWorld) -> list[LogRow]:
    ledger = world.open_ledger()
    rows: list[Any] = list(ledger.log())
    ledger.close()
    return rows


def test_the_engine_is_the_same():
    """The toy has no code of its own below ``engine/``."""
    words = re.compile(r"kiosk|ledgerbook", re.IGNORECASE)
    found = [
        path.name
        for path in (ROOT / "engine").rglob("*.py")
        if words.search(path.read_text("utf-8"))
    ]

    assert [] == found
