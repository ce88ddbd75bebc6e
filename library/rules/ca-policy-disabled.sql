-- id: ca-policy-disabled
-- title: Conditional Access policy switched off
-- severity: high
-- description: A policy that was enforced is disabled, or only reports. Critical where it covered everybody or
--   administrators' roles and is off altogether, medium where it covered others and still reports.
-- references: T1556.009
-- needs: conditional_access_policies
-- false_positives: a policy that is taken out of use on purpose, or tried anew in report-only mode

SELECT p.changed_at AS at, p.kind, p.object_id, p.display_name,
       CASE WHEN coalesce(json_get_str(h.conditions, 'users', 'includeUsers', 0), '') = 'All'
              OR coalesce(json_length(h.conditions, 'users', 'includeRoles'), 0) > 0
            THEN CASE WHEN p.new_value = '"disabled"' THEN 'critical' ELSE 'high' END
            WHEN p.new_value = '"disabled"' THEN 'high'
            ELSE 'medium' END AS severity,
       'state: ' || btrim(p.old_value, '"') || ' -> ' || btrim(p.new_value, '"') AS evidence,
       p.actor, p.actor_id, p.actor_ip, p.confidence, p.change_id
FROM property_changes p
LEFT JOIN changes c ON c.change_id = p.change_id AND c.kind = 'conditional_access_policy'
LEFT JOIN conditional_access_policies_history h ON h.id = p.object_id AND h._version = c.from_version
WHERE p.kind = 'conditional_access_policy' AND p.path = 'state' AND p.old_value = '"enabled"'
