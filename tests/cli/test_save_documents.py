"""``plan --save`` keeps documents; ``map``, ``diff`` and ``test`` take them as they are."""

from __future__ import annotations

import json
import re
import stat

import pytest

from engine.__main__ import main
from engine.cli.samples.document_folder import DocumentFolder
from engine.cli.samples.snapshots import SNAPSHOTS, write_snapshots
from engine.flow.companies import choose_work
from engine.flow.offline import map_document, pick_mapping, read_document
from engine.flow.planning import plan_company
from engine.language.leaves import iter_leaves
from engine.masking import mask_text, replace_personal
from tests.places import copy_rules
from tests.worlds import World

NOTHING = (None, {}, [])
SHOWN_END = re.compile(r"…\w{1,4}")


def save(world, folder):
    ((company, flows),) = choose_work(world.project)
    kept = DocumentFolder(folder, world.project, company)
    return plan_company(
        world.reader(), company, flows, ledger_url=world.ledger_url, keep=kept.keep
    )


def shown(leaves):
    """Give leaves as a plan shows them, without the ends of ids and accounts."""
    return {
        path: SHOWN_END.sub("…", mask_text(value)) if isinstance(value, str) else value
        for path, value in leaves
        if value not in NOTHING
    }


def map_saved(world, path):
    flow = world.project.flow_for("demo", path.parent.name)
    mapping = pick_mapping(world.project, flow, None, "demo")
    settings = world.project.companies["demo"].settings
    document = read_document(path.read_bytes(), path.name)
    return map_document(flow, mapping, document, settings)


@pytest.mark.parametrize("flow", ["sales_invoice", "travel_invoice"])
def test_a_saved_document_gives_the_payload_that_the_plan_showed(tmp_path, flow):
    """Field by field; ids and accounts are others, of the same form."""
    world = World(tmp_path, flow=flow)

    plan = save(world, tmp_path / "kept")

    compared = 0
    for document in plan.documents:
        if document.outcome != "planned":
            continue
        made = [e for e in document.entries if e.step == "invoice" and e.changes]
        for entry in made:
            path = tmp_path / f"kept/demo/{document.flow}/{document.label}.json"
            mapped = map_saved(world, path)
            planned = shown((c.field, c.after) for c in entry.changes)
            assert planned == shown(iter_leaves("", mapped.result.payload))
            assert () == mapped.stops
            compared += 1
    assert compared > 5


@pytest.mark.parametrize("flow", ["sales_invoice", "travel_invoice"])
def test_no_personal_id_or_account_is_saved(tmp_path, flow):
    """But the company's own account, which stands in its settings."""
    world = World(tmp_path, flow=flow)
    settings = world.project.companies["demo"].settings
    own = settings["bank_account"].replace(" ", "")
    there: set[str] = set()
    for data in (world.data.severa, *world.data.procountor.values()):
        replace_personal(repr(data), lambda found: there.add(found) or "")
    secret = {text for text in there if text.replace(" ", "") != own}

    save(world, tmp_path / "kept")

    files = [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]
    assert 20 < len(files)
    assert secret
    for path in files:
        text = path.read_text("utf-8")
        assert [] == [found for found in secret if found in text]
        assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_the_commands_take_what_a_plan_has_saved(capsys, monkeypatch, tmp_path):
    """Stopped documents too; map, diff and test --new-from."""
    world = World(tmp_path, keep=["plain", "no_customer_number"])
    save(world, tmp_path / "kept")
    root = copy_rules(tmp_path / "project")
    (root / SNAPSHOTS).parent.mkdir(parents=True)
    write_snapshots(root, {}, set())
    files = sorted((tmp_path / "kept/demo/sales_invoice").glob("*.json"))
    assert 2 == len(files)
    fine, stopped = (str(path) for path in files)

    def run(*arguments):
        code = main([*arguments, "--root", str(root)])
        return code, capsys.readouterr().out

    code, said = run("map", "sales_invoice", "--document", fine)
    assert (0, "SALES_INVOICE") == (code, json.loads(said)["type"])
    code, said = run("map", "sales_invoice", "--document", stopped)
    assert 1 == code
    folder = str(tmp_path / "kept/demo/sales_invoice")
    code, said = run(
        *("diff", ".", ".", "--documents", folder, "--flow", "sales_invoice")
    )
    assert (0, True) == (code, "2 documents" in said)
    code, said = run("test", "sales_invoice", "--new-from", fine, "--name", "kept_one")
    assert (0, True) == (code, "kept_one.yaml is written" in said)
