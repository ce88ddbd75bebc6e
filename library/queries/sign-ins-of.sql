-- id: sign-ins-of
-- title: Where somebody signed in from
-- description: Sign-ins of one person by address, with applications, failures and risk.
-- parameters:
--   who text: user principal name
-- needs: sign_ins

SELECT ip_address, json_get_str(location, 'countryOrRegion') AS country, count(*) AS sign_ins,
       count(*) FILTER (WHERE json_get_int(status, 'errorCode') <> 0) AS failed,
       max(CASE WHEN risk_level_during_sign_in IN ('none', 'hidden') THEN NULL ELSE risk_level_during_sign_in END) AS risk,
       min(created_date_time) AS first, max(created_date_time) AS last, string_agg(DISTINCT app_display_name, ', ' ORDER BY app_display_name) AS applications
FROM sign_ins
WHERE lower(user_principal_name) = lower($who)
GROUP BY 1, 2
ORDER BY first
