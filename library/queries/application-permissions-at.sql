-- id: application-permissions-at
-- title: What applications could do by themselves on a day
-- description: Application permissions of every service principal, with their names.
-- parameters:
--   at revision = latest: the moment
--   permission text = '': a part of the permission's name; empty for all
-- needs: app_role_assignments, service_principals

WITH roles AS (
  SELECT resource_id, resource, json_get_str(role, 'id') AS id, json_get_str(role, 'value') AS permission
  FROM (SELECT id AS resource_id, display_name AS resource, unnest(json_get_array(app_roles)) AS role
        FROM service_principals FOR SYSTEM_TIME AS OF $at)
)
SELECT a.principal_display_name AS application, coalesce(r.permission, a.app_role_id) AS permission, a.resource_display_name AS resource,
       a.created_date_time AS granted_at, a.principal_id
FROM app_role_assignments FOR SYSTEM_TIME AS OF $at AS a
LEFT JOIN roles r ON r.resource_id = a.resource_id AND r.id = a.app_role_id
WHERE a.principal_type = 'ServicePrincipal' AND ($permission = '' OR r.permission ILIKE '%' || $permission || '%')
ORDER BY 1, 2, 3
