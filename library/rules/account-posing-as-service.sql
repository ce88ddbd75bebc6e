-- id: account-posing-as-service
-- title: New account named like an administrator or a service
-- severity: medium
-- description: A new user whose name promises a program or an administrator. High where an application made it, outside
--   of the provisioning that made others before.
-- references: T1136.003, T1036.010
-- parameters:
--   pattern text = '^(adm|admin|svc|srv|sys|sync|service|root|backup|aad|azure|entra|msol|helpdesk|support|test)([._-]|[0-9]|$)': expression the name before the @ is compared with
-- needs: users
-- false_positives: new administrators and service accounts

WITH born AS (
  SELECT c.changed_at, c.kind, c.object_id, c.actor, c.actor_id, c.actor_type, c.actor_ip, c.confidence, c.change_id,
         h.user_principal_name, h.display_name, h.user_type
  FROM changes c JOIN users_history h ON h.id = c.object_id AND h._version = c.to_version
  WHERE c.kind = 'user' AND c.change_type = 'added'
),
makers AS (SELECT actor_id, count(*) AS made FROM born WHERE actor_id IS NOT NULL GROUP BY actor_id)
SELECT b.changed_at AS at, b.kind, b.object_id, b.display_name,
       CASE WHEN b.actor_type = 'app' AND m.made = 1 THEN 'high' ELSE 'medium' END AS severity,
       'new account ' || b.user_principal_name ||
       CASE WHEN b.actor_type = 'app' AND m.made = 1 THEN ', the only one that application ever made' ELSE '' END AS evidence,
       b.actor, b.actor_id, b.actor_ip, b.confidence, b.change_id
FROM born b LEFT JOIN makers m ON m.actor_id = b.actor_id
WHERE regexp_like(lower(b.user_principal_name), $pattern) AND b.user_type IS DISTINCT FROM 'Guest'
