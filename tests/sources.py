"""The engine's own text: its modules, their trees, what stands in them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.places import ROOT


def module_name(path: Path) -> str:
    """Give ``engine.flow`` for ``engine/flow/__init__.py``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {
    module_name(path): path
    for path in [ROOT / "runner.py", *sorted((ROOT / "engine").rglob("*.py"))]
}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in SOURCES.items()}


def iter_files(*tops: str) -> Iterator[Path]:
    """Give all files below some top-level names, without what Python leaves there."""
    for top in tops:
        path = ROOT / top
        found = [path] if path.is_file() else sorted(path.rglob("*"))
        yield from (p for p in found if p.is_file() and "__pycache__" not in p.parts)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def code_lines(path: Path) -> list[str]:
    """Give a file's lines with docstrings emptied and comments cut."""
    text = path.read_text("utf-8")
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            end = node.end_lineno or node.lineno
            lines[node.lineno - 1 : end] = [""] * (end - node.lineno + 1)
    return [line.partition("  # ")[0] for line in lines]
