//! Shows the archive as Arrow tables: any state, diff, history.

mod access;
mod allowed;
mod attribution;
mod bounded;
mod clauses;
mod columns;
mod condition;
mod dialect;
mod error;
mod find;
mod formula;
mod functions;
pub mod json;
mod library;
mod lived;
mod mentions;
mod object;
mod pages;
mod parameters;
mod plain;
mod revision;
mod scalars;
mod schemas;
mod scope;
mod series;
mod session;
mod size;
mod source;
mod stack;
mod statement;
mod tables;
mod time_travel;
mod timeline;

pub use columns::{DamagedColumns, RefreshReport, check_columns, refresh_columns};
pub use datafusion::arrow;
pub use error::{Error, Result};
pub use find::{Find, FindOptions, FoundKind};
pub use formula::harmless;
pub use library::{
    Broken, CONTRACT, Entry, Finding, Folder, Hunter, Library, Looked, Parameter, ParameterType,
    Severity,
};
pub use lived::Lived;
pub use object::ObjectRef;
pub use pages::{Page, table_pages};
pub use revision::resolve;
pub use scope::Provenance;
pub use session::{Answer, Limits, Rows, Session, SessionOptions};
pub use source::Source;
pub use statement::split_statements;
