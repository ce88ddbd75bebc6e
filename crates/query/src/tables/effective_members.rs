//! `effective_members`: who is in a group, directly, through other groups, or after an activation.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;

use super::arrays::{self, ROWS, Type, batch_of, bools, constant, numbers, texts, times};
use super::provider::{Emit, Relation, RelationTable, Scan};
use crate::access::{Follow, Graph, Known, Name, Node, Question, Search, Span, Subject};
use crate::error::Result;
use crate::functions::Call;

const COLUMNS: [(&str, Type); 14] = [
    ("_tenant_id", Type::Text),
    ("group_id", Type::Text),
    ("group_name", Type::Text),
    ("member_kind", Type::Text),
    ("member_id", Type::Text),
    ("member_name", Type::Text),
    ("user_principal_name", Type::Text),
    ("enabled", Type::Bool),
    ("via", Type::Text),
    ("depth", Type::Number),
    ("path", Type::Json),
    ("_snapshot_id", Type::Text),
    ("_first_seen", Type::Time),
    ("_gone_at", Type::Time),
];

/// The members of one group.
#[derive(Debug)]
pub(crate) struct EffectiveMembersTable {
    question: Question,
    group: String,
    schema: SchemaRef,
}

/// What tells rows apart: who, and whether only after an activation.
type Key = (Node, bool);

/// How somebody is a member.
#[derive(Debug)]
struct Member {
    via: &'static str,
    depth: u32,
    path: Vec<Node>,
}

impl EffectiveMembersTable {
    /// `effective_members('GROUP' [, 'REV'])`.
    pub(crate) fn function(call: &Call<'_>) -> Result<Arc<dyn TableProvider>> {
        let (group, revision) = match call.texts.as_slice() {
            [group] => (group, None),
            [group, revision] => (group, Some(revision.as_str())),
            _ => return Err(call.misused()),
        };
        Ok(RelationTable::provider(Self {
            question: Question::new(call.scope, revision, Subject::Members)?,
            group: group.clone(),
            schema: arrays::schema(&COLUMNS),
        }))
    }
}

impl Relation for EffectiveMembersTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let reading = self.question.read(None)?;
        let known = reading.known();
        let name = Name::new(&self.group);
        let Some(group) = known.object(&self.question.scope, name, &["group"])? else {
            return Ok(());
        };
        let members = reading.over(|graph, holds| {
            let mut search = Search::new(graph, Follow::Members);
            search.run(group);
            for found in &search.reached()[1..] {
                holds((found.node, found.eligible), &mut || {
                    let path = search.between(found);
                    Member {
                        via: via(graph, group, found.eligible, &path),
                        depth: found.depth,
                        path,
                    }
                })?;
            }
            Ok(())
        })?;
        let rows = Rows {
            question: &self.question,
            known: &known,
            group,
        };
        for chunk in members.chunks(ROWS) {
            emit(batch_of(scan, chunk, |column, members| {
                Ok(rows.column(COLUMNS[column].0, members))
            })?)?;
        }
        Ok(())
    }
}

fn via(graph: &Graph<'_>, group: Node, eligible: bool, path: &[Node]) -> &'static str {
    match (eligible, path.is_empty()) {
        (true, _) => "eligible",
        (false, false) => "nested",
        (false, true) if graph.is_dynamic(group) => "dynamic",
        (false, true) => "direct",
    }
}

struct Rows<'a> {
    question: &'a Question,
    known: &'a Known<'a>,
    group: Node,
}

impl Rows<'_> {
    fn column(&self, column: &str, rows: &[(Key, Member, Span)]) -> ArrayRef {
        let known = self.known;
        let told = |row: &(Key, Member, Span)| known.told(row.0.0);
        let strings = |text: &dyn Fn(&(Key, Member, Span)) -> String| {
            let all: Vec<String> = rows.iter().map(text).collect();
            texts(all.iter().map(|text| Some(text.as_str())))
        };
        match column {
            "_tenant_id" => constant(self.question.tenant(), rows.len()),
            "group_id" => constant(&known.id(self.group), rows.len()),
            "group_name" => texts(std::iter::repeat_n(known.display(self.group), rows.len())),
            "member_kind" => texts(rows.iter().map(|row| known.kind(row.0.0))),
            "member_id" => strings(&|row| known.id(row.0.0)),
            "member_name" => texts(rows.iter().map(|row| known.display(row.0.0))),
            "user_principal_name" => texts(
                rows.iter()
                    .map(|row| told(row)?.user_principal_name.as_deref()),
            ),
            "enabled" => bools(rows.iter().map(|row| told(row)?.enabled)),
            "via" => texts(rows.iter().map(|row| Some(row.1.via))),
            "depth" => numbers(rows.iter().map(|row| row.1.depth)),
            "path" => strings(&|row| known.path(&row.1.path)),
            "_snapshot_id" => strings(&|row| self.question.snapshot_id(row.2)),
            "_first_seen" => times(rows.iter().map(|row| self.question.first_seen(row.2))),
            _ => times(rows.iter().map(|row| self.question.gone_at(row.2))),
        }
    }
}
