//! Binary content that objects only name: logos and background images of the branding.

use catalog::Kind;
use graph::{Content, Get};
use model::{KEY_SEPARATOR, Parser, Value};

use super::super::message::{self, Message};
use super::Reader;
use super::failure::{Failure, Result};
use super::pages::Place;
use crate::ask::{api, family};

/// Kinds whose objects name content by relative URLs.
pub(in super::super) const NAMED_BY: [&str; 2] = [
    "organizational_branding",
    "organizational_branding_localization",
];
/// How properties that name content end; what is before is the last step of its address.
const ENDING: &str = "RelativeUrl";

impl Reader {
    /// Reads the content that the objects on a page name.
    pub(super) async fn contents(&self, place: Place<'_>, body: &[u8]) -> Result<()> {
        let kind = place.step.kind;
        if !names_content(kind) {
            return Ok(());
        }
        for path in paths(place, body) {
            let get = Get::path(api(kind), path.clone(), kind.name)
                .family(family(kind))
                .accept("*/*");
            match self.client.download(&get).await {
                Ok(content) if let Some(instead) = instead(&content) => {
                    self.tell(Message::NoContent {
                        kind: kind.name.to_owned(),
                        path,
                        reason: format!("content was not read: {instead} came instead"),
                    })
                    .await?;
                }
                Ok(content) => {
                    self.tell(Message::Content(message::Content {
                        kind: kind.name.to_owned(),
                        path,
                        media_type: content.media.unwrap_or_default(),
                        body: content.body,
                    }))
                    .await?;
                }
                Err(error) if error.kind() == graph::ErrorKind::Cancelled => {
                    return Err(Failure::from(error));
                }
                Err(error) => {
                    self.tell(Message::NoContent {
                        kind: kind.name.to_owned(),
                        path,
                        reason: format!("content was not read: {error}"),
                    })
                    .await?;
                }
            }
        }
        Ok(())
    }
}

/// Whether objects of a kind name content that is read by itself.
pub(super) fn names_content(kind: &Kind) -> bool {
    NAMED_BY.contains(&kind.name)
}

/// What came where an image or style sheet was asked for: a proxy's page, an error in JSON, nothing.
fn instead(content: &Content) -> Option<&'static str> {
    match content.media.as_deref() {
        _ if content.body.is_empty() => Some("nothing"),
        Some("application/json") => Some("JSON"),
        Some("text/html") => Some("a page of HTML"),
        _ => None,
    }
}

/// Addresses of the content that the objects on a page name.
fn paths(place: Place<'_>, body: &[u8]) -> Vec<String> {
    let kind = place.step.kind;
    let mut parser = Parser::new();
    let Ok(document) = parser.parse(body) else {
        return Vec::new();
    };
    let root = document.root();
    let parents: Vec<&str> = place
        .parent
        .split(KEY_SEPARATOR)
        .filter(|id| !id.is_empty())
        .collect();
    let Some(base) = kind.path_with(&parents) else {
        return Vec::new();
    };
    let rows: Vec<Value<'_>> = match root.get("value") {
        Some(list) => list.elements().collect(),
        None => vec![root],
    };
    let is_list = root.get("value").is_some();
    let mut paths = Vec::new();
    for row in rows {
        let id = row.get("id").and_then(Value::text);
        let object = match id.filter(|_| is_list) {
            Some(id) => format!("{base}/{id}"),
            None => base.clone(),
        };
        for (name, value) in row.members() {
            let named = value.text().is_some_and(|url| !url.is_empty());
            if let Some(last) = name.strip_suffix(ENDING).filter(|_| named) {
                paths.push(format!("{object}/{last}"));
            }
        }
    }
    paths
}
