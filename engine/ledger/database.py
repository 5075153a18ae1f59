"""One SQLite connection, its named queries, and transactions that say what failed.

Knows how a row becomes a dataclass; knows nothing of states.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from engine.ledger.disk import connect
from engine.ledger.failures import LedgerError, LedgerStateError
from engine.ledger.model import format_time, read_time
from engine.ledger.queries import load_queries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from _typeshed import DataclassInstance

    from engine.clock import Clock

Row = TypeVar("Row", bound="DataclassInstance")

PAGE = 500  # rows held in memory at a time by the iterators
FLAGS = frozenset({"adopted", "retry_asked"})
OBJECTS = frozenset({"answer", "counts", "details"})
LISTS = frozenset({"recipients"})


class Database:
    """Runs the ledger's queries on one file; every query may use ``:now``."""

    def __init__(self, path: Path, clock: Clock, *, must_exist: bool = False) -> None:
        self._clock = clock
        self._sql = load_queries()
        self._connection = connect(path, must_exist=must_exist)

    def close(self) -> None:
        """Close the connection; what is not committed is undone."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what is inside one transaction; a transaction inside one joins it."""
        if self._connection.in_transaction:
            yield
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except BaseException as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.IntegrityError):
                raise LedgerStateError(f"the ledger refuses: {error}") from error
            if isinstance(error, sqlite3.Error):
                raise LedgerError(f"the ledger cannot record: {error}") from error
            raise

    def run(self, query: str, **values: Any) -> list[sqlite3.Row]:
        """Give all rows of a query."""
        try:
            now = format_time(self._clock.now())
            cursor = self._connection.execute(self._sql[query], {"now": now, **values})
            return cursor.fetchall()
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                raise  # the transaction rolls back first, then words it
            raise LedgerError(f"the ledger cannot be read: {error}") from error

    def find(self, kind: type[Row], query: str, **values: Any) -> Row | None:
        """Give the first row as an object, or None."""
        rows = self.run(query, **values)
        return read_row(kind, rows[0]) if rows else None

    def get(self, kind: type[Row], query: str, **values: Any) -> Row:
        """Give the first row as an object; the query always has one."""
        return read_row(kind, self.run(query, **values)[0])

    def iter_pages(
        self, query: str, column: str, **values: Any
    ) -> Iterator[sqlite3.Row]:
        """Iterate page by page: no read stays open while the caller writes."""
        after = 0
        while rows := self.run(query, **values, after=after, page=PAGE):
            yield from rows
            after = rows[-1][column]


def read_row(kind: type[Row], row: sqlite3.Row) -> Row:
    """Make a dataclass of the columns of the same names."""
    values: dict[str, Any] = {}
    for column in fields(kind):
        value = row[column.name]
        if value is not None and (column.name == "at" or column.name.endswith("_at")):
            value = read_time(value)
        elif column.name in FLAGS:
            value = bool(value)
        elif column.name in OBJECTS:
            value = json.loads(value)
        elif column.name in LISTS:
            value = tuple(json.loads(value))
        values[column.name] = value
    return kind(**values)


def write_time(at: datetime | None) -> str | None:
    """Give a time's text, or None."""
    return None if at is None else format_time(at)


def write_object(value: Mapping[str, Any]) -> str:
    """Give JSON text."""
    # default=str: an amount stays the decimal it was, as text.
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def write_list(texts: Sequence[str]) -> str:
    """Give JSON text."""
    return json.dumps(list(texts), ensure_ascii=False)
