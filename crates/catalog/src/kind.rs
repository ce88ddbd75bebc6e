//! What one kind of Entra resource is: the record every family file fills in.
//!
//! A [`Kind`] is plain data. Code that needs to know how to key, name, normalise, relate or type an
//! object reads it here and nowhere else, so that a new Graph resource is one new entry in a family
//! file. Property paths use Graph's own camelCase names joined by `.`; arrays are transparent, so
//! `passwordCredentials.secretText` means that property of every element.
//!
//! Paths may lead through what [`Kind::query`] expands (`assignments.target.groupId`): expanded
//! navigation properties arrive as part of the object.

use crate::names::snake_case;
use crate::reading::{Delta, FurtherPermission, Licence, SoftDelete};
use crate::writing::Writing;

/// One kind of resource: a Graph collection or singleton, its relationships included.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Singular `snake_case` name, unique (`conditional_access_policy`).
    pub name: &'static str,
    /// SQL table, the plural (`conditional_access_policies`), unique.
    pub table: &'static str,
    /// What a person calls it (`Conditional Access policy`).
    pub title: &'static str,
    /// Short names accepted where a kind is typed by hand (`ca`), unique over all kinds.
    pub aliases: &'static [&'static str],
    /// The part of the directory it belongs to.
    pub category: Category,
    /// Which Graph version serves it best.
    pub api: Api,
    /// Graph path template, parents in braces (`/groups/{groupId}/members`).
    pub path: &'static str,
    /// Query options a faithful read needs, paging apart; `None` where the default suffices. `{t}`
    /// stands for the time to read from, `{groupId}` for each group's id.
    pub query: Option<&'static str>,
    /// Least privileged application permissions, any one of which reads it in full; empty where
    /// application-only reading is impossible or undocumented: [`Kind::access`] tells which.
    pub permissions: &'static [&'static str],
    /// Permission for a signed-in administrator where no application permission reads it.
    pub delegated: Option<&'static str>,
    /// Permissions that show what [`Kind::permissions`] leave hidden.
    pub further_permissions: &'static [FurtherPermission],
    /// Cheapest licence that brings the feature.
    pub licence: Licence,
    /// Largest `$top` of a plain list (delta functions take none); `None`: send no `$top`.
    pub page_size: Option<u16>,
    /// How its changes are asked for; `None`: read it all and compare.
    pub delta: Option<Delta>,
    /// `$expand` clause that brings a to-one edge along with the list of its parents, instead of one
    /// request each (`manager($select=id)`). An object without the property has no such edge.
    pub expand: Option<&'static str>,
    /// `$expand` clause by which a list of many parents shows its rows, instead of one request each
    /// (`owners($select=id)`). Graph shows twenty of each parent at most, without saying so.
    pub shown_by: Option<&'static str>,
    /// Beginnings of `activityDisplayName` in the directory audit log after which the rows below a
    /// target of the event must be read again \[memory\]; for kinds whose parents are many and that no
    /// delta covers. Empty: nothing announces a change.
    pub changed_by: &'static [&'static str],
    /// Whether its rows are never made together with their parent: each has an event of its own, and below a parent
    /// that is new there is nothing to be read.
    pub made_later: bool,
    /// Where its objects go when deleted; `None`: they are gone at once.
    pub soft_delete: Option<SoftDelete>,
    /// How it is written; `None`: Graph has no request that does.
    pub writing: Option<Writing>,
    /// Request headers a faithful read needs.
    pub headers: &'static [(&'static str, &'static str)],
    /// Whether the list shows objects in part, so that each must be read by its own address too
    /// \[memory\] ([`Kind::object_request`]).
    pub read_each: bool,
    /// Qualified type of the collection's elements (`microsoft.graph.user`).
    pub entity_type: &'static str,
    /// Types derived from it that occur in the collection: an object says which in `@odata.type`.
    pub derived_types: &'static [&'static str],
    /// Object, singleton, relationship or event.
    pub shape: Shape,
    /// Property that identifies an object among its siblings; `None` only for singletons without
    /// one. Graph leaves out the id of several singletons that declare one.
    pub key: Option<&'static str>,
    /// Kind whose id stands in the path, where there is one.
    pub parent: Option<&'static str>,
    /// Property that names an object to a person, first present wins; empty for singletons that
    /// have no name of their own.
    pub display: &'static [&'static str],
    /// Property that holds the id of the natural person whose data this is: such versions are
    /// sealed under that person's own key, so that they can be erased alone. [`PARENT`] where it is
    /// the parent's id in the path.
    pub subject: Option<&'static str>,
    /// Bookkeeping that moves by mere use or by the clock: never a version, never shown as a
    /// change.
    pub volatile: &'static [&'static str],
    /// Real changes made by machines or the service: versions, marked so that a report can fold
    /// them.
    pub drift: &'static [&'static str],
    /// Properties Graph computes: stripped before a write.
    pub read_only: &'static [&'static str],
    /// Properties fixed at creation.
    pub immutable: &'static [&'static str],
    /// Arrays whose order carries no meaning.
    pub sets: &'static [&'static str],
    /// Paths at which Graph shows another object whole. Only its `id` is the object's own: the rest is that object's,
    /// and changes with it.
    pub embeds: &'static [&'static str],
    /// Values that must never enter an archive in clear.
    pub secrets: &'static [&'static str],
    /// Properties that hold the id (or appId ...) of another object.
    pub references: &'static [Reference],
    /// Folder or file of an `EntraExporter` export, `<id>` for an object's own folder.
    pub export_path: Option<&'static str>,
    /// Typed columns besides the ones every table has, in the order of the type's declaration.
    pub columns: &'static [Column],
}

/// [`Kind::subject`] of kinds whose person is not named in the object, only in its path.
pub const PARENT: &str = "^parent";

impl Kind {
    /// What most kinds share, so that an entry lists only what is its own.
    pub(crate) const BASE: Self = Self {
        name: "",
        table: "",
        title: "",
        aliases: &[],
        category: Category::Directory,
        api: Api::V1,
        path: "",
        query: None,
        permissions: &[],
        delegated: None,
        further_permissions: &[],
        licence: Licence::Free,
        page_size: None,
        delta: None,
        expand: None,
        shown_by: None,
        changed_by: &[],
        made_later: false,
        soft_delete: None,
        writing: None,
        headers: &[],
        read_each: false,
        entity_type: "",
        derived_types: &[],
        shape: Shape::Object,
        key: Some("id"),
        parent: None,
        display: &[],
        subject: None,
        volatile: &[],
        drift: &[],
        read_only: &[],
        immutable: &[],
        sets: &[],
        embeds: &[],
        secrets: &[],
        references: &[],
        export_path: None,
        columns: &[],
    };

    /// Whether its rows are only edges.
    #[must_use]
    pub const fn is_relationship(&self) -> bool {
        matches!(self.shape, Shape::Relationship(_))
    }

    /// Whether its rows are those of an append-only log.
    #[must_use]
    pub const fn is_event(&self) -> bool {
        matches!(self.shape, Shape::Event { .. })
    }
}

/// How a kind is laid out in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Objects with an id of their own.
    Object,
    /// At most one object per tenant, or per parent where there is one.
    Singleton,
    /// Edges: only the two ends matter, every other property belongs to the target. Such a kind has
    /// no columns and no property lists, and its reference is the relationship's target.
    Relationship(Relationship),
    /// Rows of an append-only log; the field is the property with the event's time.
    Event {
        /// Property that holds the time of the event.
        time: &'static str,
    },
}

/// The two ends of a relationship and the words for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relationship {
    /// Graph's navigation property on the source (`members`); also the relation in the `links`
    /// table.
    pub relation: &'static str,
    /// Column with the source's id (`group_id`).
    pub source_column: &'static str,
    /// Column with the target's id (`member_id`).
    pub target_column: &'static str,
    /// Kind of the target, or `directory_object` where several are possible.
    pub target: &'static str,
    /// Whether a source has at most one target (`manager`).
    pub single: bool,
}

/// Edges to any number of targets.
pub(crate) const fn to_many(
    relation: &'static str,
    source_column: &'static str,
    target_column: &'static str,
    target: &'static str,
) -> Shape {
    Shape::Relationship(Relationship {
        relation,
        source_column,
        target_column,
        target,
        single: false,
    })
}

/// Edges to at most one target a source.
pub(crate) const fn to_one(
    relation: &'static str,
    source_column: &'static str,
    target_column: &'static str,
    target: &'static str,
) -> Shape {
    Shape::Relationship(Relationship {
        relation,
        source_column,
        target_column,
        target,
        single: true,
    })
}

/// A property that points at another object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// Path of the property.
    pub path: &'static str,
    /// Kind pointed at, or one of the pseudo kinds `directory_object`, `directory_object_scope`,
    /// `access_package_catalog_scope`, `application_template`.
    pub target: &'static str,
    /// Property of the target that the value equals.
    pub target_key: &'static str,
}

/// A typed SQL column and the property it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Graph property; the column's name is its [`crate::snake_case`] form.
    pub property: &'static str,
    /// How the value is shown.
    pub kind: ColumnType,
}

impl Column {
    /// Name of the SQL column.
    #[must_use]
    pub fn name(&self) -> String {
        snake_case(self.property)
    }
}

/// SQL type of a column. What does not fit is null in the column and stays whole in `properties`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// `Edm.String`, enums, `Edm.Guid`, `Edm.Duration`, `Edm.TimeOfDay`, base64 of `Edm.Binary`.
    Text,
    /// `Edm.Boolean`.
    Bool,
    /// `Edm.Int16`, `Edm.Int32`, `Edm.Int64`, `Edm.Byte`.
    Int,
    /// `Edm.Double`, `Edm.Single`, `Edm.Decimal`.
    Float,
    /// `Edm.DateTimeOffset`, nanoseconds since the epoch, UTC.
    Time,
    /// `Edm.Date`.
    Date,
    /// Complex types, collections and untyped values, as JSON text.
    Json,
}

/// Graph endpoint version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// `/v1.0`.
    V1,
    /// `/beta`.
    Beta,
}

impl Api {
    /// First segment of a path: `v1.0` or `beta`.
    #[must_use]
    pub const fn segment(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        }
    }
}

/// Category of the module catalogue, the words of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Users, groups, devices, organisation.
    Directory,
    /// Applications and service principals.
    Applications,
    /// Devices and security.
    DevicesAndSecurity,
    /// Roles, assignments, PIM.
    RolesAndPermissions,
    /// Conditional Access and every other policy.
    Policies,
    /// Access packages, reviews, terms of use, lifecycle.
    IdentityGovernance,
    /// Microsoft 365 settings.
    M365,
    /// Intune.
    Intune,
    /// Append-only logs.
    Logs,
}
