-- id: credentials-out-of-hours
-- title: Credentials added to applications outside business hours
-- description: Secrets and certificates that were added at night or on a weekend, by UTC. Where the log names the
--   event its time counts, else the time of the snapshot that showed it, which says nothing about the hour.
-- parameters:
--   opens integer = 7: first hour of business
--   closes integer = 19: last hour of business
-- references: T1098.001
-- needs: applications, service_principals

SELECT changed_at, kind, display_name, split_part(path, '[', 1) AS credential,
       json_get_str(new_value, 'displayName') AS name, json_get_str(new_value, 'endDateTime') AS ends, actor, actor_ip, confidence
FROM property_changes
WHERE kind IN ('application', 'service_principal') AND (path LIKE 'passwordCredentials[%' OR path LIKE 'keyCredentials[%')
  AND old_value IS NULL AND audit_id IS NOT NULL
  AND (extract(hour FROM changed_at) NOT BETWEEN $opens AND $closes OR extract(dow FROM changed_at) IN (0, 6))
ORDER BY changed_at DESC
