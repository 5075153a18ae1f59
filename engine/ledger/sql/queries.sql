-- Every query of the ledger: a name, a line of description, one statement.
-- Changes of a transfer compare the attempts (:seen): no row back means a lost claim.

-- name: insert_transfer
-- Begin the transfer of a document that was never seen.
INSERT INTO transfers (
    company, flow, key, label, reference, source_digest, mapping_digest,
    first_seen_at, updated_at
)
VALUES (
    :company, :flow, :key, :label, :reference, :source_digest, :mapping_digest,
    :now, :now
)
RETURNING *;

-- name: find_transfer
-- One transfer by the source's id.
SELECT * FROM transfers WHERE company = :company AND flow = :flow AND key = :key;

-- name: find_reference
-- The transfer that has a reference.
SELECT * FROM transfers
WHERE company = :company AND flow = :flow AND reference = :reference;

-- name: release_reference
-- Free the reference of a document that left before anything was sent.
UPDATE transfers SET reference = NULL, updated_at = :now
WHERE transfer_id = :transfer_id AND stage = 'new' AND aside = 'gone'
RETURNING *;

-- name: see_transfer
-- Take over what the source says now; a change ends the back-off. A done one stays
-- marked as vanished until it is reopened: it is to be taken once more.
UPDATE transfers SET
    label = :label,
    reference = :reference,
    source_digest = :source_digest,
    mapping_digest = :mapping_digest,
    aside = nullif(aside, 'gone'),
    code = CASE WHEN aside = 'gone' THEN '' ELSE code END,
    message = CASE WHEN aside = 'gone' THEN '' ELSE message END,
    field = CASE WHEN aside = 'gone' THEN '' ELSE field END,
    advice = CASE WHEN aside = 'gone' THEN '' ELSE advice END,
    held_count = CASE
        WHEN :changed OR vanished_at IS NOT NULL THEN 0 ELSE held_count
    END,
    retry_at = CASE
        WHEN :changed OR vanished_at IS NOT NULL THEN NULL ELSE retry_at
    END,
    vanished_at = CASE WHEN stage = 'done' THEN vanished_at END,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: list_transfers
-- A page of transfers in the order they were first seen.
SELECT * FROM transfers
WHERE transfer_id > :after
    AND (:company IS NULL OR company = :company)
    AND (:flow IS NULL OR flow = :flow)
    AND (:state IS NULL OR state = :state)
ORDER BY transfer_id
LIMIT :page;

-- name: list_unfinished
-- A page of transfers that are neither done nor gone, in the order they were first seen.
SELECT * FROM transfers
WHERE transfer_id > :after
    AND (:company IS NULL OR company = :company)
    AND (:flow IS NULL OR flow = :flow)
    AND state NOT IN ('done', 'gone')
ORDER BY transfer_id
LIMIT :page;

-- name: count_states
-- How many transfers are in which state.
SELECT company, flow, state, count(*) AS number FROM transfers
WHERE :company IS NULL OR company = :company
GROUP BY company, flow, state
ORDER BY company, flow, state;

-- name: claim
-- Record the intent to create; the compare-and-set on the attempts.
UPDATE transfers SET
    stage = 'intent', aside = NULL, attempts = attempts + 1,
    claimed_digest = source_digest,
    payload_digest = :payload_digest,
    mapping_digest = :mapping_digest,
    owner = :owner,
    claimed_at = :now,
    doubt_seen_at = NULL, doubt_searched_at = NULL,
    code = '', message = '', field = '', advice = '',
    held_at = NULL, retry_at = NULL, retry_asked = 0,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
    AND stage IN ('new', 'intent', 'doubt')
RETURNING *;

-- name: in_doubt
-- Record a create whose effect is not known; the first stamps stay.
UPDATE transfers SET
    stage = 'doubt', aside = NULL,
    doubt_seen_at = coalesce(doubt_seen_at, :seen_at),
    doubt_searched_at = coalesce(doubt_searched_at, :searched_at),
    code = :code, message = :message, field = :field, advice = :advice,
    held_at = NULL, retry_at = NULL,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: posted
-- Record the target document, created or adopted.
UPDATE transfers SET
    stage = 'posted', aside = NULL,
    target_id = :target_id,
    target_number = coalesce(:target_number, target_number),
    adopted = :adopted,
    claimed_digest = CASE WHEN stage = 'new' THEN source_digest ELSE claimed_digest END,
    code = '', message = '', field = '', advice = '',
    held_at = NULL, retry_at = NULL, retry_asked = 0,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: proved
-- Record that a fresh search gave exactly our document.
UPDATE transfers SET
    stage = 'proved', aside = NULL,
    code = '', message = '', field = '', advice = '',
    held_at = NULL, retry_at = NULL, retry_asked = 0,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: done
-- Record that the source's status is moved.
UPDATE transfers SET
    stage = 'done', aside = NULL,
    target_number = coalesce(:target_number, target_number),
    code = '', message = '', field = '', advice = '',
    held_at = NULL, held_count = 0, retry_at = NULL, retry_asked = 0,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: hold
-- Stop the document with a reason, wherever it stands.
UPDATE transfers SET
    stage = CASE WHEN :not_applied AND stage = 'intent' THEN 'new' ELSE stage END,
    aside = 'held',
    code = :code, message = :message, field = :field, advice = :advice,
    held_at = CASE WHEN aside = 'held' THEN held_at ELSE :now END,
    held_count = held_count + 1,
    retry_at = :retry_at, retry_asked = 0,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: wait
-- Leave the document for a later run, wherever it stands; a person's wish stays.
UPDATE transfers SET
    stage = CASE WHEN :not_applied AND stage = 'intent' THEN 'new' ELSE stage END,
    aside = 'waiting',
    code = :code, message = :message, field = :field, advice = :advice,
    held_at = NULL, retry_at = :retry_at,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: gone
-- Record that the document left the transfer status by itself.
UPDATE transfers SET
    aside = 'gone',
    code = :code, message = :message, field = :field, advice = :advice,
    held_at = NULL, retry_at = NULL,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: reopen
-- Take a done document back to posted; it keeps its target. From now on the document as
-- it is here is the one that was moved.
UPDATE transfers SET stage = 'posted', claimed_digest = source_digest,
    vanished_at = NULL, updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: vanish
-- Record that the source no longer has the document; the first time ends the back-off.
UPDATE transfers SET
    vanished_at = coalesce(vanished_at, :now),
    held_count = CASE
        WHEN vanished_at IS NULL OR mapping_digest <> :mapping_digest THEN 0
        ELSE held_count
    END,
    retry_at = CASE
        WHEN vanished_at IS NOT NULL AND mapping_digest = :mapping_digest THEN retry_at
    END,
    mapping_digest = :mapping_digest,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: start_over
-- Forget a target document that is gone.
UPDATE transfers SET
    stage = 'new', aside = NULL,
    target_id = NULL, target_number = NULL, adopted = 0,
    doubt_seen_at = NULL, doubt_searched_at = NULL,
    code = '', message = '', field = '', advice = '',
    held_at = NULL, held_count = 0, retry_at = NULL, retry_asked = 0,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: forget_writes
-- The writes on a target document that is gone.
DELETE FROM writes WHERE transfer_id = :transfer_id;

-- name: retry
-- Mark what a person wants to be tried again.
UPDATE transfers SET retry_asked = 1, updated_at = :now
WHERE (:company IS NULL OR company = :company)
    AND (key = :key OR label = :key OR reference = :key)
    AND stage <> 'done'
RETURNING *;

-- name: begin_write
-- Record the intent of a write, or its next attempt.
INSERT INTO writes (transfer_id, step, item, digest, begun_at)
SELECT transfer_id, :step, :item, :digest, :now FROM transfers
WHERE transfer_id = :transfer_id AND attempts = :seen
ON CONFLICT (transfer_id, step, item) DO UPDATE SET
    state = 'intent', attempt = writes.attempt + 1, digest = excluded.digest,
    doubt_seen_at = NULL, begun_at = excluded.begun_at, ended_at = NULL
RETURNING *;

-- name: end_write
-- Record what became of a write; no row back when a newer attempt began.
UPDATE writes SET
    state = :state,
    target_id = coalesce(:target_id, target_id),
    answer = coalesce(:answer, answer),
    doubt_seen_at = coalesce(doubt_seen_at, :doubt_seen_at),
    ended_at = :now
WHERE write_id = :write_id AND attempt = :attempt
RETURNING *;

-- name: find_write
-- One write of a transfer.
SELECT * FROM writes
WHERE transfer_id = :transfer_id AND step = :step AND item = :item;

-- name: list_writes
-- All writes of a transfer.
SELECT * FROM writes WHERE transfer_id = :transfer_id ORDER BY write_id;

-- name: find_open_write
-- The oldest write of any transfer of the company whose effect is not known.
SELECT writes.* FROM writes
JOIN transfers ON transfers.transfer_id = writes.transfer_id
WHERE transfers.company = :company
    AND writes.step = :step
    AND writes.item = :item
    AND writes.state IN ('intent', 'doubt')
ORDER BY writes.write_id
LIMIT 1;

-- name: append_event
-- Append one line to the transfer log.
INSERT INTO events (
    at, transfer_id, company, flow, key, label, outcome, state,
    target_id, target_number, code, field, message, advice, details
)
VALUES (
    :now, :transfer_id, :company, :flow, :key, :label, :outcome, :state,
    :target_id, :target_number, :code, :field, :message, :advice, :details
);

-- name: list_events
-- A page of the log with every event; steps only when they are asked for.
SELECT * FROM events
WHERE event_id > :after
    AND (:company IS NULL OR company = :company)
    AND (:flow IS NULL OR flow = :flow)
    AND (outcome = :outcome OR (:outcome IS NULL AND outcome <> 'step'))
    AND (:since IS NULL OR at >= :since)
ORDER BY event_id
LIMIT :page;

-- name: list_last_words
-- A page of the log with the last word on each document.
SELECT * FROM events AS said
WHERE event_id > :after
    AND outcome IN ('transferred', 'stopped', 'waiting', 'skipped')
    AND NOT EXISTS (
        SELECT 1 FROM events AS later
        WHERE later.transfer_id = said.transfer_id
            AND later.event_id > said.event_id
            AND later.outcome IN ('transferred', 'stopped', 'waiting', 'skipped')
    )
    AND transfer_id IS NOT NULL
    AND (:company IS NULL OR company = :company)
    AND (:flow IS NULL OR flow = :flow)
    AND (:outcome IS NULL OR outcome = :outcome)
    AND (:since IS NULL OR at >= :since)
ORDER BY event_id
LIMIT :page;

-- name: start_run
-- Record that a run began.
INSERT INTO runs (company, owner, started_at) VALUES (:company, :owner, :now)
RETURNING *;

-- name: end_run
-- Record how a run ended.
UPDATE runs SET ended_at = :now, outcome = :outcome, counts = :counts
WHERE run_id = :run_id
RETURNING *;

-- name: set_mark
-- Remember how far a flow has come.
INSERT INTO marks (company, flow, kind, at) VALUES (:company, :flow, :kind, :at)
ON CONFLICT (company, flow, kind) DO UPDATE SET at = excluded.at;

-- name: find_mark
-- How far a flow has come.
SELECT at FROM marks WHERE company = :company AND flow = :flow AND kind = :kind;

-- name: last_run
-- The company's latest run.
SELECT * FROM runs WHERE company = :company ORDER BY run_id DESC LIMIT 1;

-- name: list_stops
-- What is held or waits in a company, with the details of the last word on it.
SELECT transfers.transfer_id, transfers.flow, label, transfers.state, transfers.code,
    transfers.field,
    held_at AS since_at,
    coalesce((
        SELECT details FROM events
        WHERE events.transfer_id = transfers.transfer_id
            AND outcome IN ('transferred', 'stopped', 'waiting', 'skipped')
        ORDER BY event_id DESC
        LIMIT 1
    ), '{}') AS details
FROM transfers
WHERE company = :company AND aside IN ('held', 'waiting')
ORDER BY transfer_id;

-- name: list_notices
-- The open notices of a company, with how their documents stand.
SELECT notices.*,
    coalesce(transfers.label, '') AS label,
    transfers.target_number,
    coalesce(transfers.state, '') AS state
FROM notices
LEFT JOIN transfers ON transfers.transfer_id = notices.transfer_id
WHERE notices.company = :company AND resolved_at IS NULL
ORDER BY notice_id;

-- name: last_told
-- When a company's people had the last digest, and the last reminder.
SELECT
    (SELECT max(made_at) FROM letters WHERE company = :company AND is_digest = 1) AS digest_at,
    (SELECT max(reminded_at) FROM notices WHERE company = :company) AS reminded_at;

-- name: count_done
-- How many documents were done since a time.
SELECT count(*) AS number FROM transfers
WHERE company = :company AND state = 'done' AND updated_at >= :since;

-- name: see_notice
-- Remember a stop; the first sight of it stays.
INSERT INTO notices (company, transfer_id, flow, code, first_at, mailed_at)
VALUES (
    :company, :transfer_id, :flow, :code, :first_at, CASE WHEN :is_told THEN :now END
)
ON CONFLICT (company, coalesce(transfer_id, 0), flow, code) WHERE resolved_at IS NULL
DO UPDATE SET mailed_at = coalesce(notices.mailed_at, excluded.mailed_at);

-- name: remind_notice
-- Remember that the oldest stop was told once more.
UPDATE notices SET reminded_at = :now
WHERE company = :company AND coalesce(transfer_id, 0) = coalesce(:transfer_id, 0)
    AND flow = :flow AND code = :code AND resolved_at IS NULL;

-- name: close_notice
-- Remember that a stop is over.
UPDATE notices SET resolved_at = :now WHERE notice_id = :notice_id;

-- name: write_letter
-- Put a mail into the outbox.
INSERT INTO letters (company, is_digest, recipients, subject, body, made_at)
VALUES (:company, :is_digest, :recipients, :subject, :body, :now);

-- name: lease_letters
-- Take the mails that nobody else is sending.
UPDATE letters SET leased_until = :until, tries = tries + 1
WHERE ended_at IS NULL AND (leased_until IS NULL OR leased_until <= :now)
RETURNING *;

-- name: end_letter
-- Record what became of a mail; the text goes with the last of its receivers.
UPDATE letters SET
    recipients = :recipients,
    leased_until = NULL,
    ended_at = CASE WHEN :is_over THEN :now END,
    body = CASE WHEN :is_over THEN '' ELSE body END,
    fault = :fault
WHERE letter_id = :letter_id AND ended_at IS NULL;

-- name: count_unsent
-- How many mails are in the outbox.
SELECT count(*) AS number FROM letters
WHERE ended_at IS NULL AND (:company IS NULL OR company = :company);
