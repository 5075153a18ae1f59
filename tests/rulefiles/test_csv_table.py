"""A CSV in mappings/tables/ is a table for each column but the first."""

from __future__ import annotations

import pytest

from engine.language.scope import Scope
from engine.mapping.apply import apply_rule
from engine.problems import Problems
from engine.project.project import load_project
from engine.rulefiles.csv_table import read_csv_table
from tests.toy.world import build_project

OTHER_ENCODING = "the file is not UTF-8: byte 0xE4 is ä in Windows-1252"
READ = {"vat": {"4000": "25,5", "4010": "14"}, "name": {"4000": "Myynti; koti"}}


def read(content: bytes) -> tuple[object, list[str]]:
    problems = Problems()
    columns = read_csv_table(content, "tables/accounts.csv", problems)
    plain = {
        name: {key: cell.text for key, cell in entries.items()}
        for name, entries in columns.items()
    }
    return plain, [f"{p.code} {p.position}: {p.message}" for p in problems]


@pytest.mark.parametrize(
    "content",
    [
        'code;vat;name\n4000;25,5;"Myynti; koti"\n4010; 14 ;\n',
        "code\tvat\tname\r\n4000\t25,5\tMyynti; koti\r\n\r\n4010\t14\t\r\n",
        'code,vat,name\n4000,"25,5",Myynti; koti\n4010,14,',
        '\ufeff"code";"vat";"name"\n4000;25,5;"Myynti; koti"\n;;\n4010;14;""\n',
    ],
    ids=["semicolons", "tabs and Windows", "commas", "mark and quotes"],
)
def test_columns(content: str):
    assert (READ, []) == read(content.encode())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            "code;vat\n4000;säästö\n".encode("cp1252"),
            f"M109 tables/accounts.csv:2:7: {OTHER_ENCODING}",
        ),
        (
            "code;vat\n".encode("utf-16"),
            "M109 tables/accounts.csv:1:1: the file is saved as UTF-16",
        ),
        (b"", "M118 tables/accounts.csv:1:1: the file is empty"),
        (
            b'code;vat\n1;"a ""b"" c"\n2;"x\ny";\n',
            "M130 tables/accounts.csv:3:1: this line has 3 cells, the first line has 2",
        ),
    ],
    ids=["Windows-1252", "UTF-16", "empty", "a text of two lines"],
)
def test_what_cannot_be_read_is_told_with_its_line(content: bytes, told: str):
    assert [told] == read(content)[1]


def test_a_lookup_names_the_column(tmp_path):
    root = build_project(tmp_path)
    (root / "mappings/tables/tongue_list.csv").write_text(
        "code;tongue;remark\nsv;ENGLISH;x\nno;NORWEGIAN;\n", "utf-8"
    )
    file = root / "mappings/billing/document.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("lookup: tongues", "lookup: tongue_list.tongue"))

    project = load_project(root)

    mapping = project.mappings["mappings/billing"]["document.yaml"]
    rule = next(r for r in mapping.fields if r.path == "LanguageID")
    document = {"order": {"buyer": {"tongue": "no"}}}
    assert "NORWEGIAN" == apply_rule(rule, Scope(document, {"doc": document}))
    assert {"sv": "x"} == project.tables["tongue_list.remark"]
