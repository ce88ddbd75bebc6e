-- id: sign-in-authority-added
-- title: Identity provider or certificate authority added or changed
-- severity: high
-- description: Sign-ins are believed that were not believed before: of another identity provider, or with certificates
--   of another authority.
-- references: T1556, T1484.002
-- needs: identity_providers, certificate_based_auth_configurations
-- false_positives: rolling out sign-in with certificates

SELECT changed_at AS at, kind, object_id, coalesce(display_name, object_id) AS display_name,
       CASE WHEN kind = 'identity_provider' THEN 'medium' ELSE 'high' END AS severity,
       change_type || CASE WHEN properties_changed > 0 THEN ', ' || properties_changed || ' properties' ELSE '' END AS evidence,
       actor, actor_id, actor_ip, confidence, change_id
FROM changes
WHERE kind IN ('identity_provider', 'certificate_based_auth_configuration', 'certificate_based_auth_pki') AND change_type <> 'removed'
