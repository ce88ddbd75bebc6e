-- id: new-consents
-- title: New consents for everybody to applications of others
-- description: Delegated permissions that were granted tenant-wide to applications of another organisation.
-- parameters:
--   days interval = 90d: how far to look back from the newest snapshot
-- references: T1528
-- needs: oauth2_permission_grants, service_principals

SELECT g._first_seen AS first_seen, s.display_name, s.app_owner_organization_id AS owner, g.scope, g._is_current AS is_current
FROM oauth2_permission_grants_history g
JOIN (SELECT id, max(display_name) AS display_name, max(app_owner_organization_id) AS app_owner_organization_id, max(_tenant_id) AS tenant
      FROM service_principals_history GROUP BY id) s ON s.id = g.client_id
WHERE g.consent_type = 'AllPrincipals' AND g._first_seen >= (SELECT max(taken_at) FROM snapshots) - $days
  AND g._not_before IS NOT NULL AND s.app_owner_organization_id <> s.tenant
ORDER BY g._first_seen DESC, s.display_name
