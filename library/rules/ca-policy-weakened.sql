-- id: ca-policy-weakened
-- title: Conditional Access policy asks for less, or of fewer
-- severity: high
-- description: A grant control was taken out, controls became alternatives, or users, roles, applications or client
--   types were taken out of the scope.
-- references: T1556.009
-- needs: conditional_access_policies
-- false_positives: a policy that is split in two

WITH lists AS (
  SELECT *,
         string_to_array(replace(btrim(coalesce(old_value, ''), '[]'), '"', ''), ',') AS before,
         string_to_array(replace(btrim(coalesce(new_value, ''), '[]'), '"', ''), ',') AS after
  FROM property_changes
  WHERE kind = 'conditional_access_policy'
)
SELECT changed_at AS at, kind, object_id, display_name,
       CASE WHEN path LIKE 'grantControls%' THEN 'high' ELSE 'medium' END AS severity,
       path || ': ' || coalesce(old_value, 'nothing') || ' -> ' || coalesce(new_value, 'nothing') AS evidence,
       actor, actor_id, actor_ip, confidence, change_id
FROM lists
WHERE (path IN ('grantControls.builtInControls', 'grantControls.termsOfUse', 'grantControls.customAuthenticationFactors',
                'conditions.users.includeUsers', 'conditions.users.includeGroups', 'conditions.users.includeRoles',
                'conditions.applications.includeApplications', 'conditions.applications.includeUserActions',
                'conditions.clientAppTypes', 'conditions.signInRiskLevels', 'conditions.userRiskLevels')
       AND old_value LIKE '[%' AND array_length(array_remove(array_except(before, after), '')) > 0
       -- From a list of some to everybody is no weakening.
       AND NOT coalesce(array_has(after, 'All'), false))
   OR (path IN ('grantControls', 'sessionControls', 'grantControls.authenticationStrength')
       AND coalesce(new_value, 'null') = 'null' AND coalesce(old_value, 'null') <> 'null')
   OR (path = 'grantControls.operator' AND old_value = '"AND"' AND new_value = '"OR"')
