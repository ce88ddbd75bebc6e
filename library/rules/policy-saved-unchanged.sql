-- id: policy-saved-unchanged
-- title: Policy written without a lasting change
-- severity: medium
-- description: The time of the last change of a policy or named location moved, and nothing else of it differs from
--   the snapshot before. Something was changed and put back in between, or saved as it was.
-- references: T1556.009, T1562
-- needs: conditional_access_policies, named_locations
-- false_positives: saving a policy without touching it, renaming forth and back

SELECT changed_at AS at, kind, object_id, max(display_name) AS display_name,
       'modified at ' || max(btrim(new_value, '"')) || ', and as it was in the snapshot before' AS evidence,
       max(actor) AS actor, max(actor_id) AS actor_id, max(actor_ip) AS actor_ip, max(confidence) AS confidence, change_id
FROM property_changes
WHERE kind IN ('conditional_access_policy', 'named_location')
GROUP BY changed_at, kind, object_id, change_id
HAVING count(*) = 1 AND max(path) = 'modifiedDateTime'
