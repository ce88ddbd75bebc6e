-- id: security-defaults-off
-- title: Security defaults switched off
-- severity: high
-- description: Without security defaults nobody has to use a second factor unless Conditional Access says so.
--   Critical where no Conditional Access policy is enforced at that time.
-- references: T1556.006
-- needs: security_defaults_policies
-- false_positives: the day Conditional Access takes their place

SELECT p.changed_at AS at, p.kind, p.object_id, p.display_name,
       CASE WHEN count(h.id) = 0 THEN 'critical' ELSE 'high' END AS severity,
       'isEnabled: true -> false, with ' || count(h.id) || ' Conditional Access policies enforced' AS evidence,
       p.actor, p.actor_id, p.actor_ip, p.confidence, p.change_id
FROM property_changes p
LEFT JOIN conditional_access_policies_history h
  ON h.state = 'enabled' AND h._first_seen <= p.changed_before AND (h._gone_at IS NULL OR h._gone_at > p.changed_before)
WHERE p.kind = 'security_defaults_policy' AND p.path = 'isEnabled' AND p.new_value = 'false'
GROUP BY p.changed_at, p.kind, p.object_id, p.display_name, p.actor, p.actor_id, p.actor_ip, p.confidence, p.change_id
