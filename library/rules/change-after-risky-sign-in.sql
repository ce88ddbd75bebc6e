-- id: change-after-risky-sign-in
-- title: Directory changed after a risky sign-in
-- severity: high
-- description: An account whose sign-in was rated as risky changed the directory soon after. Critical for a high risk.
-- references: T1078.004
-- parameters:
--   window interval = 1d: how long after the sign-in
-- needs: risk_detections, directory_audits
-- false_positives: administrators on a journey

WITH risky AS (
  SELECT user_id, max(user_principal_name) AS name, activity_date_time, max(ip_address) AS ip,
         string_agg(DISTINCT risk_event_type, ', ' ORDER BY risk_event_type) AS events,
         max(CASE risk_level WHEN 'high' THEN 3 WHEN 'medium' THEN 2 ELSE 1 END) AS risk
  FROM risk_detections GROUP BY user_id, activity_date_time
),
events AS (
  SELECT activity_date_time AS at, activity_display_name AS activity, json_get_str(initiated_by, 'user', 'id') AS actor_id
  FROM directory_audits WHERE activity_display_name NOT LIKE '%(self-service)' AND activity_display_name NOT LIKE 'User %'
)
SELECT min(e.at) AS at, 'user' AS kind, r.user_id AS object_id, r.name AS display_name,
       CASE WHEN r.risk = 3 THEN 'critical' WHEN r.risk = 2 THEN 'high' ELSE 'medium' END AS severity,
       r.events || ' at ' || to_char(r.activity_date_time, '%Y-%m-%d %H:%MZ') || ', then ' || count(*) || ' events: '
       || left(string_agg(DISTINCT e.activity, ', ' ORDER BY e.activity), 160) AS evidence,
       r.name AS actor, r.user_id AS actor_id, r.ip AS actor_ip, 'exact' AS confidence
FROM risky r
JOIN events e ON e.actor_id = r.user_id AND e.at >= r.activity_date_time AND e.at < r.activity_date_time + $window
GROUP BY r.user_id, r.name, r.activity_date_time, r.ip, r.events, r.risk
