-- id: trusted-location-widened
-- title: Trusted network location widened
-- severity: low
-- description: A trusted location has new address ranges, or became trusted. Policies that spare trusted locations
--   spare whoever comes from there. High from ranges of 65,536 addresses on, medium from 256 on, and medium for a
--   location that became trusted.
-- references: T1556.009
-- needs: named_locations
-- false_positives: a new office, a new gateway of the internet provider

WITH written AS (
  SELECT p.*, h.is_trusted,
         string_to_array(regexp_replace(coalesce(p.old_value, ''), '"@odata.type":"[^"]*",?|"cidrAddress":|[\[\]{}"]', '', 'g'), ',') AS before,
         string_to_array(regexp_replace(coalesce(p.new_value, ''), '"@odata.type":"[^"]*",?|"cidrAddress":|[\[\]{}"]', '', 'g'), ',') AS after
  FROM property_changes p
  JOIN changes c ON c.change_id = p.change_id AND c.kind = 'named_location'
  JOIN named_locations_history h ON h.id = p.object_id AND h._version = c.to_version
  WHERE p.kind = 'named_location' AND p.path IN ('ipRanges', 'isTrusted')
),
ranges AS (
  SELECT *, unnest(array_except(after, before)) AS cidr FROM written WHERE path = 'ipRanges' AND is_trusted
),
widened AS (
  SELECT *, CASE WHEN cidr LIKE '%:%' THEN 128 ELSE 32 END - try_cast(split_part(cidr, '/', 2) AS INT) AS bits
  FROM ranges WHERE cidr <> ''
)
SELECT changed_at AS at, kind, object_id, display_name,
       CASE WHEN cidr NOT LIKE '%:%' AND bits >= 16 OR bits >= 96 THEN 'high'
            WHEN cidr NOT LIKE '%:%' AND bits >= 8 OR bits >= 80 THEN 'medium' ELSE 'low' END AS severity,
       'ipRanges + ' || cidr AS evidence, actor, actor_id, actor_ip, confidence, change_id
FROM widened
UNION ALL
SELECT changed_at, kind, object_id, display_name, 'medium', 'isTrusted: false -> true',
       actor, actor_id, actor_ip, confidence, change_id
FROM written WHERE path = 'isTrusted' AND new_value = 'true'
