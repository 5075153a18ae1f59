"""The numbered migrations of the SQLite file, read from ``sql/``."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MIGRATION = re.compile(r"^(\d{4})_\w+\.sql$")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema; numbers count from 1 without gaps."""

    number: int
    name: str
    statements: tuple[str, ...]


def load_migrations() -> tuple[Migration, ...]:
    """Give the schema's steps in their order."""
    found = []
    for entry in (files(__package__) / "sql").iterdir():
        if match := MIGRATION.match(entry.name):
            statements = tuple(iter_statements(entry.read_text(encoding="utf-8")))
            found.append(Migration(int(match[1]), entry.name, statements))
    return tuple(sorted(found, key=lambda migration: migration.number))


def iter_statements(script: str) -> Iterator[str]:
    """Iterate over the statements of a script, triggers in one piece.

    Not ``executescript``: it commits first, and a migration must be one transaction.
    """
    lines: list[str] = []
    for line in script.splitlines():
        lines.append(line)
        statement = "\n".join(lines)
        if line.rstrip().endswith(";") and sqlite3.complete_statement(statement):
            yield statement
            lines = []
    if any(line.strip() and not line.startswith("--") for line in lines):
        raise ValueError("the last statement of a script has no end")
