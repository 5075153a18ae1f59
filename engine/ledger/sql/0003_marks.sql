-- What a flow has come to, by kind, and since when a document is gone from its source.

CREATE TABLE marks (
    company TEXT NOT NULL,
    flow    TEXT NOT NULL,
    kind    TEXT NOT NULL CHECK (kind IN ('listed', 'listed_fully', 'left_out')),
    at      TEXT NOT NULL,
    PRIMARY KEY (company, flow, kind)
) STRICT;

-- Before, a mark was an event of an invented flow: 'NAME full', 'NAME left out'.
INSERT INTO marks (company, flow, kind, at)
SELECT
    company,
    CASE
        WHEN flow LIKE '% full' THEN substr(flow, 1, length(flow) - 5)
        WHEN flow LIKE '% left out' THEN substr(flow, 1, length(flow) - 9)
        ELSE flow
    END,
    CASE
        WHEN flow LIKE '% full' THEN 'listed_fully'
        WHEN flow LIKE '% left out' THEN 'left_out'
        ELSE 'listed'
    END,
    message
FROM events
WHERE event_id IN (
    SELECT max(event_id) FROM events WHERE code = 'LISTED' GROUP BY company, flow
);

ALTER TABLE transfers ADD COLUMN vanished_at TEXT;

-- Before, the digest of what the source no longer had was 'vanished' and the day.
UPDATE transfers SET
    vanished_at = substr(source_digest, 10) || 'T00:00:00.000Z',
    source_digest = '',
    claimed_digest = ''
WHERE source_digest LIKE 'vanished 2%';
