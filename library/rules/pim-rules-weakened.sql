-- id: pim-rules-weakened
-- title: Activating a role asks for less
-- severity: medium
-- description: Approval, multifactor authentication, a justification or the end of an assignment is no longer asked
--   for when a role is activated or assigned. High for approval and multifactor authentication, critical where the role
--   can take any other.
-- references: T1556, T1098.003
-- needs: role_management_policy_rules
-- false_positives: rules being settled while privileged identity management is brought into use

WITH roles AS (
  SELECT a.policy_id, max(d.display_name) AS role
  FROM role_management_policy_assignments a LEFT JOIN role_definitions d ON d.id = a.role_definition_id
  GROUP BY a.policy_id
),
weakened AS (
  SELECT p.*, h._parent_id AS policy_id,
         (p.path = 'enabledRules' AND p.old_value LIKE '%MultiFactor%' AND p.new_value NOT LIKE '%MultiFactor%')
         OR (p.path = 'setting.isApprovalRequired' AND p.new_value = 'false')
         OR (p.path = 'isEnabled' AND p.new_value = 'false' AND h.id LIKE 'AuthenticationContext%') AS is_grave
  FROM property_changes p
  JOIN changes c ON c.change_id = p.change_id AND c.kind = 'role_management_policy_rule'
  JOIN role_management_policy_rules_history h ON h.id = p.object_id AND h._version = c.to_version
  WHERE p.kind = 'role_management_policy_rule'
    AND ((p.path = 'enabledRules' AND length(p.new_value) < length(p.old_value))
      OR (p.path IN ('setting.isApprovalRequired', 'setting.isRequestorJustificationRequired', 'isExpirationRequired', 'isEnabled',
                     'isDefaultRecipientsEnabled') AND p.new_value = 'false')
      OR p.path = 'maximumDuration')
)
SELECT w.changed_at AS at, w.kind, w.object_id, coalesce(r.role, w.display_name, w.policy_id) AS display_name,
       CASE WHEN w.is_grave AND r.role IN ('Global Administrator', 'Privileged Role Administrator', 'Privileged Authentication Administrator')
              THEN 'critical'
            WHEN w.is_grave THEN 'high' ELSE 'medium' END AS severity,
       w.object_id || '.' || w.path || ': ' || coalesce(w.old_value, 'nothing') || ' -> ' || coalesce(w.new_value, 'nothing') AS evidence,
       w.actor, w.actor_id, w.actor_ip, w.confidence, w.change_id
FROM weakened w LEFT JOIN roles r ON r.policy_id = w.policy_id
