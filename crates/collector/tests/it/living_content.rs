//! Images that objects only name.

use simulator::{Act, Properties, Seed};
use store::CoverageState;

use crate::living::{Kept, Living, findings, kind, request, said};

const WORDS: &str = "organization,organizational_branding,organizational_branding_localization";

fn banner(living: &Living) -> String {
    format!("/organization/{}/branding/bannerLogo", living.tenant_id)
}

fn content(living: &Living, media_type: &'static str, bytes: &[u8]) {
    let path = banner(living);
    let seed = Seed::Content {
        path,
        media_type,
        bytes: bytes.to_vec(),
    };
    living.change(|tenant| {
        tenant
            .seed(seed)
            .unwrap_or_else(|refusal| panic!("{refusal}"));
    });
}

#[test]
fn an_image_is_stored_once_and_a_new_one_is_a_version() {
    let mut living = Living::company(60);
    let mut kept = Kept::new(&living.tenant_id);
    let request = request(WORDS);
    for _ in 0..4 {
        let report = kept.collect(&living, &request);
        assert_eq!(
            said(&report, "binary_content").state,
            CoverageState::Complete
        );
        living.live_day();
    }
    let versions = |kept: &Kept| {
        kept.archive()
            .kind("binary_content")
            .map(|kind| kind.versions)
    };
    assert_eq!(versions(&kept), Some(1));
    let objects = kept.objects("binary_content");
    assert_eq!(objects.keys().collect::<Vec<_>>(), [&banner(&living)]);
    assert!(objects[&banner(&living)].contains("\"mediaType\":\"image/png\""));

    content(&living, "image/png", b"\x89PNG another");
    let report = kept.collect(&living, &request);
    let said = said(&report, "binary_content");
    assert_eq!((said.opened, said.closed, said.new_versions), (1, 1, 1));
    assert_eq!(versions(&kept), Some(2));
}

#[test]
fn what_is_no_image_does_not_take_the_place_of_one() {
    let living = Living::company(60);
    let mut kept = Kept::new(&living.tenant_id);
    let request = request(WORDS);
    kept.collect(&living, &request);
    let before = kept.objects("binary_content");
    let instead: [(&'static str, &[u8]); 3] = [
        (
            "text/html; charset=utf-8",
            b"<html>Sign in to the proxy</html>",
        ),
        ("application/json", b"{\"error\":{}}"),
        ("image/png", b""),
    ];
    for (media_type, bytes) in instead {
        content(&living, media_type, bytes);
        let report = kept.collect(&living, &request);
        assert_eq!(
            said(&report, "binary_content").state,
            CoverageState::Partial
        );
        assert!(
            findings(&report)
                .iter()
                .any(|one| one.contains("content was not read")),
            "{:?}",
            findings(&report)
        );
        assert_eq!(kept.objects("binary_content"), before, "{media_type}");
    }
}

#[test]
fn an_image_that_is_not_named_any_more_is_closed() {
    let living = Living::company(60);
    let mut kept = Kept::new(&living.tenant_id);
    let request = request(WORDS);
    kept.collect(&living, &request);
    let mut properties = Properties::new();
    properties.insert("bannerLogoRelativeUrl".to_owned(), serde_json::Value::Null);
    living.act(
        Act::Update {
            kind: kind("organizational_branding"),
            parents: vec![living.tenant_id.clone()],
            id: String::new(),
            properties,
        },
        false,
    );
    let report = kept.collect(&living, &request);
    assert_eq!(kept.objects("binary_content").len(), 0);
    assert_eq!(said(&report, "binary_content").closed, 1);
}
