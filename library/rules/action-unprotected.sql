-- id: action-unprotected
-- title: Protected action is protected no more
-- severity: high
-- description: An action of directory roles asked for an authentication context, and so for what the Conditional Access
--   policy of that context asks for, and does not any more. Medium where it asks for another context.
-- references: T1556.009
-- needs: resource_actions
-- false_positives: contexts being put in order

SELECT p.changed_at AS at, p.kind, p.object_id, p.display_name,
       CASE WHEN coalesce(p.new_value, 'null') = 'null' THEN 'high' ELSE 'medium' END AS severity,
       'authenticationContextId: ' || p.old_value || ' -> ' || coalesce(p.new_value, 'nothing') AS evidence,
       p.actor, p.actor_id, p.actor_ip, p.confidence, p.change_id
FROM property_changes p
WHERE p.kind = 'resource_action' AND p.path = 'authenticationContextId' AND coalesce(p.old_value, 'null') <> 'null'
