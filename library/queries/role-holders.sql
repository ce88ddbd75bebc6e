-- id: role-holders
-- title: Who held a directory role at any moment of a period
-- description: Assignments as they were seen, with the snapshots that first and last showed them. An assignment that
--   somebody activated for some hours is listed where a snapshot was taken meanwhile; role-activations has all.
-- parameters:
--   role text = Global Administrator: the role's name
--   from time = first: beginning of the period
--   to time = latest: end of the period
-- needs: role_assignments, role_definitions

SELECT coalesce(u.name, s.name, g.display_name, r.principal_id) AS holder,
       CASE WHEN u.id IS NOT NULL THEN 'user' WHEN s.id IS NOT NULL THEN 'service principal' WHEN g.id IS NOT NULL THEN 'group' END AS holder_kind,
       r.directory_scope_id AS scope, r._not_before AS not_before, r._first_seen AS first_seen, r._gone_at AS gone_at
FROM role_assignments_history r
JOIN role_definitions d ON d.id = r.role_definition_id
LEFT JOIN (SELECT id, max(user_principal_name) AS name FROM users_history GROUP BY id) u ON u.id = r.principal_id
LEFT JOIN (SELECT id, max(display_name) AS name FROM service_principals_history GROUP BY id) s ON s.id = r.principal_id
LEFT JOIN groups g ON g.id = r.principal_id
WHERE d.display_name = $role AND r._first_seen <= $to AND (r._gone_at IS NULL OR r._gone_at >= $from)
ORDER BY r._first_seen, holder
