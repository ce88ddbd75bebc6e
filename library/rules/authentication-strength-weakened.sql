-- id: authentication-strength-weakened
-- title: Authentication strength accepts more
-- severity: high
-- description: A custom authentication strength allows combinations of methods it did not allow before. Every policy
--   that asks for it asks for less.
-- references: T1556.006
-- needs: authentication_strength_policies
-- false_positives: adding a stronger method to a custom strength

WITH lists AS (
  SELECT *,
         string_to_array(replace(btrim(coalesce(old_value, ''), '[]'), '"', ''), ',') AS before,
         string_to_array(replace(btrim(coalesce(new_value, ''), '[]'), '"', ''), ',') AS after
  FROM property_changes
  WHERE kind = 'authentication_strength_policy' AND path = 'allowedCombinations'
)
SELECT changed_at AS at, kind, object_id, display_name,
       'allowedCombinations + ' || array_to_string(array_except(after, before), ', ') AS evidence,
       actor, actor_id, actor_ip, confidence, change_id
FROM lists
WHERE array_length(array_remove(array_except(after, before), '')) > 0
