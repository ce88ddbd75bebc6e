-- id: guests-at
-- title: Guests on a day
-- description: Guests with their state, the groups they were in and the roles they held.
-- parameters:
--   at revision = latest: the moment
-- needs: users

SELECT u.mail, u.display_name, u.external_user_state, u.account_enabled, u.created_date_time,
       count(DISTINCT m.group_id) AS groups, count(DISTINCT r.id) AS roles
FROM users FOR SYSTEM_TIME AS OF $at AS u
LEFT JOIN group_members FOR SYSTEM_TIME AS OF $at AS m ON m.member_id = u.id
LEFT JOIN role_assignments FOR SYSTEM_TIME AS OF $at AS r ON r.principal_id = u.id
WHERE u.user_type = 'Guest'
GROUP BY u.id, u.mail, u.display_name, u.external_user_state, u.account_enabled, u.created_date_time
ORDER BY roles DESC, groups DESC, u.mail
