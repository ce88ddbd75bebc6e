//! Scalar functions of ours: what an id, a kind or a revision means in this archive, and where to look at it.

use std::fmt::Write as _;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result as EngineResult;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{ColumnarValue, Volatility, create_udf};
use datafusion::scalar::ScalarValue;

use crate::error::{Error, Result};
use crate::scope::Scope;
use crate::source::short_id;
use crate::tables::Directory;

/// A scalar function of ours: texts in, a text or null out; null wherever an argument is null.
pub(crate) struct Scalar {
    pub(crate) name: &'static str,
    /// Its arguments as the list of functions shows them.
    pub(crate) arguments: &'static [&'static str],
    pub(crate) description: &'static str,
    value: fn(&mut Session<'_>, &[&str]) -> Result<Option<String>>,
}

/// All of them.
pub(crate) const SCALARS: &[Scalar] = &[
    Scalar {
        name: "entrace_as_of",
        arguments: &[],
        description: "id of the snapshot the session is pinned to, null where it sees the newest",
        value: |session, _| Ok(session.scope.horizon.as_ref().map(|at| short_id(&at.id))),
    },
    Scalar {
        name: "graph_url",
        arguments: &["kind", "id"],
        description: "address of an object in Microsoft Graph, null where it has none by its id alone",
        value: |_, texts| Ok(graph_url(texts[0], texts[1])),
    },
    Scalar {
        name: "kind_of",
        arguments: &["id"],
        description: "kind of the object with this id, null where the archive has none",
        value: |session, texts| {
            let entry = session.directory.entry(texts[0])?;
            Ok(entry.map(|entry| entry.kind.clone()))
        },
    },
    Scalar {
        name: "portal_url",
        arguments: &["kind", "id"],
        description: "address of an object in the Entra admin center, null where none is known",
        value: |_, texts| Ok(portal_url(texts[0], texts[1])),
    },
    Scalar {
        name: "rev",
        arguments: &["revision"],
        description: "id of the snapshot a revision means: rev('latest~1'), rev('2026-10-01'), rev('tag:NAME')",
        value: |session, texts| Ok(Some(short_id(&session.scope.resolve(texts[0])?.id))),
    },
];

/// What a function may look at while it goes through the rows of a batch.
struct Session<'s> {
    scope: &'s Scope,
    directory: Directory<'s>,
}

/// Makes the functions known to an engine, bound to what the session may see.
pub(crate) fn register(context: &SessionContext, scope: &Scope) {
    for scalar in SCALARS {
        let scope = scope.clone();
        let call = move |arguments: &[ColumnarValue]| call(scalar, &scope, arguments);
        context.register_udf(create_udf(
            scalar.name,
            vec![DataType::Utf8; scalar.arguments.len()],
            DataType::Utf8,
            // The same within a statement: constant arguments are worked out once.
            Volatility::Stable,
            Arc::new(call),
        ));
    }
}

fn call(
    scalar: &Scalar,
    scope: &Scope,
    arguments: &[ColumnarValue],
) -> EngineResult<ColumnarValue> {
    let mut session = Session {
        scope,
        directory: Directory::new(&scope.source, scope.horizon.as_ref()),
    };
    let is_constant = arguments
        .iter()
        .all(|one| matches!(one, ColumnarValue::Scalar(_)));
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let columns: Option<Vec<&StringArray>> = arrays
        .iter()
        .map(|array| array.as_string_opt::<i32>())
        .collect();
    let columns = columns.ok_or_else(|| {
        Error::Internal(format!(
            "{} was given something that is no text",
            scalar.name
        ))
    })?;
    let rows = columns.first().map_or(1, |column| Array::len(*column));
    let values = (0..rows).map(|row| {
        let texts: Option<Vec<&str>> = columns
            .iter()
            .map(|column| column.is_valid(row).then(|| column.value(row)))
            .collect();
        texts.map_or(Ok(None), |texts| (scalar.value)(&mut session, &texts))
    });
    let values = values.collect::<Result<StringArray>>()?;
    Ok(if is_constant {
        ColumnarValue::Scalar(ScalarValue::try_from_array(&values, 0)?)
    } else {
        ColumnarValue::Array(Arc::new(values))
    })
}

fn graph_url(kind: &str, id: &str) -> Option<String> {
    let kind = catalog::resolve(kind)?;
    if kind.is_relationship() || kind.shape == catalog::Shape::Singleton {
        return None;
    }
    let collection = kind.path_with(&[])?;
    // Below /deletedItems a collection ends in a type; an object is read by its id above it.
    let collection = collection
        .split_once("/microsoft.graph.")
        .map_or(collection.as_str(), |(items, _)| items);
    let version = kind.api.segment();
    Some(format!(
        "https://graph.microsoft.com/{version}{collection}/{}",
        encoded(id)
    ))
}

/// Pages of the admin center by kind, which an id alone opens.
const PAGES: [(&str, &str); 5] = [
    (
        "conditional_access_policy",
        "Microsoft_AAD_ConditionalAccess/PolicyBlade/policyId",
    ),
    (
        "device",
        "Microsoft_AAD_Devices/DeviceDetailsMenuBlade/~/Properties/objectId",
    ),
    (
        "group",
        "Microsoft_AAD_IAM/GroupDetailsMenuBlade/~/Overview/groupId",
    ),
    (
        "service_principal",
        "Microsoft_AAD_IAM/ManagedAppMenuBlade/~/Overview/objectId",
    ),
    (
        "user",
        "Microsoft_AAD_UsersAndTenants/UserProfileMenuBlade/~/overview/userId",
    ),
];

fn portal_url(kind: &str, id: &str) -> Option<String> {
    let kind = catalog::resolve(kind)?.name;
    let (_, page) = PAGES.iter().find(|(of, _)| *of == kind)?;
    // Ids of directory objects are GUIDs: nothing else leads anywhere.
    model::is_guid(id).then(|| format!("https://entra.microsoft.com/#view/{page}/{id}"))
}

/// An id as a segment of a path.
fn encoded(id: &str) -> String {
    let mut text = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "aaaaaaaa-0000-4000-8000-000000000001";

    #[test]
    fn an_object_has_its_addresses() {
        let graph = |kind, id| graph_url(kind, id).unwrap_or_default();
        assert_eq!(
            graph("user", ID),
            format!("https://graph.microsoft.com/v1.0/users/{ID}")
        );
        assert_eq!(
            graph("ca", ID),
            format!("https://graph.microsoft.com/v1.0/identity/conditionalAccess/policies/{ID}")
        );
        assert_eq!(
            graph("domain", "a b/c"),
            "https://graph.microsoft.com/v1.0/domains/a%20b%2Fc"
        );
        // An edge has no address, neither has what stands below a parent, nor what nobody knows.
        for kind in ["group_member", "authentication_method", "badge_printer"] {
            assert_eq!(graph_url(kind, ID), None, "{kind}");
        }
        assert_eq!(
            portal_url("ca", ID).unwrap_or_default(),
            format!(
                "https://entra.microsoft.com/#view/Microsoft_AAD_ConditionalAccess/PolicyBlade/policyId/{ID}"
            )
        );
        assert_eq!(portal_url("user", "../x"), None);
        assert_eq!(portal_url("domain", ID), None);
        for (kind, _) in PAGES {
            assert!(catalog::by_name(kind).is_some(), "{kind}");
        }
    }
}
