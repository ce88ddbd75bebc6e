//! The shorthand the family files are written in: lists of Graph property names without quotes.
//!
//! Names are separated by spaces, so that a long list stays a few lines. rustfmt leaves these lists
//! alone: they are no Rust expressions.

/// Property paths: `paths![displayName conditions.users.includeUsers]`.
macro_rules! paths {
    ($($first:ident $(. $rest:ident)*)+) => {
        &[$(concat!(stringify!($first) $(, ".", stringify!($rest))*)),+]
    };
}

/// Columns: a type, then the properties of that type, in the order of the declaration:
/// `columns![Text displayName mail, Bool accountEnabled]`.
macro_rules! columns {
    ($($kind:ident $($property:ident)+),+) => {
        &[$($($crate::kind::Column {
            property: stringify!($property),
            kind: $crate::kind::ColumnType::$kind,
        }),+),+]
    };
}

/// References: `references![roleDefinitionId => role_definition, appId => application.appId]`.
/// The property of the target is its `id` unless named.
macro_rules! references {
    (@key) => { "id" };
    (@key $key:ident) => { stringify!($key) };
    ($($first:ident $(. $rest:ident)* => $target:ident $(. $key:ident)?),+) => {
        &[$($crate::kind::Reference {
            path: concat!(stringify!($first) $(, ".", stringify!($rest))*),
            target: stringify!($target),
            target_key: $crate::notation::references!(@key $($key)?),
        }),+]
    };
}

/// A `$select` option: `select![id displayName]`.
macro_rules! select {
    ($first:ident $($rest:ident)*) => {
        concat!("$select=", stringify!($first) $(, ",", stringify!($rest))*)
    };
}

pub(crate) use {columns, paths, references, select};
