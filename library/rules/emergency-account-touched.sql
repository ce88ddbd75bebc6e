-- id: emergency-account-touched
-- title: Emergency access account changed
-- severity: high
-- description: An account that is kept for emergencies was changed, deleted, or changed something itself. Nobody should
--   touch it on an ordinary day.
-- references: T1098, T1531
-- parameters:
--   pattern text = 'break[._ -]?glass|emergency|notfall': expression the name is compared with, in small letters
-- needs: users
-- false_positives: the yearly test of these accounts

WITH accounts AS (
  SELECT id, max(display_name) AS name FROM users_history
  WHERE regexp_like(lower(coalesce(display_name, '') || ' ' || user_principal_name), $pattern) GROUP BY id
)
SELECT p.changed_at AS at, p.kind, p.object_id, a.name AS display_name,
       p.path || ': ' || left(coalesce(p.old_value, 'nothing'), 80) || ' -> ' || left(coalesce(p.new_value, 'nothing'), 80) AS evidence,
       p.actor, p.actor_id, p.actor_ip, p.confidence, p.change_id
FROM property_changes p JOIN accounts a ON a.id = p.object_id
WHERE p.kind = 'user' AND NOT p.is_drift
UNION ALL
SELECT c.changed_at, c.kind, c.object_id, a.name, c.kind || ' ' || c.change_type, c.actor, c.actor_id, c.actor_ip, c.confidence, c.change_id
FROM changes c JOIN accounts a ON a.id = c.object_id
WHERE c.kind = 'user' AND c.change_type <> 'modified'
UNION ALL
SELECT c.changed_at, c.kind, c.object_id, c.display_name, a.name || ' changed it', c.actor, c.actor_id, c.actor_ip, c.confidence, c.change_id
FROM changes c JOIN accounts a ON a.id = c.actor_id
