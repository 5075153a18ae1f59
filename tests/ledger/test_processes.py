"""Locks, and processes that are killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import contextmanager

import pytest

from engine.ledger.lock import find_holder, lock_path, try_lock
from engine.ledger.open import open_ledger
from engine.ledger.sqlite_file import is_wal_safe
from tests.ledger.transfers import REASON, START, see
from tests.places import ROOT

PREAMBLE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from engine.ledger.lock import try_lock
from engine.ledger.model import Content
from engine.ledger.open import open_ledger
path = Path(sys.argv[1])
class Clock:
    def now(self):
        return datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""


@contextmanager
def process(path, code):
    """A second process that did what ``code`` says and then stands still."""
    code = f"{PREAMBLE}{code}\nprint('ready', flush=True)\nsys.stdin.read()\n"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            assert "ready\n" == child.stdout.readline()
            yield child
        finally:
            child.kill()


def test_a_lock_is_free_when_its_holder_was_killed(tmp_path):
    path = tmp_path / "acme.lock"
    with process(path, "lock = try_lock(path, Clock().now())") as child:
        assert None is try_lock(path, START)
        holder = find_holder(path)
        assert (child.pid, START) == (holder.pid, holder.since_at)
        assert f"pid {child.pid} since 2026-03-02T08:00:00.000Z" == str(holder)
        child.send_signal(signal.SIGSTOP)  # frozen is not gone
        assert None is try_lock(path, START)
        child.send_signal(signal.SIGKILL)
        child.wait()

        assert None is find_holder(path)
        with try_lock(path, START) as lock:
            assert os.getpid() == find_holder(path).pid
            assert path == lock.path
        assert None is find_holder(path)


def test_each_company_has_its_own_lock(ledger, path):
    with ledger.try_lock("acme"):
        assert None is ledger.try_lock("acme")
        assert os.getpid() == ledger.find_holder("acme").pid
        with ledger.try_lock("beta"):
            pass
    assert None is ledger.find_holder("acme")
    assert 0o600 == stat.S_IMODE(lock_path(path, "acme").stat().st_mode)
    assert path.parent == lock_path(path, "../../etc/x").parent


@pytest.mark.parametrize("text", ["", "rubbish", "{}", '{"pid": null}', "[1]"])
def test_a_holder_that_does_not_say_who_it_is(tmp_path, text):
    path = tmp_path / "acme.lock"
    with try_lock(path, START) as lock:
        path.write_text(text)

        assert None is find_holder(path)
        lock.release()
        lock.release()


def test_an_intent_outlives_a_killed_process(ledger, path):
    see(ledger)
    code = """
ledger = open_ledger(f"sqlite:///{path}", Clock())
transfer = ledger.find_transfer("acme", "sales", "k1")
ledger.steps.claim(
    transfer, sent=Content("c"), payload_digest="p", mapping_digest="m", owner="child"
)
"""
    with process(path, code) as child:
        child.kill()
        child.wait()

    transfer = ledger.find_transfer("acme", "sales", "k1")
    assert ("intent", "child", 1) == (transfer.stage, transfer.owner, transfer.attempts)


def test_a_process_killed_in_a_transaction_leaves_nothing_half(ledger, path, clock):
    for number in range(50):
        ledger.steps.hold(see(ledger, f"k{number}", reference=f"{number}"), REASON)
    before = list(ledger.transfers())
    ledger.close()
    # A cache of one page writes changed pages into the file before the commit.
    code = """
ledger = open_ledger(f"sqlite:///{path}", Clock())
connection = ledger._database.store.connection
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE transfers SET message = printf('%0900d', transfer_id)")
"""
    with process(path, code) as child:
        half = path.read_bytes()
        child.kill()
        child.wait()
    again = open_ledger(f"sqlite:///{path}", clock)

    if not is_wal_safe(sqlite3.sqlite_version_info):
        assert b"0" * 800 in half
    assert before == list(again.transfers())
    again.close()


def test_a_disk_without_locks_is_no_silent_success(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("no locks available")

    monkeypatch.setattr("fcntl.flock", fail)

    with pytest.raises(OSError, match="no locks"):
        try_lock(tmp_path / "acme.lock", START)
    assert None is find_holder(tmp_path / "other.lock")
