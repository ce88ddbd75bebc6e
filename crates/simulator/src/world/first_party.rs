//! Microsoft's own applications in a tenant, with the ids they have everywhere.
//!
//! Facts of Microsoft's published lists: `appId`s, and ids of Microsoft Graph's permissions.

/// An application of Microsoft's.
#[derive(Debug)]
pub(super) struct FirstParty {
    /// Name in the fixtures (`@service_principal/graph`).
    pub(super) alias: &'static str,
    pub(super) name: &'static str,
    pub(super) app_id: &'static str,
}

macro_rules! first_party {
    ($($alias:literal $name:literal $app_id:literal;)+) => {
        [$(FirstParty { alias: $alias, name: $name, app_id: $app_id }),+]
    };
}

/// Tenant that owns them.
pub(super) const OWNER: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";

#[rustfmt::skip]
pub(super) const FIRST_PARTY: [FirstParty; 36] = first_party![
    "graph" "Microsoft Graph" "00000003-0000-0000-c000-000000000000";
    "exchange" "Office 365 Exchange Online" "00000002-0000-0ff1-ce00-000000000000";
    "sharepoint" "Office 365 SharePoint Online" "00000003-0000-0ff1-ce00-000000000000";
    "aad" "Windows Azure Active Directory" "00000002-0000-0000-c000-000000000000";
    "portal" "Azure Portal" "c44b4083-3bb0-49c1-b47d-974e53cbdf3c";
    "teams" "Microsoft Teams" "1fec8e78-bce4-4aaf-ab1b-5451cc387264";
    "intune" "Microsoft Intune" "0000000a-0000-0000-c000-000000000000";
    "intune-enrollment" "Microsoft Intune Enrollment" "d4ebce55-015a-49b5-a083-c84d1797ae8c";
    "management-apis" "Office 365 Management APIs" "c5393580-f805-4401-95e8-94b7a6ef2fc2";
    "skype" "Skype for Business Online" "00000004-0000-0ff1-ce00-000000000000";
    "office" "Microsoft Office" "d3590ed6-52b3-4102-aeff-aad2292ab01c";
    "broker" "Microsoft Authentication Broker" "29d9ed98-a469-4536-ade2-f981bc1d605e";
    "azure-cli" "Microsoft Azure CLI" "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
    "azure-powershell" "Microsoft Azure PowerShell" "1950a258-227b-4e31-a9cf-717495945fc2";
    "graph-explorer" "Graph Explorer" "de8bc8b5-d9f9-48b1-a8ad-b748da725064";
    "graph-powershell" "Microsoft Graph Command Line Tools" "14d82eec-204b-4c2f-b7e8-296a70dab67e";
    "approvals" "Microsoft Approval Management" "65d91a3d-ab74-42e6-8a2f-0add61688c74";
    "rights" "Microsoft Rights Management Services" "00000012-0000-0000-c000-000000000000";
    "power-bi" "Power BI Service" "00000009-0000-0000-c000-000000000000";
    "power-query" "Microsoft Power Query" "f3b07414-6bf4-46e6-b63f-56941f3f4128";
    "my-apps" "My Apps" "2793995e-0a7d-40d7-bd35-6968ba142197";
    "my-profile" "My Profile" "8c59ead7-d703-4a27-9e55-c96a0054c8d2";
    "entitlement" "Azure AD Identity Governance - Entitlement Management" "810dcf14-1858-4bf2-8134-4c369fa3235b";
    "governance" "Azure AD Identity Governance" "bf26f092-3426-4a99-abfb-97dad74e661a";
    "pim" "MS-PIM" "01fc33a7-78ba-4d2f-a4b7-768e336e890e";
    "mfa-client" "Azure Multi-Factor Auth Client" "981f26a1-7f43-403b-a875-f8b09b8cd720";
    "mfa-service" "Azure MFA StrongAuthenticationService" "b5a60e17-278b-4c92-a4e2-b9262e66bb28";
    "device-registration" "Device Registration Service" "01cb2876-7ebd-4aa4-9cc9-d28bd4d359a9";
    "key-vault" "Azure Key Vault" "cfa8b339-82a2-471a-a3c9-0fc0be7a4093";
    "storage" "Azure Storage" "e406a681-f3d4-42a8-90b6-c2b029497af1";
    "cloud-app-security" "Microsoft Cloud App Security" "05a65629-4c1b-48c1-a78b-804c4abdd4af";
    "defender" "WindowsDefenderATP" "fc780465-2017-40d4-a0c5-307022471b92";
    "office-home" "OfficeHome" "4765445b-32c6-49b0-83e6-1d93765276ca";
    "outlook-mobile" "Outlook Mobile" "27922004-5251-4030-b22d-91ecd9a37ea4";
    "app-proxy" "Azure AD Application Proxy" "47ee738b-3f1a-4fc7-ab11-37e4822b007e";
    "password-reset" "Microsoft password reset service" "93625bc8-bfe2-437a-97e0-3d0060024faa";
];

/// Application permissions of Microsoft Graph: value and id of the app role.
#[rustfmt::skip]
pub(super) const GRAPH_ROLES: [(&str, &str); 28] = [
    ("User.Read.All", "df021288-bdef-4463-88db-98f22de89214"),
    ("User.ReadWrite.All", "741f803b-c850-494e-b5df-cde7c675a1ca"),
    ("Group.Read.All", "5b567255-7703-4780-807c-7be8301ae99b"),
    ("Group.ReadWrite.All", "62a82d76-70ea-41e2-9197-370581804d09"),
    ("GroupMember.Read.All", "98830695-27a2-44f7-8c18-0c3ebc9698f6"),
    ("Directory.Read.All", "7ab1d382-f21e-4acd-a863-ba3e13f7da61"),
    ("Directory.ReadWrite.All", "19dbc75e-c2e2-444c-a770-ec69d8559fc7"),
    ("Application.Read.All", "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"),
    ("Application.ReadWrite.All", "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"),
    ("AppRoleAssignment.ReadWrite.All", "06b708a9-e830-4db3-a914-8e69da51d44f"),
    ("Mail.Read", "810c84a8-4a9e-49e6-bf7d-12d183f40d01"),
    ("Mail.ReadWrite", "e2a3a72e-5f79-4c64-b1b1-878b674786c9"),
    ("Mail.Send", "b633e1c5-b582-4048-a93e-9f11b44c7e96"),
    ("Calendars.Read", "798ee544-9d2d-430c-a058-570e29e34338"),
    ("Calendars.ReadWrite", "ef54d2bf-783f-4e0f-bca1-3210c0444d99"),
    ("Contacts.Read", "089fe4d0-434a-44c5-8827-41ba8a0b17f5"),
    ("Files.Read.All", "01d4889c-1287-42c6-ac1f-5d1e02578ef6"),
    ("Files.ReadWrite.All", "75359482-378d-4052-8f01-80520e7db3cd"),
    ("Sites.Read.All", "332a536c-c7ef-4017-ab91-336970924f0d"),
    ("Sites.FullControl.All", "a82116e5-55eb-4c41-a434-62fe8a61c773"),
    ("AuditLog.Read.All", "b0afded3-3588-46d8-8b3d-9842eff778da"),
    ("Policy.Read.All", "246dd0d5-5bd0-4def-940b-0421030a5b68"),
    ("Policy.ReadWrite.ConditionalAccess", "01c0a623-fc9b-48e9-b794-0756f8e8f067"),
    ("RoleManagement.Read.Directory", "483bed4a-2ad3-4361-a73b-c83ccdbdc53c"),
    ("RoleManagement.ReadWrite.Directory", "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"),
    ("DeviceManagementManagedDevices.Read.All", "2f51be20-0bb4-4fed-bf7b-db946066c75e"),
    ("IdentityRiskEvent.Read.All", "6e472fd1-ad78-48da-a0f0-97ab2c6b769e"),
    ("Reports.Read.All", "230c1aed-a721-4c5d-9cb4-a90514e508ef"),
];

/// Delegated permissions of Microsoft Graph: value and id of the scope.
#[rustfmt::skip]
pub(super) const GRAPH_SCOPES: [(&str, &str); 20] = [
    ("openid", "37f7f235-527c-4136-accd-4a02d197296e"),
    ("profile", "14dad69e-099b-42c9-810b-d002981feec1"),
    ("email", "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0"),
    ("offline_access", "7427e0e9-2fba-42fe-b0c0-848c9e6a8182"),
    ("User.Read", "e1fe6dd8-ba31-4d61-89e7-88639da4683d"),
    ("User.ReadBasic.All", "b340eb25-3456-403f-be2f-af7a0d370277"),
    ("User.Read.All", "a154be20-db9c-4678-8ab7-66f6cc099a59"),
    ("Group.Read.All", "5f8c59db-677d-491f-a6b8-5f174b11ec1d"),
    ("Mail.Read", "570282fd-fa5c-430d-a7fd-fc8dc98a9dca"),
    ("Mail.ReadWrite", "024d486e-b451-40bb-833d-3e66d98c5c73"),
    ("Mail.Send", "e383f46e-2787-4529-855e-0e479a3ffac0"),
    ("Calendars.Read", "465a38f9-76ea-45b9-9f34-9e8b0d4b0b42"),
    ("Calendars.ReadWrite", "1ec239c2-d7c9-4623-a91a-a9775856bb36"),
    ("Contacts.Read", "ff74d97f-43af-4b68-9f2a-b77ee6968c5d"),
    ("Files.Read.All", "df85f4d6-205c-4ac5-a5ea-6bf408dba283"),
    ("Files.ReadWrite.All", "863451e7-0667-486c-a5d6-d135439485f0"),
    ("Sites.Read.All", "205e70e5-aba6-4c52-a976-6d2d46c48043"),
    ("Directory.Read.All", "06da0dbc-49e2-44d2-8312-53f166ab848a"),
    ("AuditLog.Read.All", "e4c9e354-4dc5-45b8-9e7c-e1393b0b1a20"),
    ("Policy.Read.All", "572fea84-0151-49b2-9301-11cb16974376"),
];

/// Id of an application permission of Microsoft Graph.
pub(super) fn graph_role(value: &str) -> &'static str {
    find(&GRAPH_ROLES, value)
}

/// Id of a delegated permission of Microsoft Graph.
pub(super) fn graph_scope(value: &str) -> &'static str {
    find(&GRAPH_SCOPES, value)
}

fn find(table: &[(&str, &'static str)], value: &str) -> &'static str {
    table
        .iter()
        .find(|(known, _)| *known == value)
        .map(|(_, id)| *id)
        .expect("because only permissions of these tables are asked for")
}
