-- id: changes-without-event
-- title: Changes that no audit event explains
-- description: What changed while the directory audit log, which was read for that time, says nothing of it. Kinds the
--   log never tells of are among them: devices that report, licences that are counted.
-- parameters:
--   days interval = 90d: how far to look back from the newest snapshot
-- needs: directory_audits

WITH log AS (SELECT min(activity_date_time) AS first FROM directory_audits)
SELECT c.kind, c.change_type, c.object_id, c.display_name, c.changed_after, c.changed_before
FROM changes c CROSS JOIN log
WHERE c.confidence = 'none' AND c.changed_before >= (SELECT max(taken_at) FROM snapshots) - $days AND c.changed_after >= log.first
ORDER BY c.changed_before, c.kind, c.object_id
