-- id: temporary-access-pass-issued
-- title: Temporary access pass issued
-- severity: low
-- description: A pass with which anybody who knows it signs in once or for some time. Medium where it can be used more
--   than once.
-- references: T1098.005
-- needs: user_authentication_methods
-- false_positives: new employees setting up their first method

SELECT DISTINCT c.changed_at AS at, 'user' AS kind, m._parent_id AS object_id, u.name AS display_name,
       CASE WHEN m.is_usable_once THEN 'low' ELSE 'medium' END AS severity,
       'temporary access pass, usable ' || CASE WHEN m.is_usable_once THEN 'once' ELSE 'repeatedly' END ||
       coalesce(' for ' || m.lifetime_in_minutes || ' minutes', '') AS evidence,
       c.actor, c.actor_id, c.actor_ip, c.confidence, c.change_id
FROM changes c
JOIN user_authentication_methods_history m ON m.id = c.object_id AND m._version = c.to_version
LEFT JOIN (SELECT id, max(user_principal_name) AS name FROM users_history GROUP BY id) u ON u.id = m._parent_id
WHERE c.kind = 'user_authentication_method' AND c.change_type IN ('added', 'restored')
  AND m.properties LIKE '%temporaryAccessPassAuthenticationMethod%'
