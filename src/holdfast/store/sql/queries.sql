-- Every query of the store by name. Each has one line that says what it does.

-- name: ping
-- Prove that the database answers.
SELECT count(*) FROM schema_migrations;

-- name: highest
-- The highest numbers given out so far.
SELECT (SELECT coalesce(max(n), 0) FROM recordings), (SELECT coalesce(max(n), 0) FROM bodies);

-- name: body_of_hash
-- The number of the body with a hash.
SELECT n FROM bodies WHERE hash = ?;

-- name: identity
-- What names this database's folder in the storage.
SELECT id FROM identity;

-- name: unsettled
-- Every body that may be a file without having a row, and whether it has one.
SELECT u.hash, b.n IS NOT NULL FROM unsettled AS u LEFT JOIN bodies AS b ON b.hash = u.hash;

-- name: is_unsettled
-- Whether a body is announced as a file.
SELECT 1 FROM unsettled WHERE hash = ?;

-- name: unsettle
-- Announce that a body may be a file without having a row.
INSERT INTO unsettled (hash) VALUES (?) ON CONFLICT DO NOTHING;

-- name: settle
-- Say that a body's file has its row, or is gone.
DELETE FROM unsettled WHERE hash = ?;

-- name: add_recording
-- Keep the row of a recording.
INSERT INTO recordings
    (n, tenant, id, feature, release, outcome, cost_usd, ms, started_at, subject, replay_of, evaluation, asked,
     answered, degraded, blocked, failure)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: add_body
-- Keep a body.
INSERT INTO bodies (n, tenant, hash, content) VALUES (?, ?, ?, ?);

-- name: add_part
-- Say which body fills a hole of a recording.
INSERT INTO parts (recording, position, body) VALUES (?, ?, ?);

-- name: bodies_of
-- The bodies of a recording, the one with holes first.
SELECT b.hash, b.content
FROM recordings AS r
JOIN parts AS p ON p.recording = r.n
JOIN bodies AS b ON b.n = p.body
WHERE r.tenant = ? AND r.id = ?
ORDER BY p.position;

-- name: find
-- Summaries of recordings, newest first. The filters that are asked for replace the comment.
SELECT tenant, id, feature, release, outcome, cost_usd, ms, started_at, subject, replay_of, evaluation, asked
FROM recordings
WHERE tenant = :tenant /* filters */
ORDER BY started_at DESC, n DESC
LIMIT :limit;

-- name: says
-- One of the filters of `find`: a word occurs in a column, its ASCII letters in any case.
/* column */ LIKE :word ESCAPE '!';

-- name: rated
-- One of the filters of `find`: some feedback on it is as the comment says.
EXISTS (SELECT 1 FROM feedback AS f WHERE f.recording = recordings.n AND /* is */);

-- name: scored
-- One of the filters of `find`: a scorer scored it as the comment says.
EXISTS (SELECT 1 FROM scores AS s
WHERE s.tenant = recordings.tenant AND s.recording = recordings.id AND s.scorer = :scorer AND /* is */);

-- name: place
-- Where a recording stands in the order of `find`.
SELECT started_at, n FROM recordings WHERE tenant = ? AND id = ?;

-- name: bodies_of_subject
-- Every body a subject's recordings are made of.
SELECT DISTINCT p.body
FROM recordings AS r
JOIN parts AS p ON p.recording = r.n
WHERE r.tenant = ? AND r.subject = ?;

-- name: delete_feedback_of_subject
-- Erase the feedback a subject gave, and the feedback on the subject's recordings.
DELETE FROM feedback
WHERE (tenant = :tenant AND subject = :subject)
OR recording IN (SELECT n FROM recordings WHERE tenant = :tenant AND subject = :subject);

-- name: delete_recordings_of_subject
-- Erase a subject's recordings and what ties them to their bodies.
DELETE FROM recordings WHERE tenant = ? AND subject = ?;

-- name: delete_body_unless_used
-- Erase a body that no recording is made of any more; gives its hash, and whether it was a file.
DELETE FROM bodies
WHERE n = ? AND NOT EXISTS (SELECT 1 FROM parts WHERE parts.body = bodies.n)
RETURNING hash, content IS NULL;

-- name: add_release
-- Keep the choices of a release by its id; once kept they never change.
INSERT INTO releases (id, name, content) VALUES (?, '', ?) ON CONFLICT DO NOTHING;

-- name: release_of_id
-- The release with an id, as it was first kept.
SELECT content FROM releases WHERE tenant = '' AND id = ? ORDER BY n LIMIT 1;

-- name: named_release
-- The release of a name.
SELECT content FROM named_releases WHERE tenant = '' AND name = ?;

-- name: named_releases
-- Every release that has a name, the newest first.
SELECT content FROM named_releases WHERE tenant = '' ORDER BY n DESC;

-- name: release_names
-- Every name of a release.
SELECT name FROM named_releases WHERE tenant = '';

-- name: add_named_release
-- Keep a release under a name.
INSERT INTO named_releases (name, content) VALUES (?, ?);

-- name: newest_promotion
-- What answers now, and where a rollback of it goes back to.
SELECT n, release, previous, content FROM promotions WHERE tenant = '' ORDER BY n DESC LIMIT 1;

-- name: promotion
-- What a promotion let answer, and where a rollback of it goes back to.
SELECT release, previous FROM promotions WHERE tenant = '' AND n = ?;

-- name: promotions
-- The newest changes of what answers.
SELECT content FROM promotions WHERE tenant = '' ORDER BY n DESC LIMIT ?;

-- name: add_promotion
-- Keep a change of what answers.
INSERT INTO promotions (n, release, previous, content) VALUES (?, ?, ?, ?);

-- name: number_of_prompt
-- The number of a prompt's text under its path.
SELECT number FROM prompts WHERE tenant = '' AND path = ? AND hash = ?;

-- name: add_prompt
-- Keep a prompt under the next number of its path.
INSERT INTO prompts (path, number, hash, text)
SELECT :path, coalesce(max(number), 0) + 1, :hash, :text FROM prompts WHERE tenant = '' AND path = :path
RETURNING number;

-- name: prompt
-- The text that was used under a path as a certain number.
SELECT hash, text FROM prompts WHERE tenant = '' AND path = ? AND number = ?;

-- name: prompts_known
-- Every prompt as `path@N`.
SELECT path || '@' || number FROM prompts WHERE tenant = '';

-- name: number_of_recording
-- The number of a recording.
SELECT n FROM recordings WHERE tenant = ? AND id = ?;

-- name: add_feedback
-- Keep feedback on a recording; the same id again changes nothing.
INSERT INTO feedback (tenant, id, recording, subject, score, label, content)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: feedback_of
-- The feedback on a recording, in order of arrival.
SELECT f.content
FROM recordings AS r
JOIN feedback AS f ON f.recording = r.n
WHERE r.tenant = ? AND r.id = ?
ORDER BY f.n;

-- name: add_key
-- Keep a key.
INSERT INTO keys (tenant, id, content) VALUES (?, ?, ?);

-- name: key
-- A key by its id.
SELECT content FROM keys WHERE id = ?;

-- name: keys
-- Every key, in order of arrival.
SELECT content FROM keys ORDER BY n;

-- name: change_key
-- Replace a key's content.
UPDATE keys SET content = ? WHERE id = ?;

-- name: add_evaluation
-- Keep an evaluation that begins; the same id again changes nothing.
INSERT INTO evaluations (tenant, id, feature, content, cases) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: change_evaluation
-- Replace what is kept of an evaluation.
UPDATE evaluations SET content = ? WHERE tenant = ? AND id = ?;

-- name: add_result
-- Keep what came of a case; a second result of the same case and repeat changes nothing.
INSERT INTO evaluation_results (evaluation, case_id, repeat, content) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: add_score
-- Keep a scorer's score of a recording, so that the recording is found by it.
INSERT INTO scores (evaluation, tenant, recording, scorer, number, label) VALUES (?, ?, ?, ?, ?, ?);

-- name: evaluation
-- An evaluation by its id: its number, itself and its cases.
SELECT n, content, cases FROM evaluations WHERE tenant = ? AND id = ?;

-- name: results_of
-- What came of an evaluation's cases, in order of arrival.
SELECT content FROM evaluation_results WHERE evaluation = ? ORDER BY n;

-- name: find_evaluations
-- Evaluations, newest first: ids sort by time. The filters that are asked for replace the comment.
SELECT content FROM evaluations
WHERE tenant = :tenant /* filters */
ORDER BY id DESC
LIMIT :limit;

-- name: add_gate
-- Keep a gate that begins; the same id again changes nothing.
INSERT INTO gates (tenant, id, feature, content, cases) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: change_gate
-- Replace what is kept of a gate.
UPDATE gates SET content = ? WHERE tenant = ? AND id = ?;

-- name: gate
-- A gate by its id, with its cases.
SELECT content, cases FROM gates WHERE tenant = ? AND id = ?;

-- name: find_gates
-- Gates, newest first: ids sort by time. The filters that are asked for replace the comment.
SELECT content FROM gates
WHERE tenant = :tenant /* filters */
ORDER BY id DESC
LIMIT :limit;

-- name: add_certificate
-- Keep a certificate; the same id again changes nothing.
INSERT INTO certificates (tenant, id, feature, scorer, content) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: certificate
-- The certificate with an id.
SELECT content FROM certificates WHERE tenant = ? AND id = ?;

-- name: find_certificates
-- Certificates, newest first: ids sort by time. The filters that are asked for replace the comment.
SELECT content FROM certificates
WHERE tenant = :tenant /* filters */
ORDER BY id DESC
LIMIT :limit;

-- name: add_trial
-- Keep a trial that begins; the same id again changes nothing.
INSERT INTO trials (tenant, id, subjects, content) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: change_trial
-- Replace what is kept of a trial.
UPDATE trials SET content = ? WHERE tenant = ? AND id = ?;

-- name: trial
-- A trial by its id: its number and itself.
SELECT n, content FROM trials WHERE tenant = ? AND id = ?;

-- name: find_trials
-- Trials, newest first: ids sort by time. The filters that are asked for replace the comment.
SELECT content FROM trials WHERE tenant = :tenant /* filters */ ORDER BY id DESC LIMIT :limit;

-- name: add_pair
-- Keep what came of a recording of a trial, if the recording is still there; a second time changes nothing.
INSERT INTO trial_pairs (trial, recording, verdict, content)
SELECT :trial, n, :verdict, :content FROM recordings WHERE tenant = :tenant AND id = :recording
ON CONFLICT DO NOTHING;

-- name: find_pairs
-- Pairs of a trial in order of arrival. The filters that are asked for replace the comment.
SELECT content FROM trial_pairs WHERE trial = :trial /* filters */ ORDER BY n LIMIT :limit;

-- name: place_of_pair
-- Where a recording's pair stands in the order of arrival.
SELECT p.n FROM trial_pairs AS p JOIN recordings AS r ON r.n = p.recording
WHERE p.trial = ? AND r.tenant = ? AND r.id = ?;

-- name: delete_trials_of_subject
-- Erase the trials whose expressions name a subject, which stands in `subjects` between two line feeds.
DELETE FROM trials WHERE tenant = ? AND instr(subjects, ?) > 0;

-- name: add_diagnosis
-- Keep a diagnosis; the same id again changes nothing.
INSERT INTO diagnoses (tenant, id, recording, feature, verdict, started_at, content)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: diagnosis
-- A diagnosis by its id.
SELECT content FROM diagnoses WHERE tenant = ? AND id = ?;

-- name: change_diagnosis
-- Replace what is kept of a diagnosis.
UPDATE diagnoses SET content = ? WHERE tenant = ? AND id = ?;

-- name: find_diagnoses
-- Diagnoses, newest first: ids sort by time. The filters that are asked for replace the comment.
SELECT d.content FROM diagnoses AS d JOIN recordings AS r ON r.n = d.recording
WHERE d.tenant = :tenant /* filters */ ORDER BY d.id DESC LIMIT :limit;

-- name: count_diagnoses
-- How many diagnoses, of a feature or of all, begun since then, came to each verdict.
SELECT verdict, count(*) FROM diagnoses
WHERE tenant = ? AND feature = coalesce(?, feature) AND started_at >= ? GROUP BY verdict;

-- name: delete_diagnoses_of_subject
-- Erase the diagnoses of a subject's recordings.
DELETE FROM diagnoses WHERE recording IN (SELECT n FROM recordings WHERE tenant = ? AND subject = ?);

-- name: keep_learned
-- Keep what was learned of a version of a feature, in place of what was there.
INSERT INTO learned (tenant, feature, code_hash, content) VALUES (?, ?, ?, ?)
ON CONFLICT (tenant, feature, code_hash) DO UPDATE SET content = excluded.content;

-- name: learned
-- What was learned of a version of a feature.
SELECT content FROM learned WHERE tenant = ? AND feature = ? AND code_hash = ?;

-- name: count_live
-- Live recordings of a feature in a window, counted by how they ended.
SELECT outcome, degraded, blocked, failure, count(*), count(cost_usd), coalesce(sum(cost_usd), 0.0),
    sum(CASE WHEN ms > :slower THEN 1 ELSE 0 END), sum(CASE WHEN cost_usd > :dearer THEN 1 ELSE 0 END),
    min(started_at), max(started_at)
FROM recordings
WHERE tenant = :tenant AND feature = :feature AND started_at >= :since AND started_at < :until
    AND evaluation IS NULL AND replay_of IS NULL
GROUP BY outcome, degraded, blocked, failure
ORDER BY outcome, degraded, blocked, failure;

-- name: time_at
-- The time of the answer that stands at a place in the order of times, from 0.
SELECT ms FROM recordings
WHERE tenant = :tenant AND feature = :feature AND started_at >= :since AND started_at < :until
    AND evaluation IS NULL AND replay_of IS NULL AND outcome IN ('ok', 'degraded', 'blocked')
ORDER BY ms LIMIT 1 OFFSET :place;

-- name: spread
-- Recordings of a feature in a window, spread evenly: multiplying by the golden ratio scatters the numbers of arrival.
SELECT id FROM recordings
WHERE tenant = :tenant AND feature = :feature AND started_at >= :since AND started_at < :until
    AND evaluation IS NULL AND replay_of IS NULL AND ((n * 2654435761) & 4294967295) < :below
ORDER BY started_at DESC, n DESC LIMIT :most;

-- name: keep_look
-- Say that a feature was looked at, unless that was done later already.
INSERT INTO looks (tenant, feature, since, looked_at, recordings) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (tenant, feature) DO UPDATE
SET since = excluded.since, looked_at = excluded.looked_at, recordings = excluded.recordings
WHERE looks.looked_at < excluded.looked_at;

-- name: look
-- When a feature was looked at last, since when its recordings counted, and how many there were.
SELECT since, looked_at, recordings FROM looks WHERE tenant = ? AND feature = ?;

-- name: keep_finding
-- Keep what a look found, since it was first seen; gives its number.
INSERT INTO findings (tenant, feature, code, about, slot, first_seen_at, last_seen_at, looked_at, content)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (tenant, feature, code, about, slot) DO UPDATE SET
    first_seen_at = CASE WHEN findings.first_seen_at < excluded.first_seen_at THEN findings.first_seen_at
                    ELSE excluded.first_seen_at END,
    last_seen_at = CASE WHEN findings.last_seen_at > excluded.last_seen_at THEN findings.last_seen_at
                   ELSE excluded.last_seen_at END,
    looked_at = excluded.looked_at, content = excluded.content
RETURNING n;

-- name: forget_examples
-- Forget which recordings showed a finding.
DELETE FROM finding_examples WHERE finding = ?;

-- name: add_example
-- Say that a recording shows a finding, if the recording is still there.
INSERT INTO finding_examples (finding, recording, place)
SELECT ?, n, ? FROM recordings WHERE tenant = ? AND id = ? ON CONFLICT DO NOTHING;

-- name: findings_of
-- What looks at a feature found.
SELECT n, first_seen_at, last_seen_at, looked_at, content FROM findings WHERE tenant = ? AND feature = ?;

-- name: examples_of
-- The recordings that show what looks at a feature found.
SELECT e.finding, r.id FROM finding_examples AS e
JOIN findings AS f ON f.n = e.finding JOIN recordings AS r ON r.n = e.recording
WHERE f.tenant = ? AND f.feature = ? ORDER BY e.finding, e.place;

-- name: add_job
-- Keep a job; the same id again changes nothing.
INSERT INTO jobs (tenant, id, kind, status, subject, ended_at, revision, content)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: job
-- A job by its id.
SELECT content FROM jobs WHERE id = ?;

-- name: find_jobs
-- Jobs of a tenant, newest first. The filters that are asked for replace the comment.
SELECT content FROM jobs WHERE tenant = :tenant /* filters */ ORDER BY n DESC LIMIT :limit;

-- name: place_of_job
-- Where a job stands in the order of arrival.
SELECT n FROM jobs WHERE tenant = ? AND id = ?;

-- name: unfinished_jobs
-- Jobs that run or wait to, those that run first.
SELECT content FROM jobs WHERE status IN ('queued', 'running') ORDER BY status DESC, n LIMIT ?;

-- name: change_job
-- Replace what is kept of a job if its revision is still the one that was read.
UPDATE jobs SET status = ?, ended_at = ?, revision = ?, content = ? WHERE id = ? AND revision = ?;

-- name: delete_ended_jobs
-- Delete the jobs that ended before a moment.
DELETE FROM jobs WHERE ended_at < ? RETURNING content;

-- name: delete_jobs_of_subject
-- Erase a subject's jobs.
DELETE FROM jobs WHERE tenant = ? AND subject = ?;

-- name: add_wear
-- Count a decision on a case; the same decision again changes nothing.
INSERT INTO case_wear (tenant, feature, case_key, decision) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: wear_of
-- How many decisions each case of a feature took part in.
SELECT case_key, count(*) FROM case_wear WHERE tenant = ? AND feature = ? GROUP BY case_key;
