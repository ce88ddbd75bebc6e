-- id: person-changes
-- title: Everything that touched one person
-- description: Changes of the account, of what it belongs to, and what the person changed, in order.
-- parameters:
--   who text: user principal name
--   from time = first: beginning of the period
--   to time = latest: end of the period
-- needs: users

WITH person AS (SELECT DISTINCT id FROM users_history WHERE lower(user_principal_name) = lower($who))
SELECT changed_at, 'changed: ' || path AS what, kind, display_name, old_value AS before, new_value AS after, actor, actor_ip
FROM property_changes
WHERE kind = 'user' AND object_id IN (SELECT id FROM person) AND changed_at BETWEEN $from AND $to
UNION ALL
SELECT changed_at, change_type, kind, display_name, NULL, NULL, actor, actor_ip
FROM changes
WHERE kind = 'user' AND change_type <> 'modified' AND object_id IN (SELECT id FROM person) AND changed_at BETWEEN $from AND $to
UNION ALL
SELECT changed_at, relation || ' ' || change_type, source_kind, source_name, NULL, target_name, actor, actor_ip
FROM link_changes
WHERE (target_id IN (SELECT id FROM person) OR source_id IN (SELECT id FROM person)) AND changed_at BETWEEN $from AND $to
UNION ALL
SELECT changed_at, 'did: ' || coalesce(activity, change_type), kind, display_name, NULL, NULL, actor, actor_ip
FROM changes
WHERE actor_id IN (SELECT id FROM person) AND changed_at BETWEEN $from AND $to
ORDER BY 1, 2, 4
