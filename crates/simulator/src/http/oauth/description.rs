//! What an authority says of itself.

use serde_json::json;

use super::Authority;
use crate::http::answer::Answer;

impl Authority<'_> {
    pub(super) fn instance(&self) -> Answer {
        let host = self.origin.split("://").last().unwrap_or_default();
        let tenant = &self.tenant.options().tenant_id;
        let endpoint = format!(
            "{}/{tenant}/v2.0/.well-known/openid-configuration",
            self.origin
        );
        let body = json!({
            "tenant_discovery_endpoint": endpoint,
            "api-version": "1.1",
            "metadata": [
                {"preferred_network": host, "preferred_cache": host, "aliases": [host]},
            ],
        });
        Answer::value(200, &body)
    }

    pub(super) fn configuration(&self, tenant: &str) -> Answer {
        let base = format!("{}/{tenant}", self.origin);
        let id = &self.tenant.options().tenant_id;
        let body = json!({
            "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "token_endpoint_auth_methods_supported":
                ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": format!("{base}/discovery/v2.0/keys"),
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": format!("{}/{id}/v2.0", self.origin),
            "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
            "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
            "tenant_region_scope": "EU",
            "cloud_instance_name": "microsoftonline.com",
            "msgraph_host": self.origin,
        });
        Answer::value(200, &body)
    }
}
