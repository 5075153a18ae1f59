-- Every query of the ledger: a name, a line of description, one statement.
-- Changes of a transfer compare the attempts (:seen): no row back means a lost claim. A
-- new stage or state says where it came from: the steps' tables refuse it otherwise.

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
-- A page of what is not done, and is past new or held or waiting; in the order first seen.
SELECT * FROM transfers
WHERE transfer_id > :after
    AND (:company IS NULL OR company = :company)
    AND (:flow IS NULL OR flow = :flow)
    AND stage <> 'done'
    AND (stage <> 'new' OR aside IN ('held', 'waiting'))
ORDER BY transfer_id
LIMIT :page;

-- name: count_states
-- How many transfers are in which state.
SELECT company, flow, state, count(*) AS number FROM transfers
WHERE :company IS NULL OR company = :company
GROUP BY company, flow, state
ORDER BY company, flow, state;

-- name: gather
-- Take over the content as it was gathered now; other content ends the back-off.
UPDATE transfers SET
    content_digest = :content_digest,
    held_count = CASE WHEN content_digest IN ('', :content_digest) THEN held_count ELSE 0 END,
    retry_at = CASE WHEN content_digest IN ('', :content_digest) THEN retry_at END,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: accept
-- Keep a person's word for the content as it was gathered last; due at once.
UPDATE transfers SET
    accepted = :accepted, held_count = 0, retry_at = NULL, updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: updated
-- Record what the target's document was changed to.
UPDATE transfers SET
    sent = :sent, claimed_digest = source_digest, updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: claim
-- Record the intent to create; the compare-and-set on the attempts.
UPDATE transfers SET
    previous_stage = stage, stage = 'intent', aside = NULL, attempts = attempts + 1,
    claimed_digest = source_digest,
    payload_digest = :payload_digest,
    mapping_digest = :mapping_digest,
    sent = :sent,
    owner = :owner,
    claimed_at = :now,
    rest = NULL,
    code = '', message = '', field = '', advice = '',
    held_at = NULL, retry_at = NULL, retry_asked = 0,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: not_applied
-- Record that the create surely had no effect.
UPDATE transfers SET
    previous_stage = stage, stage = 'new', rest = NULL, settled_at = NULL,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: in_doubt
-- Record a create whose effect is not known; its rest begins.
UPDATE transfers SET
    previous_stage = stage, stage = 'doubt', aside = NULL,
    rest = :rest, settled_at = NULL,
    code = :code, message = :message, field = :field, advice = :advice,
    held_at = NULL, retry_at = NULL,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: look
-- Record a look at a doubt that found nothing.
UPDATE transfers SET rest = :rest, settled_at = :settled_at, updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: settled_gone
-- Record that nothing is in the target of what the source no longer wants.
UPDATE transfers SET
    previous_stage = stage, stage = 'new', aside = 'gone', rest = NULL,
    code = :code, message = :message, field = :field, advice = :advice,
    held_at = NULL, retry_at = NULL, retry_asked = 0,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: posted
-- Record the target document, created or adopted.
UPDATE transfers SET
    previous_stage = stage, stage = 'posted', aside = NULL,
    target_id = :target_id,
    target_number = coalesce(:target_number, target_number),
    adopted = :adopted,
    sent = coalesce(:sent, sent),
    rest = NULL, settled_at = NULL,
    claimed_digest = CASE WHEN stage = 'new' THEN source_digest ELSE claimed_digest END,
    code = '', message = '', field = '', advice = '',
    held_at = NULL, retry_at = NULL, retry_asked = 0,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: proved
-- Record that a fresh search gave exactly our document.
UPDATE transfers SET
    previous_stage = stage, stage = 'proved', aside = NULL,
    code = '', message = '', field = '', advice = '',
    held_at = NULL, retry_at = NULL, retry_asked = 0,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: done
-- Record that the source's status is moved.
UPDATE transfers SET
    previous_stage = stage, stage = 'done', aside = NULL,
    target_number = coalesce(:target_number, target_number),
    sent = coalesce(:sent, sent),
    code = '', message = '', field = '', advice = '',
    held_at = NULL, held_count = 0, retry_at = NULL, retry_asked = 0,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: hold
-- Stop the document with a reason, wherever it stands.
UPDATE transfers SET
    previous_stage = CASE
        WHEN :not_applied AND stage = 'intent' THEN stage ELSE previous_stage
    END,
    stage = CASE WHEN :not_applied AND stage = 'intent' THEN 'new' ELSE stage END,
    aside = 'held',
    code = :code, message = :message, field = :field, advice = :advice,
    held_at = CASE WHEN aside = 'held' THEN held_at ELSE :now END,
    held_count = held_count + 1,
    retry_at = :retry_at, retry_asked = 0,
    refused = :refused,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: wait
-- Leave the document for a later run, wherever it stands; a person's wish stays.
UPDATE transfers SET
    previous_stage = CASE
        WHEN :not_applied AND stage = 'intent' THEN stage ELSE previous_stage
    END,
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
-- Take a done document back to posted; it keeps its target, and what was sent.
UPDATE transfers SET
    previous_stage = stage, stage = 'posted', claimed_digest = source_digest,
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
-- Forget a target document that is gone, and what was sent and accepted of it.
UPDATE transfers SET
    previous_stage = stage, stage = 'new',
    aside = CASE WHEN :has_left THEN 'gone' END,
    target_id = NULL, target_number = NULL, adopted = 0,
    sent = NULL, accepted = NULL, rest = NULL, settled_at = NULL,
    code = CASE WHEN :has_left THEN :code ELSE '' END,
    message = CASE WHEN :has_left THEN :message ELSE '' END,
    field = CASE WHEN :has_left THEN :field ELSE '' END,
    advice = CASE WHEN :has_left THEN :advice ELSE '' END,
    held_at = NULL, held_count = 0, retry_at = NULL, retry_asked = 0,
    updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: forget_writes
-- The writes on a target document that is gone; those of registers stay.
DELETE FROM writes WHERE kind = 'document' AND transfer_id = :transfer_id;

-- name: list_named
-- What a person may mean by a key, a label or a reference; what is done is left alone.
SELECT * FROM transfers
WHERE (:company IS NULL OR company = :company)
    AND (key = :key OR label = :key OR reference = :key)
    AND stage <> 'done'
ORDER BY transfer_id;

-- name: retry
-- Mark what a person wants to be tried again.
UPDATE transfers SET retry_asked = 1, updated_at = :now
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: begin_write
-- Record the intent of a write; no row back when the transfer was claimed elsewhere.
INSERT INTO writes (kind, company, transfer_id, system, step, item, digest, begun_at)
SELECT :write_kind, company, transfer_id, :system, :step, :item, :digest, :now FROM transfers
WHERE transfer_id = :transfer_id AND attempts = :seen
RETURNING *;

-- name: begin_write_again
-- Record the next attempt of a write; one that may be repeated needs no rest.
UPDATE writes SET
    previous_state = state, state = 'intent', attempt = attempt + 1, digest = :digest,
    transfer_id = :transfer_id,
    rest = NULL,
    settled_at = CASE WHEN :may_repeat THEN :now ELSE settled_at END,
    begun_at = :now, ended_at = NULL
WHERE write_id = :write_id AND attempt = :attempt
    AND EXISTS (
        SELECT 1 FROM transfers WHERE transfer_id = :transfer_id AND attempts = :seen
    )
RETURNING *;

-- name: end_write
-- Record what became of a write; no row back when a newer attempt began.
UPDATE writes SET
    previous_state = state, state = :state,
    target_id = coalesce(:target_id, target_id),
    answer = coalesce(:answer, answer),
    rest = :rest, settled_at = NULL,
    ended_at = :now
WHERE write_id = :write_id AND attempt = :attempt
RETURNING *;

-- name: look_at_write
-- Record a look at a write in doubt that found nothing.
UPDATE writes SET rest = :rest, settled_at = :settled_at
WHERE write_id = :write_id AND attempt = :attempt
RETURNING *;

-- name: find_document_write
-- One write of a transfer.
SELECT * FROM writes
WHERE kind = 'document' AND transfer_id = :transfer_id AND step = :step AND item = :item;

-- name: find_register_write
-- One write of a register, whichever document asked for it.
SELECT * FROM writes
WHERE kind = 'register' AND company = :company AND system = :system
    AND step = :step AND item = :item;

-- name: list_writes
-- All writes that a transfer began last.
SELECT * FROM writes WHERE transfer_id = :transfer_id ORDER BY write_id;

-- name: find_heartbeat
-- How many intents the ledger knows of a company, and how long it has rested.
SELECT number, rest FROM heartbeats WHERE company = :company;

-- name: beat
-- Count one more intent of a company.
INSERT INTO heartbeats (company, number) VALUES (:company, 1)
ON CONFLICT (company) DO UPDATE SET number = heartbeats.number + 1
RETURNING number;

-- name: set_heartbeat
-- Keep the number that the ledger has caught up with, or how long it has rested.
INSERT INTO heartbeats (company, number, rest) VALUES (:company, :number, :rest)
ON CONFLICT (company) DO UPDATE SET number = excluded.number, rest = excluded.rest;

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

-- name: last_of_code
-- When something was last said of a transfer.
SELECT at FROM events WHERE transfer_id = :transfer_id AND code = :code
ORDER BY event_id DESC LIMIT 1;

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
UPDATE runs SET
    ended_at = :now, outcome = :outcome, counts = :counts, code = :code,
    details = :details, calls = :calls
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

-- name: last_good_run
-- The company's latest run that ended well.
SELECT * FROM runs WHERE company = :company AND outcome = 'ok' ORDER BY run_id DESC LIMIT 1;

-- name: learn_identity
-- Remember whose data a key opens, unless it is known.
INSERT INTO identities (company, system, owner_id, name, learned_at)
VALUES (:company, :system, :owner_id, :name, :now)
ON CONFLICT (company, system) DO NOTHING;

-- name: find_identity
-- Whose data a company's key opens in a system.
SELECT * FROM identities WHERE company = :company AND system = :system;

-- name: list_identities
-- Whose data the keys of all companies open in a system.
SELECT * FROM identities WHERE system = :system ORDER BY company;

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
