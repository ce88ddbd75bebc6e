-- id: application-owners-at
-- title: Who owned which application on a day
-- description: Owners can add credentials; an application without an owner is nobody's business.
-- parameters:
--   at revision = latest: the moment
-- needs: application_owners, applications

SELECT a.display_name AS application, coalesce(u.user_principal_name, s.display_name, o.owner_id) AS owner, u.account_enabled AS is_enabled, a.app_id
FROM applications FOR SYSTEM_TIME AS OF $at AS a
LEFT JOIN application_owners FOR SYSTEM_TIME AS OF $at AS o ON o.application_id = a.id
LEFT JOIN users FOR SYSTEM_TIME AS OF $at AS u ON u.id = o.owner_id
LEFT JOIN service_principals FOR SYSTEM_TIME AS OF $at AS s ON s.id = o.owner_id
ORDER BY 1, 2
