//! Reads kinds into [`Facts`]: the only place that knows their columns.

use std::collections::HashMap;

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::TimestampNanosecondType;
use roaring::RoaringBitmap;
use serde_json::Value;

use super::facts::Facts;
use super::ids::Node;
use super::telling::{Moment, TELLING};
use crate::columns::Rows;
use crate::error::{Error, Result};
use crate::source::Source;

/// Which columns of a kind are read, and what takes a row of them.
struct Shape {
    kinds: &'static [&'static str],
    columns: &'static [&'static str],
    take: fn(&mut Reader, &Row<'_>),
}

/// One shape for each kind that is read.
static SHAPES: [Shape; 21] = [
    Shape {
        kinds: &["user"],
        columns: &[
            "id",
            "display_name",
            "user_principal_name",
            "account_enabled",
        ],
        take: Reader::user,
    },
    Shape {
        kinds: &["device"],
        columns: &["id", "display_name", "account_enabled"],
        take: Reader::device,
    },
    Shape {
        kinds: &["contact", "administrative_unit"],
        columns: &["id", "display_name"],
        take: Reader::named,
    },
    Shape {
        kinds: &["group"],
        columns: &[
            "id",
            "display_name",
            "membership_rule",
            "on_premises_sync_enabled",
        ],
        take: Reader::group,
    },
    Shape {
        kinds: &["service_principal"],
        columns: &[
            "id",
            "display_name",
            "app_display_name",
            "account_enabled",
            "app_id",
            "service_principal_type",
            "app_roles",
            "oauth2_permission_scopes",
        ],
        take: Reader::service_principal,
    },
    Shape {
        kinds: &["application"],
        columns: &["id", "display_name", "app_id"],
        take: Reader::application,
    },
    Shape {
        kinds: &["role_definition"],
        columns: &[
            "id",
            "display_name",
            "template_id",
            "is_built_in",
            "role_permissions",
        ],
        take: Reader::role,
    },
    Shape {
        kinds: &["directory_role"],
        columns: &["id", "display_name", "role_template_id"],
        take: Reader::directory_role,
    },
    Shape {
        kinds: &["group_member"],
        columns: &["group_id", "member_id"],
        take: Reader::group_member,
    },
    Shape {
        kinds: &["group_owner"],
        columns: &["group_id", "owner_id"],
        take: Reader::owner,
    },
    Shape {
        kinds: &["application_owner"],
        columns: &["application_id", "owner_id"],
        take: Reader::owner,
    },
    Shape {
        kinds: &["service_principal_owner"],
        columns: &["service_principal_id", "owner_id"],
        take: Reader::owner,
    },
    Shape {
        kinds: &[
            "pim_group_assignment_schedule_instance",
            "pim_group_eligibility_schedule_instance",
        ],
        columns: &[
            "group_id",
            "principal_id",
            "access_id",
            "start_date_time",
            "end_date_time",
        ],
        take: Reader::pim_group_instance,
    },
    Shape {
        kinds: &[
            "pim_group_assignment_schedule",
            "pim_group_eligibility_schedule",
        ],
        columns: &[
            "group_id",
            "principal_id",
            "access_id",
            "schedule_info",
            "status",
        ],
        take: Reader::pim_group_schedule,
    },
    Shape {
        kinds: &["role_assignment"],
        columns: &[
            "principal_id",
            "role_definition_id",
            "directory_scope_id",
            "app_scope_id",
        ],
        take: Reader::role_assignment,
    },
    Shape {
        kinds: &[
            "role_assignment_schedule_instance",
            "role_eligibility_schedule_instance",
        ],
        columns: &[
            "principal_id",
            "role_definition_id",
            "directory_scope_id",
            "app_scope_id",
            "start_date_time",
            "end_date_time",
        ],
        take: Reader::role_instance,
    },
    Shape {
        kinds: &["role_assignment_schedule", "role_eligibility_schedule"],
        columns: &[
            "principal_id",
            "role_definition_id",
            "directory_scope_id",
            "app_scope_id",
            "schedule_info",
            "status",
        ],
        take: Reader::role_schedule,
    },
    Shape {
        kinds: &["directory_role_member"],
        columns: &["directory_role_id", "member_id"],
        take: Reader::role_member,
    },
    Shape {
        kinds: &[
            "directory_role_scoped_member",
            "administrative_unit_scoped_role_member",
        ],
        columns: &["role_id", "administrative_unit_id", "role_member_info"],
        take: Reader::scoped_member,
    },
    Shape {
        kinds: &[
            "app_role_assignment",
            "service_principal_app_role_assignment",
            "group_app_role_assignment",
        ],
        columns: &["principal_id", "resource_id", "app_role_id"],
        take: Reader::app_role_assignment,
    },
    Shape {
        kinds: &["oauth2_permission_grant"],
        columns: &["client_id", "resource_id", "principal_id", "scope"],
        take: Reader::consent,
    },
];

/// Reads all that the moments tell; of delegated permissions those with one value, in lower case.
pub(crate) fn read(source: &Source, moments: &[Moment], value: Option<&str>) -> Result<Facts> {
    let mut reader = Reader {
        facts: Facts::new(),
        directory_roles: HashMap::new(),
        value: value.map(str::to_owned),
    };
    for telling in 0..TELLING.len() {
        let mut ever = RoaringBitmap::new();
        for state in moments.iter().filter_map(|m| m.alive[telling].as_ref()) {
            ever |= &**state;
        }
        if !ever.is_empty() {
            reader.read(source, telling, &ever)?;
        }
    }
    let mut facts = reader.facts;
    facts.arrange();
    Ok(facts)
}

/// Takes rows of one kind after the other.
pub(super) struct Reader {
    pub(super) facts: Facts,
    /// Templates of activated roles.
    pub(super) directory_roles: HashMap<Node, Node>,
    /// The delegated permission that was asked for, in lower case.
    pub(super) value: Option<String>,
}

/// One version being read.
pub(super) struct Row<'r> {
    pub(super) telling: u8,
    pub(super) ordinal: u32,
    at: usize,
    rows: &'r Rows,
}

impl Row<'_> {
    /// The text in a column, by its place among those that are read; the others likewise.
    pub(super) fn text(&self, column: usize) -> Option<&str> {
        let texts = self.rows.columns[column].as_string::<i32>();
        texts.is_valid(self.at).then(|| texts.value(self.at))
    }

    /// The same to be kept; nothing where it is empty.
    pub(super) fn boxed(&self, column: usize) -> Option<Box<str>> {
        self.text(column)
            .filter(|text| !text.is_empty())
            .map(Into::into)
    }

    pub(super) fn bool(&self, column: usize) -> Option<bool> {
        let bools = self.rows.columns[column].as_boolean();
        bools.is_valid(self.at).then(|| bools.value(self.at))
    }

    /// Nanoseconds since the epoch.
    pub(super) fn time(&self, column: usize) -> Option<i64> {
        let times = self.rows.columns[column].as_primitive::<TimestampNanosecondType>();
        times.is_valid(self.at).then(|| times.value(self.at))
    }

    pub(super) fn json(&self, column: usize) -> Value {
        let text = self.text(column).unwrap_or_default();
        serde_json::from_str(text).unwrap_or_default()
    }
}

impl Reader {
    fn read(&mut self, source: &Source, telling: usize, ever: &RoaringBitmap) -> Result<()> {
        let name = TELLING[telling].kind;
        let shape = SHAPES.iter().find(|shape| shape.kinds.contains(&name));
        let shape = shape.ok_or_else(|| Error::Internal(format!("{name} has no shape")))?;
        let Some(stored) = source.archive.kind(name) else {
            return Ok(());
        };
        let projection = source.columns(&stored)?;
        let position = |column: &&str| {
            let mut all = projection.schema.columns.iter();
            let at = all.position(|known| known.name == *column);
            at.ok_or_else(|| Error::Internal(format!("{name} has no column {column}")))
        };
        let positions = shape.columns.iter().map(position);
        let positions = positions.collect::<Result<Vec<_>>>()?;
        let telling = u8::try_from(telling).expect("because there are fewer kinds");
        projection.scan(&source.archive, ever, &positions, None, &mut |rows| {
            for (at, ordinal) in rows.ordinals.values().iter().enumerate() {
                let row = Row {
                    telling,
                    ordinal: *ordinal,
                    at,
                    rows: &rows,
                };
                (shape.take)(self, &row);
            }
            Ok(())
        })
    }

    /// The number of the object whose id stands in a column.
    pub(super) fn node(&mut self, row: &Row<'_>, column: usize) -> Option<Node> {
        let id = row.text(column).filter(|id| !id.is_empty())?;
        Some(self.facts.ids.object(id))
    }
}
