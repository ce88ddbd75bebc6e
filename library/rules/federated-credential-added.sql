-- id: federated-credential-added
-- title: Application trusts another identity provider
-- severity: high
-- description: A federated identity credential was added to an application, or says another issuer or subject. Whoever
--   controls that issuer signs in as the application without any secret.
-- references: T1098.001, T1199
-- needs: federated_identity_credentials
-- false_positives: a new pipeline or cluster that signs in without secrets

SELECT c.changed_at AS at, c.kind, c.object_id, coalesce(a.display_name, c.display_name) AS display_name,
       'issuer ' || coalesce(h.issuer, 'unknown') || ', subject ' || coalesce(h.subject, 'unknown') AS evidence,
       c.actor, c.actor_id, c.actor_ip, c.confidence, c.change_id
FROM changes c
LEFT JOIN federated_identity_credentials_history h ON h._version = c.to_version AND h.id = c.object_id
LEFT JOIN applications a ON a.id = h._parent_id
WHERE c.kind = 'application_federated_identity_credential' AND c.change_type <> 'removed'
