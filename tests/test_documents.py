"""Pages, advice and dependencies: everything is mentioned, and what is said is so."""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

import engine.__main__ as offline_tool
import runner
from engine.cli import exit_codes
from engine.cli.docs.pages import check_pages
from engine.project.advice import load_advice
from engine.rulefiles.grammar_load import load_grammars
from engine.rulefiles.reader import load_yaml_file
from tests.places import ROOT, read_texts
from tests.sources import relative

DOCS = ROOT / "docs"
GENERATED = {"rules.md", "errors.md", "findings.md"}
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def hand_written() -> str:
    """Give README and the pages that people wrote, as one text."""
    pages = [
        page
        for page in sorted(DOCS.rglob("*.md"))
        if page.name not in GENERATED and page.parent.name != "flows"
    ]
    return "\n".join(p.read_text("utf-8") for p in [ROOT / "README.md", *pages])


# --- documents ------------------------------------------------------------------------


def commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Give a command line's commands by name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


TOOLS = [
    ("runner.py", runner._parser()),
    ("python -m engine", offline_tool._parser()),
]


@pytest.mark.parametrize(("tool", "parser"), TOOLS, ids=[name for name, _ in TOOLS])
def test_every_command_and_option_is_documented(
    tool: str, parser: argparse.ArgumentParser
):
    """README or a page says each command with its tool, and each option."""
    text = hand_written()
    missing = []
    for name, command in commands(parser).items():
        if not re.search(rf"{re.escape(tool)} {name}\b", text):
            missing.append(f"{tool} {name}")
        for action in command._actions:
            missing += [
                f"{tool} {name} {option}"
                for option in action.option_strings
                if option.startswith("--")
                and option != "--help"
                and not re.search(rf"{option}(?![\w-])", text)
            ]

    assert [] == missing


@pytest.mark.parametrize("page", ["README.md", "docs/operations.md"])
def test_every_exit_code_is_documented(page: str):
    """A scheduler acts on the number: the tables say what each means."""
    text = (ROOT / page).read_text("utf-8")
    codes = {code for name, code in vars(exit_codes).items() if name.isupper()}
    missing = [
        code for code in sorted(codes) if not re.search(rf"(?m)^\| {code} \|", text)
    ]

    assert [] == missing


def test_the_table_of_exit_codes_speaks_of_the_six_commands():
    """Each says what each code means for it; only people's work is ever 1 (A5)."""
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    part = text.partition("## Exit codes")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in part.splitlines()
        if line.startswith("|")
    ]
    head, _, *rest = rows
    codes = {code for name, code in vars(exit_codes).items() if name.isupper()}

    commands_named = ["sync", "plan", "doctor", "status", "engine diff", "engine test"]
    assert ["code", *(f"`{name}`" for name in commands_named)] == head
    assert codes == {int(row[0]) for row in rest}
    assert all(cell for row in rest for cell in row)


def test_every_environment_variable_is_documented():
    """Whatever the runner asks the environment for, operators can read about."""
    source = (ROOT / "runner.py").read_text("utf-8")
    names = re.findall(r"environ(?:\.get\(|\[)\"(\w+)\"", source)

    assert names
    assert [] == [name for name in names if name not in hand_written()]


def test_named_modules_are_there():
    """A page names a module by its path, the architecture also below ``engine/``."""
    named = re.findall(r"\bengine/[\w/]+\.py", hand_written())
    picture = (DOCS / "architecture.md").read_text("utf-8")
    rooms = "cli|flow|systems|ledger|project|mapping|language|rulefiles"
    short = re.findall(rf"(?<![\w/])((?:{rooms})/\w+(?:/\w+)?)", picture)
    paths = {*named, *(f"engine/{path}" for path in short)}
    found = {path for path in paths if (ROOT / path).exists()}

    assert len(named) > 10
    assert len(short) > 15
    assert set() == {p for p in paths - found if not (ROOT / f"{p}.py").is_file()}


def test_links_lead_somewhere():
    """Every relative link of README and pages names a file that is there."""
    broken = [
        f"{relative(page)} -> {target}"
        for page in [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
        for target in LINK.findall(page.read_text("utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]

    assert [] == broken


@pytest.mark.parametrize(
    ("page", "begin", "end"),
    [
        ("README.md", "Ten lines", "On the left"),
        ("docs/consultant-guide.md", "## Six mappings to read", "## How to read"),
    ],
)
def test_shown_rules_are_the_shipped_ones(page: str, begin: str, end: str):
    """What a page calls real stands so in a mapping; comments may be left out."""
    shipped = {
        line.partition("  # ")[0].rstrip()
        for path in (ROOT / "mappings" / "sales_invoice").glob("*.yaml")
        for line in path.read_text("utf-8").splitlines()
    }
    part = (ROOT / page).read_text("utf-8").partition(f"\n{begin}")[2]
    part = part.partition(f"\n{end}")[0]
    shown = [
        line.partition("  # ")[0].rstrip()
        for block in re.findall(r"(?s)```yaml\n(.*?)```", part)
        for line in block.splitlines()
    ]

    assert len(shown) >= 10
    assert [] == [line for line in shown if line not in shipped and "…" not in line]


def test_company_settings_are_explained():
    """The consultant guide's table has every key of a company file."""
    text = (DOCS / "consultant-guide.md").read_text("utf-8")
    schema = load_grammars(ROOT)["company"]
    missing = [key for key in setting_keys(schema) if f"`{key}`" not in text]

    assert [] == missing


def setting_keys(schema: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for key, part in schema.get("properties", {}).items():
        if isinstance(part, dict):
            below = list(setting_keys(part, f"{prefix}{key}."))
            yield from below or [f"{prefix}{key}"]


def test_generated_pages_are_fresh():
    """``python -m engine docs`` has nothing to write."""
    assert [] == check_pages(ROOT)


# --- rules and advice -----------------------------------------------------------------


def test_every_code_of_the_rules_has_advice():
    """A document that a rule stops comes with what to do."""
    book = load_advice(load_yaml_file(ROOT / "mappings" / "advice.yaml", ROOT))
    codes = {
        (code, relative(path))
        for path in sorted((ROOT / "mappings").rglob("*.yaml"))
        if path.name != "advice.yaml"
        for code in iter_codes(read_texts(path))
    }

    assert codes
    assert [] == sorted(found for found in codes if found[0] not in book)


def iter_codes(node: Any) -> Iterator[str]:
    """Give what stands under ``stop``, ``warn``, and beside ``reject`` under ``code``."""
    if isinstance(node, dict):
        wanted = {"stop", "warn"} | ({"code"} if "reject" in node else set())
        for key, value in node.items():
            if key in wanted and isinstance(value, str) and value.isupper():
                yield value
            yield from iter_codes(value)
    elif isinstance(node, list):
        for value in node:
            yield from iter_codes(value)


# --- dependencies ---------------------------------------------------------------------


def dependency_names() -> list[str]:
    """Give the names in ``pyproject.toml``, in the form that registries compare."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        wanted += extra
    return [normal(re.split(r"[<>=!~\[; ]", text, maxsplit=1)[0]) for text in wanted]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_has_a_reason():
    """Each has a paragraph under ``docs/decisions/``, with what else was looked at."""
    pages = "\n".join(
        p.read_text("utf-8") for p in sorted((DOCS / "decisions").glob("*.md"))
    )
    explained = {
        normal(name.strip("` "))
        for line in re.findall(r"(?m)^#+ (.+)$", pages)
        for name in line.split(",")
    }

    assert [] == [name for name in dependency_names() if name not in explained]


def test_lock_covers_every_dependency():
    """The self-set-up installs without looking anything up."""
    lock = (ROOT / ".ci" / "requirements.lock").read_text("utf-8")
    locked = {normal(name) for name in re.findall(r"(?m)^([\w.-]+)==", lock)}

    assert [] == [name for name in dependency_names() if name not in locked]


def test_every_locked_version_has_a_hash():
    """pip refuses a file that was changed on its way."""
    lock = (ROOT / ".ci" / "requirements.lock").read_text("utf-8")
    entries = re.split(r"(?m)^(?=[\w.-]+==)", lock)
    bare = [
        entry.split(maxsplit=1)[0]
        for entry in entries
        if re.match(r"[\w.-]+==", entry) and "--hash=sha256:" not in entry
    ]

    assert [] == bare
