-- id: privileged-password-reset
-- title: Password of an administrator reset by somebody else
-- severity: high
-- description: Who resets a password knows it. Critical for holders of the roles that can take any other.
-- references: T1098
-- needs: directory_audits
-- false_positives: an administrator who forgot the password

WITH events AS (
  SELECT activity_date_time AS at, activity_display_name AS activity,
         json_get_str(initiated_by, 'user', 'id') AS actor_id, json_get_str(initiated_by, 'user', 'userPrincipalName') AS upn,
         json_get_str(initiated_by, 'app', 'displayName') AS app, json_get_str(initiated_by, 'user', 'ipAddress') AS actor_ip,
         unnest(json_get_array(target_resources)) AS target
  FROM directory_audits
  WHERE activity_display_name IN ('Reset user password', 'Reset password (by admin)') AND result = 'success'
),
holders AS (
  SELECT a.principal_id, string_agg(DISTINCT d.display_name, ', ' ORDER BY d.display_name) AS roles
  FROM (SELECT principal_id, role_definition_id FROM role_assignments_history
        UNION SELECT principal_id, role_definition_id FROM role_eligibility_schedules_history) a
  JOIN role_definitions d ON d.id = a.role_definition_id
  WHERE d.display_name LIKE '%Administrator'
  GROUP BY a.principal_id
)
SELECT e.at, 'user' AS kind, h.principal_id AS object_id, json_get_str(e.target, 'userPrincipalName') AS display_name,
       CASE WHEN h.roles ~ 'Global|Privileged' THEN 'critical' ELSE 'high' END AS severity,
       e.activity || ' of ' || h.roles AS evidence, coalesce(e.upn, e.app) AS actor, e.actor_id, e.actor_ip, 'exact' AS confidence
FROM events e JOIN holders h ON h.principal_id = json_get_str(e.target, 'id')
WHERE h.principal_id IS DISTINCT FROM e.actor_id
