-- id: delegated-permission-granted
-- title: Consent to risky delegated permissions
-- severity: low
-- description: An application may act as whoever signs in to it: for everybody, or for one person. High where that is
--   for everybody and includes writing, mail, files or the directory; medium where it is for one person.
-- references: T1528, T1550.001
-- needs: oauth2_permission_grants
-- false_positives: bringing a new application into use

WITH history AS (
  SELECT h.*, lag(h.scope) OVER (PARTITION BY h.id ORDER BY h._first_seen) AS old_scope
  FROM oauth2_permission_grants_history h
),
fresh AS (
  SELECT *, array_to_string(array_remove(array_except(string_to_array(btrim(scope), ' '),
                                                      string_to_array(btrim(coalesce(old_scope, '')), ' ')), ''), ' ') AS added
  FROM history WHERE _not_before IS NOT NULL
)
SELECT coalesce(c.changed_at, f._first_seen) AS at, 'service_principal' AS kind, f.client_id AS object_id, s.display_name,
       CASE WHEN NOT (f.added ~ 'Write|Mail|Files|Sites|Directory|RoleManagement|full_access|user_impersonation|FullControl') THEN 'low'
            WHEN f.added ~ 'RoleManagement.ReadWrite|AppRoleAssignment.ReadWrite|Directory.AccessAsUser' AND f.consent_type = 'AllPrincipals' THEN 'critical'
            WHEN f.consent_type = 'AllPrincipals' THEN 'high'
            ELSE 'medium' END AS severity,
       f.added || CASE WHEN f.consent_type = 'AllPrincipals' THEN ' for everybody' ELSE ' for ' || coalesce(u.name, f.principal_id) END AS evidence,
       c.actor, c.actor_id, c.actor_ip, c.confidence, c.change_id
FROM fresh f
LEFT JOIN changes c ON c.kind = 'oauth2_permission_grant' AND c.object_id = f.id AND c.changed_before = f._first_seen
LEFT JOIN (SELECT id, max(display_name) AS display_name FROM service_principals_history GROUP BY id) s ON s.id = f.client_id
LEFT JOIN (SELECT id, max(user_principal_name) AS name FROM users_history GROUP BY id) u ON u.id = f.principal_id
WHERE f.added <> ''
