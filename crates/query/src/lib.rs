//! Shows the archive as Arrow tables: any state, diff, history.

mod attribution;
mod columns;
mod condition;
mod dialect;
mod error;
mod find;
mod functions;
mod mentions;
mod object;
mod parameters;
mod plain;
mod revision;
mod schemas;
mod scope;
mod session;
mod source;
mod statement;
mod tables;
mod time_travel;
mod timeline;

pub use columns::{DamagedColumns, RefreshReport, check_columns, refresh_columns};
pub use datafusion::arrow;
pub use error::{Error, Result};
pub use find::{Find, FindOptions, FoundKind};
pub use object::ObjectRef;
pub use revision::resolve;
pub use scope::Provenance;
pub use session::{Answer, Limits, Rows, Session, SessionOptions};
pub use source::Source;
pub use statement::split_statements;
