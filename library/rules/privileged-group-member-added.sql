-- id: privileged-group-member-added
-- title: Member or owner of a group that carries roles
-- severity: high
-- description: Who joins a group to which roles can be assigned, or that is itself assigned or eligible for one, has
--   them without any role assignment of their own. Owners can add themselves.
-- references: T1098.003, T1098.007
-- needs: group_members, groups
-- false_positives: administrators who are managed through groups

WITH carrying AS (
  SELECT id FROM groups_history WHERE is_assignable_to_role
  UNION SELECT principal_id FROM role_assignments_history
  UNION SELECT principal_id FROM role_eligibility_schedules_history
)
SELECT l.changed_at AS at, l.source_kind AS kind, l.source_id AS object_id, l.source_name AS display_name,
       CASE WHEN r.role IS NULL THEN 'medium' ELSE 'high' END AS severity,
       l.relation || ' + ' || coalesce(l.target_name, l.target_id) || coalesce(', which carries ' || r.role, '') AS evidence,
       l.actor, l.actor_id, l.actor_ip, l.confidence, l.change_id
FROM link_changes l
LEFT JOIN (
  SELECT a.principal_id, string_agg(DISTINCT d.display_name, ', ' ORDER BY d.display_name) AS role
  FROM (SELECT principal_id, role_definition_id FROM role_assignments_history
        UNION SELECT principal_id, role_definition_id FROM role_eligibility_schedules_history) a
  JOIN role_definitions d ON d.id = a.role_definition_id GROUP BY a.principal_id
) r ON r.principal_id = l.source_id
WHERE l.source_kind = 'group' AND l.relation IN ('members', 'owners') AND l.change_type = 'added'
  AND l.source_id IN (SELECT id FROM carrying WHERE id IS NOT NULL)
