-- id: password-reset-then-method
-- title: Password reset and new authentication method in one go
-- severity: high
-- description: An account's password was set and soon after a new method of signing in was registered: how an account
--   is taken over, by whoever reset it or by somebody who could prove too much about its owner.
-- references: T1098.005, T1078.004
-- parameters:
--   within interval = 1h: how long at most between the two
-- needs: directory_audits
-- false_positives: people with a new phone and a forgotten password

WITH events AS (
  SELECT activity_date_time AS at, activity_display_name AS activity, json_get_str(initiated_by, 'user', 'id') AS actor_id,
         json_get_str(initiated_by, 'user', 'userPrincipalName') AS actor, json_get_str(initiated_by, 'user', 'ipAddress') AS ip,
         unnest(json_get_array(target_resources)) AS target
  FROM directory_audits
  WHERE result = 'success' AND (lower(activity_display_name) LIKE '%password%' OR lower(activity_display_name) LIKE '%regist%security info%')
),
persons AS (
  SELECT at, activity, actor_id, actor, ip, json_get_str(target, 'id') AS id, json_get_str(target, 'userPrincipalName') AS name FROM events
)
SELECT m.at, 'user' AS kind, p.id AS object_id, coalesce(p.name, p.id) AS display_name,
       p.activity || ' at ' || to_char(p.at, '%H:%MZ') || ', then ' || m.activity AS evidence,
       m.actor, m.actor_id, m.ip AS actor_ip, 'exact' AS confidence
FROM persons p
-- Who registers a method is its owner where the event names the method alone.
JOIN persons m ON (m.id = p.id OR m.actor_id = p.id) AND m.at >= p.at AND m.at <= p.at + $within
WHERE lower(p.activity) LIKE '%reset%password%' AND lower(m.activity) LIKE '%regist%security info%'
GROUP BY m.at, p.id, p.name, p.activity, p.at, m.activity, m.actor, m.actor_id, m.ip
