-- id: application-owner-added
-- title: Owner added to an existing application
-- severity: low
-- description: An owner can add credentials and sign in as the application. High where the application holds a role or
--   strong permissions. Owners an application had from its beginning are left out.
-- references: T1098
-- needs: application_owners, service_principal_owners
-- false_positives: handing an application over to a colleague

WITH principals AS (SELECT id, app_id FROM service_principals_history GROUP BY id, app_id),
owners AS (
  SELECT a.id AS object_id, p.id AS principal_id FROM (SELECT DISTINCT id, app_id FROM applications_history) a
  JOIN principals p ON p.app_id = a.app_id
  UNION SELECT id, id AS principal_id FROM principals
),
strong AS (
  SELECT o.object_id FROM owners o JOIN role_assignments_history r ON r.principal_id = o.principal_id
  UNION
  SELECT o.object_id FROM owners o JOIN app_role_assignments_history g ON g.principal_id = o.principal_id
  WHERE g.app_role_id IN (
    '9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8', '06b708a9-e830-4db3-a914-8e69da51d44f', '1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9',
    '19dbc75e-c2e2-444c-a770-ec69d8559fc7', '741f803b-c850-494e-b5df-cde7c675a1ca', '62a82d76-70ea-41e2-9197-370581804d09',
    'dbaae8cf-10b5-4b86-a4a1-f871c94c6695', '50483e42-d915-4231-9639-7fdb7fd190e5', '01c0a623-fc9b-48e9-b794-0756f8e8f067',
    'e2a3a72e-5f79-4c64-b1b1-878b674786c9', '75359482-378d-4052-8f01-80520e7db3cd', '9492366f-7969-46a4-8d15-ed1a20078fff')
)
SELECT l.changed_at AS at, l.source_kind AS kind, l.source_id AS object_id, l.source_name AS display_name,
       CASE WHEN s.object_id IS NULL THEN 'low' ELSE 'high' END AS severity,
       'owners + ' || coalesce(l.target_name, l.target_id) AS evidence,
       l.actor, l.actor_id, l.actor_ip, l.confidence, l.change_id
FROM link_changes l
LEFT JOIN strong s ON s.object_id = l.source_id
LEFT JOIN changes born ON born.object_id = l.source_id AND born.snapshot_id = l.snapshot_id
  AND born.change_type = 'added' AND born.kind IN ('application', 'service_principal')
WHERE l.relation = 'owners' AND l.source_kind IN ('application', 'service_principal')
  AND l.change_type = 'added' AND born.change_id IS NULL
