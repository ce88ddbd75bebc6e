-- id: expiring-credentials
-- title: Credentials of applications that end soon
-- description: Secrets and certificates that end within some time after the newest snapshot, and those that have ended.
-- parameters:
--   within interval = 30d: how soon
-- needs: applications

WITH credentials AS (
  SELECT display_name, app_id, 'secret' AS credential, unnest(json_get_array(password_credentials)) AS of FROM applications
  UNION ALL
  SELECT display_name, app_id, 'certificate', unnest(json_get_array(key_credentials)) FROM applications
)
SELECT display_name AS application, credential, json_get_str(of, 'displayName') AS name,
       CAST(json_get_str(of, 'endDateTime') AS TIMESTAMP) AS ends, app_id
FROM credentials
WHERE CAST(json_get_str(of, 'endDateTime') AS TIMESTAMP) <= (SELECT max(taken_at) FROM snapshots) + $within
ORDER BY ends, application
