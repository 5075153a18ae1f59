-- What is said of a flow once a day has more kinds: a list that is too short to be
-- believed, and records of it that cannot be told from each other.
CREATE TABLE new_marks (
    company TEXT NOT NULL,
    flow    TEXT NOT NULL,
    kind    TEXT NOT NULL CHECK (kind IN (
        'listed', 'listed_fully', 'left_out', 'clocks_disagree', 'list_short',
        'records_unclear'
    )),
    at      TEXT NOT NULL,
    PRIMARY KEY (company, flow, kind)
) STRICT;

INSERT INTO new_marks (company, flow, kind, at) SELECT company, flow, kind, at FROM marks;

DROP TABLE marks;

ALTER TABLE new_marks RENAME TO marks;
