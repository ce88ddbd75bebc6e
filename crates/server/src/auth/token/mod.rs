//! Tokens of the API's own, for programs and for places without Entra.
//!
//! ```text
//!   entrace_ k3Jx...43 characters, 256 bits...9Qa tR4w2Z
//!   └ prefix └ the secret, base62                 └ CRC-32 of what stands before it, base62
//! ```
//!
//! Prefix and checksum are for those who look for leaked secrets, and for slips of the pen: a token that was
//! copied badly is told from one that is not known. Only a BLAKE3 hash of it is kept. A slow password hash would
//! add nothing: nobody can try 2^256 secrets, and it would make every request slow.

mod file;
mod secret;

pub use file::{Description, TokenFile, TokenState};
pub use secret::{PREFIX, Refused, TokenId, TokenSecret};
