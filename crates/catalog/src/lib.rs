//! Which Entra resources exist, and how to key, name, normalise, relate and type each: as data.
//!
//! One family of resources is one file under `families/`; [`kinds`] lists them all. Nothing here
//! does I/O or knows about archives.

pub mod audit;
mod export_path;
mod families;
mod graph_path;
mod kept_logs;
mod kind;
mod lookup;
mod names;
mod notation;
mod reading;
mod request;
mod selection;
mod throttle;
mod writing;

pub use export_path::{ExportMatch, by_export_path};
pub use graph_path::by_path;
pub use kept_logs::is_kept_log;
pub use kind::{Api, Category, Column, ColumnType, Kind, PARENT, Reference, Relationship, Shape};
pub use lookup::{by_entity_type, by_name, by_table, kinds, resolve};
pub use names::{is_transport, snake_case};
pub use reading::{Access, Delta, FurtherPermission, Licence, SoftDelete};
pub use request::Request;
pub use selection::{UnknownWord, select_kinds};
pub use throttle::Throttle;
pub use writing::{Address, Apart, Body, Method, NewVersion, Operation, WriteRequest, Writing};
