-- id: ca-exceptions-at
-- title: Who Conditional Access made exceptions for on a day
-- description: Users, groups and roles that policies exclude, with their names.
-- parameters:
--   at revision = latest: the moment
-- needs: conditional_access_policies

WITH excluded AS (
  SELECT display_name AS policy, state, 'user' AS kind, unnest(json_get_array(conditions, 'users', 'excludeUsers')) AS id
  FROM conditional_access_policies FOR SYSTEM_TIME AS OF $at
  UNION ALL
  SELECT display_name, state, 'group', unnest(json_get_array(conditions, 'users', 'excludeGroups'))
  FROM conditional_access_policies FOR SYSTEM_TIME AS OF $at
  UNION ALL
  SELECT display_name, state, 'role', unnest(json_get_array(conditions, 'users', 'excludeRoles'))
  FROM conditional_access_policies FOR SYSTEM_TIME AS OF $at
)
SELECT e.policy, e.state, e.kind, coalesce(u.user_principal_name, g.display_name, d.display_name, btrim(e.id, '"')) AS excluded
FROM excluded e
LEFT JOIN users FOR SYSTEM_TIME AS OF $at AS u ON u.id = btrim(e.id, '"')
LEFT JOIN groups FOR SYSTEM_TIME AS OF $at AS g ON g.id = btrim(e.id, '"')
LEFT JOIN role_definitions FOR SYSTEM_TIME AS OF $at AS d ON d.id = btrim(e.id, '"')
ORDER BY 1, 3, 4
