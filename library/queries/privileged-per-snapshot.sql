-- id: privileged-per-snapshot
-- title: How many principals held a role in every snapshot
-- description: One row a snapshot: evidence of how privileged access developed.
-- parameters:
--   from time = first: beginning of the period
--   to time = latest: end of the period
-- needs: role_assignments

SELECT s.snapshot_id, s.taken_at, count(DISTINCT r.principal_id) AS holders,
       count(DISTINCT r.principal_id) FILTER (WHERE d.display_name = 'Global Administrator') AS global_administrators
FROM snapshots s
JOIN role_assignments_history r ON r._first_seen <= s.taken_at AND (r._gone_at IS NULL OR r._gone_at > s.taken_at)
LEFT JOIN role_definitions d ON d.id = r.role_definition_id
WHERE s.taken_at BETWEEN $from AND $to
GROUP BY s.snapshot_id, s.taken_at
ORDER BY s.taken_at
