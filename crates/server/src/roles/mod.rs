//! Who may do what: [`Grants`] say what somebody has, the [`matrix`] what each route takes.
//!
//! Everything is decided in one place, by the template of the route and the method ([`decide`]), before the route
//! runs. A route without a row in the matrix is nobody's.

mod decision;
mod grant;
mod matrix;
mod set;

pub(crate) use decision::decide_row;
pub use decision::{Decision, decide};
pub use grant::{Grant, Grants};
pub use matrix::{Access, MATRIX, Row, page, row};
pub use set::Roles;
