-- id: drift
-- title: How much changed between two moments
-- description: Objects that were added, modified, removed or restored, by kind.
-- parameters:
--   from revision = first: the earlier moment
--   to revision = latest: the later one

SELECT kind, change_type, count(*) AS objects, sum(properties_changed) AS properties, sum(links_changed) AS links
FROM diff($from, $to)
GROUP BY kind, change_type
ORDER BY objects DESC, kind, change_type
