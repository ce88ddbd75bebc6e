-- id: long-deleted
-- title: Removed so long ago that only the archive still has it
-- description: Objects that left the directory longer ago than the recycle bin keeps them.
-- parameters:
--   age interval = 30d: how long ago at least, before the newest snapshot
--   most integer = 100: how many rows at most

SELECT kind, object_id, display_name, changed_before AS gone_at, actor
FROM changes
WHERE change_type = 'removed' AND kind NOT LIKE 'deleted_%' AND display_name IS NOT NULL
  AND changed_before < (SELECT max(taken_at) FROM snapshots) - $age
ORDER BY gone_at DESC, kind, display_name
LIMIT $most
