//! Names: from Graph's camelCase to SQL's `snake_case`, and which keys of an object are no
//! properties.

/// The SQL form of a Graph name: `onPremisesSyncEnabled` is `on_premises_sync_enabled`.
///
/// One mechanical rule. A word begins at a capital after a small letter or digit, and at the last
/// capital of a run when a small letter follows (`isDNSEnabled`: `is_dns_enabled`). Three shapes of
/// names would come apart and do not: a single leading letter belongs to the word after it
/// (`iOSVersion`: `ios_version`, `eTag`: `etag`), so does the plural `s` of a run
/// (`allowedAAGUIDs`: `allowed_aaguids`), and `OAuth` and `IPv4` are words. Characters that are
/// neither letter nor digit become `_`.
#[must_use]
pub fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 8);
    let mut word_start = 0;
    for (at, byte) in name.bytes().enumerate() {
        if at > word_start && begins_word(name.as_bytes(), word_start, at) {
            if !out.ends_with('_') {
                out.push('_');
            }
            word_start = at;
        }
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte.to_ascii_lowercase()));
        } else if !out.ends_with('_') {
            out.push('_');
        }
    }
    out
}

/// Words with a capital inside.
const MIXED_WORDS: [&[u8]; 3] = [b"OAuth", b"IPv4", b"IPv6"];

/// Whether a word begins at byte `at`, the last one having begun at `word_start`.
fn begins_word(name: &[u8], word_start: usize, at: usize) -> bool {
    if !name[at].is_ascii_uppercase() {
        return false;
    }
    let mut words = MIXED_WORDS.iter();
    if words.any(|word| name[at..].starts_with(word)) {
        return true;
    }
    let mut words = MIXED_WORDS.iter();
    if words.any(|word| name[word_start..].starts_with(word) && at < word_start + word.len()) {
        return false;
    }
    let before = name[at - 1];
    if before.is_ascii_uppercase() {
        return ends_run(name, at);
    }
    // One leading letter is no word: `iOS`, `eTag`.
    before.is_ascii_alphanumeric() && at > 1
}

/// Whether the capital at `at`, which follows another, is the first letter of the next word.
fn ends_run(name: &[u8], at: usize) -> bool {
    let Some(next) = name.get(at + 1).filter(|next| next.is_ascii_lowercase()) else {
        return false;
    };
    let plural = *next == b's'
        && name
            .get(at + 2)
            .is_none_or(|after| !after.is_ascii_lowercase());
    !plural
}

/// Annotations of a whole object or page that carry nothing about the object.
const OBJECT_ANNOTATIONS: [&str; 17] = [
    "microsoft.graph.downloadUrl",
    "microsoft.graph.tips",
    "odata.associationLink",
    "odata.context",
    "odata.count",
    "odata.deltaLink",
    "odata.editLink",
    "odata.etag",
    "odata.id",
    "odata.mediaContentType",
    "odata.mediaEditLink",
    "odata.mediaEtag",
    "odata.mediaReadLink",
    "odata.metadataEtag",
    "odata.navigationLink",
    "odata.nextLink",
    "odata.readLink",
];

/// Whether a key of a Graph object is transport and no property of the object: `@odata.etag`,
/// `businessPhones@odata.type`, an action such as `#microsoft.graph.restore`.
///
/// `@odata.type` says which subtype the object is, `@removed` and `members@delta` say what
/// happened: those are meaning. What is not known to be transport is kept.
#[must_use]
pub fn is_transport(key: &str) -> bool {
    // Asked for every property of every object. Counting to the end beats a search that may stop:
    // many bytes are taken at a time, and nearly no name has the sign.
    if key.bytes().filter(|byte| *byte == b'@').count() == 0 {
        return key.starts_with("#microsoft.graph.");
    }
    let Some((property, annotation)) = key.rsplit_once('@') else {
        return false;
    };
    OBJECT_ANNOTATIONS.binary_search(&annotation).is_ok()
        || (!property.is_empty() && annotation == "odata.type")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_apart_where_words_begin() {
        for (graph, sql) in [
            ("id", "id"),
            ("onPremisesSyncEnabled", "on_premises_sync_enabled"),
            ("createdDateTime", "created_date_time"),
            ("oauth2PermissionScopes", "oauth2_permission_scopes"),
            ("oAuth2PermissionGrant", "oauth2_permission_grant"),
            ("appId", "app_id"),
            ("isDNSEnabled", "is_dns_enabled"),
            ("customCSS", "custom_css"),
            ("customCSSRelativeUrl", "custom_css_relative_url"),
            ("azureADDeviceId", "azure_ad_device_id"),
            ("allowedToUseSSPR", "allowed_to_use_sspr"),
            ("b2bCollaborationInbound", "b2b_collaboration_inbound"),
            ("m365CollaborationInbound", "m365_collaboration_inbound"),
            ("x509CertificateField", "x509_certificate_field"),
            ("runAs32Bit", "run_as32_bit"),
            ("riskEventTypes_v2", "risk_event_types_v2"),
            ("alerts_v2", "alerts_v2"),
            ("deviceOSType", "device_os_type"),
            ("wiFiMacAddress", "wi_fi_mac_address"),
            ("conditionalAccessPolicies", "conditional_access_policies"),
            ("UserPrincipalName", "user_principal_name"),
            ("ID", "id"),
            ("", ""),
        ] {
            assert_eq!(snake_case(graph), sql, "{graph}");
        }
    }

    #[test]
    fn words_with_capitals_inside_stay_whole() {
        for (graph, sql) in [
            ("iOSVersion", "ios_version"),
            ("iPad", "ipad"),
            ("iCloudBlockBackup", "icloud_block_backup"),
            ("eTag", "etag"),
            ("iPv4Address", "ipv4_address"),
            ("IPv4Address", "ipv4_address"),
            ("localIPv6Address", "local_ipv6_address"),
            ("allowedAAGUIDs", "allowed_aaguids"),
            ("externalIPs", "external_ips"),
            ("blockedURLsCount", "blocked_urls_count"),
            (
                "enterpriseCloudPrintOAuthAuthority",
                "enterprise_cloud_print_oauth_authority",
            ),
        ] {
            assert_eq!(snake_case(graph), sql, "{graph}");
        }
    }

    #[test]
    fn transport_is_told_from_meaning() {
        for key in [
            "@odata.context",
            "@odata.etag",
            "@odata.id",
            "@odata.editLink",
            "@odata.nextLink",
            "@odata.deltaLink",
            "@odata.count",
            "@microsoft.graph.tips",
            "businessPhones@odata.type",
            "members@odata.navigationLink",
            "members@odata.associationLink",
            "members@odata.context",
            "members@odata.count",
            "members@odata.nextLink",
            "backgroundImage@odata.mediaReadLink",
            "#microsoft.graph.restore",
        ] {
            assert!(is_transport(key), "{key}");
        }
        for key in [
            "@odata.type",
            "@removed",
            "members@delta",
            "members@odata.bind",
            "displayName",
            "extension_0123_sponsor@contoso",
            "#tag",
            "",
        ] {
            assert!(!is_transport(key), "{key}");
        }
    }

    #[test]
    fn annotations_are_sorted() {
        assert!(OBJECT_ANNOTATIONS.is_sorted());
    }
}
