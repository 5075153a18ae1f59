"""Queries, columns and dataclasses agree."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from engine.ledger.database import load_queries
from engine.ledger.failures import LedgerStateError
from engine.ledger.migrations import iter_statements, load_migrations
from engine.ledger.model import (
    OUTCOMES,
    Event,
    LogRow,
    Run,
    Transfer,
    Write,
    format_time,
    read_time,
)
from engine.ledger.open import open_ledger
from engine.ledger.sqlite_file import APPLICATION_ID
from tests.ledger.transfers import REASON, raw, see, steps
from tests.places import ROOT


@pytest.mark.parametrize(
    ("kind", "table"), [(Transfer, "transfers"), (Write, "writes"), (Run, "runs")]
)
def test_fields_are_columns(ledger, path, kind, table):
    columns = [row[1] for row in raw(path, f"PRAGMA table_xinfo({table})")]

    assert columns == [field.name for field in dataclasses.fields(kind)]


def test_log_rows_have_exactly_the_promised_fields():
    promised = (
        "company flow key label outcome target_id target_number code field message "
        "advice at details"
    )

    assert promised.split() == [field.name for field in dataclasses.fields(LogRow)]


def test_the_schema_knows_every_outcome(ledger):
    for outcome in OUTCOMES:
        ledger.events.note(see(ledger), Event("X"), outcome)

    assert len(OUTCOMES) == len(steps(ledger)) + len(steps(ledger, outcome="step"))


def test_every_query_is_used():
    paths = sorted((ROOT / "engine" / "ledger").glob("*.py"))
    code = "".join(path.read_text(encoding="utf-8") for path in paths)

    assert [] == [name for name in load_queries() if f'"{name}"' not in code]


def test_migrations_are_numbered_without_gaps():
    numbers = [migration.number for migration in load_migrations()]

    assert list(range(1, len(numbers) + 1)) == numbers


def test_a_script_is_split_at_its_statements():
    script = "CREATE TABLE a (\n  b TEXT  -- c;\n);\n-- end\nSELECT 1;\n"

    assert 2 == len(list(iter_statements(script)))
    with pytest.raises(ValueError, match="no end"):
        list(iter_statements("SELECT 1"))


def test_times_sort_as_texts_and_need_a_zone():
    helsinki = datetime.fromisoformat("2026-03-02T10:00:00.5+02:00")

    assert "2026-03-02T08:00:00.500Z" == format_time(helsinki)
    assert helsinki == read_time(format_time(helsinki))
    with pytest.raises(ValueError, match="without zone"):
        format_time(datetime(2026, 3, 2))  # noqa: DTZ001


def test_rows_can_be_printed_as_json(ledger):
    ledger.steps.hold(see(ledger), REASON)
    (row,) = ledger.log()

    assert "ERROR_DATE" == json.loads(json.dumps(row.to_json()))["code"]


OLD = """
INSERT INTO events VALUES (1, 'T1', NULL, 'acme', 'items', '', '', 'step', '', NULL,
    NULL, 'LISTED', '', '2026-03-01T08:00:00.000Z', '', '{}');
INSERT INTO events VALUES (2, 'T2', NULL, 'acme', 'items', '', '', 'step', '', NULL,
    NULL, 'LISTED', '', '2026-03-02T08:00:00.000Z', '', '{}');
INSERT INTO events VALUES (3, 'T2', NULL, 'acme', 'items full', '', '', 'step', '',
    NULL, NULL, 'LISTED', '', '2026-03-01T08:00:00.000Z', '', '{}');
INSERT INTO events VALUES (4, 'T2', NULL, 'acme', 'items left out', '', '', 'step', '',
    NULL, NULL, 'LISTED', '', '2026-03-02T09:00:00.000Z', '', '{}');
INSERT INTO transfers (company, flow, key, label, source_digest, claimed_digest,
    first_seen_at, updated_at)
VALUES ('acme', 'items', 'k1', 'k1', 'vanished 2026-03-01', 'vanished 2026-03-01',
    '2026-03-01T08:00:00.000Z', '2026-03-01T08:00:00.000Z');
"""


def open_older(path, clock, version, script):
    """Open a ledger that an earlier version has made and filled."""
    path.parent.mkdir(mode=0o700)
    connection = sqlite3.connect(path, isolation_level=None)
    for migration in load_migrations()[:version]:
        for statement in migration.statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {migration.number}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.executescript(script)
    connection.close()
    path.chmod(0o600)
    return closing(open_ledger(f"sqlite:///{path}", clock))


def test_marks_and_vanished_documents_of_an_older_ledger_are_kept(path, clock):
    """They stood in invented names of flows, and in a digest."""
    with open_older(path, clock, 2, OLD) as ledger:
        kinds = ("listed", "listed_fully", "left_out")
        marks = [ledger.runs.find_mark("acme", "items", kind) for kind in kinds]
        transfer = ledger.find_transfer("acme", "items", "k1")

    assert ["2026-03-02T08", "2026-03-01T08", "2026-03-02T09"] == [
        format_time(at)[:13] for at in marks
    ]
    assert datetime(2026, 3, 1, tzinfo=UTC) == transfer.vanished_at
    assert "" == transfer.source_digest


# Every stage with and without aside, a refused and an open write, of another company too.
OLDER = """
INSERT INTO transfers (company, flow, key, label, source_digest, first_seen_at,
    updated_at) VALUES ('beta', 'sales', 'b1', 'b1', 's',
    '2026-03-01T08:00:00.000Z', '2026-03-01T08:00:00.000Z');
WITH stages (stage) AS (VALUES ('new'), ('intent'), ('doubt'), ('posted'), ('proved')),
    asides (aside) AS (VALUES (NULL), ('held'), ('waiting'), ('gone'))
INSERT INTO transfers (company, flow, key, label, source_digest, code, attempts,
    first_seen_at, updated_at)
SELECT 'acme', 'sales', stage || coalesce(aside, ''), 'l', 's', 'X', 0,
    '2026-03-01T08:00:00.000Z', '2026-03-01T08:00:00.000Z'
FROM stages, asides;
DROP TRIGGER transfers_steps;
UPDATE transfers SET
    target_id = CASE WHEN key LIKE 'p%' THEN '4711' END,
    stage = replace(replace(replace(key, 'held', ''), 'waiting', ''), 'gone', ''),
    aside = CASE WHEN key LIKE '%held' THEN 'held' WHEN key LIKE '%waiting' THEN 'waiting'
        WHEN key LIKE '%gone' THEN 'gone' END
WHERE company = 'acme';
UPDATE transfers SET stage = 'done', target_id = '9' WHERE company = 'beta';
INSERT INTO writes (transfer_id, step, item, digest, state, begun_at)
SELECT transfer_id, 'attachment', 'a.pdf', 'd', 'refused', '2026-03-01T08:00:00.000Z'
FROM transfers;
UPDATE writes SET state = 'intent' WHERE transfer_id = (
    SELECT transfer_id FROM transfers WHERE key = 'new');
INSERT INTO events VALUES (1, 'T1', 1, 'beta', 'sales', 'b1', 'b1', 'note', '', NULL,
    NULL, 'X', '', '', '', '{}');
INSERT INTO marks VALUES ('acme', 'items', 'left_out', '2026-03-02T09:00:00.000Z');
"""


def test_an_older_ledger_takes_the_steps_and_forgets_nothing(path, clock):
    """What had left at a stage past new waits; its company rests before it sends."""
    with open_older(path, clock, 3, OLDER) as ledger:
        found = {t.key: t for t in ledger.transfers("acme")}
        unfinished = {t.key for t in ledger.unfinished("acme")}
        writes = [ledger.writes.list_of(t) for t in found.values()]
        rests = [ledger.heartbeats.rest(c, None, 600) for c in ("acme", "beta")]
        assert ledger.runs.find_mark("acme", "items", "left_out")
        assert "done" == ledger.find_transfer("beta", "sales", "b1").stage
        assert "doubt" == ledger.doubts.look(found["doubtgone"], None, 600).stage
        assert "proved" == ledger.steps.proved(found["postedgone"]).stage
        with pytest.raises(LedgerStateError):
            ledger.steps.done(found["postedheld"])

    assert 20 == len(found)
    gone = {key: t.aside for key, t in found.items() if key.endswith("gone")}
    assert "gone" == gone.pop("newgone")
    assert {"waiting"} == set(gone.values())
    assert found.keys() - unfinished == {"new", "newgone"}
    assert [["attachment"]] * 20 == [[w.step for w in own] for own in writes]
    assert [True, False] == [rest is not None for rest in rests]
