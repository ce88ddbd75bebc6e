-- id: ca-changes
-- title: Who changed Conditional Access policies, and what exactly
-- description: Every changed property with its old and new value, newest first.
-- parameters:
--   days interval = 90d: how far to look back from the newest snapshot
-- needs: conditional_access_policies

SELECT changed_at, actor, actor_ip, display_name, path, old_value, new_value
FROM property_changes
WHERE kind = 'conditional_access_policy' AND path <> 'modifiedDateTime'
  AND changed_at >= (SELECT max(taken_at) FROM snapshots) - $days
ORDER BY changed_at DESC, display_name, path
