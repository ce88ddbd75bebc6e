-- id: application-opened
-- title: Application opened to other tenants or reply addresses
-- severity: medium
-- description: An application accepts sign-ins from more tenants than before, may be used without a secret, or sends
--   tokens to an address it did not send them to. High for an address without encryption or with a wildcard.
-- references: T1528, T1550.001
-- needs: applications
-- false_positives: development of the application

SELECT changed_at AS at, kind, object_id, display_name,
       CASE WHEN path LIKE '%edirectUris%' AND (new_value LIKE '%*%' OR replace(replace(new_value, 'http://localhost', ''), 'http://127.0.0.1', '') LIKE '%http://%') THEN 'high'
            ELSE 'medium' END AS severity,
       path || ': ' || left(coalesce(old_value, 'nothing'), 200) || ' -> ' || left(coalesce(new_value, 'nothing'), 200) AS evidence,
       actor, actor_id, actor_ip, confidence, change_id
FROM property_changes
WHERE kind = 'application'
  AND ((path = 'signInAudience' AND old_value = '"AzureADMyOrg"')
    OR (path IN ('isFallbackPublicClient', 'web.implicitGrantSettings.enableAccessTokenIssuance') AND new_value = 'true')
    OR (path LIKE '%edirectUris%' AND length(coalesce(new_value, '')) > length(coalesce(old_value, ''))))
