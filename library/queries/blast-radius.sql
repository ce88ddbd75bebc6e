-- id: blast-radius
-- title: What one account changed
-- description: Changes by one actor, counted by kind: what a stolen account did.
-- parameters:
--   actor text: user principal name, an application's name, or an id
--   from time = first: beginning of the period
--   to time = latest: end of the period
-- needs: directory_audits

SELECT kind, change_type, count(DISTINCT object_id) AS objects, min(changed_at) AS first, max(changed_at) AS last,
       string_agg(DISTINCT actor_ip, ', ' ORDER BY actor_ip) AS addresses
FROM changes
WHERE (lower(actor) = lower($actor) OR actor_id = $actor) AND changed_at BETWEEN $from AND $to
GROUP BY kind, change_type
ORDER BY objects DESC, kind, change_type
