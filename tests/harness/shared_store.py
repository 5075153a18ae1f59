"""The ledger's SQLite in memory, shared by the processes of one schedule.

Made once by the real migrations on a file, then copied. Each process has a store of its
own on it; a killed one touches it no more.
"""

from __future__ import annotations

import errno
import sqlite3
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engine.ledger.sqlite_file import connect, set_durable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from engine.ledger.lock import Holder


@cache
def empty_image() -> bytes:
    """Give the bytes of an empty ledger."""
    with tempfile.TemporaryDirectory() as folder:
        connection = connect(Path(folder) / "ledger.sqlite")
        image = connection.serialize()
        connection.close()
    return image


class SharedLedger:
    """One database in memory, and who holds which company's lock."""

    def __init__(self) -> None:
        self.locked: set[str] = set()
        self.connection = self._open(empty_image())

    def _open(self, image: bytes) -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.deserialize(image)
        connection.row_factory = sqlite3.Row
        set_durable(connection, (3, 40, 0))
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def forget_intents(self) -> None:
        """Lose the intents that a killed process left: the seeded bug without them."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")
        change = "UPDATE {} SET previous_{} = {}, {} = '{}' WHERE {} = 'intent'"
        for table, column, value in (
            ("transfers", "stage", "new"),
            ("writes", "state", "refused"),
        ):
            names = (table, column, column, column, value, column)
            self.connection.execute(change.format(*names))

    def copy(self) -> bytes:
        """Give the bytes of the ledger as it is, for a backup."""
        return self.connection.serialize()

    def put_back(self, image: bytes | None) -> None:
        """Replace the ledger by an earlier copy; None by an empty one."""
        self.connection.close()
        self.connection = self._open(empty_image() if image is None else image)


class ProcessStore:
    """A process's store: says each commit before and after it is made.

    Args:
        step: Told of "before commit" and "after commit"; may end the process.
        touch_disk: Asked before each write and sync; may raise what a bad disk does.
        takes_lock: False for the seeded bug without a lock.
    """

    fault: ClassVar[type[Exception]] = sqlite3.Error
    refusal: ClassVar[type[Exception]] = sqlite3.IntegrityError

    def __init__(
        self,
        shared: SharedLedger,
        step: Callable[[str], None],
        check_alive: Callable[[], None],
        touch_disk: Callable[[], None] = lambda: None,
        *,
        takes_lock: bool = True,
    ) -> None:
        self._shared = shared
        self._step = step
        self._check_alive = check_alive
        self._takes_lock = takes_lock
        self._touch_disk = touch_disk

    @property
    def in_transaction(self) -> bool:
        """Tell whether a transaction is open."""
        return self._shared.connection.in_transaction

    def begin(self) -> None:
        """Open a transaction, unless the process is dead."""
        self._check_alive()
        self._on_disk()
        self._shared.connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Commit; the process may end directly before or after it."""
        self._step("before commit")
        self._on_disk()
        self._shared.connection.execute("COMMIT")
        self._step("after commit")

    def rollback(self) -> None:
        """Undo the open transaction."""
        self._shared.connection.execute("ROLLBACK")

    def _on_disk(self) -> None:
        try:
            self._touch_disk()
        except OSError as error:  # as SQLite words it
            is_full = error.errno == errno.ENOSPC
            said = "database or disk is full" if is_full else "disk I/O error"
            raise sqlite3.OperationalError(said) from error

    def execute(self, query: str, values: Mapping[str, Any]) -> Sequence[sqlite3.Row]:
        """Run one statement and give all its rows."""
        self._check_alive()
        if self.in_transaction:
            self._on_disk()
        return self._shared.connection.execute(query, values).fetchall()

    def try_lock(
        self, company: str, now: datetime
    ) -> AbstractContextManager[object] | None:
        """Take a company's lock, or give None."""
        del now
        self._step("before lock")
        locked = self._shared.locked
        if company in locked and self._takes_lock:
            return None
        return self._hold(company)

    @contextmanager
    def _hold(self, company: str) -> Iterator[None]:
        self._shared.locked.add(company)
        try:
            yield
        finally:
            self._shared.locked.discard(company)

    def find_holder(self, company: str) -> Holder | None:
        """Nobody is named here."""
        del company
        return None

    def close(self) -> None:
        """Leave the shared connection open for the next process."""
