-- id: privileged-method-changed
-- title: Authentication method of an administrator appeared or vanished
-- severity: medium
-- description: The snapshots show another set of methods for a person with a privileged role, whatever the log says.
--   High for temporary access passes and where a method was taken away. Passwords and methods that went with their
--   account are left out.
-- references: T1098.005, T1556.006
-- needs: user_authentication_methods
-- false_positives: a new phone

WITH holders AS (
  SELECT a.principal_id, string_agg(DISTINCT d.display_name, ', ' ORDER BY d.display_name) AS roles
  FROM (SELECT principal_id, role_definition_id FROM role_assignments_history
        UNION SELECT principal_id, role_definition_id FROM role_eligibility_schedules_history) a
  JOIN role_definitions d ON d.id = a.role_definition_id
  WHERE d.display_name LIKE '%Administrator'
  GROUP BY a.principal_id
),
methods AS (
  SELECT _version, id, _parent_id AS user_id, replace(replace(json_get_str(properties, '@odata.type'), '#microsoft.graph.', ''), 'AuthenticationMethod', '') AS method,
         coalesce(display_name, phone_number, model, '') AS name
  FROM user_authentication_methods_history
)
SELECT DISTINCT c.changed_at AS at, 'user' AS kind, m.user_id AS object_id, u.name AS display_name,
       CASE WHEN m.method = 'temporaryAccessPass' OR c.change_type = 'removed' THEN 'high' ELSE 'medium' END AS severity,
       m.method || ' ' || m.name || ' ' || c.change_type || ', of ' || h.roles AS evidence,
       c.actor, c.actor_id, c.actor_ip, c.confidence, c.change_id
FROM changes c
JOIN methods m ON m.id = c.object_id AND m._version = coalesce(c.to_version, c.from_version)
JOIN holders h ON h.principal_id = m.user_id
LEFT JOIN (SELECT id, max(user_principal_name) AS name FROM users_history GROUP BY id) u ON u.id = m.user_id
LEFT JOIN changes gone ON gone.kind = 'user' AND gone.object_id = m.user_id AND gone.change_type = 'removed' AND gone.snapshot_id = c.snapshot_id
WHERE c.kind = 'user_authentication_method' AND m.method <> 'password' AND gone.change_id IS NULL
