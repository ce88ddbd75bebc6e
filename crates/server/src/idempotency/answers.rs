//! Answers that were given, by the requests they were given to.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::keep::Keep;
use crate::problem::{Code, Problem};

/// Folder among a tenant's working files.
const FOLDER: &str = "server/answers";
/// How long a key is good.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);
/// Keys of one tenant that are remembered; more are refused until old ones end.
const MAX_KEPT: usize = 10_000;
/// Longest body of an answer that is kept, in bytes.
const MAX_BODY_BYTES: usize = 1 << 20;

/// A request with a key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'r> {
    pub(crate) principal: &'r str,
    pub(crate) tenant: &'r str,
    /// Method, a space, path and query.
    pub(crate) address: &'r str,
    pub(crate) key: &'r str,
    pub(crate) body: &'r [u8],
}

impl Asked<'_> {
    /// What the answer is kept under: the key alone would be anybody's.
    fn name(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("entrace idempotency key v1");
        for part in [self.principal, self.tenant, self.address, self.key] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        format!("{FOLDER}/{}", hasher.finalize().to_hex())
    }
}

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) status: u16,
    /// Names and values.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What is remembered of a request.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    body_hash: String,
    at: Timestamp,
    /// None as long as it is under way.
    answer: Option<Kept>,
}

/// What is to be done with a request.
#[derive(Debug)]
pub(crate) enum Begun {
    /// It is new: work on it, and say what came of it.
    New(Ticket),
    /// It was answered before.
    Again(Kept),
}

/// The right to work on a request. Dropped without an answer, the request may be made again.
pub(crate) struct Ticket {
    answers: Answers,
    tenant: String,
    name: String,
    body_hash: String,
    is_over: bool,
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ticket")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// All answers that are remembered. Clones are the same.
#[derive(Clone)]
pub(crate) struct Answers(Arc<Inner>);

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answers").finish_non_exhaustive()
    }
}

struct Inner {
    keep: Arc<dyn Keep>,
    clock: Clock,
    /// Names of requests that are under way in this process.
    under_way: Mutex<HashSet<(String, String)>>,
}

impl Answers {
    pub(crate) fn new(keep: Arc<dyn Keep>, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            keep,
            clock,
            under_way: Mutex::default(),
        }))
    }

    /// Looks whether a request was made before, and takes it where it was not.
    ///
    /// # Errors
    /// Where the key was used for another body, or the first request has no answer yet or never got one.
    pub(crate) fn begin(&self, asked: Asked<'_>) -> Result<Begun, Problem> {
        let name = asked.name();
        let body_hash = blake3::hash(asked.body).to_hex().to_string();
        let now = self.0.clock.now();
        let entry = (asked.tenant.to_owned(), name.clone());
        let is_first = self.under_way(|all| all.insert(entry.clone()));
        if !is_first {
            return Err(in_progress());
        }
        // From here the entry is this request's, and must be given back.
        let looked = self.look(asked.tenant, &name, &body_hash, now);
        let remembered = match looked {
            Ok(None) => self.remember(asked.tenant, &name, &body_hash, None, now),
            Ok(Some(kept)) => {
                self.under_way(|all| all.remove(&entry));
                return Ok(Begun::Again(kept));
            }
            Err(problem) => Err(problem),
        };
        if let Err(problem) = remembered {
            self.under_way(|all| all.remove(&entry));
            return Err(problem);
        }
        Ok(Begun::New(Ticket {
            answers: self.clone(),
            tenant: asked.tenant.to_owned(),
            name,
            body_hash,
            is_over: false,
        }))
    }

    fn look(
        &self,
        tenant: &str,
        name: &str,
        body_hash: &str,
        now: Timestamp,
    ) -> Result<Option<Kept>, Problem> {
        let Some(found) = self.read(tenant, name)? else {
            self.make_room(tenant, now)?;
            return Ok(None);
        };
        if now.duration_since(found.at) >= GOOD_FOR {
            return Ok(None);
        }
        if found.body_hash != body_hash {
            return Err(Problem::new(
                Code::IdempotencyKeyReused,
                "this Idempotency-Key was used with another body; take a new one for a new request",
            ));
        }
        // It was begun by a server that ended before it could answer.
        found.answer.map(Some).ok_or_else(|| {
            Problem::new(
                Code::OutcomeUnknown,
                "the server ended while it worked on this request; look at what has become of it (/v1/jobs, /v1/plans) \
                 before you make it again with a new key",
            )
        })
    }

    fn read(&self, tenant: &str, name: &str) -> Result<Option<Remembered>, Problem> {
        let text = self.0.keep.read(tenant, name)?;
        Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
    }

    fn remember(
        &self,
        tenant: &str,
        name: &str,
        body_hash: &str,
        answer: Option<Kept>,
        at: Timestamp,
    ) -> Result<(), Problem> {
        let remembered = Remembered {
            body_hash: body_hash.to_owned(),
            at,
            answer,
        };
        let text = serde_json::to_vec(&remembered).expect("because it is made of texts");
        self.0.keep.write(tenant, name, &text)
    }

    /// Forgets what has ended, where there is much.
    fn make_room(&self, tenant: &str, now: Timestamp) -> Result<(), Problem> {
        let names = self.0.keep.list(tenant, FOLDER)?;
        if names.len() < MAX_KEPT {
            return Ok(());
        }
        let mut left = names.len();
        for name in &names {
            let found = self.read(tenant, name)?;
            if found.is_none_or(|found| now.duration_since(found.at) >= GOOD_FOR) {
                self.0.keep.delete(tenant, name)?;
                left -= 1;
            }
        }
        if left < MAX_KEPT {
            return Ok(());
        }
        Err(Problem::new(
            Code::Busy,
            format!("{MAX_KEPT} requests with an Idempotency-Key were made within a day; no more are remembered"),
        )
        .retry_after(std::time::Duration::from_mins(10)))
    }

    fn under_way<T>(&self, look: impl FnOnce(&mut HashSet<(String, String)>) -> T) -> T {
        let all = &self.0.under_way;
        look(&mut all.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn in_progress() -> Problem {
    Problem::new(
        Code::IdempotencyInProgress,
        "a request with this Idempotency-Key is being worked on; ask again in a moment",
    )
    .retry_after(std::time::Duration::from_secs(1))
}

impl Ticket {
    /// Keeps the answer, unless another try may change it. One that is too long is kept without its body: then it is
    /// known at least that the request was answered, and how.
    pub(crate) fn answered(mut self, mut answer: Kept) -> Result<(), Problem> {
        if answer.status == 429 || answer.status >= 500 {
            return Ok(());
        }
        if answer.body.len() > MAX_BODY_BYTES {
            answer.body.clear();
        }
        let now = self.answers.0.clock.now();
        self.answers
            .remember(&self.tenant, &self.name, &self.body_hash, Some(answer), now)?;
        self.is_over = true;
        Ok(())
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.is_over {
            let _ = self.answers.0.keep.delete(&self.tenant, &self.name);
        }
        let entry = (self.tenant.clone(), self.name.clone());
        self.answers.under_way(|all| all.remove(&entry));
    }
}
