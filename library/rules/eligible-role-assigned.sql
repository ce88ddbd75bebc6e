-- id: eligible-role-assigned
-- title: Somebody became eligible for a directory role
-- severity: medium
-- description: Who is eligible takes the role whenever it suits. High for the roles that can take any other, and for
--   everybody who is a guest.
-- references: T1098.003
-- needs: role_eligibility_schedules
-- false_positives: new administrators

SELECT c.changed_at AS at, 'user' AS kind, s.principal_id AS object_id, coalesce(u.name, g.display_name, s.principal_id) AS display_name,
       CASE WHEN d.display_name IN ('Global Administrator', 'Privileged Role Administrator', 'Privileged Authentication Administrator')
              OR u.is_guest THEN 'high' ELSE 'medium' END AS severity,
       'eligible for ' || coalesce(d.display_name, s.role_definition_id)
       || CASE WHEN json_get_str(s.schedule_info, 'expiration', 'type') = 'noExpiration' THEN ' for good' ELSE '' END AS evidence,
       c.actor, c.actor_id, c.actor_ip, c.confidence, c.change_id
FROM changes c
JOIN role_eligibility_schedules_history s ON s.id = c.object_id AND s._version = c.to_version
LEFT JOIN role_definitions d ON d.id = s.role_definition_id
LEFT JOIN (SELECT id, max(user_principal_name) AS name, bool_or(user_type = 'Guest') AS is_guest FROM users_history GROUP BY id) u
  ON u.id = s.principal_id
LEFT JOIN groups g ON g.id = s.principal_id
WHERE c.kind = 'role_eligibility_schedule' AND c.change_type IN ('added', 'restored')
