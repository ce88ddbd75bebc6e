-- id: unread
-- title: What was not read, or only in part, on a day
-- description: Kinds whose answers leave something out: no row of them is no proof.
-- parameters:
--   at time = latest: the moment

SELECT kind, status, reason, alive
FROM coverage
WHERE status <> 'complete' AND taken_at = (SELECT max(taken_at) FROM snapshots WHERE taken_at <= $at)
ORDER BY kind
