-- id: privileged-guest
-- title: Guest with a directory role
-- severity: high
-- description: A guest was given a role, or became eligible for one: an account of another organisation, whose security
--   is in other hands. Critical for roles that can take any other.
-- references: T1098.003, T1136.003
-- needs: users
-- false_positives: consultants who administer the tenant

WITH assignments AS (
  SELECT principal_id, role_definition_id, 'holds' AS how, min(_first_seen) AS at, min(_not_before) AS not_before
  FROM role_assignments_history GROUP BY 1, 2
  UNION ALL
  SELECT principal_id, role_definition_id, 'is eligible for', min(_first_seen), min(_not_before)
  FROM role_eligibility_schedules_history GROUP BY 1, 2
)
SELECT a.at, 'user' AS kind, a.principal_id AS object_id, g.name AS display_name,
       CASE WHEN d.display_name IN ('Global Administrator', 'Privileged Role Administrator', 'Privileged Authentication Administrator')
            THEN 'critical' ELSE 'high' END AS severity,
       'guest ' || a.how || ' ' || coalesce(d.display_name, a.role_definition_id)
       || CASE WHEN a.not_before IS NULL THEN ', since before the first snapshot' ELSE '' END AS evidence
FROM assignments a
JOIN (SELECT id, max(user_principal_name) AS name FROM users_history WHERE user_type = 'Guest' GROUP BY id) g ON g.id = a.principal_id
LEFT JOIN role_definitions d ON d.id = a.role_definition_id
