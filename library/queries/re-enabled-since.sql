-- id: re-enabled-since
-- title: Accounts that were disabled then and are enabled now
-- description: People who had left by that moment, and sign in again.
-- parameters:
--   at revision: the moment
-- needs: users

SELECT u.user_principal_name, u.department, u.employee_leave_date_time
FROM users u
JOIN users FOR SYSTEM_TIME AS OF $at AS was ON was.id = u.id
WHERE u.account_enabled AND NOT was.account_enabled
ORDER BY u.user_principal_name
