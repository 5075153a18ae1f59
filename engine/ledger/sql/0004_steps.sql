-- The legal steps are rows, and what is stored is bound to them: a change says where it
-- came from. No triggers: another database takes the same tables.

CREATE TABLE transfer_steps (
    from_stage TEXT NOT NULL,                       -- '': a transfer begins
    to_stage   TEXT NOT NULL,
    PRIMARY KEY (from_stage, to_stage)
) STRICT;

INSERT INTO transfer_steps (from_stage, to_stage) VALUES
    ('', 'new'),
    ('new', 'intent'), ('new', 'posted'),
    ('intent', 'new'), ('intent', 'doubt'), ('intent', 'posted'),
    ('doubt', 'intent'), ('doubt', 'new'), ('doubt', 'posted'),
    ('posted', 'proved'), ('posted', 'new'),
    ('proved', 'proved'), ('proved', 'done'), ('proved', 'new'),
    ('done', 'posted');

CREATE TABLE write_steps (
    kind       TEXT NOT NULL CHECK (kind IN ('document', 'register')),
    from_state TEXT NOT NULL,                       -- '': a write begins
    to_state   TEXT NOT NULL,
    PRIMARY KEY (kind, from_state, to_state)
) STRICT;

INSERT INTO write_steps (kind, from_state, to_state) VALUES
    ('document', '', 'intent'), ('register', '', 'intent'),
    ('document', 'intent', 'done'), ('register', 'intent', 'done'),
    ('document', 'intent', 'doubt'), ('register', 'intent', 'doubt'),
    ('document', 'intent', 'refused'), ('register', 'intent', 'refused'),
    ('document', 'doubt', 'intent'), ('register', 'doubt', 'intent'),
    ('document', 'doubt', 'done'), ('register', 'doubt', 'done'),
    ('document', 'refused', 'intent'), ('register', 'refused', 'intent'),
    ('document', 'refused', 'done'), ('register', 'refused', 'done'),
    ('document', 'done', 'intent'), ('register', 'done', 'intent'),
    ('register', 'done', 'doubt');

CREATE TABLE new_transfers (
    transfer_id    INTEGER PRIMARY KEY,
    company        TEXT NOT NULL,
    flow           TEXT NOT NULL,
    key            TEXT NOT NULL,                   -- the source's id
    label          TEXT NOT NULL,                   -- what people call it
    reference      TEXT CHECK (reference <> ''),    -- identifies it in the target
    previous_stage TEXT NOT NULL DEFAULT '',        -- set with each new stage
    stage          TEXT NOT NULL DEFAULT 'new',
    aside          TEXT CHECK (aside IN ('held', 'waiting', 'gone')),
    state          TEXT NOT NULL GENERATED ALWAYS AS (coalesce(aside, stage)) STORED,
    attempts       INTEGER NOT NULL DEFAULT 0,      -- claims; compared at every change
    source_digest  TEXT NOT NULL,                   -- the listed record as last seen
    claimed_digest TEXT NOT NULL DEFAULT '',        -- the listed record as claimed or adopted
    content_digest TEXT NOT NULL DEFAULT '',        -- all that was read, as last gathered
    payload_digest TEXT NOT NULL DEFAULT '',
    mapping_digest TEXT NOT NULL DEFAULT '',
    owner          TEXT NOT NULL DEFAULT '',
    claimed_at     TEXT,
    target_id      TEXT,
    target_number  TEXT,
    adopted        INTEGER NOT NULL DEFAULT 0 CHECK (adopted IN (0, 1)),
    sent           TEXT,                            -- JSON: digests of what was sent last
    accepted       TEXT,                            -- JSON: who accepted which content, why
    rest           TEXT,                            -- JSON: how long a doubt has rested
    settled_at     TEXT,                            -- when looks had settled the doubt
    code           TEXT NOT NULL DEFAULT '',
    message        TEXT NOT NULL DEFAULT '',
    field          TEXT NOT NULL DEFAULT '',
    advice         TEXT NOT NULL DEFAULT '',
    held_at        TEXT,
    held_count     INTEGER NOT NULL DEFAULT 0,
    retry_at       TEXT,
    retry_asked    INTEGER NOT NULL DEFAULT 0 CHECK (retry_asked IN (0, 1)),
    first_seen_at  TEXT NOT NULL,
    updated_at     TEXT NOT NULL,
    vanished_at    TEXT,
    UNIQUE (company, flow, key),
    FOREIGN KEY (previous_stage, stage) REFERENCES transfer_steps (from_stage, to_stage),
    CHECK (stage <> 'done' OR aside IS NULL),
    CHECK (aside IS NULL OR aside <> 'held' OR code <> ''),
    -- Whatever may stand in the target is unfinished, listed or not.
    CHECK (aside IS NULL OR aside <> 'gone' OR stage = 'new'),
    -- No status moves, and no proof is claimed, for a target that is not known.
    CHECK ((stage IN ('posted', 'proved', 'done')) = (target_id IS NOT NULL)),
    CHECK (target_id <> ''),
    -- A doubt ends without a find only after it has rested and was looked for.
    CHECK (
        previous_stage <> 'doubt' OR stage NOT IN ('intent', 'new')
        OR settled_at IS NOT NULL
    )
) STRICT;

-- What older ledgers had set aside as gone, and had begun, comes back as waiting. Their
-- doubts were stamped by one clock: they rest anew.
INSERT INTO new_transfers (
    transfer_id, company, flow, key, label, reference, previous_stage, stage, aside,
    attempts, source_digest, claimed_digest, payload_digest, mapping_digest, owner,
    claimed_at, target_id, target_number, adopted, code, message, field, advice,
    held_at, held_count, retry_at, retry_asked, first_seen_at, updated_at, vanished_at
)
SELECT
    transfer_id, company, flow, key, label, reference,
    CASE stage
        WHEN 'new' THEN ''
        WHEN 'intent' THEN 'new'
        WHEN 'doubt' THEN 'intent'
        WHEN 'posted' THEN 'intent'
        WHEN 'proved' THEN 'posted'
        ELSE 'proved'
    END,
    stage,
    CASE WHEN aside = 'gone' AND stage <> 'new' THEN 'waiting' ELSE aside END,
    attempts, source_digest, claimed_digest, payload_digest, mapping_digest, owner,
    claimed_at,
    CASE WHEN stage IN ('posted', 'proved', 'done') THEN target_id END,
    target_number, adopted, code, message, field, advice,
    held_at, held_count, retry_at, retry_asked, first_seen_at, updated_at, vanished_at
FROM transfers;

DROP TABLE transfers;

ALTER TABLE new_transfers RENAME TO transfers;

-- Two documents with one reference would be taken for one in the target.
CREATE UNIQUE INDEX transfers_reference ON transfers (company, flow, reference)
WHERE reference IS NOT NULL;

CREATE INDEX transfers_state ON transfers (company, flow, state);

-- Which number the heartbeat's file must not be ahead of: one for each intent of a write
-- that may not be made twice.
CREATE TABLE heartbeats (
    company TEXT PRIMARY KEY,
    number  INTEGER NOT NULL,
    rest    TEXT                                    -- JSON: while nothing may be sent
) STRICT;

-- Writes of an older ledger are kept with their documents. Where one is open it may have
-- been a register's, which is now found by another key: such a company rests first.
INSERT INTO heartbeats (company, number)
SELECT DISTINCT transfers.company, -1 FROM writes
JOIN transfers ON transfers.transfer_id = writes.transfer_id
WHERE writes.state IN ('intent', 'doubt');

CREATE TABLE new_writes (
    write_id       INTEGER PRIMARY KEY,
    kind           TEXT NOT NULL,                   -- document or register
    company        TEXT NOT NULL,
    transfer_id    INTEGER NOT NULL REFERENCES transfers (transfer_id), -- who began it last
    system         TEXT NOT NULL DEFAULT '',        -- which register: its system
    step           TEXT NOT NULL,                   -- the write's name in the flow; what is made
    item           TEXT NOT NULL,                   -- which of its items; the natural key
    attempt        INTEGER NOT NULL DEFAULT 1,
    digest         TEXT NOT NULL,
    previous_state TEXT NOT NULL DEFAULT '',        -- set with each new state
    state          TEXT NOT NULL DEFAULT 'intent',
    target_id      TEXT,
    answer         TEXT NOT NULL DEFAULT '{}',      -- JSON, small
    rest           TEXT,                            -- JSON: how long a doubt has rested
    settled_at     TEXT,                            -- when looks had settled the doubt
    begun_at       TEXT NOT NULL,
    ended_at       TEXT,
    FOREIGN KEY (kind, previous_state, state)
        REFERENCES write_steps (kind, from_state, to_state),
    CHECK ((kind = 'register') = (system <> '')),
    CHECK (previous_state <> 'doubt' OR state <> 'intent' OR settled_at IS NOT NULL)
) STRICT;

INSERT INTO new_writes (
    write_id, kind, company, transfer_id, step, item, attempt, digest, previous_state,
    state, target_id, answer, begun_at, ended_at
)
SELECT
    write_id, 'document', company, writes.transfer_id, step, item, attempt, digest,
    CASE writes.state WHEN 'intent' THEN '' ELSE 'intent' END,
    writes.state, writes.target_id, answer, begun_at, ended_at
FROM writes
JOIN transfers ON transfers.transfer_id = writes.transfer_id;

DROP TABLE writes;

ALTER TABLE new_writes RENAME TO writes;

CREATE UNIQUE INDEX writes_document ON writes (transfer_id, step, item)
WHERE kind = 'document';

-- One row for what is made, whichever flow or document asks for it.
CREATE UNIQUE INDEX writes_register ON writes (company, system, step, item)
WHERE kind = 'register';

CREATE TABLE new_marks (
    company TEXT NOT NULL,
    flow    TEXT NOT NULL,
    kind    TEXT NOT NULL
            CHECK (kind IN ('listed', 'listed_fully', 'left_out', 'clocks_disagree')),
    at      TEXT NOT NULL,
    PRIMARY KEY (company, flow, kind)
) STRICT;

INSERT INTO new_marks (company, flow, kind, at) SELECT company, flow, kind, at FROM marks;

DROP TABLE marks;

ALTER TABLE new_marks RENAME TO marks;
