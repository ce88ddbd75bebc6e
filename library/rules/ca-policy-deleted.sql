-- id: ca-policy-deleted
-- title: Conditional Access policy deleted
-- severity: high
-- description: A policy is gone. Low where it was not enforced when it went.
-- references: T1556.009
-- needs: conditional_access_policies
-- false_positives: clearing away policies that were replaced

SELECT c.changed_at AS at, c.kind, c.object_id, c.display_name,
       CASE WHEN h.state = 'enabled' THEN 'high' ELSE 'low' END AS severity,
       'deleted; state was ' || coalesce(h.state, 'unknown') AS evidence,
       c.actor, c.actor_id, c.actor_ip, c.confidence, c.change_id
FROM changes c
LEFT JOIN conditional_access_policies_history h ON h.id = c.object_id AND h._version = c.from_version
WHERE c.kind = 'conditional_access_policy' AND c.change_type = 'removed'
