"""The YAML language server itself, with our schemas: what a consultant sees in an editor.

The server is an npm package; the first test that needs it installs it beside the other
tools, below ``.venv/``. Without Node.js these tests are skipped, with the reason.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from engine.cli.docs.editor_schemas import FOLDER, editor_schemas
from engine.mapping.keys.default import Default
from engine.mapping.keys.source_path import PathSource
from engine.mapping.rules import Rows, Rule, iter_rules
from engine.project.project_files import file_kind
from tests.language_server import LanguageServer
from tests.worlds import ROOT, project

VERSION = "1.25.0"  # 2.0.0 asks for Node.js 22
INSTALL_SECONDS = 120
SETTINGS = {
    "completion": True,
    "hover": True,
    "validate": True,
    "schemaStore": {"enable": False},
}
MAPPINGS = ROOT / "mappings"
FILES = sorted(path.relative_to(ROOT) for path in MAPPINGS.rglob("*.yaml"))
MAPPING = Path("mappings/sales_invoice/invoice.yaml")
HEAD = """\
format: 1
name: a trial
from: severa/sales_invoice
to: procountor/invoice
fields:
"""


def modeline(file: str) -> str:
    """Give the comment by which an editor finds a rule file's schema."""
    folder, _, name = file.rpartition("/")
    place = f"grammar/{file_kind(file)}"
    if file_kind(file) == "mapping":
        place = f"{folder.rpartition('/')[2]}/{name.removesuffix('.yaml')}"
    up = "../" * file.count("/")
    return f"# yaml-language-server: $schema={up}{FOLDER}/{place}.schema.json"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the rules and the schemas that are made of them."""
    folder = tmp_path_factory.mktemp("editor")
    shutil.copytree(MAPPINGS, folder / "mappings")
    for name, text in editor_schemas(project()).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[LanguageServer]:
    """Give the running language server."""
    script = installed_server()
    started = LanguageServer(["node", str(script), "--stdio"], root)
    started.start(SETTINGS)
    yield started
    started.stop()


def installed_server() -> Path:
    """Give the server's script; install it when it is not there yet."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("no Node.js here: the editor tests need node and npm")
    folder = ROOT / ".venv" / "editor"
    package = folder / "node_modules" / "yaml-language-server"
    script = package / "bin" / "yaml-language-server"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test runs install once
        if version_of(package) != VERSION:
            install(folder)
    if version_of(package) != VERSION:
        pytest.skip(f"yaml-language-server {VERSION} could not be installed by npm")
    return script


def version_of(package: Path) -> str:
    described = package / "package.json"
    if not described.is_file():
        return ""
    return str(json.loads(described.read_text("utf-8"))["version"])


def install(folder: Path) -> None:
    options = [
        "--no-save",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]
    wanted = f"yaml-language-server@{VERSION}"
    command = ["npm", "install", "--prefix", str(folder), wanted, *options]
    try:
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            timeout=INSTALL_SECONDS,
            env={**os.environ, "NO_UPDATE_NOTIFIER": "1"},
        )
    except (subprocess.SubprocessError, OSError):
        return  # the caller looks whether it is there


class Trial:
    """A file that is being typed: ``|`` in its text is where the cursor stands."""

    count = 0

    def __init__(self, server: LanguageServer, body: str, file: Path = MAPPING) -> None:
        Trial.count += 1
        path = server.root / file.with_name(f"trial_{Trial.count}.yaml")  # not written
        before, _, after = body.partition("|")
        line = modeline(file.as_posix())
        typed = f"{line}\n{HEAD}{before}"
        self.server = server
        self.line = typed.count("\n")
        self.character = len(typed) - typed.rfind("\n") - 1
        self.uri = server.open(path, f"{typed}{after}\n")

    def offers(self) -> list[str]:
        """Give what may be typed at the cursor."""
        found = self.server.complete(self.uri, self.line, self.character)
        self.server.close(self.uri)
        return [item["label"] for item in found]

    def shows(self) -> str:
        """Give what is shown at the cursor."""
        found = self.server.hover(self.uri, self.line, self.character)
        self.server.close(self.uri)
        return found

    def reports(self) -> list[str]:
        """Give what is marked as wrong."""
        found = self.server.reports(self.uri)
        self.server.close(self.uri)
        return found


@cache
def invoice_schema() -> dict[str, Any]:
    path = ROOT / "schemas" / "procountor" / "invoice.schema.json"
    return dict(json.loads(path.read_text("utf-8")))


def target_fields(schema: dict[str, Any], prefix: str = "") -> list[str]:
    """List the fields of a target by their dotted names, without those of rows."""
    found = []
    for name, part in schema["properties"].items():
        found.append(f"{prefix}{name}")
        if "properties" in part:
            found += target_fields(part, f"{prefix}{name}.")
    return found


# --- the schemas ----------------------------------------------------------------------


def test_every_schema_is_draft_07():
    """The server knows draft-07 best; each schema says so and is one."""
    schemas = {
        name: json.loads(text) for name, text in editor_schemas(project()).items()
    }
    for schema in schemas.values():
        Draft7Validator.check_schema(schema)

    assert 30 < len(schemas)
    assert {"http://json-schema.org/draft-07/schema#"} == {
        schema["$schema"] for schema in schemas.values()
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_rule_file_names_its_schema(root: Path, path: Path):
    """Its first line leads an editor to its schema, and that is there."""
    first = (root / path).read_text("utf-8").partition("\n")[0]

    assert modeline(path.as_posix()) == first
    assert ((root / path).parent / first.partition("$schema=")[2]).is_file()


# --- the server -----------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_shipped_files_are_well(server: LanguageServer, path: Path):
    """The editor marks nothing in what ships."""
    written = server.root / path
    uri = server.open(written, written.read_text("utf-8"))
    found = server.reports(uri)
    server.close(uri)

    assert [] == found


def test_every_target_field_is_offered(server: LanguageServer):
    """Below ``fields:`` stands every field of the target, dotted ones too."""
    offered = Trial(server, "  |").offers()

    assert [] == [n for n in target_fields(invoice_schema()) if n not in offered]


def test_fields_of_a_group_are_offered(server: LanguageServer):
    """Below a group's ``fields:`` names are relative to it."""
    offered = Trial(server, "  counterParty:\n    fields:\n      |").offers()

    assert "email" in offered
    assert "counterPartyAddress.name" in offered
    assert "date" not in offered


def test_fields_of_a_row_are_offered(server: LanguageServer):
    body = "  invoiceRows:\n    each: rows\n    fields:\n      |"
    rows = invoice_schema()["properties"]["invoiceRows"]["items"]
    offered = Trial(server, body).offers()

    assert [] == [name for name in target_fields(rows) if name not in offered]


@pytest.mark.parametrize(
    "body", ["  date: |", "  date: {source: |}", "  date:\n    source: |"]
)
def test_every_source_path_is_offered(server: LanguageServer, body: str):
    """In the short and the long form: each path that the shipped mapping uses."""
    offered = Trial(server, body).offers()
    used = source_paths("invoice.yaml")

    assert 25 < len(used)
    assert [] == sorted(path for path in used if path not in offered)


def source_paths(mapping: str) -> set[str]:
    """Give the plain paths that a shipped mapping's head fields read."""
    shipped = project().mappings["mappings/sales_invoice"][mapping]
    rules = [*shipped.variables.values()]
    for node in shipped.fields:
        if not isinstance(node, Rows):
            rules += [n for n in iter_rules([node]) if isinstance(n, Rule)]
    texts = {
        path.text
        for rule in rules
        for path in (
            rule.value.cell if isinstance(rule.value, PathSource) else None,
            *getattr(rule.value, "paths", ()),
            *getattr(rule.find(Default), "paths", ()),
        )
        if path is not None
    }
    return {text for text in texts if re.fullmatch(r"(?!vars\.)[\w.]+", text)}


def test_paths_inside_rows_are_those_of_the_row(server: LanguageServer):
    body = "  invoiceRows:\n    each: rows\n    fields:\n      quantity: |"
    offered = Trial(server, body).offers()

    assert "unitPrice.amount" in offered
    assert "doc.invoice.currency.code" in offered
    assert "invoice.number" not in offered


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("  date:\n    |", {"source", "first_of", "limit", "required_when"}),
        ("  invoiceChannel:\n    fixed: |", {"EMAIL", "MAIL"}),
        ("  invoiceChannel:\n    source: x\n    default: |", {"EMAIL", "MAIL"}),
        ("  invoiceChannel:\n    choose:\n      |", {"EMAIL", "MAIL"}),
        ("  language:\n    source: x\n    lookup: |", {"languages", "units"}),
        ("  date:\n    source: x\n    too_long: |", {"warn", "cut", "error"}),
        ("  date: |", {"company.bank_account", "run.countries"}),
    ],
)
def test_words_are_offered(server: LanguageServer, body: str, expected: set[str]):
    """Keys, allowed values, tables, settings and registers."""
    assert set() == expected - set(Trial(server, body).offers())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("  orderRefer|ence: invoice.orderNumber", ["order reference", "at most 70"]),
        ("  orderRefer|ence: {source: invoice.orderNumber}", ["at most 70"]),
        (
            "  counterParty.counterPartyAddress.na|me: invoice.number",
            ["First line of the address", "at most 80", "Required."],
        ),
        ("  date: {sour|ce: invoice.date}", ["Where the value comes from"]),
    ],
)
def test_hover_shows_the_vendors_words(
    server: LanguageServer, body: str, expected: list[str]
):
    """What the field is, how long it may be, and whether it must be there."""
    shown = Trial(server, body).shows()

    assert [] == [words for words in expected if words not in shown]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("  dte: invoice.date", "Property dte is not allowed."),
        ("  date: {source: invoice.date, limt: 4}", "Property limt is not allowed."),
        ("  type: {fixed: SALES_INVOIC}", "Value is not accepted."),
        ("  language: {source: x, lookup: langages}", "Value is not accepted."),
        ("  orderReference: {source: x, limit: 71}", "above the maximum of 70"),
        ("  date: {source: x, required: maybe}", "Value is not accepted."),
        (
            "  invoiceRows:\n    each: rows\n    fields:\n      qantity: quantity",
            "Property qantity is not allowed.",
        ),
    ],
)
def test_typos_are_marked(server: LanguageServer, body: str, expected: str):
    found = Trial(server, body).reports()

    assert any(expected in message for message in found), found


def test_other_files_complete_by_their_grammar(server: LanguageServer):
    """A match file is no mapping: its keys are its own."""
    file = MAPPING.with_name("partner.match.yaml")
    text = f"{modeline(file.as_posix())}\nformat: 1\nname: a trial\nrules:\n  - "
    uri = server.open(server.root / file.with_name("trial.match.yaml"), text)
    offered = [item["label"] for item in server.complete(uri, 4, 4)]
    server.close(uri)

    assert {"link", "create", "reject"} <= set(offered)
