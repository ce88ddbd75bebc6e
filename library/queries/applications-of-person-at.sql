-- id: applications-of-person-at
-- title: Which applications somebody could use on a day
-- description: Applications that are assigned to the person, directly or through a group. Applications that need no
--   assignment are open to everybody and not listed.
-- parameters:
--   who text: user principal name
--   at revision = latest: the moment
-- needs: app_role_assignments

WITH person AS (SELECT id FROM users FOR SYSTEM_TIME AS OF $at WHERE lower(user_principal_name) = lower($who))
SELECT a.resource_display_name AS application, 'direct' AS through
FROM app_role_assignments FOR SYSTEM_TIME AS OF $at AS a JOIN person p ON p.id = a.principal_id
UNION
SELECT a.resource_display_name, a.principal_display_name
FROM app_role_assignments FOR SYSTEM_TIME AS OF $at AS a
JOIN group_members FOR SYSTEM_TIME AS OF $at AS m ON m.group_id = a.principal_id
JOIN person p ON p.id = m.member_id
ORDER BY 1, 2
