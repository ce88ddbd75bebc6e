-- id: role-definition-changed
-- title: Custom role made or extended
-- severity: medium
-- description: A custom role appeared or its permissions were changed. High where it may assign roles, consent for
--   everybody or give credentials to applications.
-- references: T1098.003
-- needs: role_definitions
-- false_positives: finer roles being introduced

SELECT c.changed_at AS at, c.kind, c.object_id, c.display_name,
       CASE WHEN h.role_permissions ~ 'roleAssignments|allEntities/allTasks|applications/credentials|servicePrincipals/credentials|managePermissionGrants|allProperties/allTasks|authenticationMethods'
            THEN 'high' ELSE 'medium' END AS severity,
       c.change_type || ', may: ' || left(array_to_string(regexp_match(h.role_permissions, '"allowedResourceActions":\[([^\]]*)\]'), ''), 300) AS evidence,
       c.actor, c.actor_id, c.actor_ip, c.confidence, c.change_id
FROM changes c
JOIN role_definitions_history h ON h.id = c.object_id AND h._version = c.to_version
WHERE c.kind = 'role_definition' AND NOT coalesce(h.is_built_in, false)
