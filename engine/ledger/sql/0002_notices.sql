-- What people were told by mail, and the mails that have not gone yet.

-- One row per stop and reason; open until the document is done or gone.
CREATE TABLE notices (
    notice_id   INTEGER PRIMARY KEY,
    company     TEXT NOT NULL,
    transfer_id INTEGER REFERENCES transfers (transfer_id), -- NULL: a run as a whole
    flow        TEXT NOT NULL,                              -- '' when no flow is meant
    code        TEXT NOT NULL CHECK (code <> ''),
    first_at    TEXT NOT NULL,
    mailed_at   TEXT,                                       -- NULL: seen, and not told
    reminded_at TEXT,
    resolved_at TEXT                                        -- NULL: open
) STRICT;

CREATE UNIQUE INDEX notices_open ON notices (company, coalesce(transfer_id, 0), flow, code)
WHERE resolved_at IS NULL;

CREATE INDEX notices_reminded ON notices (company, reminded_at) WHERE reminded_at IS NOT NULL;

-- Mails are written here with the notices they tell of, and sent later: a mail server
-- that hangs delays nothing and loses nothing.
CREATE TABLE letters (
    letter_id    INTEGER PRIMARY KEY,
    company      TEXT NOT NULL,
    is_digest    INTEGER NOT NULL DEFAULT 0 CHECK (is_digest IN (0, 1)),
    recipients   TEXT NOT NULL,                             -- JSON: who has not got it yet
    subject      TEXT NOT NULL,
    body         TEXT NOT NULL,                             -- '' once it has gone
    made_at      TEXT NOT NULL,
    tries        INTEGER NOT NULL DEFAULT 0,
    leased_until TEXT,                                      -- another process is sending it
    ended_at     TEXT,                                      -- sent, or refused by all
    fault        TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX letters_unsent ON letters (letter_id) WHERE ended_at IS NULL;
CREATE INDEX letters_digest ON letters (company, made_at) WHERE is_digest = 1;
