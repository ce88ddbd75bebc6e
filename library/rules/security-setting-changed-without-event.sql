-- id: security-setting-changed-without-event
-- title: Security setting changed and no event says by whom
-- severity: high
-- description: A tenant-wide policy differs from the snapshot before, and the directory audit log, which was read
--   for that time, names it nowhere. The log has gaps, and somebody may know them.
-- references: T1562.008
-- needs: authorization_policies, conditional_access_policies, directory_audits
-- false_positives: changes by Microsoft, which write no event into the tenant's log

WITH log AS (SELECT min(activity_date_time) AS first, max(activity_date_time) AS last FROM directory_audits)
SELECT p.changed_at AS at, p.kind, p.object_id, coalesce(max(p.display_name), p.object_id) AS display_name,
       'changed after ' || to_char(p.changed_after, '%Y-%m-%d %H:%MZ') || ': ' ||
       string_agg(DISTINCT p.path || ' ' || coalesce(p.old_value, 'nothing') || ' -> ' || coalesce(p.new_value, 'nothing'), '; ' ORDER BY p.path || ' ' || coalesce(p.old_value, 'nothing') || ' -> ' || coalesce(p.new_value, 'nothing')) AS evidence,
       p.confidence, p.change_id
FROM property_changes p CROSS JOIN log
WHERE p.kind IN ('authorization_policy', 'security_defaults_policy', 'conditional_access_policy', 'named_location',
                 'authentication_method_configuration', 'authentication_strength_policy', 'cross_tenant_access_default',
                 'cross_tenant_access_partner', 'external_identities_policy', 'admin_consent_request_policy',
                 'permission_grant_policy', 'role_management_policy_rule', 'role_definition', 'domain',
                 'domain_federation_configuration', 'identity_provider', 'default_app_management_policy')
  AND p.confidence = 'none' AND p.path NOT LIKE '%odifiedDateTime' AND p.path <> 'description' AND NOT p.is_drift
  AND p.changed_after >= log.first AND p.changed_before <= log.last + INTERVAL '1 day'
GROUP BY p.changed_at, p.changed_after, p.kind, p.object_id, p.confidence, p.change_id
