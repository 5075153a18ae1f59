-- Whose data a company's keys open, and why a run was not good.
CREATE TABLE identities (
    company    TEXT NOT NULL,
    system     TEXT NOT NULL,
    owner_id   TEXT NOT NULL CHECK (owner_id <> ''),   -- the system's own id
    name       TEXT NOT NULL,                          -- for people
    learned_at TEXT NOT NULL,
    PRIMARY KEY (company, system)
) STRICT;

CREATE INDEX identities_system ON identities (system, owner_id);

-- A code of the advice, what words it (JSON), and the requests by system (JSON).
ALTER TABLE runs ADD COLUMN code TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
ALTER TABLE runs ADD COLUMN calls TEXT NOT NULL DEFAULT '{}';
