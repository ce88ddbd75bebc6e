-- id: exception-group-joined
-- title: Somebody joined a group that policies make an exception for
-- severity: medium
-- description: A member or owner was added to a group that an enforced Conditional Access policy excludes: the policy
--   itself did not change. High for guests, and where the group was not excluded for longer than a week.
-- references: T1556.009, T1098.007
-- parameters:
--   settled interval = 7d: how long a group must have been excluded to be an ordinary exception
-- needs: conditional_access_policies, group_members
-- false_positives: emergency access accounts, people on a journey, in an orderly way

WITH named AS (
  SELECT display_name, _first_seen, unnest(json_get_array(conditions, 'users', 'excludeGroups')) AS group_id
  FROM conditional_access_policies_history WHERE state = 'enabled'
),
excluded AS (
  SELECT btrim(group_id, '"') AS group_id, min(_first_seen) AS since, string_agg(DISTINCT display_name, ', ' ORDER BY display_name) AS policies
  FROM named GROUP BY 1
),
first AS (SELECT min(taken_at) AS at FROM snapshots)
SELECT l.changed_at AS at, l.source_kind AS kind, l.source_id AS object_id, l.source_name AS display_name,
       CASE WHEN g.id IS NOT NULL OR (e.since > first.at AND l.changed_at < e.since + $settled) THEN 'high' ELSE 'medium' END AS severity,
       l.relation || ' + ' || coalesce(l.target_name, l.target_id) || ', excluded from ' || left(e.policies, 120) AS evidence,
       l.actor, l.actor_id, l.actor_ip, l.confidence, l.change_id
FROM link_changes l
JOIN excluded e ON e.group_id = l.source_id
CROSS JOIN first
LEFT JOIN (SELECT DISTINCT id FROM users_history WHERE user_type = 'Guest') g ON g.id = l.target_id
WHERE l.source_kind = 'group' AND l.relation IN ('members', 'owners') AND l.change_type = 'added' AND l.changed_before >= e.since
