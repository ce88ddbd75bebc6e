-- id: authentication-method-by-other
-- title: Somebody else changed a person's authentication methods
-- severity: medium
-- description: A second factor was added to an account, or taken from it, by another account: whoever registers the
--   method signs in with it. Critical where the person holds a privileged role.
-- references: T1098.005, T1556.006
-- needs: directory_audits
-- false_positives: a help desk that registers methods for people who lost their phone

WITH events AS (
  SELECT activity_date_time AS at, activity_display_name AS activity, id AS audit_id,
         json_get_str(initiated_by, 'user', 'id') AS actor_id, json_get_str(initiated_by, 'user', 'userPrincipalName') AS upn,
         json_get_str(initiated_by, 'app', 'displayName') AS app, json_get_str(initiated_by, 'user', 'ipAddress') AS actor_ip,
         unnest(json_get_array(target_resources)) AS target
  FROM directory_audits
  WHERE activity_display_name IN ('Admin registered security info', 'Admin deleted security info', 'Admin updated security info',
                                  'Admin deleted default method', 'Create Windows Hello for Business credential')
    AND result = 'success'
),
holders AS (
  SELECT a.principal_id, string_agg(DISTINCT d.display_name, ', ' ORDER BY d.display_name) AS roles
  FROM (SELECT principal_id, role_definition_id FROM role_assignments_history
        UNION SELECT principal_id, role_definition_id FROM role_eligibility_schedules_history) a
  JOIN role_definitions d ON d.id = a.role_definition_id
  WHERE d.display_name LIKE '%Administrator'
  GROUP BY a.principal_id
),
-- Where the event names the method, its owner is who has it; ids that everybody's methods share tell nothing.
methods AS (
  SELECT id, max(_parent_id) AS user_id FROM user_authentication_methods_history GROUP BY id HAVING count(DISTINCT _parent_id) = 1
),
about AS (
  SELECT e.*, coalesce(m.user_id, json_get_str(e.target, 'id')) AS person
  FROM events e LEFT JOIN methods m ON m.id = json_get_str(e.target, 'id')
)
SELECT e.at, 'user' AS kind, e.person AS object_id,
       coalesce(u.name, json_get_str(e.target, 'userPrincipalName'), json_get_str(e.target, 'displayName')) AS display_name,
       CASE WHEN h.principal_id IS NULL THEN 'medium' ELSE 'critical' END AS severity,
       e.activity || coalesce(' of ' || h.roles, '') AS evidence,
       coalesce(e.upn, e.app) AS actor, e.actor_id, e.actor_ip, 'exact' AS confidence
FROM about e
LEFT JOIN (SELECT id, max(user_principal_name) AS name FROM users_history GROUP BY id) u ON u.id = e.person
LEFT JOIN holders h ON h.principal_id = e.person
WHERE e.person IS DISTINCT FROM e.actor_id
