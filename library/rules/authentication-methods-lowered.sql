-- id: authentication-methods-lowered
-- title: Authentication methods policy lowered
-- severity: high
-- description: A method that can be phished or intercepted was enabled, one that cannot be was disabled, or temporary
--   access passes may be used more than once or for longer.
-- references: T1556.006
-- needs: authentication_method_configurations
-- false_positives: rolling a method out, or retiring one

SELECT changed_at AS at, kind, object_id, coalesce(display_name, object_id) AS display_name,
       CASE WHEN path = 'state' AND object_id IN ('Sms', 'Voice', 'Email') THEN 'high'
            WHEN path = 'state' AND object_id = 'TemporaryAccessPass' THEN 'medium'
            ELSE 'high' END AS severity,
       object_id || '.' || path || ': ' || btrim(coalesce(old_value, 'nothing'), '"') || ' -> ' || btrim(coalesce(new_value, 'nothing'), '"') AS evidence,
       actor, actor_id, actor_ip, confidence, change_id
FROM property_changes
WHERE kind = 'authentication_method_configuration'
  AND ((path = 'state' AND new_value = '"enabled"'
        AND object_id IN ('Sms', 'Voice', 'Email', 'TemporaryAccessPass', 'SoftwareOath', 'QRCodePin'))
    OR (path = 'state' AND new_value = '"disabled"'
        AND object_id IN ('Fido2', 'MicrosoftAuthenticator', 'X509Certificate', 'HardwareOath'))
    OR (path = 'isUsableOnce' AND new_value = 'false')
    OR (path IN ('maximumLifetimeInMinutes', 'defaultLifetimeInMinutes')
        AND try_cast(new_value AS BIGINT) > try_cast(old_value AS BIGINT))
    OR (path IN ('isAttestationEnforced') AND new_value = 'false')
    OR (path LIKE 'featureSettings.%.state' AND new_value = '"disabled"'))
