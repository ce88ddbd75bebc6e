//! Forms of links, most of them hostile.

use super::*;

fn graph() -> Origin {
    Origin::new(
        "graph",
        &Url::parse("https://graph.microsoft.com").expect("a valid address"),
    )
    .expect("a valid origin")
}

#[test]
fn links_of_graph_pass_unchanged() {
    for text in [
        "https://graph.microsoft.com/v1.0/users?$skiptoken=RFNwdAoAAQ",
        "https://graph.microsoft.com/beta/users/delta?$deltatoken=a%20b'c",
        "https://graph.microsoft.com:443/v1.0/groups?$top=999",
        "HTTPS://Graph.Microsoft.com/v1.0/groups",
        "https://graph.microsoft.com/v1.0/users?$filter=mail eq 'é'"
            .replace(' ', "%20")
            .as_str(),
        "https://graph.microsoft.com/v1.0/users?next=https://evil.example/",
    ] {
        let link = graph().link(text).expect("a link of Graph");
        assert_eq!(link.as_str(), text);
    }
}

#[test]
fn links_that_lead_away_are_refused_naming_only_the_host() {
    for (text, host) in FORMS {
        let error = graph().link(text).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::OffOrigin, "{text}");
        assert!(error.message().ends_with(host), "{text}: {error}");
        assert!(!error.to_string().contains("s3cret"), "{text}: {error}");
    }
    assert!(FORMS.len() >= 30);
}

const FORMS: &[(&str, &str)] = &[
    (
        "https://evil.example/v1.0/users?$skiptoken=s3cret",
        "evil.example",
    ),
    (
        "https://graph.microsoft.com.evil.example/v1.0/users",
        "graph.microsoft.com.evil.example",
    ),
    (
        "https://evilgraph.microsoft.com/v1.0/users",
        "evilgraph.microsoft.com",
    ),
    (
        "https://graph.microsoft.com@evil.example/v1.0/users",
        "evil.example",
    ),
    (
        "https://graph.microsoft.com:443@evil.example/v1.0/users",
        "evil.example",
    ),
    (
        "https://s3cret:s3cret@graph.microsoft.com/v1.0/users",
        "graph.microsoft.com",
    ),
    (
        "https://@graph.microsoft.com/v1.0/users",
        "graph.microsoft.com",
    ),
    (
        "https://graph.microsoft.com:8443/v1.0/users",
        "graph.microsoft.com",
    ),
    (
        "http://graph.microsoft.com/v1.0/users",
        "graph.microsoft.com",
    ),
    (
        "http://graph.microsoft.com:443/v1.0/users",
        "graph.microsoft.com",
    ),
    (
        "ftp://graph.microsoft.com/v1.0/users",
        "graph.microsoft.com",
    ),
    ("//evil.example/v1.0/users", "no host"),
    ("/v1.0/users?$skiptoken=s3cret", "no host"),
    ("users", "no host"),
    ("", "no host"),
    (
        "https://gr\u{430}ph.microsoft.com/v1.0/users",
        "xn--grph-63d.microsoft.com",
    ),
    (
        "https://\u{ff47}raph.microsoft.com/v1.0/users",
        "graph.microsoft.com",
    ),
    (
        "https://graph\u{3002}microsoft.com/v1.0/users",
        "graph.microsoft.com",
    ),
    (
        "https://graph.microsoft.com./v1.0/users",
        "graph.microsoft.com.",
    ),
    (
        "https://graph%2emicrosoft.com/v1.0/users",
        "graph.microsoft.com",
    ),
    ("https://20.190.128.1/v1.0/users", "20.190.128.1"),
    ("https://0x14be8001/v1.0/users", "20.190.128.1"),
    ("https://[::1]/v1.0/users", "[::1]"),
    ("https://127.0.0.1/v1.0/users", "127.0.0.1"),
    (
        "https://graph.microsoft.com\\@evil.example/v1.0/users",
        "graph.microsoft.com",
    ),
    ("https:\\\\evil.example\\v1.0\\users", "evil.example"),
    (
        "https://evil.example\\.graph.microsoft.com/v1.0/users",
        "evil.example",
    ),
    ("https:/evil.example/v1.0/users", "evil.example"),
    ("https:evil.example/v1.0/users", "evil.example"),
    (
        "https://graph.microsoft.com/../v1.0/users",
        "graph.microsoft.com",
    ),
    (
        "https://graph.microsoft.com/v1.0/../v2/users",
        "graph.microsoft.com",
    ),
    (
        "https://graph.microsoft.com/v1.0/%2e%2e/secret/users",
        "graph.microsoft.com",
    ),
    (
        "https://graph.microsoft.com/v1.0/..%2f..%2fusers",
        "graph.microsoft.com",
    ),
    ("https://graph.microsoft.com/v1.0", "graph.microsoft.com"),
    (
        "https://graph.microsoft.com/V1.0/users",
        "graph.microsoft.com",
    ),
    (
        "https://graph.microsoft.com/other/v1.0/users",
        "graph.microsoft.com",
    ),
    (
        "https://graph.microsoft.com/v1.0/users#s3cret",
        "graph.microsoft.com",
    ),
    (
        " https://graph.microsoft.com/v1.0/users",
        "graph.microsoft.com",
    ),
    (
        "https://graph.microsoft.com/v1.0/us\ners",
        "graph.microsoft.com",
    ),
    (
        "https://graph.micro\tsoft.com/v1.0/users",
        "graph.microsoft.com",
    ),
    (
        "https://graph.microsoft.com/v1.0/users\u{0}",
        "graph.microsoft.com",
    ),
    ("javascript:alert(1)", "no host"),
    ("data:text/html,s3cret", "no host"),
    ("file:///etc/passwd", "no host"),
];

#[test]
fn roots_that_cannot_be_trusted_are_refused() {
    for (text, part) in [
        ("http://graph.microsoft.com", "plain http"),
        ("http://127.evil.example", "plain http"),
        ("http://localhost.evil.example", "plain http"),
        ("ftp://graph.microsoft.com", "neither https nor http"),
        ("https://user@graph.microsoft.com", "user name"),
        ("https://graph.microsoft.com./", "dot"),
        ("https://graph.microsoft.com/?a=b", "query"),
    ] {
        let error = Origin::new("graph", &Url::parse(text).expect("an address")).expect_err(text);
        assert!(error.message().contains(part), "{text}: {error}");
    }
    for text in [
        "http://127.0.0.1:8080",
        "http://127.1.2.3",
        "http://[::1]:80/sim",
        "http://localhost:1",
        "https://x.example/graph/",
    ] {
        assert!(
            Origin::new("graph", &Url::parse(text).expect("an address")).is_ok(),
            "{text}"
        );
    }
}

#[test]
fn a_root_path_is_part_of_the_origin() {
    let origin = Origin::new(
        "graph",
        &Url::parse("https://x.example/graph/").expect("an address"),
    )
    .expect("an origin");
    assert!(origin.link("https://x.example/graph/v1.0/users").is_ok());
    assert!(origin.link("https://x.example/v1.0/users").is_err());
    assert!(origin.link("https://x.example/rootv1.0/users").is_err());
    assert_eq!(
        origin
            .join("/v1.0/users?$top=5")
            .expect("below the root")
            .as_str(),
        "https://x.example/graph/v1.0/users?$top=5"
    );
    assert!(origin.join("/v1.0/users/../../x").is_err());
    assert!(origin.join("@evil.example/").is_err());
}

#[test]
fn debug_hides_the_query() {
    let link = graph()
        .link("https://graph.microsoft.com/v1.0/users/delta?%24deltatoken=s3cret&$select=id")
        .expect("a link");
    assert_eq!(
        format!("{link:?}"),
        "Link(/v1.0/users/delta?$deltatoken&$select)"
    );
}
