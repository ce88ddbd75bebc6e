-- id: standing-role-assigned
-- title: Directory role assigned outside activation
-- severity: medium
-- description: Somebody or something holds a role for good, not by activating it for some hours. Critical for the roles
--   that can take any other and for service principals with a privileged role, high for other privileged roles.
-- references: T1098.003
-- needs: role_assignments
-- false_positives: roles of emergency access accounts and of services that cannot activate

WITH activated AS (
  SELECT DISTINCT role_assignment_origin_id AS id FROM role_assignment_schedule_instances_history WHERE assignment_type = 'Activated'
),
names AS (
  SELECT id, max(name) AS name, max(kind) AS kind FROM (
    SELECT id, user_principal_name AS name, 'user' AS kind FROM users_history
    UNION ALL SELECT id, display_name, 'service principal' FROM service_principals_history
    UNION ALL SELECT id, display_name, 'group' FROM groups_history)
  GROUP BY id
),
-- The log names who got the role, not the assignment.
events AS (
  SELECT activity_date_time AS at, json_get_str(initiated_by, 'user', 'id') AS user_id,
         json_get_str(initiated_by, 'user', 'userPrincipalName') AS upn, json_get_str(initiated_by, 'user', 'ipAddress') AS ip,
         json_get_str(initiated_by, 'app', 'servicePrincipalId') AS app_id, json_get_str(initiated_by, 'app', 'displayName') AS app,
         unnest(json_get_array(target_resources)) AS target
  FROM directory_audits
  WHERE activity_display_name LIKE 'Add member to role%' AND activity_display_name NOT LIKE '%PIM activation%' AND result = 'success'
),
given AS (
  SELECT json_get_str(target, 'id') AS principal_id, at, coalesce(upn, app) AS actor, coalesce(user_id, app_id) AS actor_id, ip FROM events
),
who AS (
  SELECT c.change_id, max(g.at) AS at, max(g.actor) AS actor, max(g.actor_id) AS actor_id, max(g.ip) AS ip
  FROM changes c
  JOIN role_assignments_history r ON r.id = c.object_id AND r._version = c.to_version
  JOIN given g ON g.principal_id = r.principal_id AND g.at > c.changed_after AND g.at <= c.changed_before
  WHERE c.kind = 'role_assignment'
  GROUP BY c.change_id
  HAVING count(DISTINCT g.actor) = 1
)
SELECT coalesce(w.at, c.changed_at) AS at, coalesce(replace(n.kind, ' ', '_'), 'user') AS kind, r.principal_id AS object_id,
       coalesce(n.name, r.principal_id) AS display_name,
       CASE WHEN d.display_name IN ('Global Administrator', 'Privileged Role Administrator', 'Privileged Authentication Administrator',
                                    'Partner Tier2 Support') THEN 'critical'
            WHEN d.display_name IN ('Application Administrator', 'Cloud Application Administrator', 'Hybrid Identity Administrator',
                                    'Conditional Access Administrator', 'Security Administrator', 'Authentication Administrator',
                                    'Authentication Policy Administrator', 'User Administrator', 'Exchange Administrator',
                                    'SharePoint Administrator', 'Intune Administrator', 'Helpdesk Administrator',
                                    'Password Administrator', 'Domain Name Administrator', 'External Identity Provider Administrator',
                                    'Directory Writers', 'Groups Administrator', 'Identity Governance Administrator')
              THEN CASE WHEN n.kind = 'service principal' THEN 'critical' ELSE 'high' END
            ELSE 'medium' END AS severity,
       coalesce(d.display_name, r.role_definition_id) || ' to ' || coalesce(n.kind, 'principal') || ' ' || coalesce(n.name, r.principal_id)
       || CASE WHEN r.directory_scope_id = '/' THEN '' ELSE ' over ' || coalesce(r.directory_scope_id, r.app_scope_id, 'a part') END AS evidence,
       coalesce(c.actor, w.actor) AS actor, coalesce(c.actor_id, w.actor_id) AS actor_id, coalesce(c.actor_ip, w.ip) AS actor_ip,
       CASE WHEN c.actor IS NULL AND w.actor IS NOT NULL THEN 'window' ELSE c.confidence END AS confidence, c.change_id
FROM changes c
JOIN role_assignments_history r ON r.id = c.object_id AND r._version = c.to_version
LEFT JOIN role_definitions d ON d.id = r.role_definition_id
LEFT JOIN names n ON n.id = r.principal_id
LEFT JOIN who w ON w.change_id = c.change_id
WHERE c.kind = 'role_assignment' AND c.change_type IN ('added', 'restored')
  AND r.id NOT IN (SELECT id FROM activated WHERE id IS NOT NULL)
