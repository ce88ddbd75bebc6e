-- id: application-permission-granted
-- title: Application permission granted
-- severity: low
-- description: An application may act by itself, without anybody signed in. Critical for permissions with which it can
--   make itself a Global Administrator, high for those that read or write everybody's mail and files or the directory,
--   medium for other permissions to write.
-- references: T1098.003, T1528
-- needs: app_role_assignments
-- false_positives: bringing a new application into use

WITH granted AS (
  SELECT id, app_role_id, principal_id, principal_display_name, resource_id, resource_display_name, _first_seen, _not_before
  FROM app_role_assignments_history WHERE principal_type = 'ServicePrincipal' AND _not_before IS NOT NULL
  UNION
  SELECT id, app_role_id, principal_id, principal_display_name, resource_id, resource_display_name, _first_seen, _not_before
  FROM service_principal_app_role_assignments_history WHERE principal_type = 'ServicePrincipal' AND _not_before IS NOT NULL
),
roles AS (
  SELECT resource_id, json_get_str(role, 'id') AS app_role_id, max(json_get_str(role, 'value')) AS permission
  FROM (SELECT id AS resource_id, unnest(json_get_array(app_roles)) AS role FROM service_principals_history)
  GROUP BY 1, 2
),
who AS (
  SELECT object_id, changed_before, max(changed_at) AS changed_at, max(actor) AS actor, max(actor_id) AS actor_id,
         max(actor_ip) AS actor_ip, max(confidence) AS confidence, max(change_id) AS change_id
  FROM changes
  WHERE kind IN ('app_role_assignment', 'service_principal_app_role_assignment') AND change_type IN ('added', 'restored')
  GROUP BY 1, 2
)
SELECT coalesce(w.changed_at, g._first_seen) AS at, 'service_principal' AS kind, g.principal_id AS object_id,
       g.principal_display_name AS display_name,
       CASE WHEN r.permission IN ('RoleManagement.ReadWrite.Directory', 'AppRoleAssignment.ReadWrite.All',
                                  'Application.ReadWrite.All', 'Directory.ReadWrite.All', 'PrivilegedAccess.ReadWrite.AzureAD',
                                  'RoleAssignmentSchedule.ReadWrite.Directory', 'RoleEligibilitySchedule.ReadWrite.Directory',
                                  'PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup', 'RoleManagementPolicy.ReadWrite.Directory',
                                  'UserAuthenticationMethod.ReadWrite.All', 'Domain.ReadWrite.All',
                                  'Policy.ReadWrite.ConditionalAccess', 'Policy.ReadWrite.AuthenticationMethod',
                                  'Policy.ReadWrite.PermissionGrant', 'Synchronization.ReadWrite.All') THEN 'critical'
            WHEN r.permission IN ('Mail.Read', 'Mail.ReadWrite', 'Mail.Send', 'Mail.ReadBasic.All', 'MailboxSettings.ReadWrite',
                                  'Files.Read.All', 'Files.ReadWrite.All', 'Sites.Read.All', 'Sites.ReadWrite.All',
                                  'Sites.FullControl.All', 'Chat.Read.All', 'Chat.ReadWrite.All', 'ChannelMessage.Read.All',
                                  'Group.ReadWrite.All', 'GroupMember.ReadWrite.All', 'User.ReadWrite.All', 'full_access_as_app',
                                  'Exchange.ManageAsApp', 'EWS.AccessAsApp', 'DeviceManagementConfiguration.ReadWrite.All',
                                  'Application.ReadWrite.OwnedBy') THEN 'high'
            WHEN r.permission LIKE '%Write%' OR r.permission LIKE '%FullControl%' THEN 'medium'
            ELSE 'low' END AS severity,
       coalesce(r.permission, g.app_role_id) || ' of ' || coalesce(g.resource_display_name, g.resource_id) AS evidence,
       w.actor, w.actor_id, w.actor_ip, w.confidence, w.change_id
FROM granted g
LEFT JOIN roles r ON r.resource_id = g.resource_id AND r.app_role_id = g.app_role_id
LEFT JOIN who w ON w.object_id = g.id AND w.changed_before = g._first_seen
