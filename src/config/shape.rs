//! What a configuration can say. The doc comments are the descriptions in the JSON Schema.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::server::ServerSettings;
use super::values::{Interval, Kinds, Schedule};

/// Configuration of entrace.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "entrace configuration")]
pub(crate) struct Shape {
    /// The archive, and what opens it.
    pub(crate) store: StoreSettings,
    /// Tenants, each under a name of your own.
    pub(crate) tenants: BTreeMap<String, TenantSettings>,
    /// How tenants are read.
    pub(crate) collect: CollectSettings,
    /// Queries and rules of your own.
    pub(crate) library: LibrarySettings,
    /// Who lets restore plans run, and when.
    pub(crate) restore: RestoreSettings,
    /// The HTTP API.
    pub(crate) server: ServerSettings,
}

/// The archive, and what opens it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoreSettings {
    /// The archive of a tenant that names none of its own: a folder, relative to this file.
    pub(crate) path: Option<PathBuf>,
    /// age identity files that open the archive.
    pub(crate) key_file: Vec<PathBuf>,
    /// File whose first line is the passphrase.
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Command whose output's first line is the passphrase.
    pub(crate) passphrase_command: Option<String>,
}

/// One tenant.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TenantSettings {
    /// Tenant id, or one of the tenant's domain names.
    pub(crate) tenant_id: Option<String>,
    /// Microsoft cloud the tenant is in.
    pub(crate) cloud: Option<CloudName>,
    /// Another Graph than the cloud's own.
    pub(crate) graph_url: Option<String>,
    /// Another place to get tokens from than the cloud's own.
    pub(crate) authority: Option<String>,
    /// How to sign in; without it the `AZURE_*` environment variables say so.
    pub(crate) auth: Option<AuthSettings>,
    /// How restore plans sign in to this tenant, instead of `restore.auth`.
    pub(crate) restore_auth: Option<AuthSettings>,
    /// The tenant's archive: a folder, relative to this file.
    pub(crate) archive: Option<PathBuf>,
    /// Which kinds to read.
    pub(crate) kinds: Option<Kinds>,
    /// When to read everything whole.
    pub(crate) schedule: Option<Schedule>,
    /// How often to ask for changes between that.
    pub(crate) delta_every: Option<Interval>,
    /// Names given to every snapshot of this tenant that a schedule makes: the newest one bears them.
    pub(crate) tags: Vec<String>,
}

/// A Microsoft cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CloudName {
    /// Worldwide, GCC included.
    Global,
    /// US Government L4, GCC High.
    UsGov,
    /// US Government L5.
    Dod,
    /// China, operated by 21Vianet.
    China,
}

/// How to sign in. Secrets are named by where they are, never written here.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AuthSettings {
    /// The way to sign in.
    pub(crate) method: Option<Method>,
    /// Application (client) id.
    pub(crate) client_id: Option<String>,
    /// Environment variable with the client secret.
    pub(crate) client_secret_env: Option<String>,
    /// File with the client secret.
    pub(crate) client_secret_file: Option<PathBuf>,
    /// Program, and its arguments, that prints the client secret.
    pub(crate) client_secret_command: Option<Vec<String>>,
    /// Entry of the system's key store with the client secret.
    pub(crate) client_secret_keyring: Option<KeyringEntry>,
    /// PEM file with the certificate and its private key.
    pub(crate) certificate_file: Option<PathBuf>,
    /// Environment variable with the PEM text.
    pub(crate) certificate_env: Option<String>,
    /// Program, and its arguments, that prints the PEM text.
    pub(crate) certificate_command: Option<Vec<String>>,
    /// Entry of the system's key store with the PEM text.
    pub(crate) certificate_keyring: Option<KeyringEntry>,
    /// File with the other identity provider's token.
    pub(crate) token_file: Option<PathBuf>,
    /// Delegated permissions to ask for; by default those of the chosen kinds.
    pub(crate) scopes: Option<Vec<String>>,
}

/// A way to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    /// An app with a client secret.
    ClientSecret,
    /// An app with a certificate.
    Certificate,
    /// An app that trusts another identity provider.
    FederatedTokenFile,
    /// The managed identity of the Azure machine this runs on.
    ManagedIdentity,
    /// A person, who signs in on another device.
    DeviceCode,
}

impl Method {
    /// The word for it in a file.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::ClientSecret => "client_secret",
            Self::Certificate => "certificate",
            Self::FederatedTokenFile => "federated_token_file",
            Self::ManagedIdentity => "managed_identity",
            Self::DeviceCode => "device_code",
        }
    }
}

/// An entry of the system's key store.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyringEntry {
    /// Service the entry is filed under.
    pub(crate) service: String,
    /// User of the entry.
    pub(crate) user: String,
}

/// How tenants are read.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CollectSettings {
    /// Most requests of one run; what is not read then is said to be partial.
    pub(crate) max_requests: Option<u64>,
    /// How long reading one kind may take (2h).
    pub(crate) kind_time: Option<Interval>,
    /// How long changes alone are trusted before everything is read whole and compared (7d).
    pub(crate) full_every: Option<Interval>,
    /// Take a kind of which nothing is left as deleted (false).
    pub(crate) accept_deletions: Option<bool>,
    /// How fast to ask (microsoft).
    pub(crate) pace: Option<PaceName>,
    /// Requests under way at the same time (8).
    pub(crate) max_concurrency: Option<u16>,
}

/// Queries and rules of your own.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LibrarySettings {
    /// Folders with SQL files, relative to this file; a later one takes precedence.
    pub(crate) folders: Vec<PathBuf>,
}

/// Who lets restore plans run, and when.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RestoreSettings {
    /// Whether plans run at all (false).
    pub(crate) enabled: Option<bool>,
    /// Whether somebody else than its author must approve a plan (true).
    pub(crate) require_second_person: Option<bool>,
    /// Approvals a plan needs, each by another person (1).
    pub(crate) approvals: Option<u32>,
    /// Approvals a plan needs that is large, gives a role or touches what is protected (2).
    pub(crate) approvals_for_risk: Option<u32>,
    /// Most steps of a plan that is not large (200).
    pub(crate) max_changes: Option<u64>,
    /// Objects that are protected, as on the command line (user:breakglass1@contoso.example).
    pub(crate) protected: Vec<String>,
    /// Longest time an approval may be for (24h).
    pub(crate) longest_approval: Option<Interval>,
    /// Age beyond which a plan does not run (7d).
    pub(crate) oldest_plan: Option<Interval>,
    /// How plans sign in, apart from what reads: an application with the permissions to write.
    pub(crate) auth: Option<AuthSettings>,
    /// File of allowed signers, as OpenSSH has it, that says who may approve instead of the archive's own list.
    pub(crate) approvers_file: Option<PathBuf>,
}

/// How fast to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaceName {
    /// Within the quotas Microsoft documents.
    Microsoft,
    /// As fast as answers come: for simulated tenants.
    Unlimited,
}
