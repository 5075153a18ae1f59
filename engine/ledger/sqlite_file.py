"""The ledger's SQLite file: made private, opened durably, checked, brought up to date.

Everything here happens before a run touches a document, so every fault is an operator's
``SettingsError`` that names the file and what to do.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, ClassVar, Never

from engine.errors import CannotStartError, Problem, SettingsError
from engine.ledger.lock import find_holder, lock_path, try_lock
from engine.ledger.migrations import load_migrations

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from engine.ledger.lock import Holder, Lock
    from engine.ledger.migrations import Migration

APPLICATION_ID = 0x53495254  # "SIRT": tells our file from another program's
OLDEST_SQLITE = (3, 37, 0)  # STRICT tables; sqlite.org/stricttables.html
# Two connections that write and checkpoint at once could damage a WAL database before
# 3.51.3; sqlite.org/wal.html, "WAL-reset bug".
SAFE_WAL_SQLITE = (3, 51, 3)
BUSY_SECONDS = 10.0
NO_LEDGER = "C305"  # the address names none: a mistake of the command line


class SqliteFile:
    """One connection to the ledger's file, and the locks beside it; see ``Store``.

    Not for threads: each worker opens its own.

    Raises:
        SettingsError: The file cannot be used; see ``connect``.
    """

    fault: ClassVar[type[Exception]] = sqlite3.Error
    refusal: ClassVar[type[Exception]] = sqlite3.IntegrityError

    def __init__(self, path: Path, *, must_exist: bool = False) -> None:
        self.path = path
        self.connection = connect(path, must_exist=must_exist)

    @property
    def in_transaction(self) -> bool:
        """Tell whether a transaction is open."""
        return self.connection.in_transaction

    def begin(self) -> None:
        """Take the file's one write lock; wait up to ``BUSY_SECONDS`` for it."""
        self.connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make the transaction last; see ``set_durable``."""
        self.connection.execute("COMMIT")

    def rollback(self) -> None:
        """Undo the open transaction."""
        self.connection.execute("ROLLBACK")

    def execute(self, query: str, values: Mapping[str, Any]) -> Sequence[sqlite3.Row]:
        """Run one statement and give all its rows."""
        return self.connection.execute(query, values).fetchall()

    def try_lock(self, company: str, now: datetime) -> Lock | None:
        """Take the company's lock file beside the ledger, or give None."""
        return try_lock(lock_path(self.path, company), now)

    def find_holder(self, company: str) -> Holder | None:
        """Tell who has the company's lock file."""
        return find_holder(lock_path(self.path, company))

    def close(self) -> None:
        """Close the connection; what is not committed is undone."""
        self.connection.close()


def connect(path: Path, *, must_exist: bool = False) -> sqlite3.Connection:
    """Open the ledger's file; make it, 0600 in a 0700 folder, when it is missing.

    Raises:
        SettingsError: It cannot be made or opened, is damaged, is no ledger, or is of
            a newer version.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        _refuse(
            "C306",
            f"SQLite {sqlite3.sqlite_version} is too old for the ledger",
            "install a Python whose SQLite is 3.37 or newer",
        )
    if must_exist and not path.is_file():
        _refuse(
            NO_LEDGER,
            f'there is no ledger at "{path}"',
            "check the path; the first sync makes the file",
        )
    try:
        make_private(path)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        _refuse(
            "C304",
            f'the ledger "{path}" cannot be opened: {error}',
            "check the path, the rights of its folder and the free space",
            error,
        )
    try:
        connection.row_factory = sqlite3.Row
        check(connection, path)
        set_durable(connection, sqlite3.sqlite_version_info)
        migrate(connection, path, load_migrations())
    except sqlite3.OperationalError as error:
        connection.close()
        _refuse(
            "C304",
            f'the ledger "{path}" cannot be used: {error}',
            "check that no other program has it open, its rights and the free space",
            error,
        )
    except sqlite3.DatabaseError as error:
        connection.close()
        _refuse_damaged(path, str(error), error)
    except BaseException:
        connection.close()
        raise
    return connection


def copy_file(path: Path, to: Path) -> None:
    """Copy a ledger's file as it is at this moment, while others may write to it."""
    with (
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(to)) as target,
    ):
        source.backup(target)
    to.chmod(0o600)


def make_private(path: Path) -> None:
    """Make the missing folders 0700 and the file 0600; take others' rights away."""
    missing = [folder for folder in path.parents if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # A copy made with cp is often readable by all; journal files take its mode.
        with suppress(PermissionError):  # somebody else's file that we may write
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a damaged file, another program's file, and one of a newer version."""
    findings = [row[0] for row in connection.execute("PRAGMA quick_check(1)")]
    if findings != ["ok"]:
        _refuse_damaged(path, findings[0] if findings else "no answer")
    owner = read_pragma(connection, "application_id")
    empty = not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if owner != APPLICATION_ID and not (owner == 0 and empty):
        _refuse(
            "C307",
            f'"{path}" is an SQLite file of another program, not a ledger',
            "name another file; this one is left as it is",
        )


def set_durable(connection: sqlite3.Connection, version: tuple[int, ...]) -> None:
    """Choose the safe journal for this SQLite; a commit survives a loss of power."""
    journal, synchronous = ("delete", "EXTRA")
    if is_wal_safe(version):
        journal, synchronous = ("wal", "FULL")
    # Only when it differs: a change needs the file for itself alone.
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != journal:
        connection.execute(f"PRAGMA journal_mode = {journal}").fetchone()
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    # Else INSERT OR REPLACE would delete an event behind its trigger's back.
    connection.execute("PRAGMA recursive_triggers = ON")
    connection.execute("PRAGMA trusted_schema = OFF")


def is_wal_safe(version: tuple[int, ...]) -> bool:
    """Tell whether this SQLite may use the write-ahead log."""
    return version >= SAFE_WAL_SQLITE


def migrate(
    connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration]
) -> None:
    """Bring the schema up to date, each step in one transaction; never half.

    Raises:
        SettingsError: The file is of a newer version than this program.
    """
    known = len(migrations)
    version = read_pragma(connection, "user_version")
    if version > known:
        _refuse(
            "C302",
            f'the ledger "{path}" has version {version}, this program knows {known}',
            "start the newer program again, or restore the backup made before it",
        )
    # A table that is made anew is dropped in between; sqlite.org/lang_altertable.html.
    connection.execute("PRAGMA foreign_keys = OFF")
    for migration in migrations[version:]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have come first while this one waited.
            if read_pragma(connection, "user_version") < migration.number:
                for statement in migration.statements:
                    connection.execute(statement)
                if connection.execute("PRAGMA foreign_key_check").fetchone():
                    raise sqlite3.IntegrityError(f"{migration.name} does not fit it")
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {migration.number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    connection.execute("PRAGMA foreign_keys = ON")


def read_pragma(connection: sqlite3.Connection, pragma: str) -> int:
    """Give the number of a header field."""
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _refuse_damaged(path: Path, finding: str, cause: Exception | None = None) -> Never:
    _refuse(
        "C303",
        f'the ledger "{path}" is damaged: {finding}',
        "nothing was sent; move the file aside and keep it, then restore the last "
        "backup or start without a file: documents that are in the target already are "
        "found there before anything is created",
        cause,
    )


def _refuse(
    code: str, message: str, hint: str, cause: Exception | None = None
) -> Never:
    kind = SettingsError if code == NO_LEDGER else CannotStartError
    raise kind([Problem(code, message, hint=hint)]) from cause
