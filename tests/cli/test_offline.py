"""The consultant's offline tool: what it says, and the exit code that scripts read."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.__main__ import main
from engine.json_text import render_json
from tests.mapping.test_samples import FOLDER, read_sample

BASE = FOLDER / "sales_invoice" / "base.json"
PERSON = "131052-308T"  # a made-up personal identity code with a right check character
SHOWN = ("row_text_81", "e_invoice", "every_leaf_null")


def call(capsys: Any, *arguments: object) -> tuple[int, str, str]:
    """Give the exit code, the output and the error output of one command."""
    code = main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def read(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def write(folder: Path, sample: str) -> Path:
    """Write a sample's document as the file that a consultant would have."""
    document = read_sample(FOLDER / "sales_invoice" / f"{sample}.yaml").document
    file = folder / f"{sample}.json"
    file.write_text(render_json(document), "utf-8")
    return file


def iter_leaves(path: str, value: Any) -> Any:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from iter_leaves(f"{path}.{key}" if path else key, item)
    elif isinstance(value, list) and value:
        for place, item in enumerate(value):
            yield from iter_leaves(f"{path}[{place}]", item)
    else:
        yield path, value


def test_check_counts_what_it_read(capsys):
    code, out, err = call(capsys, "check")

    assert (0, "") == (code, err)
    assert out.startswith("all well: ")


def test_check_outside_a_project_says_which_folder_is_missing(capsys, tmp_path):
    code, out, err = call(capsys, "check", "--root", tmp_path)

    assert (2, "") == (code, out)
    assert "M100" in err
    assert "--root" in err


def test_map_prints_the_payload_and_nothing_else(capsys):
    """The output can be piped; warnings and errors go the other way."""
    code, out, err = call(capsys, "map", "sales_invoice", "--document", BASE)

    assert (0, "") == (code, err)
    assert "104417" == read(out)["originalInvoiceNumber"]


def test_map_keeps_digits(capsys):
    _, out, _ = call(capsys, "map", "sales_invoice", "--document", BASE)

    assert '"penaltyPercent": 10.50,' in out
    assert '"unitPrice": 118.0,' in out


def test_map_as_json_has_four_parts(capsys, tmp_path):
    file = write(tmp_path, "row_text_81")

    code, out, err = call(capsys, "map", "sales_invoice", "--document", file, "--json")

    found = read(out)
    assert (0, "") == (code, err)
    assert ["payload", "truncations", "warnings", "errors"] == list(found)
    (cut,) = found["truncations"]
    assert ["path", "limit", "original", "kept", "moved_to", "rule"] == list(cut)
    assert "invoiceRows[0].product" == cut["path"]
    assert cut["rule"].startswith("mappings/sales_invoice/invoice.yaml:")
    assert [] == found["errors"]


def test_map_tells_a_cut_and_still_succeeds(capsys, tmp_path):
    file = write(tmp_path, "row_text_81")

    code, _, err = call(capsys, "map", "sales_invoice", "--document", file)

    assert 0 == code
    assert "warning  invoiceRows[0].product: cut from 81 to 80 characters" in err
    assert "what did not fit is in invoiceRows[0].comment" in err


def test_map_of_a_document_that_cannot_go_gives_1(capsys, tmp_path):
    file = write(tmp_path, "every_leaf_null")

    code, out, err = call(capsys, "map", "sales_invoice", "--document", file, "--json")

    errors = read(out)["errors"]
    assert (1, "") == (code, err)
    assert {("code", "field", "value", "message", "rule")} == {tuple(e) for e in errors}
    assert "date" in [e["field"] for e in errors]
    assert all(e["rule"].startswith("mappings/") for e in errors)


def test_map_shows_each_error_with_field_and_line(capsys, tmp_path):
    file = write(tmp_path, "order_reference_71")

    code, _, err = call(capsys, "map", "sales_invoice", "--document", file)

    assert 1 == code
    assert "error    orderReference: TOO_LONG 71 characters" in err
    assert "mappings/sales_invoice/invoice.yaml:" in err


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"rows": ["text"]}, "rows[0]", "the text 'text' stands where a group"),
        ({"rows": [None, 7]}, "rows[0]", "empty stands where a group"),
        ({"rows": "text"}, "rows[0]", "the text 'text' stands where a group"),
        ({"invoice": {"number": "NaN"}}, "invoice.number", "not a finite number"),
    ],
)
def test_map_tells_what_stands_where_a_group_is_expected(
    capsys, tmp_path, change, field, said
):
    document = read(BASE.read_text("utf-8"))
    for name, value in change.items():
        is_group = isinstance(value, dict)
        document[name] = {**document[name], **value} if is_group else value
    file = tmp_path / "document.json"
    file.write_text(render_json(document).replace('"NaN"', "NaN"), "utf-8")

    code, out, err = call(capsys, "map", "sales_invoice", "--document", file)

    assert 1 == code
    assert field in out + err
    assert said in out + err


@pytest.mark.parametrize("name", ["partner", "partner.yaml"])
def test_map_takes_another_mapping_by_its_file_name(capsys, name):
    code, out, _ = call(
        capsys, "map", "sales_invoice", "--document", BASE, "--mapping", name
    )

    assert 0 == code
    assert "CUSTOMER" == read(out)["type"]


def test_map_takes_a_company_by_name(capsys):
    code, _, _ = call(
        capsys, "map", "sales_invoice", "--document", BASE, "--company", "demo"
    )

    assert 0 == code


@pytest.mark.parametrize(
    ("arguments", "code_of_finding", "hint"),
    [
        (["map", "sales_invoise", "--document", BASE], "C403", "sales_invoice"),
        (
            ["map", "sales_invoice", "--document", BASE, "--company", "demmo"],
            "C403",
            "did you mean demo?",
        ),
        (
            ["map", "sales_invoice", "--document", BASE, "--mapping", "partnr"],
            "M602",
            "partner.yaml",
        ),
        (
            ["explain", "sales_invoice", "counterParty.emial", "--document", BASE],
            "M603",
            "did you mean counterParty.email?",
        ),
        (
            ["explain", "sales_invoice", "dueDate", "--document", BASE],
            "M603",
            "did you mean paymentInfo.dueDate?",
        ),
        (["map", "sales_invoice", "--document", "nowhere.json"], "M600", "nowhere"),
    ],
    ids=["flow", "company", "mapping", "field", "end of a field", "file"],
)
def test_unknown_name_gives_2_and_a_way_out(capsys, arguments, code_of_finding, hint):
    code, out, err = call(capsys, *arguments)

    assert (2, "") == (code, out)
    assert err.startswith(code_of_finding)
    assert hint in err


@pytest.mark.parametrize("text", ["", "{", "[]", '"text"', "{'invoice': 1}"])
def test_document_that_is_no_json_object_gives_2(capsys, tmp_path, text):
    file = tmp_path / "document.json"
    file.write_text(text, "utf-8")

    code, out, err = call(capsys, "map", "sales_invoice", "--document", file)

    assert (2, "") == (code, out)
    assert err.startswith("M601  document.json ")


@pytest.mark.parametrize("arguments", [[], ["mapp"], ["map"], ["map", "sales_invoice"]])
def test_wrong_arguments_give_2(capsys, arguments):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)

    assert 2 == exit_.value.code


@pytest.mark.parametrize("sample", SHOWN)
def test_explain_accounts_for_every_leaf_once(capsys, tmp_path, sample):
    file = write(tmp_path, sample)
    shared = ("sales_invoice", "--document", file, "--json")
    payload = read(call(capsys, "map", *shared, "--mask", "none")[1])["payload"]
    traces = read(call(capsys, "explain", *shared, "--mask", "none")[1])

    sent = [(t["path"], t["value"]) for t in traces if t["sent"]]

    assert sorted(iter_leaves("", payload)) == sorted(sent)


@pytest.mark.parametrize("sample", SHOWN)
def test_explain_says_rule_and_stages_of_each_field(capsys, tmp_path, sample):
    file = write(tmp_path, sample)

    _, out, _ = call(capsys, "explain", "sales_invoice", "--document", file, "--json")

    traces = read(out)
    parts = {tuple(trace) for trace in traces}
    assert {("path", "value", "sent", "rule", "stages", "schema")} == parts
    assert all(trace["rule"].startswith("mappings/") for trace in traces)
    assert [] == [trace["path"] for trace in traces if not trace["stages"]]
    stages = [stage for trace in traces for stage in trace["stages"]]
    assert {("stage", "from", "value")} == {tuple(stage) for stage in stages}


def test_explain_names_fields_that_are_left_out(capsys):
    code, out, _ = call(capsys, "explain", "sales_invoice", "--document", BASE)

    assert 0 == code
    assert "billingAddress = left out" in out
    assert "when        vars.channel == 'ELECTRONIC_INVOICE'" in out


def test_explain_of_one_field_shows_only_it_and_what_is_below(capsys):
    arguments = ("--document", BASE, "--json")

    _, out, _ = call(capsys, "explain", "sales_invoice", "invoiceRows[1]", *arguments)

    paths = [trace["path"] for trace in read(out)]
    assert "invoiceRows[1].product" in paths
    assert all(path.startswith("invoiceRows[1].") for path in paths)


def test_explain_shows_the_value_after_each_stage(capsys):
    arguments = ("--document", BASE, "--json")

    _, out, _ = call(capsys, "explain", "sales_invoice", "penaltyPercent", *arguments)

    (trace,) = read(out)
    assert [
        {
            "stage": "source",
            "from": "invoice.overdueInterest",
            "value": Decimal("10.5"),
        },
        {"stage": "decimals", "from": "2, half_up", "value": Decimal("10.50")},
    ] == trace["stages"]


def test_explain_masks_personal_ids_and_bank_accounts(capsys, tmp_path):
    file = tmp_path / "person.json"
    text = BASE.read_text("utf-8").replace('"2674310-1"', f'"{PERSON}"')
    file.write_text(text, "utf-8")

    _, out, _ = call(capsys, "explain", "sales_invoice", "--document", file)

    assert 'counterParty.identifier = "…308T"' in out
    assert PERSON not in out
    assert "FI2112345600000785" not in out
