-- id: pim-at
-- title: Who was eligible for roles, and who held them, on a day
-- description: Eligible and active assignments of directory roles in the newest snapshot at or before that moment.
-- parameters:
--   at revision = latest: the moment
-- needs: role_eligibility_schedules, role_assignment_schedule_instances

WITH held AS (
  SELECT principal_id, role_definition_id, 'eligible' AS how, NULL AS ends
  FROM role_eligibility_schedules FOR SYSTEM_TIME AS OF $at
  UNION ALL
  SELECT principal_id, role_definition_id, lower(assignment_type), end_date_time
  FROM role_assignment_schedule_instances FOR SYSTEM_TIME AS OF $at
)
SELECT d.display_name AS role, h.how, coalesce(u.user_principal_name, s.display_name, g.display_name, h.principal_id) AS who, h.ends
FROM held h
LEFT JOIN role_definitions FOR SYSTEM_TIME AS OF $at AS d ON d.id = h.role_definition_id
LEFT JOIN users FOR SYSTEM_TIME AS OF $at AS u ON u.id = h.principal_id
LEFT JOIN service_principals FOR SYSTEM_TIME AS OF $at AS s ON s.id = h.principal_id
LEFT JOIN groups FOR SYSTEM_TIME AS OF $at AS g ON g.id = h.principal_id
ORDER BY 1, 2, 3
