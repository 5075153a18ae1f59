"""``explain``: each value of a payload is accounted for, and nobody's account is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.__main__ import main
from engine.cli.samples.hide_personal import Mask, find_personal
from engine.cli.samples.samples import Sample, find_samples, load_sample, run_sample
from engine.json_text import render_json
from engine.language.leaves import iter_leaves
from engine.mapping.apply import Recorder
from tests.places import copy_rules, replace_once
from tests.worlds import ROOT, project

BASE = ROOT / "tests" / "samples" / "sales_invoice" / "base.json"
FILES = find_samples(ROOT)


def trace(sample: Sample) -> tuple[dict[str, Any], Recorder]:
    recorder = Recorder()
    payload = run_sample(project(), sample, recorder).result.payload
    return payload, recorder


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_replaying_the_traces_gives_the_payload(path):
    """Each leaf has one row, and the row's last stage gives the leaf's value."""
    payload, recorder = trace(load_sample(project(), path))
    leaves = [leaf for leaf in iter_leaves("", payload) if leaf[0]]

    sent = [t for t in recorder.traces if t.is_sent]
    replayed = {t.path: t.stages[-1].value for t in sent}

    assert sorted(p for p, _ in leaves) == sorted(t.path for t in sent)
    assert render_json(dict(sorted(leaves))) == render_json(
        dict(sorted(replayed.items()))
    )


def test_every_row_names_a_rule_of_the_mapping():
    sample = load_sample(project(), BASE.parent / "plain.yaml")

    _, recorder = trace(sample)

    files = {t.position.file for t in recorder.traces}
    assert {"mappings/sales_invoice/invoice.yaml"} == files


def explain(capsys: Any, *arguments: str) -> str:
    main(["explain", "sales_invoice", "--document", str(BASE), *arguments])
    said: str = capsys.readouterr().out
    return said


def test_a_cut_says_from_how_many_to_how_many(capsys, tmp_path):
    sample = load_sample(project(), BASE.parent / "city_41.yaml")
    file = tmp_path / "document.json"
    file.write_text(render_json(sample.document), "utf-8")

    main(["explain", "sales_invoice", "--document", str(file)])

    assert "cut from 41 to 40" in capsys.readouterr().out


def test_plain_output_fits_100_columns(capsys):
    out = explain(capsys)

    assert [] == [line for line in out.splitlines() if len(line) > 100]


def test_a_variable_can_be_explained(capsys):
    out = explain(capsys, "--field", "vars.channel")

    assert out.startswith('vars.channel = "EMAIL"')


def test_a_row_is_explained_down_to_its_own_variables(capsys, tmp_path):
    root = copy_rules(tmp_path)
    replace_once(
        root / "mappings" / "sales_invoice" / "invoice.yaml",
        "    each: rows\n    required: yes\n",
        "    each: rows\n    required: yes\n"
        "    vars: {net: {transform: quantity * unitPrice.amount, decimals: 2}}\n"
        "    where: vars.net > 0\n",
    )
    replace_once(
        root / "mappings" / "sales_invoice" / "invoice.yaml",
        "unitPrice: {source: unitPrice.amount,",
        "unitPrice: {source: vars.net,",
    )

    arguments = ["explain", "sales_invoice", "--document", str(BASE)]
    main([*arguments, "--field", "invoiceRows[1].unitPrice", "--root", str(root)])

    out = capsys.readouterr().out
    assert "invoiceRows[1].vars.net = 290.00" in out
    assert "transform   quantity * unitPrice.amount" in out


def test_a_variable_that_no_field_asks_for_can_be_explained(capsys):
    """R118, A01: the status of a new invoice is no field that is sent."""
    out = explain(capsys, "--field", "status")

    assert "in progress" in out
    assert 'statuses                                   "UNFINISHED"' in out


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("invoiceChannel", "invoice.receiverContactEmail"),
        ("language", "invoice.language.code"),
        ("counterParty.identifier", "invoice.receiverVatNumber"),
        ("counterParty.email", "invoice.receiverContactEmail"),
        ("counterParty.counterPartyAddress.country", "invoice.receiverAddress.country"),
        ("vatStatus", "company.sales.vat_status"),
        ("invoiceRows[1].productCode", "code[?@ != ''] | [0]"),
        ("invoiceRows[1].vatPercent", "vatRate"),
    ],
)
def test_a_field_is_explained_down_to_what_was_read(capsys, field, expected):
    """X03: through variables and derived fields, to the path in the source."""
    out = explain(capsys, "--field", field)

    assert out.startswith(f"{field} = ")
    assert expected in out


def test_what_was_read_is_told_as_it_is_in_the_source(capsys):
    """The raw value, before any filter; in JSON too."""
    account = "paymentInfo.bankAccount.accountNumber"
    text = explain(capsys, "--field", account, "--mask", "none")
    told = json.loads(explain(capsys, "--field", "vars.email", "--json"))

    assert "company.bank_account                       " in text
    assert '"FI21 1234 5600 0007 85"' in text
    reads = {
        path: value for row in told for path, value in row.get("reads", {}).items()
    }
    assert "ilkka.vene@kivilahti.example" == reads["invoice.receiverContactEmail"]


def test_ids_and_accounts_are_hidden_unless_asked_for(capsys):
    hidden, shown = explain(capsys), explain(capsys, "--mask", "none")

    assert "2674310-1" not in hidden
    assert "FI2112345600000785" not in hidden
    assert "2674310-1" in shown


def test_named_fields_are_hidden_wherever_their_value_goes(capsys):
    out = explain(capsys, "--mask", "receiverCustomerName,invoice.yourReference")

    assert "Kivilahden Veneveistämö" not in out
    assert "Työnumero 88-12" not in out
    assert "Savonlinna" in out


def test_a_marked_field_is_found_at_any_depth():
    schema = project().schemas.field("procountor/invoice")
    document = {"paymentInfo": {"bankAccount": {"accountNumber": "FI2112345600000785"}}}

    found = find_personal(document, schema)

    assert {"FI2112345600000785"} == found


def test_a_short_hidden_value_is_hidden_only_where_it_stands_alone():
    mask = Mask({"FI"})

    assert ["…", "FINLAND", 7] == mask.apply(["FI", "FINLAND", 7])
