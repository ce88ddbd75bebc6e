-- id: dynamic-rule-changed
-- title: Rule of a dynamic group or its processing changed
-- severity: medium
-- description: The rule decides who is a member: of a group that policies, licences and applications rely on. Who can
--   write the attribute the rule asks for can join. High for groups that Conditional Access names.
-- references: T1098.007
-- needs: groups
-- false_positives: reorganisations

WITH named AS (
  SELECT id FROM groups g WHERE EXISTS (
    SELECT 1 FROM conditional_access_policies p WHERE p.conditions LIKE '%' || g.id || '%')
)
SELECT p.changed_at AS at, p.kind, p.object_id, p.display_name,
       CASE WHEN n.id IS NULL THEN 'medium' ELSE 'high' END AS severity,
       p.path || ': ' || left(coalesce(p.old_value, 'nothing'), 150) || ' -> ' || left(coalesce(p.new_value, 'nothing'), 150) AS evidence,
       p.actor, p.actor_id, p.actor_ip, p.confidence, p.change_id
FROM property_changes p LEFT JOIN named n ON n.id = p.object_id
WHERE p.kind = 'group' AND p.path IN ('membershipRule', 'membershipRuleProcessingState', 'isAssignableToRole')
