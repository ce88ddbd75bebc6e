-- id: role-activations
-- title: Roles that were activated, by whom and why
-- description: Requests of privileged identity management, newest first.
-- parameters:
--   who text = '': user principal name of one person; empty for everybody
--   days interval = 90d: how far to look back from the newest snapshot
-- needs: role_assignment_schedule_requests

SELECT r.created_date_time, coalesce(u.name, r.principal_id) AS who, d.display_name AS role, r.action, r.status, r.justification
FROM role_assignment_schedule_requests_history r
LEFT JOIN role_definitions d ON d.id = r.role_definition_id
LEFT JOIN (SELECT id, max(user_principal_name) AS name FROM users_history GROUP BY id) u ON u.id = r.principal_id
WHERE r.created_date_time >= (SELECT max(taken_at) FROM snapshots) - $days AND ($who = '' OR lower(u.name) = lower($who))
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY r.created_date_time DESC, 2
