-- id: deletion-clock
-- title: What is in the recycle bin, and how long still
-- description: Deleted users, groups, applications and service principals with the days that are left, counted from the
--   newest snapshot.
-- needs: deleted_users, deleted_groups, deleted_applications

WITH bin AS (
  SELECT 'user' AS kind, id, display_name, deleted_date_time FROM deleted_users
  UNION ALL SELECT 'group', id, display_name, deleted_date_time FROM deleted_groups
  UNION ALL SELECT 'application', id, display_name, deleted_date_time FROM deleted_applications
  UNION ALL SELECT 'service_principal', id, display_name, deleted_date_time FROM deleted_service_principals
)
SELECT b.kind, b.display_name, b.deleted_date_time AS deleted_at,
       30 - date_part('day', s.taken_at - b.deleted_date_time) AS days_left, b.id
FROM bin b CROSS JOIN (SELECT max(taken_at) AS taken_at FROM snapshots) s
ORDER BY days_left, b.kind, b.display_name
