-- id: admin-from-new-address
-- title: Administrator at work from an address never seen before
-- severity: medium
-- description: Somebody who changed the directory at least so many times before, always from other addresses, did so
--   from a new one. High where it was at night, by UTC, or several people came from the same new address.
-- references: T1078.004
-- parameters:
--   events integer = 10: how many earlier events make a habit
-- needs: directory_audits
-- false_positives: working from home or on a journey, a new provider of the office

WITH events AS (
  SELECT activity_date_time AS at, activity_display_name AS activity, json_get_str(initiated_by, 'user', 'id') AS actor_id,
         json_get_str(initiated_by, 'user', 'userPrincipalName') AS actor, json_get_str(initiated_by, 'user', 'ipAddress') AS actor_ip
  FROM directory_audits
),
places AS (
  SELECT actor_id, max(actor) AS actor, actor_ip, min(at) AS at, count(*) AS count,
         string_agg(DISTINCT activity, ', ' ORDER BY activity) AS activities
  FROM events WHERE actor_id IS NOT NULL AND coalesce(actor_ip, '') <> '' GROUP BY actor_id, actor_ip
),
fresh AS (
  SELECT p.actor_id, p.actor, p.actor_ip, p.at, p.count, p.activities, count(*) AS before
  FROM places p JOIN events e ON e.actor_id = p.actor_id AND e.at < p.at
  GROUP BY 1, 2, 3, 4, 5, 6
  HAVING count(*) >= $events
)
SELECT at, 'user' AS kind, actor_id AS object_id, actor AS display_name,
       CASE WHEN count(*) OVER (PARTITION BY actor_ip) > 1 OR extract(hour FROM at) NOT BETWEEN 5 AND 20 THEN 'high' ELSE 'medium' END AS severity,
       count || ' events from ' || actor_ip || ' after ' || before || ' from elsewhere: ' || left(activities, 160) AS evidence,
       actor, actor_id, actor_ip, 'exact' AS confidence
FROM fresh
