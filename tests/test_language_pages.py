"""The pages of paths, formulas and roots: every line of their tables is so."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from engine.errors import Position, RuleError
from engine.flow.offline import read_document
from engine.language.filters.registry import FILTERS
from engine.language.formulas import compile_condition, compile_formula
from engine.language.jmespath_exact import Functions
from engine.language.paths import compile_path
from engine.language.scope import ROOTS, Scope
from engine.language.symbols import SymbolTable
from engine.project.flow_types import flow_roots
from engine.project.project import load_project
from engine.rulefiles.nodes import Scalar
from tests.places import ROOT

PAGES = {"paths": compile_path, "formulas": compile_formula, "roots": compile_path}
DOCUMENT = ROOT / "tests" / "samples" / "sales_invoice" / "base.json"
CELL = re.compile(r"(?<!\\)\|")
CODE = re.compile(r"^(`+)(.*)\1$")


def iter_lines(page, *head):
    """Give the cells of every row of the tables that begin with these columns."""
    columns: list[str] = []
    for line in (ROOT / "docs" / f"{page}.md").read_text("utf-8").splitlines():
        if not line.startswith("|"):
            columns = []
            continue
        cells = [cell.strip() for cell in CELL.split(line)[1:-1]]
        columns = columns or cells
        if columns == list(head) and cells != columns and "---" not in line:
            yield tuple(code(cell) for cell in cells)


def code(cell):
    found = CODE.match(cell)
    return (found[2] if found else cell).replace("\\|", "|").strip()


LINES = [
    pytest.param(page, *line, id=f"{page}: {line[0]}")
    for page in PAGES
    for line in iter_lines(page, "write", "gives")
]
ROW_LINES = list(iter_lines("roots", "in a row, write", "gives"))
MISTAKES = [
    pytest.param(page, *line, id=f"{page}: {line[0]}")
    for page in PAGES
    for line in iter_lines(page, "not", "but")
]


@pytest.fixture(scope="module")
def at_document():
    """Give what the rules of the sample's mapping see, and what is known of it."""
    project = load_project(ROOT)
    document = read_document(DOCUMENT.read_bytes(), "base.json")
    run = document.pop("run")
    settings = project.companies["demo"].settings
    scope = Scope(document, {"doc": document, "company": settings, "run": run})
    field = project.schemas.field("severa/sales_invoice")
    types = SymbolTable(item=field, document=field, roots=flow_roots(None, None))
    return scope, types


def evaluate(compile_, text, scope, types):
    cell = Scalar(text, Position("page", 1, 1))
    return compile_(cell, types).evaluate(scope)


def written(value):
    """Write a value as the pages do."""
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return f"[{', '.join(written(item) for item in value)}]"
    if isinstance(value, bool):
        return json.dumps(value)
    return f"'{value}'" if isinstance(value, str) else str(value)


@pytest.mark.parametrize(("page", "text", "gives"), LINES)
def test_a_line_gives_what_the_page_says(at_document, page, text, gives):
    assert gives == written(evaluate(PAGES[page], text, *at_document))


@pytest.mark.parametrize(("text", "gives"), ROW_LINES)
def test_a_line_in_a_row_gives_what_the_page_says(at_document, text, gives):
    scope, types = at_document
    row = types.row(types.name("rows").item())
    second = scope.with_item(scope.item["rows"][1], row_number=2)

    assert gives == written(evaluate(compile_path, text, second, row))
    assert gives == written(evaluate(compile_formula, text, second, row))


@pytest.mark.parametrize(("page", "wrong", "right"), MISTAKES)
def test_what_is_often_written_is_refused_with_a_way_out(
    at_document, page, wrong, right
):
    _, types = at_document
    compile_ = PAGES[page]
    refuses = compile_condition if is_condition(wrong) else compile_
    cell = Scalar(wrong, Position("page", 1, 1))
    with pytest.raises(RuleError) as caught:
        refuses(cell, types)

    assert all(problem.hint for problem in caught.value.problems)
    compile_(Scalar(right.split("` and ")[0], Position("page", 1, 1)), types)


def is_condition(text):
    return text.startswith("not ") or " or " in text


def test_every_function_and_root_is_named():
    paths = (ROOT / "docs" / "paths.md").read_text("utf-8")
    roots = (ROOT / "docs" / "roots.md").read_text("utf-8")
    known = {*ROOTS, *flow_roots(None, None), "value", "candidate", "payload", "answer"}

    assert [] == [name for name in Functions.FUNCTION_TABLE if f"`{name}`" not in paths]
    assert [] == sorted(name for name in known if f"| `{name}` |" not in roots)


def test_the_consultants_commands_need_nothing_that_windows_lacks():
    """The guide promises it."""
    program = (
        "import sys\n"
        "for name in ('fcntl', 'grp', 'pwd', 'resource', 'termios'):\n"
        "    sys.modules[name] = None\n"
        "from engine.__main__ import main\n"
        f"code = main(['map', 'sales_invoice', '--document', {str(DOCUMENT)!r}])\n"
        "sys.exit(code or main(['check']))\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False
    )

    assert (0, b"") == (found.returncode, found.stderr)


def test_the_pages_have_enough_lines():
    assert 60 <= len(LINES)
    assert 15 <= len(MISTAKES)
    assert len(FILTERS) > 50
