//! `effective_access`, `effective_roles` and `who_can`: who has which role or permission, and how.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::TableProvider;

use super::arrays::{self, ROWS, Type, batch_of, bools, constant, numbers, texts, times};
use super::provider::{Emit, Relation, RelationTable, Scan};
use crate::access::{
    Follow, Graph, Holds, How, Known, Name, Node, Privilege, Question, Search, Sort, Span, Subject,
};
use crate::error::Result;
use crate::functions::Call;

const COLUMNS: [(&str, Type); 19] = [
    ("_tenant_id", Type::Text),
    ("principal_kind", Type::Text),
    ("principal_id", Type::Text),
    ("principal_name", Type::Text),
    ("user_principal_name", Type::Text),
    ("enabled", Type::Bool),
    ("privilege_kind", Type::Text),
    ("privilege", Type::Text),
    ("privilege_id", Type::Text),
    ("scope", Type::Text),
    ("scope_name", Type::Text),
    ("on_behalf_of", Type::Text),
    ("assignment_type", Type::Text),
    ("how", Type::Text),
    ("depth", Type::Number),
    ("path", Type::Json),
    ("_snapshot_id", Type::Text),
    ("_first_seen", Type::Time),
    ("_gone_at", Type::Time),
];
/// Columns of `effective_roles`, by what they are called there and in [`COLUMNS`].
const ROLE_COLUMNS: [(&str, &str, Type); 16] = [
    ("_tenant_id", "_tenant_id", Type::Text),
    ("principal_kind", "principal_kind", Type::Text),
    ("principal_id", "principal_id", Type::Text),
    ("principal_name", "principal_name", Type::Text),
    ("enabled", "enabled", Type::Bool),
    ("role_name", "privilege", Type::Text),
    ("role_definition_id", "privilege_id", Type::Text),
    ("scope", "scope", Type::Text),
    ("scope_name", "scope_name", Type::Text),
    ("assignment_type", "assignment_type", Type::Text),
    ("how", "how", Type::Text),
    ("depth", "depth", Type::Number),
    ("path", "path", Type::Json),
    ("_snapshot_id", "_snapshot_id", Type::Text),
    ("_first_seen", "_first_seen", Type::Time),
    ("_gone_at", "_gone_at", Type::Time),
];

/// Kinds that can hold a role.
const PRINCIPALS: [&str; 3] = ["user", "group", "service_principal"];

/// Whose access is asked for, or to what.
#[derive(Debug)]
enum Wanted {
    /// All roles and application permissions of everybody.
    Everything,
    /// The roles of one principal.
    RolesOf(String),
    /// The holders of one role or permission.
    HoldersOf(String),
}

/// Principals and what they have.
#[derive(Debug)]
pub(crate) struct EffectiveAccessTable {
    question: Question,
    wanted: Wanted,
    /// What each column is called in [`COLUMNS`].
    columns: Vec<&'static str>,
    schema: SchemaRef,
}

impl EffectiveAccessTable {
    /// `effective_access(['REV'])`.
    pub(crate) fn function(call: &Call<'_>) -> Result<Arc<dyn TableProvider>> {
        let revision = match call.texts.as_slice() {
            [] => None,
            [revision] => Some(revision.as_str()),
            _ => return Err(call.misused()),
        };
        let question = Question::new(call.scope, revision, Subject::Privileges)?;
        Ok(Self::table(question, Wanted::Everything))
    }

    /// `effective_roles('PRINCIPAL' [, 'REV'])`.
    pub(crate) fn roles_function(call: &Call<'_>) -> Result<Arc<dyn TableProvider>> {
        let (principal, revision) = of_one(call)?;
        let question = Question::new(call.scope, revision, Subject::Privileges)?;
        Ok(Self::table(question, Wanted::RolesOf(principal)))
    }

    /// `who_can('ROLE OR PERMISSION' [, 'REV'])`.
    pub(crate) fn holders_function(call: &Call<'_>) -> Result<Arc<dyn TableProvider>> {
        let (privilege, revision) = of_one(call)?;
        let question = Question::new(call.scope, revision, Subject::AllPermissions)?;
        Ok(Self::table(question, Wanted::HoldersOf(privilege)))
    }

    fn table(question: Question, wanted: Wanted) -> Arc<dyn TableProvider> {
        let (schema, columns): (Arc<Schema>, Vec<_>) = if matches!(wanted, Wanted::RolesOf(_)) {
            let named = ROLE_COLUMNS.map(|(name, _, kind)| (name, kind));
            let columns = ROLE_COLUMNS.iter().map(|(_, column, _)| *column);
            (arrays::schema(&named), columns.collect())
        } else {
            let columns = COLUMNS.iter().map(|(column, _)| *column);
            (arrays::schema(&COLUMNS), columns.collect())
        };
        RelationTable::provider(Self {
            question,
            wanted,
            columns,
            schema,
        })
    }
}

fn of_one<'c>(call: &'c Call<'_>) -> Result<(String, Option<&'c str>)> {
    match call.texts.as_slice() {
        [one] => Ok((one.clone(), None)),
        [one, revision] => Ok((one.clone(), Some(revision))),
        _ => Err(call.misused()),
    }
}

/// What tells rows apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    principal: Node,
    privilege: Node,
    eligible: bool,
    how: How,
}

/// The shortest way of its kind.
#[derive(Debug)]
struct Way {
    depth: u32,
    path: Vec<Node>,
}

type Row = (Key, Way, Span);

impl Relation for EffectiveAccessTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let (rows, reading);
        let known;
        match &self.wanted {
            Wanted::Everything => {
                reading = self.question.read(None)?;
                known = reading.known();
                rows = reading.over(everything)?;
            }
            Wanted::RolesOf(principal) => {
                reading = self.question.read(None)?;
                known = reading.known();
                let name = Name::new(principal);
                let principal = known.object(&self.question.scope, name, &PRINCIPALS)?;
                let Some(principal) = principal else {
                    return Ok(());
                };
                rows = reading.over(|graph, holds| roles_of(graph, principal, holds))?;
            }
            Wanted::HoldersOf(privilege) => {
                let name = Name::new(privilege);
                reading = self.question.read(Some(&name.value()))?;
                known = reading.known();
                let privileges = known.privileges(name)?;
                rows = reading.over(|graph, holds| {
                    let mut search = Search::new(graph, Follow::All);
                    let mut each = privileges.iter();
                    each.try_for_each(|privilege| holders(&mut search, *privilege, None, holds))
                })?;
            }
        }
        let shown = Shown {
            question: &self.question,
            known: &known,
        };
        for chunk in rows.chunks(ROWS) {
            emit(batch_of(scan, chunk, |column, rows| {
                Ok(shown.column(self.columns[column], rows))
            })?)?;
        }
        Ok(())
    }
}

/// All roles, and all application permissions that a service principal holds.
fn everything(graph: &Graph<'_>, holds: &mut Holds<'_, Key, Way>) -> Result<()> {
    let mut search = Search::new(graph, Follow::Held);
    for (node, privilege) in graph.facts.privileges() {
        let counts = match privilege {
            Privilege::Role { .. } => true,
            Privilege::AppRole { .. } => {
                let mut held = false;
                graph.edges(node, false, |edge| {
                    held |= graph.sort(edge.from) == Sort::ServicePrincipal;
                });
                held
            }
            Privilege::Delegated { .. } => false,
        };
        if counts {
            holders(&mut search, node, None, holds)?;
        }
    }
    Ok(())
}

fn roles_of(graph: &Graph<'_>, principal: Node, holds: &mut Holds<'_, Key, Way>) -> Result<()> {
    let mut search = Search::new(graph, Follow::All);
    for (node, privilege) in graph.facts.privileges() {
        if matches!(privilege, Privilege::Role { .. }) {
            holders(&mut search, node, Some(principal), holds)?;
        }
    }
    Ok(())
}

/// The holders of a privilege, or one of them.
fn holders(
    search: &mut Search<'_>,
    privilege: Node,
    only: Option<Node>,
    holds: &mut Holds<'_, Key, Way>,
) -> Result<()> {
    search.run(privilege);
    for found in &search.reached()[1..] {
        if only.is_some_and(|only| only != found.node) || !search.is_principal(found.node) {
            continue;
        }
        let key = Key {
            principal: found.node,
            privilege,
            eligible: found.eligible,
            how: found.how,
        };
        holds(key, &mut || Way {
            depth: found.depth,
            path: search.between(found),
        })?;
    }
    Ok(())
}

struct Shown<'a> {
    question: &'a Question,
    known: &'a Known<'a>,
}

impl Shown<'_> {
    fn column(&self, column: &str, rows: &[Row]) -> ArrayRef {
        match column {
            "principal_kind"
            | "principal_id"
            | "principal_name"
            | "user_principal_name"
            | "enabled" => self.of_principal(column, rows),
            "privilege_kind" | "privilege" | "privilege_id" | "scope" | "scope_name"
            | "on_behalf_of" => self.of_privilege(column, rows),
            "_tenant_id" => constant(self.question.tenant(), rows.len()),
            "assignment_type" => texts(
                rows.iter()
                    .map(|(key, ..)| Some(if key.eligible { "eligible" } else { "active" })),
            ),
            "how" => texts(rows.iter().map(|(key, ..)| Some(key.how.name()))),
            "depth" => numbers(rows.iter().map(|(_, way, _)| way.depth)),
            "path" => strings(
                rows.iter()
                    .map(|(_, way, _)| Some(self.known.path(&way.path))),
            ),
            "_snapshot_id" => strings(
                rows.iter()
                    .map(|row| Some(self.question.snapshot_id(row.2))),
            ),
            "_first_seen" => times(rows.iter().map(|row| self.question.first_seen(row.2))),
            _ => times(rows.iter().map(|row| self.question.gone_at(row.2))),
        }
    }

    fn of_principal(&self, column: &str, rows: &[Row]) -> ArrayRef {
        let known = self.known;
        let nodes = rows.iter().map(|(key, ..)| key.principal);
        match column {
            "principal_kind" => texts(nodes.map(|node| known.kind(node))),
            "principal_id" => strings(nodes.map(|node| Some(known.id(node)))),
            "principal_name" => texts(nodes.map(|node| known.display(node))),
            "enabled" => bools(nodes.map(|node| known.told(node)?.enabled)),
            _ => texts(nodes.map(|node| known.told(node)?.user_principal_name.as_deref())),
        }
    }

    fn of_privilege(&self, column: &str, rows: &[Row]) -> ArrayRef {
        let known = self.known;
        let all = rows
            .iter()
            .map(|(key, ..)| known.facts.privilege_of(key.privilege));
        match column {
            "privilege_kind" => texts(all.map(|privilege| Some(privilege?.kind()))),
            "privilege" => texts(all.map(|privilege| known.privilege_name(privilege?))),
            "privilege_id" => strings(all.map(|privilege| known.privilege_id(privilege?))),
            "scope" => strings(all.map(|privilege| Some(known.scope(privilege?)))),
            "scope_name" => texts(all.map(|privilege| known.scope_name(privilege?))),
            _ => strings(all.map(|privilege| known.on_behalf_of(privilege?))),
        }
    }
}

fn strings(values: impl Iterator<Item = Option<String>>) -> ArrayRef {
    let all: Vec<Option<String>> = values.collect();
    texts(all.iter().map(Option::as_deref))
}
