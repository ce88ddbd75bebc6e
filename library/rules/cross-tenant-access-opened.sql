-- id: cross-tenant-access-opened
-- title: Cross-tenant access opened
-- severity: medium
-- description: Another organisation was added to the cross-tenant access settings, its multifactor authentication or
--   devices are believed, consent is given for its users, or its users may be synchronised into this tenant. High for
--   what lets in without anybody here being asked.
-- references: T1484.002, T1199
-- needs: cross_tenant_access_partners, cross_tenant_access_defaults
-- false_positives: new partners, mergers

SELECT changed_at AS at, kind, object_id, coalesce(display_name, object_id) AS display_name,
       CASE WHEN path LIKE '%inboundTrust%' OR path LIKE '%automaticUserConsent%' OR kind LIKE '%sync%' THEN 'high' ELSE 'medium' END AS severity,
       path || ': ' || left(coalesce(old_value, 'nothing'), 100) || ' -> ' || left(coalesce(new_value, 'nothing'), 100) AS evidence,
       actor, actor_id, actor_ip, confidence, change_id
FROM property_changes
WHERE kind IN ('cross_tenant_access_partner', 'cross_tenant_access_default', 'cross_tenant_identity_sync_partner')
  AND (new_value = 'true' OR new_value LIKE '%allowed%' OR new_value LIKE '%:true%')
UNION ALL
SELECT changed_at, kind, object_id, coalesce(display_name, object_id),
       CASE WHEN kind = 'cross_tenant_identity_sync_partner' THEN 'high' ELSE 'medium' END,
       'partner ' || change_type, actor, actor_id, actor_ip, confidence, change_id
FROM changes
WHERE kind IN ('cross_tenant_access_partner', 'cross_tenant_identity_sync_partner') AND change_type IN ('added', 'restored')
