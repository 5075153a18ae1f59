"""The file of the ledger: private, durable, refused when it is not right."""

from __future__ import annotations

import dataclasses
import sqlite3
import stat
from types import SimpleNamespace

import pytest

from engine.errors import SettingsError
from engine.ledger.failures import LedgerError
from engine.ledger.migrations import load_migrations
from engine.ledger.open import copy_ledger, open_ledger
from engine.ledger.sqlite_file import is_wal_safe, migrate, set_durable
from tests.ledger.transfers import StillClock, bring, raw, see


def test_what_was_recorded_is_there_after_reopening(ledger, path, clock):
    transfer = bring(ledger, "proved")
    ledger.close()
    again = open_ledger(f"sqlite:///{path}", clock, must_exist=True)

    assert transfer == again.find_transfer("acme", "sales", "k1")
    again.close()


def test_the_file_is_private(ledger, path):
    assert 0o700 == stat.S_IMODE(path.parent.stat().st_mode)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    ledger.close()
    path.chmod(0o644)
    open_ledger(f"sqlite:///{path}", StillClock()).close()
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_an_existing_folder_keeps_its_mode(tmp_path, clock):
    tmp_path.chmod(0o750)
    open_ledger("sqlite:///a/ledger.sqlite", clock, root=tmp_path).close()

    assert 0o750 == stat.S_IMODE(tmp_path.stat().st_mode)
    assert (tmp_path / "a" / "ledger.sqlite").is_file()


def test_commits_survive_a_loss_of_power(ledger):
    connection = ledger._database.store.connection
    pragmas = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    safe = is_wal_safe(sqlite3.sqlite_version_info)
    expected = ("wal", 2, 1) if safe else ("delete", 3, 1)

    assert expected == tuple(pragmas.values())


@pytest.mark.parametrize(
    ("version", "safe"),
    [((3, 40, 1), False), ((3, 51, 2), False), ((3, 51, 3), True), ((4, 0, 0), True)],
)
def test_the_write_ahead_log_waits_for_its_repair(version, safe):
    assert safe == is_wal_safe(version)


def refusal(url, **options):
    with pytest.raises(SettingsError) as caught:
        open_ledger(url, StillClock(), **options)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://siirto:hunter2@db/siirto",
        "mysql://x",
        "ledger.sqlite",
        "",
        "sqlite://",
        "sqlite:///",
        "sqlite:ledger.sqlite",
        "sqlite://host",
    ],
)
def test_an_unknown_address_is_refused_with_what_is_supported(url):
    problem = refusal(url)

    assert "C301" == problem.code
    assert "sqlite:///PATH" in problem.hint
    assert "hunter2" not in problem.message


def test_a_newer_ledger_is_refused(ledger, path):
    ledger.close()
    raw(path, "PRAGMA user_version = 99")
    problem = refusal(f"sqlite:///{path}")

    assert "C302" == problem.code
    known = len(load_migrations())
    assert f"has version 99, this program knows {known}" in problem.message


def damage(path):
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xa5" * 4096
    path.write_bytes(content)


@pytest.mark.parametrize(
    "harm",
    [
        damage,
        lambda path: path.write_bytes(path.read_bytes()[: 4096 * 3]),
        lambda path: path.write_text("this is not a database, it is a text\n" * 40),
    ],
)
def test_a_damaged_ledger_says_what_to_do(ledger, path, harm):
    bring(ledger, "done")
    ledger.close()
    harm(path)
    problem = refusal(f"sqlite:///{path}")

    assert "C303" == problem.code
    assert str(path) in problem.message
    assert "move the file aside" in problem.hint


def test_another_programs_file_is_left_alone(path):
    path.parent.mkdir()
    raw(path, "CREATE TABLE songs (title TEXT)")
    before = path.read_bytes()

    assert "C307" == refusal(f"sqlite:///{path}").code
    assert before == path.read_bytes()


def test_a_reading_command_makes_no_ledger(path):
    assert "C305" == refusal(f"sqlite:///{path}", must_exist=True).code
    assert not path.parent.exists()


def test_a_path_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").write_text("")

    assert "C304" == refusal(f"sqlite:///{tmp_path}/file/ledger.sqlite").code
    assert "C304" == refusal(f"sqlite:///{tmp_path}").code


def test_a_ledger_that_cannot_be_written_says_so(ledger):
    ledger._database.store.connection.execute("PRAGMA query_only = ON")

    with pytest.raises(LedgerError, match="cannot record"):
        see(ledger)


def test_a_broken_migration_leaves_nothing_behind(path, clock, monkeypatch):
    first, *_ = load_migrations()
    broken = dataclasses.replace(
        first, statements=(*first.statements, "CREATE TABLE runs (x TEXT)")
    )
    with monkeypatch.context() as patch:
        patch.setattr("engine.ledger.sqlite_file.load_migrations", lambda: (broken,))
        assert "C304" == refusal(f"sqlite:///{path}").code

    assert [] == raw(path, "SELECT * FROM sqlite_schema")
    open_ledger(f"sqlite:///{path}", clock).close()


def test_a_migration_that_breaks_a_reference_is_undone(path, clock, monkeypatch):
    """Tables are made anew with references off, so they are counted at the end."""
    *known, last = load_migrations()
    lost = dataclasses.replace(
        last, statements=(*last.statements, "DELETE FROM transfer_steps")
    )
    with monkeypatch.context() as patch:
        earlier = "engine.ledger.sqlite_file.load_migrations"
        patch.setattr(earlier, lambda: tuple(known))
        open_ledger(f"sqlite:///{path}", clock).close()
        raw(path, BORN)
        patch.setattr(earlier, lambda: (*known, lost))
        assert "C303" == refusal(f"sqlite:///{path}").code

    assert [(len(known),)] == raw(path, "PRAGMA user_version")
    open_ledger(f"sqlite:///{path}", clock).close()


BORN = """
    INSERT INTO transfers
    (company, flow, key, label, source_digest, first_seen_at, updated_at)
    VALUES ('a', 'b', 'c', 'd', '', '', '')
"""


class FullDisk:
    """A connection whose commit fails, and has undone the transaction by itself."""

    in_transaction = False

    def execute(self, statement):
        if statement == "COMMIT":
            raise sqlite3.OperationalError("database or disk is full")
        rows = [] if statement == "PRAGMA foreign_key_check" else [(0,)]
        return SimpleNamespace(fetchone=lambda: next(iter(rows), None))


def test_a_full_disk_undoes_a_migration_by_itself(path):
    none = dataclasses.replace(load_migrations()[0], statements=())

    with pytest.raises(sqlite3.OperationalError, match="full"):
        migrate(FullDisk(), path, (none,))


def test_another_process_may_have_migrated_first(ledger, path):
    """While this one waited for its turn: nothing is done twice."""
    connection = ledger._database.store.connection

    class Late:
        in_transaction = False
        seen = 0

        def execute(self, statement):
            if statement == "PRAGMA user_version" and not self.seen:
                self.seen = 1
                return SimpleNamespace(fetchone=lambda: (0,))
            return connection.execute(statement)

    migrate(Late(), path, load_migrations())

    assert see(ledger)


def test_a_safe_sqlite_gets_the_write_ahead_log(ledger):
    connection = ledger._database.store.connection
    set_durable(connection, (3, 51, 3))

    assert ("wal",) == tuple(connection.execute("PRAGMA journal_mode").fetchone())


def test_an_old_sqlite_is_refused(path, monkeypatch):
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 36, 0))

    assert "C306" == refusal(f"sqlite:///{path}").code


def test_a_ledger_is_copied_while_it_is_in_use(ledger, path, tmp_path, clock):
    transfer = bring(ledger, "posted")
    copy = tmp_path / "copy"

    assert copy_ledger(f"sqlite:///{path}", copy)
    assert not copy_ledger(f"sqlite:///{tmp_path}/none", tmp_path / "other")
    again = open_ledger(f"sqlite:///{copy}", clock)
    assert transfer == again.find_transfer("acme", "sales", "k1")
    again.close()


def test_a_ledger_that_cannot_be_read_says_so(ledger, path):
    raw(path, "DROP TABLE marks")

    with pytest.raises(LedgerError, match="cannot be read"):
        ledger.runs.find_mark("acme", "items", "listed")
