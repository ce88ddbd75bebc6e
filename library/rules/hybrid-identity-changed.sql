-- id: hybrid-identity-changed
-- title: Synchronisation with the on-premises directory changed
-- severity: medium
-- description: Which features synchronise passwords and objects, and write back, was changed: a bridge between the
--   on-premises directory and this tenant in both directions.
-- references: T1556.007
-- needs: on_premises_synchronization
-- false_positives: upgrades of the synchronisation server

SELECT changed_at AS at, kind, object_id, coalesce(display_name, 'Directory synchronisation') AS display_name,
       path || ': ' || left(coalesce(old_value, 'nothing'), 100) || ' -> ' || left(coalesce(new_value, 'nothing'), 100) AS evidence,
       actor, actor_id, actor_ip, confidence, change_id
FROM property_changes
WHERE kind = 'on_premises_synchronization' AND NOT is_drift
