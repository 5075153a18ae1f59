"""A second database joins below the queries: this one knows no file and no flock."""

from __future__ import annotations

import re
import sqlite3
from contextlib import ExitStack
from typing import ClassVar

import pytest

from engine.ledger.failures import LedgerStateError
from engine.ledger.ledger import Ledger
from engine.ledger.lock import Holder
from engine.ledger.migrations import load_migrations
from engine.ledger.model import DocumentKey, Event
from tests.ledger.transfers import START, StillClock, bring, claim
from tests.places import ROOT

NAME = re.compile(r"(?<![:\w]):(\w+)")


class ForeignError(Exception):
    """What another driver raises."""


class ForeignRefusalError(ForeignError):
    """What another driver raises for a constraint."""


class MemoryStore:
    """A database with errors, placeholders, transactions and locks of its own."""

    fault: ClassVar[type[Exception]] = ForeignError
    refusal: ClassVar[type[Exception]] = ForeignRefusalError

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        self.in_transaction = False
        self.held: set[str] = set()
        for migration in load_migrations():
            for statement in migration.statements:
                self.connection.execute(statement)

    def begin(self):
        self.connection.execute("BEGIN")
        self.in_transaction = True

    def commit(self):
        self.connection.execute("COMMIT")
        self.in_transaction = False

    def rollback(self):
        self.connection.execute("ROLLBACK")
        self.in_transaction = False

    def execute(self, query, values):
        names = NAME.findall(query)
        try:
            cursor = self.connection.execute(
                NAME.sub("?", query), [values[name] for name in names]
            )
            return [dict(row) for row in cursor]
        except sqlite3.IntegrityError as error:
            raise ForeignRefusalError(str(error)) from error

    def try_lock(self, company, now):  # noqa: ARG002
        if company in self.held:
            return None
        self.held.add(company)
        stack = ExitStack()
        stack.callback(self.held.discard, company)
        return stack

    def find_holder(self, company):
        return Holder(1, START) if company in self.held else None

    def close(self):
        self.connection.close()


@pytest.fixture
def ledger():
    opened = Ledger(MemoryStore(), StillClock())
    yield opened
    opened.close()


def test_a_document_goes_its_whole_way(ledger):
    """Every query gets its values by name and gives rows by name."""
    done = bring(ledger, "done")
    file = DocumentKey("attachment", "a.pdf")
    ledger.writes.done(ledger.writes.begin(done, file, "d"), answer={"id": 7})
    run = ledger.runs.start("acme", "pid 1")
    ledger.runs.end(run, "ok", {"transferred": 1})

    assert ["transferred"] == [row.outcome for row in ledger.log()]
    assert {("acme", "sales", "done"): 1} == ledger.count_states()
    assert {"transferred": 1} == ledger.runs.find_last("acme").counts
    assert {"id": 7} == ledger.writes.find(done, file).answer


def test_without_a_place_there_is_no_heartbeat_to_be_behind(ledger):
    assert None is ledger.heartbeats.rest("acme", START, 600)
    assert "intent" == bring(ledger, "intent").stage


def test_what_it_refuses_is_undone_and_said(ledger):
    """A constraint's error becomes the ledger's, after the transaction is undone."""
    transfer = bring(ledger, "new")
    with pytest.raises(LedgerStateError, match="the ledger refuses"):
        ledger.steps.hold(transfer, Event(""))  # a hold needs a code

    assert "intent" == claim(ledger, transfer).stage


def test_its_locks_are_the_ledgers(ledger):
    """Whoever has the lock is told, and it is free at the end of the `with`."""
    with ledger.try_lock("acme"):
        assert None is ledger.try_lock("acme")
        assert 1 == ledger.find_holder("acme").pid
    assert None is ledger.find_holder("acme")


def test_nobody_above_the_store_knows_its_library():
    """The driver is imported where its file is opened and brought up to date."""
    paths = (ROOT / "engine").rglob("*.py")
    knowing = [p.stem for p in paths if "import sqlite3" in p.read_text("utf-8")]

    assert ["migrations", "sqlite_file"] == sorted(knowing)
