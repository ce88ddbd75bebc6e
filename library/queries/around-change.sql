-- id: around-change
-- title: What else changed around a change
-- description: Changes within some time before and after one change, whoever did them.
-- parameters:
--   change text: the change's change_id
--   within interval = 15m: how long before and after

WITH hit AS (SELECT changed_at FROM changes WHERE change_id = $change)
SELECT c.changed_at, c.actor, c.actor_ip, c.kind, c.display_name, c.change_type, c.change_id
FROM changes c JOIN hit h ON c.changed_at BETWEEN h.changed_at - $within AND h.changed_at + $within
ORDER BY c.changed_at, c.kind, c.display_name
