-- id: domain-added
-- title: Domain added or verified
-- severity: medium
-- description: A new domain name can be given to users, and federated.
-- references: T1484.002
-- needs: domains
-- false_positives: new brands, acquisitions

SELECT changed_at AS at, kind, object_id, coalesce(display_name, object_id) AS display_name, 'domain ' || change_type AS evidence,
       actor, actor_id, actor_ip, confidence, change_id
FROM changes WHERE kind = 'domain' AND change_type IN ('added', 'restored')
UNION ALL
SELECT changed_at, kind, object_id, coalesce(display_name, object_id), 'isVerified: false -> true',
       actor, actor_id, actor_ip, confidence, change_id
FROM property_changes WHERE kind = 'domain' AND path = 'isVerified' AND new_value = 'true'
