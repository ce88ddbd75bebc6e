-- id: ca-exclusion-added
-- title: Conditional Access policy makes a new exception
-- severity: high
-- description: Somebody or something is excluded from a policy that was not excluded before. Critical where it is
--   an account made in the days before.
-- references: T1556.009
-- parameters:
--   young interval = 14d: age under which an excluded account is suspect by itself
-- needs: conditional_access_policies
-- false_positives: emergency access accounts, service accounts on their way to workload identities

WITH lists AS (
  SELECT changed_at, kind, object_id, display_name, path, actor, actor_id, actor_ip, confidence, change_id,
         string_to_array(replace(btrim(coalesce(old_value, ''), '[]'), '"', ''), ',') AS before,
         string_to_array(replace(btrim(coalesce(new_value, ''), '[]'), '"', ''), ',') AS after
  FROM property_changes
  WHERE kind = 'conditional_access_policy' AND path LIKE 'conditions.%.exclude%' AND new_value LIKE '[%'
),
excepted AS (
  SELECT changed_at, kind, object_id, display_name, path, actor, actor_id, actor_ip, confidence, change_id,
         unnest(array_except(after, before)) AS excluded
  FROM lists
),
-- Who is in users no more has a name in their history.
people AS (
  SELECT id, max(display_name) AS name, min(created_date_time) AS created FROM users_history GROUP BY id
)
SELECT e.changed_at AS at, e.kind, e.object_id, e.display_name,
       CASE WHEN u.created > e.changed_at - $young THEN 'critical'
            WHEN e.path LIKE '%.users.%' THEN 'high'
            ELSE 'medium' END AS severity,
       split_part(e.path, '.', -1) || ' + ' || coalesce(u.name, g.display_name, e.excluded) AS evidence,
       e.actor, e.actor_id, e.actor_ip, e.confidence, e.change_id
FROM excepted e
LEFT JOIN people u ON u.id = e.excluded
LEFT JOIN groups g ON g.id = e.excluded
WHERE e.excluded <> ''
