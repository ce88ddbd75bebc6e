-- id: policy-enforced
-- title: When a Conditional Access policy was enforced
-- description: The times over which the policy had each state, from the snapshots that showed it: proof of enforcement,
--   and of the gaps in it.
-- parameters:
--   name text: the policy's name, or a part of it
-- needs: conditional_access_policies

WITH versions AS (
  SELECT id, display_name, state, _first_seen, _gone_at, _last_seen,
         CASE WHEN lag(state) OVER (PARTITION BY id ORDER BY _first_seen) = state THEN 0 ELSE 1 END AS begins
  FROM conditional_access_policies_history
),
runs AS (SELECT *, sum(begins) OVER (PARTITION BY id ORDER BY _first_seen) AS run FROM versions)
SELECT max(display_name) AS policy, state, min(_first_seen) AS first_seen, max(_last_seen) AS last_seen
FROM runs
WHERE display_name ILIKE '%' || $name || '%'
GROUP BY id, state, run
ORDER BY policy, first_seen
