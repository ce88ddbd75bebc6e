-- id: deleted-for-good
-- title: Object purged before its time
-- severity: medium
-- description: Users, groups and applications stay in the recycle bin for 30 days. These are gone before that, or never
--   came there: somebody emptied the bin behind them. High for users, groups and applications purged the same day,
--   critical where it is several.
-- references: T1485, T1490
-- needs: deleted_users
-- false_positives: accounts made and thrown away in tests, removal of personal data on request

WITH bins AS (
  SELECT 'user' AS kind, id, deleted_date_time, display_name, _first_seen, _gone_at FROM deleted_users_history
  UNION ALL SELECT 'group', id, deleted_date_time, display_name, _first_seen, _gone_at FROM deleted_groups_history
  UNION ALL SELECT 'application', id, deleted_date_time, display_name, _first_seen, _gone_at FROM deleted_applications_history
  UNION ALL SELECT 'service_principal', id, deleted_date_time, display_name, _first_seen, _gone_at FROM deleted_service_principals_history
),
-- Removed, and in no bin by the snapshot that showed it.
vanished AS (
  SELECT c.changed_at AS at, c.kind, c.object_id, c.display_name, c.snapshot_id, 'never seen in the recycle bin' AS how,
         c.actor, c.actor_id, c.actor_ip, c.confidence, c.change_id
  FROM changes c
  LEFT JOIN bins b ON b.kind = c.kind AND b.id = c.object_id AND b._first_seen <= c.changed_before AND (b._gone_at IS NULL OR b._gone_at > c.changed_before)
  WHERE c.change_type = 'removed' AND b.id IS NULL
    AND (c.kind = 'user' AND EXISTS (SELECT 1 FROM bins WHERE kind = 'user')
      OR c.kind = 'group' AND EXISTS (SELECT 1 FROM bins WHERE kind = 'group')
      OR c.kind = 'application' AND EXISTS (SELECT 1 FROM bins WHERE kind = 'application'))
),
emptied AS (
  SELECT c.changed_at AS at, replace(c.kind, 'deleted_', '') AS kind, c.object_id, c.display_name, c.snapshot_id,
         'in the recycle bin since ' || to_char(b.deleted_date_time, '%Y-%m-%d') AS how, c.actor, c.actor_id, c.actor_ip, c.confidence, c.change_id
  FROM changes c
  JOIN bins b ON 'deleted_' || b.kind = c.kind AND b.id = c.object_id AND b._gone_at = c.changed_before
  LEFT JOIN changes back ON back.object_id = c.object_id AND back.snapshot_id = c.snapshot_id AND back.change_type = 'restored'
  WHERE c.change_type = 'removed' AND c.changed_before < b.deleted_date_time + INTERVAL '29 days' AND back.change_id IS NULL
),
purged AS (SELECT * FROM vanished UNION ALL SELECT * FROM emptied)
SELECT at, kind, object_id, display_name,
       CASE WHEN count(*) OVER (PARTITION BY snapshot_id, kind) > 2 THEN 'critical'
            WHEN how LIKE 'never%' THEN 'high' ELSE 'medium' END AS severity,
       'purged, ' || how AS evidence, actor, actor_id, actor_ip, confidence, change_id
FROM purged
