-- id: groups-of-person-at
-- title: Which groups somebody was in on a day
-- description: Direct memberships of one person in the newest snapshot at or before that moment.
-- parameters:
--   who text: user principal name
--   at revision = latest: the moment
-- needs: group_members

SELECT g.display_name, g.is_assignable_to_role, g.id
FROM users FOR SYSTEM_TIME AS OF $at AS u
JOIN group_members FOR SYSTEM_TIME AS OF $at AS m ON m.member_id = u.id
JOIN groups FOR SYSTEM_TIME AS OF $at AS g ON g.id = m.group_id
WHERE lower(u.user_principal_name) = lower($who)
ORDER BY g.display_name
