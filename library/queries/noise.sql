-- id: noise
-- title: What changes nearly every day
-- description: Properties that change by themselves and hide what somebody did.
-- parameters:
--   days integer = 20: least number of days with a change

SELECT kind, regexp_replace(path, '\[[^\]]*\]', '[]', 'g') AS property, count(*) AS changes,
       count(DISTINCT object_id) AS objects, count(DISTINCT date_trunc('day', changed_before)) AS days
FROM property_changes
GROUP BY 1, 2
HAVING count(DISTINCT date_trunc('day', changed_before)) >= $days
ORDER BY changes DESC, 1, 2
