"""The house keeps its shape: floors, words, seams, documents that mention everything."""

from __future__ import annotations

import argparse
import ast
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import engine.__main__ as offline_tool
import runner
from engine.cli import exit_codes
from engine.cli.docs.pages import check_pages
from engine.project.advice import load_advice
from engine.rulefiles.grammar_load import load_grammars
from engine.rulefiles.reader import load_yaml_file
from tests.places import ROOT, read_texts

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = ROOT / "docs"

# Imports go down only, room by room; systems and ledger do not know each other. What
# stands beside the rooms is the ground: every room may use it, it uses only itself.
ROOMS = {
    "cli": 7,
    "flow": 6,
    "systems": 5,
    "ledger": 5,
    "project": 4,
    "mapping": 3,
    "language": 2,
    "rulefiles": 1,
}
GROUND = 0

EDGES = ("runner.py", "engine/__main__.py")  # where the world comes in and goes out
TOP_LEVEL = {
    ".ci",
    ".editorconfig",
    ".github",
    ".gitignore",
    ".pre-commit-config.yaml",
    "LICENSE",
    "Makefile",
    "README.md",
    "docs",
    "engine",
    "mappings",
    "pyproject.toml",
    "runner.py",
    "schemas",
    "tests",
}
GENERATED = {"rules.md", "errors.md", "findings.md"}
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def module_name(path: Path) -> str:
    """Give ``engine.flow`` for ``engine/flow/__init__.py``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {
    module_name(path): path
    for path in [ROOT / "runner.py", *sorted((ROOT / "engine").rglob("*.py"))]
}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in SOURCES.items()}


def iter_imports(name: str) -> Iterator[str]:
    """Give the modules of ours that a module imports.

    A name that a package only hands on counts as an import of where it is defined.
    """
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name in SOURCES)
        elif isinstance(node, ast.ImportFrom) and node.module in SOURCES:
            for alias in node.names:
                below = f"{node.module}.{alias.name}"
                yield below if below in SOURCES else defined_in(node.module, alias.name)


def defined_in(module: str, name: str) -> str:
    """Follow a package's ``from … import`` to the module that defines a name."""
    if SOURCES[module].name != "__init__.py":
        return module
    for node in TREES[module].body:
        if not isinstance(node, ast.ImportFrom) or node.module not in SOURCES:
            continue
        if name in {alias.asname or alias.name for alias in node.names}:
            return node.module
    return module


def iter_files(*tops: str) -> Iterator[Path]:
    """Give all files below some top-level names, without what Python leaves there."""
    for top in tops:
        path = ROOT / top
        found = [path] if path.is_file() else sorted(path.rglob("*"))
        yield from (p for p in found if p.is_file() and "__pycache__" not in p.parts)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def hand_written() -> str:
    """Give README and the pages that people wrote, as one text."""
    pages = [
        page
        for page in sorted(DOCS.rglob("*.md"))
        if page.name not in GENERATED and page.parent.name != "flows"
    ]
    return "\n".join(p.read_text("utf-8") for p in [ROOT / "README.md", *pages])


# --- floors ---------------------------------------------------------------------------


def room_of(name: str) -> str:
    """Give a module's room: ``engine.ledger.lock`` stands in ``ledger``."""
    parts = name.split(".")
    if name in ("runner", "engine.__main__"):
        return "edge"
    return parts[1] if len(parts) > 1 and parts[1] in ROOMS else "ground"


FLOOR_OF = {**ROOMS, "ground": GROUND, "edge": 8}


def may_import(room: str, other: str) -> bool:
    return room == other or FLOOR_OF[other] < FLOOR_OF[room]


def test_engine_has_eight_rooms_and_a_small_ground():
    """A ninth room, or a tenth thing beside the rooms, is a decision of its own."""
    beside = {p.name for p in (ROOT / "engine").glob("*.py")}
    rooms = {p.parent.name for p in (ROOT / "engine").glob("*/__init__.py")}

    assert set(ROOMS) == rooms
    assert len(beside) <= 10


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_imports_go_down(name: str):
    """No module imports from a room above its own, or beside it."""
    up = [
        f"{name} imports {other}"
        for other in iter_imports(name)
        if not may_import(room_of(name), room_of(other))
    ]

    assert [] == up


def test_the_lower_rooms_reach_nothing_outside():
    """Below the project all is pure: no socket, process, database or screen."""
    outside = {"httpx", "os", "socket", "sqlite3", "subprocess", "rich"}
    found = [
        f"{name}: {module}"
        for name, tree in TREES.items()
        if FLOOR_OF[room_of(name)] < ROOMS["project"]
        for node in ast.walk(tree)
        for module in imported_names(node)
        if module.partition(".")[0] in outside
    ]

    assert [] == found


def imported_names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


def test_http_library_is_imported_in_one_module():
    """Changing the HTTP library changes one file."""
    found = [
        name
        for name, tree in TREES.items()
        if any(
            module.partition(".")[0] == "httpx"
            for node in ast.walk(tree)
            for module in imported_names(node)
        )
    ]

    assert ["engine.systems.client"] == found


# --- words and seams ------------------------------------------------------------------


def test_no_vendor_word_in_generic_code():
    """Whatever is true of one vendor stands in YAML."""
    words = re.compile(r"severa(?!l\b)|procountor", re.IGNORECASE)
    found = [
        f"{relative(path)}: {match.group()}"
        for path in iter_files("engine", "runner.py")
        for match in words.finditer(
            relative(path) + "\n" + path.read_text("utf-8", "replace")
        )
    ]

    assert [] == found


@pytest.mark.parametrize(
    ("what", "pattern", "allowed"),
    [
        ("prints", r"(?<![\w.])print\(", EDGES),
        ("reads the environment", r"os\.environ|getenv|environb", EDGES),
        (
            "knows the time",
            r"(datetime|date)\.(now|today|utcnow)|time\.(time|monotonic|sleep)\b",
            ("engine/clock.py",),
        ),
        ("leaves the process", r"sys\.exit|os\._exit", EDGES),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_only_the_edges(what: str, pattern: str, allowed: tuple[str, ...]):
    """What makes code hard to test is passed in; a docstring may speak of it."""
    found = [
        f"{relative(path)}:{number} {what}: {line.strip()}"
        for path in SOURCES.values()
        if relative(path) not in allowed
        for number, line in enumerate(code_lines(path), start=1)
        if re.search(pattern, line)
    ]

    assert [] == found


def code_lines(path: Path) -> list[str]:
    """Give a file's lines with docstrings emptied and comments cut."""
    text = path.read_text("utf-8")
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            end = node.end_lineno or node.lineno
            lines[node.lineno - 1 : end] = [""] * (end - node.lineno + 1)
    return [line.partition("  # ")[0] for line in lines]


def test_runner_is_thin():
    """Wiring only; what grows belongs on a floor below."""
    assert len((ROOT / "runner.py").read_text("utf-8").splitlines()) <= 200


def test_no_place_of_one_machine_is_committed():
    """What ships works anywhere: no home folder, nothing beside the repository."""
    places = re.compile(r"\.\./shared|/home/|/root/|/Users/|/work(?!\w)")
    found = [
        f"{relative(path)}: {match.group()}"
        for path in iter_files(*sorted(TOP_LEVEL - {"tests"}))
        for match in places.finditer(path.read_text("utf-8", "replace"))
    ]

    assert [] == found


def test_top_level_holds_the_house_only():
    """Each name at the top has a meaning; the README's tree shows them all."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("no git here: nothing tells what is committed")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    names = {name.partition("/")[0] for name in listed.split("\0") if name}

    assert TOP_LEVEL >= names


def test_license_is_here():
    assert (ROOT / "LICENSE").read_text("utf-8").startswith("MIT License")


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


def test_every_environment_variable_is_documented():
    """Whatever the runner asks the environment for, operators can read about."""
    source = (ROOT / "runner.py").read_text("utf-8")
    names = re.findall(r"environ(?:\.get\(|\[)\"(\w+)\"", source)

    assert names
    assert [] == [name for name in names if name not in hand_written()]


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
