-- id: domain-federation-changed
-- title: Domain federated, or its federation changed
-- severity: critical
-- description: A domain's sign-ins are decided by another server than before, or by another certificate. Whoever holds
--   that key signs in as anybody of the domain. Medium for changes that leave issuer, certificate and multifactor
--   authentication alone.
-- references: T1484.002, T1606.002
-- needs: domains, domain_federation_configurations
-- false_positives: roll-over of the token signing certificate, migrations between federation servers

SELECT changed_at AS at, kind, object_id, coalesce(display_name, object_id) AS display_name,
       CASE WHEN path IN ('authenticationType', 'issuerUri', 'signingCertificate', 'nextSigningCertificate', 'federatedIdpMfaBehavior',
                          'passiveSignInUri', 'activeSignInUri') THEN 'critical' ELSE 'medium' END AS severity,
       path || ': ' || left(btrim(coalesce(old_value, 'nothing'), '"'), 80) || ' -> ' || left(btrim(coalesce(new_value, 'nothing'), '"'), 80) AS evidence,
       actor, actor_id, actor_ip, confidence, change_id
FROM property_changes
WHERE kind = 'domain_federation_configuration' AND NOT is_drift
   OR kind = 'domain' AND path = 'authenticationType' AND new_value = '"Federated"'
UNION ALL
SELECT changed_at, kind, object_id, coalesce(display_name, object_id),
       'critical', 'federation of a domain was configured', actor, actor_id, actor_ip, confidence, change_id
FROM changes
WHERE kind = 'domain_federation_configuration' AND change_type IN ('added', 'restored')
