//! The section `[server]`: the HTTP API. The doc comments are the descriptions in the JSON Schema.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use server::roles::Grant;

use super::values::Interval;

/// The HTTP API.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServerSettings {
    /// Address to listen on (127.0.0.1:7878).
    pub(crate) listen: Option<String>,
    /// Address that others know the server by: `https://entrace.contoso.example`.
    pub(crate) base_url: Option<String>,
    /// Folder of the server's own: tokens and the access record.
    pub(crate) state: Option<PathBuf>,
    /// PEM file with the certificate and those that lead to its root.
    pub(crate) tls_certificate_file: Option<PathBuf>,
    /// PEM file with the certificate's private key.
    pub(crate) tls_key_file: Option<PathBuf>,
    /// Serve others without TLS: a proxy in front has it (false).
    pub(crate) allow_plain_http: Option<bool>,
    /// Refuse whatever would change an archive or a tenant (false).
    pub(crate) read_only: Option<bool>,
    /// Take snapshots as the tenants' schedules say (false).
    pub(crate) schedule: Option<bool>,
    /// Longest time of a statement (60s).
    pub(crate) query_timeout: Option<Interval>,
    /// Most rows of an answer (1000000).
    pub(crate) max_rows: Option<u64>,
    /// Requests of one token or person a second (50).
    pub(crate) requests_per_second: Option<u32>,
    /// Requests of one token or person at once (200).
    pub(crate) requests_at_once: Option<u32>,
    /// Requests worked on at the same time (512).
    pub(crate) max_concurrency: Option<u16>,
    /// The record of who asked what.
    pub(crate) access: AccessSettings,
    /// Sign-in with Microsoft Entra ID.
    pub(crate) oidc: Option<OidcSettings>,
}

/// The record of who asked what.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AccessSettings {
    /// Days it is kept (400).
    pub(crate) days: Option<u32>,
    /// Record the text of statements, not only its hash (true).
    pub(crate) statements: Option<bool>,
}

/// Sign-in with Microsoft Entra ID.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OidcSettings {
    /// Issuer of the tokens: `https://login.microsoftonline.com/TENANT-ID/v2.0`.
    pub(crate) issuer: Option<String>,
    /// Client id of the application that stands for this server.
    pub(crate) client_id: Option<String>,
    /// Scope that people delegate (`access_as_user`).
    pub(crate) scope: Option<String>,
    /// Client ids of the applications that may ask for tokens; any where empty.
    pub(crate) clients: Vec<String>,
    /// App roles by their value, and the role or roles each stands for here.
    pub(crate) roles: BTreeMap<String, RoleWords>,
}

/// A role, or several: `reader`, or `reader@contoso` in one tenant alone.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "OneOrMore")]
pub(crate) struct RoleWords(pub(crate) Vec<Grant>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl TryFrom<OneOrMore> for RoleWords {
    type Error = String;

    fn try_from(words: OneOrMore) -> Result<Self, String> {
        let words = match words {
            OneOrMore::One(word) => vec![word],
            OneOrMore::More(words) => words,
        };
        if words.is_empty() {
            return Err("name a role".to_owned());
        }
        let grants = words.iter().map(|word| word.parse());
        Ok(Self(grants.collect::<Result<_, String>>()?))
    }
}

impl JsonSchema for RoleWords {
    fn schema_name() -> Cow<'static, str> {
        "RoleWords".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "array"],
            "items": {"type": "string"},
            "description": "A role or several: reader, or reader@contoso in one tenant alone",
        })
    }
}
