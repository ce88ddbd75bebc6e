//! Applications that may ask for tokens, and how they prove who they are.

/// `app_id` of [`AppCredential::default`].
pub const DEFAULT_APP_ID: &str = "5e7f0b3c-1a5d-4c06-9f43-0e2d6b8a9c11";
/// Its client secret.
pub const DEFAULT_SECRET: &str = "simulated-secret";

/// An application registered in the tenant.
#[derive(Debug, Clone)]
pub struct AppCredential {
    /// `appId`, the client id of token requests.
    pub app_id: String,
    /// Object id of its service principal: the actor of what it writes.
    pub service_principal_id: String,
    /// Display name.
    pub name: String,
    /// Client secrets that are accepted.
    pub secrets: Vec<String>,
    /// base64url SHA-256 thumbprints (`x5t#S256`) of its certificates; `*` accepts any. The signature
    /// itself is not checked.
    pub certificates: Vec<String>,
    /// Issuer and subject of its federated identity credentials.
    pub federated: Vec<(String, String)>,
    /// Permissions its tokens carry.
    pub roles: Vec<String>,
    /// Who signs in with a device code; an administrator of no account where `None`.
    pub user: Option<String>,
}

impl Default for AppCredential {
    fn default() -> Self {
        Self {
            app_id: DEFAULT_APP_ID.to_owned(),
            service_principal_id: "7a2c9d10-84be-4f5e-8d0b-3c1f6e5a7b22".to_owned(),
            name: "entrace".to_owned(),
            secrets: vec![DEFAULT_SECRET.to_owned()],
            certificates: vec!["*".to_owned()],
            federated: Vec::new(),
            roles: read_roles(),
            user: None,
        }
    }
}

/// Permissions that together read everything the catalogue lists, and write the directory.
fn read_roles() -> Vec<String> {
    const ROLES: [&str; 24] = [
        "AccessReview.Read.All",
        "AdministrativeUnit.Read.All",
        "Agreement.Read.All",
        "Application.ReadWrite.All",
        "AuditLog.Read.All",
        "CustomSecAttributeAssignment.Read.All",
        "CustomSecAttributeDefinition.Read.All",
        "DeviceManagementApps.Read.All",
        "DeviceManagementConfiguration.Read.All",
        "DeviceManagementManagedDevices.Read.All",
        "DeviceManagementRBAC.Read.All",
        "DeviceManagementServiceConfig.Read.All",
        "Directory.ReadWrite.All",
        "EntitlementManagement.Read.All",
        "Group.ReadWrite.All",
        "IdentityProvider.Read.All",
        "IdentityRiskEvent.Read.All",
        "IdentityRiskyUser.Read.All",
        "Organization.Read.All",
        "Policy.Read.All",
        "Policy.ReadWrite.ConditionalAccess",
        "RoleManagement.ReadWrite.Directory",
        "User.ReadWrite.All",
        "UserAuthenticationMethod.Read.All",
    ];
    ROLES.iter().map(|role| (*role).to_owned()).collect()
}

/// A client assertion, as far as it tells whose it is.
pub(crate) enum Assertion<'a> {
    /// Thumbprint of the certificate it was signed with.
    Certificate(&'a str),
    /// Issuer, subject and audience of another provider's token.
    Federated(&'a str, &'a str, &'a str),
}

/// Audience of tokens exchanged for one of Entra's.
const EXCHANGE: &str = "api://AzureADTokenExchange";

impl AppCredential {
    pub(crate) fn accepts(&self, assertion: &Assertion<'_>) -> bool {
        match assertion {
            Assertion::Certificate(print) => {
                let mut known = self.certificates.iter();
                !print.is_empty() && known.any(|own| own == "*" || own == print)
            }
            Assertion::Federated(issuer, subject, audience) => {
                let mut known = self.federated.iter();
                *audience == EXCHANGE && known.any(|(own, sub)| own == issuer && sub == subject)
            }
        }
    }
}
