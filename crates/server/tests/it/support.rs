//! An archive made by hand, a server over it, and requests to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use jiff::Timestamp;
use serde_json::Value;
use server::{AppState, Principal, Role, ServerOptions, TenantOptions, Tenants, router};
use store::{
    Archive, Closing, Coverage, CreateOptions, KindOptions, LocalStorage, Object, Secrets,
    SlotChoice, Source, Storage, Writer, WriterOptions,
};
use tempfile::TempDir;
use tower::ServiceExt;

pub(crate) const ALICE: &str = "11111111-1111-1111-1111-111111111111";
pub(crate) const BOB: &str = "22222222-2222-2222-2222-222222222222";

/// A served archive.
pub(crate) struct Served {
    pub(crate) router: Router,
    pub(crate) state: AppState,
    pub(crate) folder: TempDir,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("because ours are text"))
    }

    /// The word of the problem it is.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json");
        let document = self.json();
        assert_eq!(document["status"], self.status.as_u16());
        let kind = document["type"].as_str().expect("because it is required");
        kind.trim_start_matches("/problems/").to_owned()
    }
}

/// An archive of two users over three snapshots, a day apart from 2026-10-01:
/// alice is an engineer, then a manager; bob is there in the first two only.
pub(crate) fn archive(folder: &std::path::Path) {
    let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(folder));
    let options = CreateOptions {
        tenant: "contoso.example".to_owned(),
        slots: vec![SlotChoice::Unprotected],
        tool: "test".to_owned(),
        now: time("2026-10-01T00:00:00Z"),
    };
    Archive::create(&storage, &options).expect("because the folder is empty");
    let alice = "11111111-1111-1111-1111-111111111111";
    let bob = "22222222-2222-2222-2222-222222222222";
    for (day, users) in [
        (
            "2026-10-01T09:00:00Z",
            vec![(alice, "Alice", "engineer"), (bob, "=Bob", "clerk")],
        ),
        (
            "2026-10-02T09:00:00Z",
            vec![(alice, "Alice", "manager"), (bob, "=Bob", "clerk")],
        ),
        ("2026-10-03T09:00:00Z", vec![(alice, "Alice", "manager")]),
    ] {
        snapshot(folder, day, &users);
    }
}

/// Commits a snapshot in which these users are all there are.
pub(crate) fn snapshot(folder: &std::path::Path, at: &str, users: &[(&str, &str, &str)]) {
    let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(folder));
    let options = WriterOptions {
        tool: "test".to_owned(),
        now: || time("2026-10-20T00:00:00Z"),
    };
    let mut writer =
        Writer::open(storage, &Secrets::default(), options).expect("because it is ours");
    let mut snapshot = writer
        .begin(time(at), Source::default())
        .expect("because nothing is under way");
    let kind = snapshot
        .kind("user", KindOptions::default())
        .expect("because a kind may be new");
    for (id, name, title) in users {
        let json = format!(r#"{{"displayName":"{name}","id":"{id}","jobTitle":"{title}"}}"#);
        let object = Object {
            key: id,
            payload: &json,
            subject: None,
            volatile: "",
        };
        let put = snapshot.put(kind, &object, &mut |_| false);
        put.expect("because it is an object");
    }
    snapshot.cover(kind, Coverage::default(), Closing::Unseen);
    snapshot
        .commit("")
        .expect("because the folder can be written");
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().expect("because it is a time")
}

/// Somebody with every role.
pub(crate) fn everyone() -> Principal {
    Principal {
        name: "tester".to_owned(),
        key: "test".to_owned(),
        roles: Role::ALL.into_iter().collect::<BTreeSet<_>>(),
        tenants: Tenants::All,
    }
}

/// A server over that archive, open to everyone.
pub(crate) fn served() -> Served {
    served_with(|_| {})
}

/// The same with other options.
pub(crate) fn served_with(change: impl FnOnce(&mut ServerOptions)) -> Served {
    let folder = tempfile::tempdir().expect("because there is room");
    archive(folder.path());
    let mut options = ServerOptions {
        tenants: vec![TenantOptions {
            name: "contoso".to_owned(),
            archive: folder.path().to_owned(),
            secrets: Secrets::default(),
            collecting: None,
            restoring: None,
        }],
        everyone: Some(everyone()),
        now: || time("2026-10-20T12:00:00Z"),
        ..ServerOptions::default()
    };
    // Tests ask faster than anybody does.
    let most = server::limits::Rate {
        per_second: 1_000_000,
        at_once: 1_000_000,
    };
    (
        options.guard.limits.principal,
        options.guard.limits.everybody,
    ) = (most, most);
    change(&mut options);
    let state = AppState::new(options).expect("because they do not contradict each other");
    Served {
        router: router(state.clone()),
        state,
        folder,
    }
}

impl Served {
    /// Sends a request.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await;
        let Ok(response) = response;
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await;
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.expect("because the answer is whole"),
        }
    }

    /// Asks for an address.
    pub(crate) async fn get(&self, address: &str) -> Answer {
        let request = Request::get(address).body(Body::empty());
        self.send(request.expect("because it is an address")).await
    }
}
