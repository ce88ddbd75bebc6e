-- id: made-again
-- title: Objects that were deleted and made again under another id
-- description: Same kind and name, another id, the second first seen when the first was gone: what pointed to the old
--   one points to nothing.
-- needs: users, groups, applications

WITH lives AS (
  SELECT 'user' AS kind, lower(user_principal_name) AS name, id, min(_first_seen) AS first_seen, max(_last_seen) AS last_seen
  FROM users_history GROUP BY 1, 2, 3
  UNION ALL SELECT 'group', display_name, id, min(_first_seen), max(_last_seen) FROM groups_history GROUP BY 1, 2, 3
  UNION ALL SELECT 'application', display_name, id, min(_first_seen), max(_last_seen) FROM applications_history GROUP BY 1, 2, 3
  UNION ALL SELECT 'service_principal', app_id, id, min(_first_seen), max(_last_seen) FROM service_principals_history GROUP BY 1, 2, 3
  UNION ALL SELECT 'conditional_access_policy', display_name, id, min(_first_seen), max(_last_seen)
  FROM conditional_access_policies_history GROUP BY 1, 2, 3
)
SELECT o.kind, o.name, o.id AS old_id, o.last_seen, n.id AS new_id, n.first_seen
FROM lives o JOIN lives n ON n.kind = o.kind AND n.name = o.name AND n.id <> o.id AND n.first_seen > o.last_seen
ORDER BY n.first_seen, o.kind, o.name
