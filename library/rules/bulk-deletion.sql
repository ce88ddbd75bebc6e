-- id: bulk-deletion
-- title: Many objects deleted at once
-- severity: high
-- description: One actor deleted many objects of a kind between two snapshots. Critical from ten times the number on.
-- references: T1531, T1485
-- parameters:
--   objects integer = 5: least number of objects
-- false_positives: clearing away guests, devices or groups nobody uses

SELECT min(changed_at) AS at, kind, min(object_id) AS object_id,
       count(*) || ' × ' || kind || ', among them ' || coalesce(min(display_name), min(object_id)) AS display_name,
       CASE WHEN count(*) >= 10 * $objects THEN 'critical' ELSE 'high' END AS severity,
       count(*) || ' deleted from ' || to_char(min(changed_at), '%Y-%m-%d %H:%MZ') || ' to ' || to_char(max(changed_at), '%H:%MZ') AS evidence,
       actor, actor_id, max(actor_ip) AS actor_ip, min(confidence) AS confidence
FROM changes
WHERE change_type = 'removed'
  AND kind IN ('user', 'group', 'application', 'service_principal', 'device', 'administrative_unit', 'conditional_access_policy',
               'named_location', 'role_definition', 'access_package')
GROUP BY kind, snapshot_id, actor, actor_id
HAVING count(*) >= $objects
