-- id: foreign-application-added
-- title: Application of another organisation taken in
-- severity: low
-- description: A service principal of an application that neither this tenant nor Microsoft owns. Medium where its
--   publisher is not verified.
-- references: T1528
-- needs: service_principals
-- false_positives: every new cloud service somebody signs up for

SELECT c.changed_at AS at, c.kind, c.object_id, c.display_name,
       CASE WHEN json_get_str(h.verified_publisher, 'verifiedPublisherId') IS NULL THEN 'medium' ELSE 'low' END AS severity,
       'owned by tenant ' || h.app_owner_organization_id ||
       CASE WHEN json_get_str(h.verified_publisher, 'verifiedPublisherId') IS NULL THEN ', publisher not verified'
            ELSE ', publisher ' || coalesce(json_get_str(h.verified_publisher, 'displayName'), 'verified') END AS evidence,
       c.actor, c.actor_id, c.actor_ip, c.confidence, c.change_id
FROM changes c
JOIN service_principals_history h ON h._version = c.to_version AND h.id = c.object_id
WHERE c.kind = 'service_principal' AND c.change_type IN ('added', 'restored')
  AND h.app_owner_organization_id NOT IN (h._tenant_id, 'f8cdef31-a31e-4b4a-93e4-5f571e91255a', '72f988bf-86f1-41af-91ab-2d7cd011db47')
