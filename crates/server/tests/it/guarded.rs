//! Two tenants behind a server that lets nobody in without a token.

use std::path::Path;

use axum::body::Body;
use axum::http::request::Builder;
use axum::http::{Method, Request};
use server::access_record::AccessOptions;
use server::auth::token::TokenFile;
use server::roles::Grants;
use server::{ServerOptions, TenantOptions};
use store::Secrets;
use tempfile::TempDir;

use crate::support::{Answer, Served, archive, served_with, time};

/// A server, its tenants contoso and fabrikam, and its state folder.
pub(crate) struct Guarded {
    pub(crate) served: Served,
    pub(crate) tokens: TokenFile,
    pub(crate) folder: TempDir,
    _other: TempDir,
}

/// A server that lets nobody in without a token.
pub(crate) fn guarded() -> Guarded {
    guarded_with(|_| {})
}

/// The same with other options.
pub(crate) fn guarded_with(change: impl FnOnce(&mut ServerOptions)) -> Guarded {
    let (folder, other) = (new_folder(), new_folder());
    archive(other.path());
    let served = served_with(|options| {
        options.everyone = None;
        options.tenants.push(TenantOptions {
            name: "fabrikam".to_owned(),
            archive: other.path().to_owned(),
            secrets: Secrets::default(),
            collecting: None,
            restoring: None,
        });
        options.guard.folder = Some(folder.path().to_owned());
        options.guard.access = Some(AccessOptions::new(folder.path().join("access")));
        change(options);
    });
    Guarded {
        served,
        tokens: TokenFile::new(folder.path()),
        folder,
        _other: other,
    }
}

fn new_folder() -> TempDir {
    tempfile::tempdir().expect("because there is room")
}

/// What was granted, by its words.
pub(crate) fn grants(words: &[&str]) -> Grants {
    let grants = words
        .iter()
        .map(|word| word.parse().expect("because it is a grant"));
    Grants(grants.collect())
}

impl Guarded {
    /// A token that may this.
    pub(crate) fn token(&self, words: &[&str]) -> String {
        let now = time("2026-10-20T11:00:00Z");
        let made = self
            .tokens
            .create(&format!("{words:?}"), grants(words), None, now);
        made.expect("because the folder is ours")
            .0
            .expose()
            .to_owned()
    }

    /// Sends a request with a token.
    pub(crate) async fn send(&self, method: Method, address: &str, token: &str) -> Answer {
        self.send_with(method, address, token, |request| request)
            .await
    }

    /// Sends a request with a token and whatever else.
    pub(crate) async fn send_with(
        &self,
        method: Method,
        address: &str,
        token: &str,
        change: impl FnOnce(Builder) -> Builder,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(address);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = change(request).body(Body::empty());
        self.served
            .send(request.expect("because it is a request"))
            .await
    }

    /// The access record as it stands in its files.
    pub(crate) fn record(&self) -> String {
        read_all(&self.folder.path().join("access"))
    }
}

/// The text of all files of a folder.
pub(crate) fn read_all(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).expect("because it is there");
    let files = entries.flatten().filter(|entry| entry.path().is_file());
    let texts = files.map(|entry| {
        let bytes = std::fs::read(entry.path()).expect("because it is a file");
        String::from_utf8_lossy(&bytes).into_owned()
    });
    texts.collect()
}
