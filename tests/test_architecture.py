"""The house keeps its shape: rooms, words, seams, sizes, one meaning per name."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator

import pytest

from tests.places import ROOT, TESTS
from tests.sources import SOURCES, TREES, code_lines, iter_files, relative

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
    """Changing the HTTP library changes one file, and the one of its sockets."""
    found = {
        (module.partition(".")[0], name)
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        for module in imported_names(node)
    }

    client, sockets = "engine.systems.client", "engine.systems.deadline"
    assert {client} == {name for module, name in found if module == "httpx"}
    assert {client, sockets} == {name for module, name in found if module == "httpcore"}


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


# --- sizes and names ------------------------------------------------------------------

LIMITS = {"module": 400, "class": 250, "function": 60}
# What is still larger; a row that is not needed any more has to go.
LARGE: set[tuple[str, str]] = set()


def iter_sizes() -> Iterator[tuple[str, str, int]]:
    """Give kind, name and lines of every module, class and function."""
    for name, tree in TREES.items():
        yield "module", name, len(SOURCES[name].read_text("utf-8").splitlines())
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                kind = "class" if isinstance(node, ast.ClassDef) else "function"
                lines = (node.end_lineno or 0) - node.lineno + 1
                yield kind, f"{name}.{node.name}", lines


def test_nothing_is_larger_than_a_page():
    """A module is one noun, a class one part of it, a function one screen."""
    found = {(kind, name): n for kind, name, n in iter_sizes() if n > LIMITS[kind]}

    assert LARGE == set(found), found


def test_no_module_of_tests_is_larger_than_a_page():
    """What it holds is found by its name."""
    found = {
        relative(path): lines
        for path in sorted(TESTS.rglob("test_*.py"))
        if (lines := len(path.read_text("utf-8").splitlines())) > LIMITS["module"]
    }

    assert {} == found


def iter_names() -> Iterator[tuple[str, str]]:
    """Give every class, public function and file with its place, ``run`` of a command
    apart."""
    for name, tree in TREES.items():
        if SOURCES[name].name != "__init__.py":
            yield f"{name.rpartition('.')[2]}.py", name
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                yield node.name, name
            elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                is_command = name.startswith("engine.cli.")
                if is_command and node.name in {"run", "add_command"}:
                    continue  # what every command has
                if relative(SOURCES[name]) in EDGES and node.name == "main":
                    continue  # where a program begins
                yield node.name, name


def test_a_name_has_one_meaning():
    """A class, a public function or a file of one name is found by its name alone."""
    places = defaultdict(list)
    for name, place in iter_names():
        places[name].append(place)
    found = {name: where for name, where in places.items() if len(where) > 1}

    assert {} == found


@pytest.mark.parametrize("name", [n for n in SOURCES if n.count(".") == 1])
def test_each_room_says_what_it_holds(name: str):
    """What lives there, what it may import, what it must not know."""
    if SOURCES[name].name == "__init__.py":
        said = ast.get_docstring(TREES[name]) or ""

        assert 3 <= len(said.splitlines())
        assert "import" in said


def committed() -> list[str]:
    """Give the files that git keeps, or is about to."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("no git here: nothing tells what is committed")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    return [name for name in listed.split("\0") if name]


def test_no_generated_file_is_committed():
    """Editor schemas and HTML pages are written by ``python -m engine docs``."""
    written = re.compile(r"schemas/editor/|docs/.*\.html$|.*\.pyc$|\.venv/|\.demo/")

    assert [] == [name for name in committed() if written.match(name)]


def test_size_of_the_house(record_property):
    """The lines are told (``pytest --junitxml``), and not judged."""
    lines = sum(n for kind, name, n in iter_sizes() if kind == "module")
    record_property("lines of engine and runner", lines)
    print(f"\nengine and runner.py: {lines} lines in {len(SOURCES)} modules")
