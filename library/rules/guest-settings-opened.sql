-- id: guest-settings-opened
-- title: Guests or users may do more than before
-- severity: medium
-- description: The authorization policy was opened: who may invite guests, what guests see, what users may consent to
--   or register.
-- references: T1562, T1098
-- needs: authorization_policies
-- false_positives: a decision to work with guests differently

SELECT changed_at AS at, kind, object_id, coalesce(display_name, 'Authorization policy') AS display_name,
       CASE WHEN path = 'allowUserConsentForRiskyApps' OR path LIKE '%permissionGrantPoliciesAssigned' OR new_value = '"everyone"'
            THEN 'high' ELSE 'medium' END AS severity,
       path || ': ' || btrim(coalesce(old_value, 'nothing'), '"') || ' -> ' || btrim(coalesce(new_value, 'nothing'), '"') AS evidence,
       actor, actor_id, actor_ip, confidence, change_id
FROM property_changes
WHERE kind = 'authorization_policy'
  AND ((path = 'allowInvitesFrom' AND new_value IN ('"everyone"', '"adminsGuestInvitersAndAllMembers"') AND old_value <> '"everyone"')
    -- From restricted guest to guest to user.
    OR (path = 'guestUserRoleId' AND (old_value LIKE '%2af84b1e-32c8-42b7-82bc-daa82404023b%' OR new_value LIKE '%a0b1b346-4d3e-4e8b-98f8-753987be4970%'))
    OR (path = 'allowUserConsentForRiskyApps' AND new_value = 'true')
    OR (path IN ('allowEmailVerifiedUsersToJoinOrganization', 'allowedToSignUpEmailBasedSubscriptions') AND new_value = 'true')
    OR (path LIKE 'defaultUserRolePermissions.allowed%' AND new_value = 'true')
    OR (path LIKE '%permissionGrantPoliciesAssigned' AND length(coalesce(new_value, '')) > length(coalesce(old_value, ''))))
