-- id: group-members-at
-- title: Who was in a group on a day
-- description: The members of the group in the newest snapshot at or before that moment.
-- parameters:
--   group text: the group's name
--   at revision = latest: the moment
-- needs: group_members

SELECT m.target_kind AS kind, coalesce(u.user_principal_name, s.display_name, n.display_name, m.member_id) AS member
FROM group_members FOR SYSTEM_TIME AS OF $at AS m
JOIN groups FOR SYSTEM_TIME AS OF $at AS g ON g.id = m.group_id
LEFT JOIN users FOR SYSTEM_TIME AS OF $at AS u ON u.id = m.member_id
LEFT JOIN service_principals FOR SYSTEM_TIME AS OF $at AS s ON s.id = m.member_id
LEFT JOIN groups FOR SYSTEM_TIME AS OF $at AS n ON n.id = m.member_id
WHERE g.display_name = $group
ORDER BY 1, 2
