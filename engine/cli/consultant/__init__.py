"""The consultant's offline commands, one module each: no network, no secret.

A module has ``add_command`` (its arguments) and gives a ``Reply``; ``engine.__main__``
lists the modules and prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.cli.exit_codes import OK
from engine.errors import Problem, SettingsError
from engine.problems import hint_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command says: for the output, for the error output, its exit code."""

    out: str = ""
    err: str = ""
    code: int = OK


def line_reader(root: Path) -> Callable[[str], list[str]]:
    """Give a function that reads a project file's lines, for findings."""

    def read(file: str) -> list[str]:
        path = root / file
        return path.read_text("utf-8", "replace").splitlines() if path.is_file() else []

    return read


def pick_named(known: Mapping[str, Any], name: str, kind: str) -> Any:
    """Give the flow, company … of a name.

    Raises:
        SettingsError: There is none; the error says what there is.
    """
    if name in known:
        return known[name]
    hint = hint_for(name, known)
    raise SettingsError([Problem("C403", f"there is no {kind} {name}", hint=hint)])
