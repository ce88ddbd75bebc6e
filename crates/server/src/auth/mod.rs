//! Who a request is from.
//!
//! There are three ways in, and no way without one of them:
//!
//! | brings | is | where from |
//! |---|---|---|
//! | `entrace_...` | a program, or a person with a script | [`token`]: `entrace token create` |
//! | a JWT | a person or an application of an Entra tenant | [`oidc`] |
//! | the session's token | whoever started the server on this machine | [`session`]: shown once, gone with the server |

mod bearer;
mod identity;
pub mod oidc;
mod origin;
mod session;
pub mod token;

pub use identity::{Authenticator, Identity, Unauthenticated};
pub use origin::{Names, Tricked};
pub use session::Session;
