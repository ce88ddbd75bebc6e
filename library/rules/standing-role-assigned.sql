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
-- The log names the role and who got it, not the assignment.
who AS (
  SELECT target_id, snapshot_id, max(changed_at) AS changed_at, max(actor) AS actor, max(actor_id) AS actor_id,
         max(actor_ip) AS actor_ip, max(confidence) AS confidence
  FROM link_changes WHERE source_kind = 'directory_role' AND change_type = 'added'
  GROUP BY target_id, snapshot_id
)
SELECT coalesce(w.changed_at, c.changed_at) AS at, coalesce(replace(n.kind, ' ', '_'), 'user') AS kind, r.principal_id AS object_id,
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
       coalesce(w.actor, c.actor) AS actor, coalesce(w.actor_id, c.actor_id) AS actor_id, coalesce(w.actor_ip, c.actor_ip) AS actor_ip,
       CASE WHEN w.actor IS NULL THEN c.confidence ELSE w.confidence END AS confidence, c.change_id
FROM changes c
JOIN role_assignments_history r ON r.id = c.object_id AND r._version = c.to_version
LEFT JOIN role_definitions d ON d.id = r.role_definition_id
LEFT JOIN names n ON n.id = r.principal_id
LEFT JOIN who w ON w.target_id = r.principal_id AND w.snapshot_id = c.snapshot_id
WHERE c.kind = 'role_assignment' AND c.change_type IN ('added', 'restored')
  AND r.id NOT IN (SELECT id FROM activated WHERE id IS NOT NULL)
