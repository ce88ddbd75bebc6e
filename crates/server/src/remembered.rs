//! Answers kept in memory.
//!
//! An answer about an archive stays right until somebody commits to it, unless it depends on the time it was asked
//! at. So what was asked once is answered from memory: found by who asked, the address as it was written and the
//! formats, and only as long as the archive is the one it was made from. Dashboards ask the same all day.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::asked::{TENANT, matches, text_of};
use crate::fleet::Served;
use crate::principal::Principal;
use crate::state::AppState;

/// Largest answer that is kept, in bytes.
const MAX_BYTES: usize = 1 << 20;
/// What an entry takes besides its body, roughly.
const ENTRY_BYTES: usize = 1 << 10;

/// Says of an answer that it may be kept: the archive it was made from.
#[derive(Debug, Clone)]
pub(crate) struct Rememberable {
    pub(crate) served: Arc<Served>,
    pub(crate) generation: u64,
}

/// The answers.
#[derive(Debug)]
pub(crate) struct Remembered {
    most_bytes: usize,
    kept: Mutex<Kept>,
}

type Name = [u8; 32];

#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<Name, Entry>,
    /// From the oldest on; one that was used since goes to the end instead of away.
    order: VecDeque<Name>,
    bytes: usize,
}

#[derive(Debug, Clone)]
struct Entry {
    answer: Arc<Answer>,
    was_used: bool,
}

#[derive(Debug)]
struct Answer {
    basis: Rememberable,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn bytes(&self) -> usize {
        self.body.len() + ENTRY_BYTES
    }

    fn response(&self, if_none_match: Option<&str>) -> Response {
        let etag = self.headers.get(header::ETAG);
        let etag = etag.and_then(|etag| etag.to_str().ok());
        let has = if_none_match
            .zip(etag)
            .is_some_and(|(given, etag)| matches(given, etag));
        let mut response = if has {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Body::from(self.body.clone()).into_response()
        };
        *response.headers_mut() = self.headers.clone();
        response
    }
}

impl Remembered {
    pub(crate) fn new(most_bytes: usize) -> Self {
        Self {
            most_bytes,
            kept: Mutex::default(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        // What is in it is whole after each statement, or a little large.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, name: &Name) -> Option<Arc<Answer>> {
        let mut kept = self.lock();
        let entry = kept.answers.get_mut(name)?;
        entry.was_used = true;
        Some(Arc::clone(&entry.answer))
    }

    fn keep(&self, name: Name, answer: Answer) {
        if answer.bytes() > self.most_bytes {
            return;
        }
        let mut kept = self.lock();
        kept.bytes += answer.bytes();
        let entry = Entry {
            answer: Arc::new(answer),
            was_used: false,
        };
        match kept.answers.insert(name, entry) {
            Some(before) => kept.bytes -= before.answer.bytes(),
            None => kept.order.push_back(name),
        }
        while kept.bytes > self.most_bytes {
            let Some(oldest) = kept.order.pop_front() else {
                break;
            };
            match kept.answers.get_mut(&oldest) {
                Some(entry) if entry.was_used => {
                    entry.was_used = false;
                    kept.order.push_back(oldest);
                }
                _ => {
                    if let Some(entry) = kept.answers.remove(&oldest) {
                        kept.bytes -= entry.answer.bytes();
                    }
                }
            }
        }
    }
}

/// Answers from memory where it can, and keeps what may be kept.
pub(crate) async fn remember(state: &AppState, request: Request, next: Next) -> Response {
    let Some(name) = name_of(&request) else {
        return next.run(request).await;
    };
    let given = text_of(request.headers(), header::IF_NONE_MATCH.as_str());
    if let Some(answer) = state.remembered.find(&name) {
        let served = &answer.basis.served;
        let opened = served.opened(&state.engine).await;
        if opened.is_ok_and(|opened| opened.generation == answer.basis.generation) {
            state.guard.metrics.cache(true);
            return answer.response(given.as_deref());
        }
    }
    let mut response = next.run(request).await;
    let Some(basis) = response.extensions_mut().remove::<Rememberable>() else {
        return response;
    };
    state.guard.metrics.cache(false);
    let size = response.body().size_hint().exact();
    if size.is_none_or(|size| size > MAX_BYTES as u64) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BYTES).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let answer = Answer {
        basis,
        headers: parts.headers,
        body,
    };
    let response = answer.response(given.as_deref());
    state.remembered.keep(name, answer);
    response
}

/// What an answer is found by; none for a request that is answered anew each time.
fn name_of(request: &Request) -> Option<Name> {
    if request.method() != Method::GET {
        return None;
    }
    let principal = request.extensions().get::<Arc<Principal>>()?;
    let address = request.uri().path_and_query()?.as_str();
    let mut hasher = blake3::Hasher::new();
    for part in [principal.key.as_str(), address] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    for name in [header::ACCEPT.as_str(), TENANT] {
        for value in request.headers().get_all(name) {
            hasher.update(name.as_bytes());
            hasher.update(&(value.len() as u64).to_le_bytes());
            hasher.update(value.as_bytes());
        }
    }
    Some(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{ServerOptions, TenantOptions};

    fn answer(bytes: usize) -> Answer {
        let options = ServerOptions {
            tenants: vec![TenantOptions {
                name: "a".to_owned(),
                archive: "/nowhere".into(),
                secrets: store::Secrets::default(),
                collecting: None,
                restoring: None,
            }],
            ..ServerOptions::default()
        };
        let fleet = crate::fleet::Fleet::new(&options).expect("because there is one");
        let served = Arc::clone(fleet.all().next().expect("because there is one"));
        Answer {
            basis: Rememberable {
                served,
                generation: 1,
            },
            headers: HeaderMap::new(),
            body: Bytes::from(vec![0; bytes]),
        }
    }

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let remembered = Remembered::new(3 * (1000 + ENTRY_BYTES));
        for name in 0..3 {
            remembered.keep([name; 32], answer(1000));
        }
        assert!(remembered.find(&[0; 32]).is_some());
        remembered.keep([3; 32], answer(1000));
        assert!(remembered.find(&[0; 32]).is_some(), "it was used");
        assert!(
            remembered.find(&[1; 32]).is_none(),
            "the oldest that was not"
        );
        assert!(remembered.find(&[2; 32]).is_some());
        remembered.keep([9; 32], answer(1 << 20));
        assert!(
            remembered.find(&[9; 32]).is_none(),
            "larger than all there is"
        );
        assert!(remembered.lock().bytes <= remembered.most_bytes);
    }
}
