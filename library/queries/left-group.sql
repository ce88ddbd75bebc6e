-- id: left-group
-- title: Who was in a group then and is not now
-- description: Members of the group at a moment that are no members in the newest snapshot.
-- parameters:
--   group text: the group's name
--   at revision: the moment
-- needs: group_members

SELECT u.user_principal_name, u.display_name
FROM group_members FOR SYSTEM_TIME AS OF $at AS m
JOIN groups FOR SYSTEM_TIME AS OF $at AS g ON g.id = m.group_id
LEFT JOIN users FOR SYSTEM_TIME AS OF $at AS u ON u.id = m.member_id
LEFT JOIN group_members n ON n.group_id = m.group_id AND n.member_id = m.member_id
WHERE g.display_name = $group AND n.member_id IS NULL
ORDER BY 1, m.member_id
