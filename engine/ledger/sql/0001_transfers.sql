-- Transfers, their writes, the events people read, and runs.
-- Times are UTC text with milliseconds (2026-01-31T08:15:30.123Z): texts sort as times do.
-- The states are drawn in engine/ledger/model.py; a test keeps both equal.

-- One row per source document and flow.
CREATE TABLE transfers (
    transfer_id       INTEGER PRIMARY KEY,
    company           TEXT NOT NULL,
    flow              TEXT NOT NULL,
    key               TEXT NOT NULL,                -- the source's id
    label             TEXT NOT NULL,                -- what people call it
    reference         TEXT CHECK (reference <> ''), -- identifies it in the target
    stage             TEXT NOT NULL DEFAULT 'new'
                      CHECK (stage IN ('new', 'intent', 'doubt', 'posted', 'proved', 'done')),
    aside             TEXT CHECK (aside IN ('held', 'waiting', 'gone')),
    state             TEXT NOT NULL GENERATED ALWAYS AS (coalesce(aside, stage)) STORED,
    attempts          INTEGER NOT NULL DEFAULT 0,   -- claims; compared at every change
    source_digest     TEXT NOT NULL,                -- the document as last seen
    claimed_digest    TEXT NOT NULL DEFAULT '',     -- the document as claimed or adopted
    payload_digest    TEXT NOT NULL DEFAULT '',
    mapping_digest    TEXT NOT NULL DEFAULT '',
    owner             TEXT NOT NULL DEFAULT '',
    claimed_at        TEXT,
    target_id         TEXT,
    target_number     TEXT,
    adopted           INTEGER NOT NULL DEFAULT 0 CHECK (adopted IN (0, 1)),
    doubt_seen_at     TEXT,                         -- the target's clock
    doubt_searched_at TEXT,                         -- the target's clock
    code              TEXT NOT NULL DEFAULT '',
    message           TEXT NOT NULL DEFAULT '',
    field             TEXT NOT NULL DEFAULT '',
    advice            TEXT NOT NULL DEFAULT '',
    held_at           TEXT,
    held_count        INTEGER NOT NULL DEFAULT 0,
    retry_at          TEXT,
    retry_asked       INTEGER NOT NULL DEFAULT 0 CHECK (retry_asked IN (0, 1)),
    first_seen_at     TEXT NOT NULL,
    updated_at        TEXT NOT NULL,
    UNIQUE (company, flow, key),
    CHECK (stage <> 'done' OR aside IS NULL),
    CHECK (aside IS NULL OR aside <> 'held' OR code <> ''),
    -- No status moves, and no proof is claimed, for a target that is not known.
    CHECK (stage NOT IN ('posted', 'proved', 'done') OR target_id <> '')
) STRICT;

-- Two documents with one reference would be taken for one in the target.
CREATE UNIQUE INDEX transfers_reference ON transfers (company, flow, reference)
WHERE reference IS NOT NULL;

CREATE INDEX transfers_state ON transfers (company, flow, state);

CREATE TRIGGER transfers_begin BEFORE INSERT ON transfers
WHEN NEW.stage <> 'new'
BEGIN
    SELECT RAISE(ABORT, 'a transfer begins as new');
END;

CREATE TRIGGER transfers_steps BEFORE UPDATE OF stage ON transfers
WHEN OLD.stage || '>' || NEW.stage NOT IN (
    'new>new', 'new>intent', 'new>posted',
    'intent>intent', 'intent>new', 'intent>doubt', 'intent>posted',
    'doubt>doubt', 'doubt>intent', 'doubt>posted',
    'posted>posted', 'posted>proved', 'posted>new',
    'proved>proved', 'proved>done', 'proved>new',
    'done>done', 'done>posted'
)
-- Going back from a known target is a person's decision.
OR (OLD.stage IN ('posted', 'proved') AND NEW.stage = 'new'
    AND NOT (OLD.retry_asked = 1 AND OLD.state IN ('held', 'gone')))
BEGIN
    SELECT RAISE(ABORT, 'the states do not allow this step');
END;

-- A known target is forgotten only by starting over.
CREATE TRIGGER transfers_target BEFORE UPDATE OF target_id ON transfers
WHEN OLD.target_id IS NOT NULL AND NEW.target_id IS NOT OLD.target_id AND NEW.stage <> 'new'
BEGIN
    SELECT RAISE(ABORT, 'a transfer keeps its target document');
END;

CREATE TRIGGER transfers_kept BEFORE DELETE ON transfers
BEGIN
    SELECT RAISE(ABORT, 'transfers are never deleted');
END;

-- Writes beside and after the create, each with its own intent and doubt.
CREATE TABLE writes (
    write_id      INTEGER PRIMARY KEY,
    transfer_id   INTEGER NOT NULL REFERENCES transfers (transfer_id),
    step          TEXT NOT NULL,                    -- the write's name in the flow
    item          TEXT NOT NULL,                    -- which of its items, '' for the only one
    attempt       INTEGER NOT NULL DEFAULT 1,
    digest        TEXT NOT NULL,
    state         TEXT NOT NULL DEFAULT 'intent'
                  CHECK (state IN ('intent', 'done', 'doubt', 'refused')),
    target_id     TEXT,
    answer        TEXT NOT NULL DEFAULT '{}',       -- JSON, small
    doubt_seen_at TEXT,                             -- the target's clock
    begun_at      TEXT NOT NULL,
    ended_at      TEXT,
    UNIQUE (transfer_id, step, item)
) STRICT;

CREATE INDEX writes_open ON writes (step, item) WHERE state IN ('intent', 'doubt');

CREATE TRIGGER writes_steps BEFORE UPDATE OF state ON writes
WHEN OLD.state || '>' || NEW.state NOT IN (
    'intent>intent', 'intent>done', 'intent>doubt', 'intent>refused',
    'doubt>doubt', 'doubt>done', 'doubt>refused', 'doubt>intent',
    'refused>refused', 'refused>intent',
    'done>done'
)
BEGIN
    SELECT RAISE(ABORT, 'the states do not allow this step');
END;

-- The transfer log: what was true when it was said, so it copies instead of referring.
CREATE TABLE events (
    event_id      INTEGER PRIMARY KEY,
    at            TEXT NOT NULL,
    transfer_id   INTEGER REFERENCES transfers (transfer_id),
    company       TEXT NOT NULL,
    flow          TEXT NOT NULL,
    key           TEXT NOT NULL,
    label         TEXT NOT NULL,
    outcome       TEXT NOT NULL
                  CHECK (outcome IN ('transferred', 'stopped', 'waiting', 'skipped', 'note', 'step')),
    state         TEXT NOT NULL,
    target_id     TEXT,
    target_number TEXT,
    code          TEXT NOT NULL,
    field         TEXT NOT NULL,
    message       TEXT NOT NULL,
    advice        TEXT NOT NULL,
    details       TEXT NOT NULL                     -- JSON
) STRICT;

-- The last word on each document.
CREATE INDEX events_words ON events (transfer_id, event_id)
WHERE outcome IN ('transferred', 'stopped', 'waiting', 'skipped');

CREATE TRIGGER events_unchanged BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are only appended');
END;

CREATE TRIGGER events_kept BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are only appended');
END;

-- One row per run of a company; a row without an end still works or was killed.
CREATE TABLE runs (
    run_id     INTEGER PRIMARY KEY,
    company    TEXT NOT NULL,
    owner      TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at   TEXT,
    outcome    TEXT CHECK (outcome IN ('ok', 'degraded', 'failed')),
    counts     TEXT NOT NULL DEFAULT '{}',          -- JSON
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;

CREATE INDEX runs_company ON runs (company, run_id);
