-- id: policy-at
-- title: What a Conditional Access policy looked like on a day
-- description: The policy as the newest snapshot at or before that moment shows it.
-- parameters:
--   name text: the policy's name, or a part of it
--   at revision = latest: the moment
-- needs: conditional_access_policies

SELECT display_name, state, conditions, grant_controls, session_controls, _observed_at
FROM conditional_access_policies FOR SYSTEM_TIME AS OF $at
WHERE display_name ILIKE '%' || $name || '%'
ORDER BY display_name
