"""The seam to a database: what it must provide, and how the ledger's queries run on it.

Knows how a row becomes a dataclass; knows nothing of states. The queries stand in
``sql/queries.sql``, once for all databases.
"""

from __future__ import annotations

import json
import re
from collections import abc
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from msgspec.json import Decoder
from msgspec.json import encode as encode_json

from engine.ledger.failures import LedgerError, LedgerStateError
from engine.ledger.model import Accepted, Content, format_time, read_time
from engine.ledger.rest import Rest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from _typeshed import DataclassInstance

    from engine.clock import Clock
    from engine.ledger.lock import Holder

Model = TypeVar("Model", bound="DataclassInstance")

NAME = re.compile(r"^-- name: (\w+)\n-- (.+)\n", re.MULTILINE)
PAGE = 500  # rows held in memory at a time by the iterators


class StoredRow(Protocol):
    """One row of an answer: its values by the names of their columns."""

    def __getitem__(self, column: str, /) -> Any: ...


class Store(Protocol):
    """What a database must provide; ``sqlite_file.SqliteFile`` is the first.

    A second one brings this class, its own migrations and a scheme in ``open.py``. It
    gets every query with its values by name (``:company``) and writes that its own way.
    Values are texts, whole numbers and null: a time is UTC text, an object JSON text.
    """

    fault: ClassVar[type[Exception]]  # whatever the driver raises
    refusal: ClassVar[type[Exception]]  # a constraint or an illegal step; a ``fault``

    @property
    def in_transaction(self) -> bool:
        """Tell whether a transaction is open."""
        ...

    def begin(self) -> None:
        """Open a transaction that will write; wait while another process has one."""
        ...

    def commit(self) -> None:
        """Make the transaction last, also through a loss of power."""
        ...

    def rollback(self) -> None:
        """Undo the open transaction."""
        ...

    def execute(self, query: str, values: Mapping[str, Any]) -> Sequence[StoredRow]:
        """Run one statement and give all its rows."""
        ...

    def try_lock(
        self, company: str, now: datetime
    ) -> AbstractContextManager[object] | None:
        """Take the company's lock; None when another process has it.

        It ends with its ``with``, and with this process at the latest. ``now`` is for
        whoever asks for the holder.
        """
        ...

    def find_holder(self, company: str) -> Holder | None:
        """Tell who has the company's lock."""
        ...

    def close(self) -> None:
        """Close the connection; what is not committed is undone."""
        ...


class Database:
    """Runs the ledger's named queries on a store; every query may use ``:now``."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self._sql = load_queries()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what is inside one transaction; a transaction inside one joins it."""
        store = self.store
        if store.in_transaction:
            yield
            return
        try:
            store.begin()
            yield
            store.commit()
        except BaseException as error:
            if store.in_transaction:
                store.rollback()
            if isinstance(error, store.refusal):
                raise LedgerStateError(f"the ledger refuses: {error}") from error
            if isinstance(error, store.fault):
                raise LedgerError(f"the ledger cannot record: {error}") from error
            raise

    def run(self, query: str, **values: Any) -> Sequence[StoredRow]:
        """Give all rows of a query."""
        values["now"] = self.clock.now()
        columns = {name: to_column(value) for name, value in values.items()}
        try:
            return self.store.execute(self._sql[query], columns)
        except self.store.fault as error:
            if self.store.in_transaction:
                raise  # the transaction rolls back first, then words it
            raise LedgerError(f"the ledger cannot be read: {error}") from error

    def find(self, kind: type[Model], query: str, **values: Any) -> Model | None:
        """Give the first row as an object, or None."""
        rows = self.run(query, **values)
        return read_row(kind, rows[0]) if rows else None

    def get(self, kind: type[Model], query: str, **values: Any) -> Model:
        """Give the first row as an object; the query always has one."""
        return read_row(kind, self.run(query, **values)[0])

    def list_all(self, kind: type[Model], query: str, **values: Any) -> list[Model]:
        """Give every row as an object."""
        return [read_row(kind, row) for row in self.run(query, **values)]

    def iter_pages(
        self, kind: type[Model], query: str, column: str, **values: Any
    ) -> Iterator[Model]:
        """Iterate page by page: no read stays open while the caller writes.

        ``column`` is what the query counts its pages by: rows come in its order.
        """
        after = 0
        while rows := self.run(query, **values, after=after, page=PAGE):
            yield from (read_row(kind, row) for row in rows)
            after = rows[-1][column]


def read_row(kind: type[Model], row: StoredRow) -> Model:
    """Make a dataclass of the columns of the same names, by the types of its fields."""
    values = {}
    for name, read in _readers_of(kind):
        value = row[name]
        values[name] = value if read is None or value is None else read(value)
    return kind(**values)


@cache
def _readers_of(kind: type[Any]) -> list[tuple[str, Callable[[Any], Any] | None]]:
    def reader(declared: object) -> Callable[[Any], Any] | None:
        return _READERS.get(str(declared).removesuffix(" | None").partition("[")[0])

    return [(column.name, reader(column.type)) for column in fields(kind)]


# How a field's type stands in a column; texts and whole numbers stand as they are.
_READERS: Mapping[str, Callable[[Any], Any]] = {
    "bool": bool,
    "datetime": read_time,
    "Mapping": json.loads,
    "tuple": lambda text: tuple(json.loads(text)),
    "Content": Decoder(Content).decode,
    "Accepted": Decoder(Accepted).decode,
    "Rest": Decoder(Rest).decode,
}


def to_column(value: Any) -> Any:
    """Give what a column holds: a time as UTC text, objects and lists as JSON text."""
    if isinstance(value, datetime):
        return format_time(value)
    if is_dataclass(value):
        return encode_json(value).decode()
    if isinstance(value, abc.Mapping | tuple | list):
        # default=str: an amount stays the decimal it was, as text.
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return value


@cache
def load_queries() -> Mapping[str, str]:
    """Give each query's text by its name."""
    text = (files(__package__) / "sql" / "queries.sql").read_text(encoding="utf-8")
    parts = NAME.split(text)  # text before the first, then name, description, query
    queries = dict(zip(parts[1::3], map(str.strip, parts[3::3]), strict=True))
    return MappingProxyType(queries)
