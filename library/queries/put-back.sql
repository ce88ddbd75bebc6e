-- id: put-back
-- title: Values that were changed and put back
-- description: One property of one object changed and had its old value again within some time. What was changed and put
--   back between two snapshots shows in no state; the rule policy-saved-unchanged looks for that.
-- parameters:
--   within interval = 7d: how long at most between the two changes

WITH steps AS (
  SELECT kind, object_id, display_name, path, old_value, new_value, changed_at, actor,
         lead(new_value) OVER each AS later_value, lead(changed_at) OVER each AS later_at, lead(actor) OVER each AS later_actor
  FROM property_changes
  WHERE NOT is_drift
  WINDOW each AS (PARTITION BY kind, object_id, path ORDER BY changed_before)
)
SELECT changed_at, later_at AS put_back_at, kind, display_name, path, old_value AS value, new_value AS meanwhile, actor, later_actor
FROM steps
WHERE (later_value = old_value OR later_value IS NULL AND old_value IS NULL) AND later_at <= changed_at + $within
ORDER BY changed_at, kind, display_name, path
