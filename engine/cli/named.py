"""What a command line names: flows, companies, files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.errors import Problem, SettingsError
from engine.problems import hint_for


def pick_named(known: Mapping[str, Any], name: str, kind: str) -> Any:
    """Give the flow, company … of a name.

    Raises:
        SettingsError: There is none; the error says what there is.
    """
    if name in known:
        return known[name]
    hint = hint_for(name, known)
    raise SettingsError([Problem("C403", f"there is no {kind} {name}", hint=hint)])


def read_file(path: Path) -> dict[str, Any]:
    """Read a document file.

    Raises:
        SettingsError: There is no such file, or it holds no document.
    """
    if not path.is_file():
        raise SettingsError([Problem("M600", f"there is no file {path}")])
    from engine.flow.offline import read_document  # a check reads no document

    return read_document(path.read_bytes(), path.name)


def line_reader(root: Path) -> Callable[[str], list[str]]:
    """Give a function that reads a project file's lines, for findings."""

    def read(file: str) -> list[str]:
        path = root / file
        return path.read_text("utf-8", "replace").splitlines() if path.is_file() else []

    return read
