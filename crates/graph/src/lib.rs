//! Speaks Microsoft Graph: tokens, pages, batches, retries, one request budget for all.
//!
//! A [`Client`] is made from [`Settings`] without any I/O and is cheap to clone; all clones share one token, one
//! budget and one [`Meter`]. It reads one [`Page`] at a time and leaves paging to its caller, who asks a
//! [`PageGuard`] whether going on makes sense:
//!
//! ```no_run
//! # async fn read(client: graph::Client) -> graph::Result<()> {
//! use graph::{Api, Get, PageGuard};
//!
//! let mut request = Get::path(Api::V1, "/users?$select=id,displayName&$top=999", "user").cost(1);
//! let mut guard = PageGuard::default();
//! loop {
//!     let page = client.get(&request).await?;
//!     // ... keep page.body ...
//!     guard.check(&page)?;
//!     let Some(next) = page.next else { break };
//!     request = request.following(next);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What holds everywhere:
//! - A token is sent to the configured origin and nowhere else: links are proved before they can be asked for
//!   ([`Link`]), redirects are never followed.
//! - An answer is a whole JSON object within limits, or an [`Error`]; a broken answer is never half an answer.
//! - Quotas are kept before Graph has to say so, and when it does, the whole family of requests stops.
//! - No secret, token or query value is printed, in errors or in logs.

mod auth;
mod batch;
mod budget;
mod client;
mod clock;
mod error;
mod guard;
mod held;
mod meter;
mod origin;
mod page;
mod refusal;
mod request;
mod retry;
mod scan;
mod secret;
mod settings;
mod silence;
mod transport;

pub use auth::Identity;
pub use budget::identity_units;
pub use client::Client;
pub use clock::{Clock, LeapingClock, SystemClock};
pub use error::{Error, ErrorKind, Result};
pub use guard::PageGuard;
pub use meter::{Figures, Meter, MeterReport};
pub use origin::Link;
pub use page::{Content, Page};
pub use request::{Answer, Api, Family, Get, Method, Target, Write};
pub use secret::{Secret, SecretValue};
pub use settings::{
    Cloud, Credential, DevicePrompt, IdentityEndpoint, Limits, Pace, Prompt, Settings,
};
