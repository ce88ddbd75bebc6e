-- id: account-re-enabled
-- title: Disabled account enabled again
-- severity: low
-- description: An account that was switched off signs in again. High for somebody who has left by the date in the
--   directory, medium for guests.
-- references: T1098
-- needs: users
-- false_positives: people who come back

SELECT p.changed_at AS at, p.kind, p.object_id, p.display_name,
       CASE WHEN h.employee_leave_date_time < p.changed_at THEN 'high' WHEN h.user_type = 'Guest' THEN 'medium' ELSE 'low' END AS severity,
       'accountEnabled: false -> true' || coalesce(', leave date ' || to_char(h.employee_leave_date_time, '%Y-%m-%d'), '') AS evidence,
       p.actor, p.actor_id, p.actor_ip, p.confidence, p.change_id
FROM property_changes p
JOIN changes c ON c.change_id = p.change_id AND c.kind = 'user'
JOIN users_history h ON h.id = p.object_id AND h._version = c.to_version
WHERE p.kind = 'user' AND p.path = 'accountEnabled' AND p.old_value = 'false' AND p.new_value = 'true'
