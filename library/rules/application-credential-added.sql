-- id: application-credential-added
-- title: Credential added to an application
-- severity: medium
-- description: A secret or certificate was added to an application or service principal. Low where it took the place
--   of another within the same change, as in a rotation; high where the application holds strong permissions, and
--   critical where it then also holds a privileged role.
-- references: T1098.001
-- needs: applications, service_principals
-- false_positives: rotations that leave the old credential in place for some days

WITH credentials AS (
  SELECT changed_at, changed_before, kind, object_id, display_name, actor, actor_id, actor_ip, confidence, change_id,
         count(*) FILTER (WHERE old_value IS NULL) AS added, count(*) FILTER (WHERE new_value IS NULL) AS removed,
         string_agg(CASE WHEN old_value IS NULL THEN
           split_part(path, '[', 1) || ' ' || coalesce(json_get_str(new_value, 'displayName'), json_get_str(new_value, 'keyId'), '')
           || ' until ' || coalesce(left(json_get_str(new_value, 'endDateTime'), 10), 'unknown') END, ', ' ORDER BY path) AS evidence
  FROM property_changes
  WHERE kind IN ('application', 'service_principal') AND (path LIKE 'passwordCredentials[%' OR path LIKE 'keyCredentials[%')
  GROUP BY changed_at, changed_before, kind, object_id, display_name, actor, actor_id, actor_ip, confidence, change_id
),
principals AS (SELECT id, app_id FROM service_principals_history GROUP BY id, app_id),
owners AS (
  SELECT a.id AS object_id, p.id AS principal_id FROM (SELECT DISTINCT id, app_id FROM applications_history) a
  JOIN principals p ON p.app_id = a.app_id
  UNION SELECT id, id AS principal_id FROM principals
),
strong AS (
  SELECT o.object_id, bool_or(d.id IS NOT NULL) AS by_role
  FROM owners o
  LEFT JOIN role_assignments_history r ON r.principal_id = o.principal_id
  LEFT JOIN role_definitions d ON d.id = r.role_definition_id
    AND d.display_name IN ('Global Administrator', 'Privileged Role Administrator', 'Privileged Authentication Administrator',
                           'Application Administrator', 'Cloud Application Administrator', 'Hybrid Identity Administrator',
                           'Conditional Access Administrator', 'Security Administrator', 'User Administrator',
                           'Exchange Administrator', 'Directory Writers')
  LEFT JOIN app_role_assignments_history g ON g.principal_id = o.principal_id AND g.app_role_id IN (
    '9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8', '06b708a9-e830-4db3-a914-8e69da51d44f', '1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9',
    '19dbc75e-c2e2-444c-a770-ec69d8559fc7', '741f803b-c850-494e-b5df-cde7c675a1ca', '62a82d76-70ea-41e2-9197-370581804d09',
    'dbaae8cf-10b5-4b86-a4a1-f871c94c6695', '50483e42-d915-4231-9639-7fdb7fd190e5', '01c0a623-fc9b-48e9-b794-0756f8e8f067',
    'e2a3a72e-5f79-4c64-b1b1-878b674786c9', '75359482-378d-4052-8f01-80520e7db3cd', '9492366f-7969-46a4-8d15-ed1a20078fff')
  GROUP BY o.object_id
  HAVING bool_or(d.id IS NOT NULL) OR bool_or(g.id IS NOT NULL)
)
SELECT c.changed_at AS at, c.kind, c.object_id, c.display_name,
       CASE WHEN c.removed >= c.added THEN 'low'
            WHEN s.by_role THEN 'critical'
            WHEN s.object_id IS NOT NULL THEN 'high'
            ELSE 'medium' END AS severity,
       c.evidence || CASE WHEN c.removed >= c.added THEN ', and another taken away' ELSE '' END AS evidence,
       c.actor, c.actor_id, c.actor_ip, c.confidence, c.change_id
FROM credentials c LEFT JOIN strong s ON s.object_id = c.object_id
WHERE c.added > 0
