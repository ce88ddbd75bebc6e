//! Bearer tokens of Microsoft Entra ID.
//!
//! ```text
//!   token ─▶ size ─▶ header ─▶ key by its kid ─▶ signature, issuer, audience ─▶ times ─▶ tenant, version
//!                                  │                                                        │
//!                       the issuer's key set, cached                person or application ◀─┘
//!                                                                         │
//!                                                        app roles ─▶ roles here; (tid, oid) is who it is
//! ```
//!
//! The library's defaults check neither `nbf` nor `iss`, and `aud` only where it is present; everything that is
//! required is said here. Times are compared with a clock that is given, so that tests need not wait.

mod claims;
mod keys;
mod published;
mod refused;
mod source;
mod validator;

#[cfg(test)]
pub(crate) mod forge;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod rotation;

pub use keys::Keys;
pub use refused::{Claim, Refused};
pub use source::{HttpKeys, KeySource, Loading};
pub use validator::{OidcOptions, Validator, Verified};

/// Longest token that is looked at, in bytes. Entra's are a few thousand.
pub const MAX_TOKEN_BYTES: usize = 16 << 10;
