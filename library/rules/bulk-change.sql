-- id: bulk-change
-- title: One property of many objects changed at once
-- severity: medium
-- description: Between two snapshots one property of many users, groups or applications was given the same value, or
--   was emptied. High where one actor did it to several properties.
-- references: T1565.001, T1531
-- parameters:
--   objects integer = 10: least number of objects
-- false_positives: reorganisations, scripts that mean well

WITH written AS (
  SELECT kind, snapshot_id, path, coalesce(new_value, 'null') AS value, actor, actor_id, min(changed_at) AS at,
         count(DISTINCT object_id) AS objects, min(object_id) AS object_id, min(display_name) AS display_name,
         max(actor_ip) AS actor_ip, min(confidence) AS confidence
  FROM property_changes
  WHERE kind IN ('user', 'group', 'application', 'service_principal') AND NOT is_drift AND path NOT LIKE '%DateTime'
  GROUP BY kind, snapshot_id, path, coalesce(new_value, 'null'), actor, actor_id
  HAVING count(DISTINCT object_id) >= $objects
)
SELECT min(at) AS at, kind, min(object_id) AS object_id,
       max(objects) || ' × ' || kind || ', among them ' || min(display_name) AS display_name,
       CASE WHEN count(*) > 1 THEN 'high' ELSE 'medium' END AS severity,
       string_agg(path || ' -> ' || left(value, 40) || ' of ' || objects, ', ' ORDER BY path) AS evidence,
       actor, actor_id, max(actor_ip) AS actor_ip, min(confidence) AS confidence
FROM written
GROUP BY kind, snapshot_id, actor, actor_id
