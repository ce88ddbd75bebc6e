//! `path`: the shortest chains by which one thing reaches another.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;

use super::arrays::{self, ROWS, Type, batch_of, bools, constant, numbers, texts, times};
use super::provider::{Emit, Relation, RelationTable, Scan};
use crate::access::{Known, Name, Node, Question, Span, Step, Subject, shortest};
use crate::error::{Error, Result};
use crate::functions::Call;

const COLUMNS: [(&str, Type); 14] = [
    ("_tenant_id", Type::Text),
    ("chain", Type::Number),
    ("step", Type::Number),
    ("from_kind", Type::Text),
    ("from_id", Type::Text),
    ("from_name", Type::Text),
    ("relation", Type::Text),
    ("to_kind", Type::Text),
    ("to_id", Type::Text),
    ("to_name", Type::Text),
    ("needs_activation", Type::Bool),
    ("_snapshot_id", Type::Text),
    ("_first_seen", Type::Time),
    ("_gone_at", Type::Time),
];

/// Chains shown of one length.
const MOST_CHAINS: usize = 32;
/// Kinds a chain may begin with.
const FROM: [&str; 5] = [
    "user",
    "group",
    "service_principal",
    "application",
    "device",
];
/// Kinds a chain may end with, besides privileges.
const TO: [&str; 3] = ["group", "service_principal", "application"];

/// The shortest chains between two things.
#[derive(Debug)]
pub(crate) struct AccessPathTable {
    question: Question,
    from: String,
    to: String,
    schema: SchemaRef,
}

impl AccessPathTable {
    /// `path('FROM', 'TO' [, 'REV'])`.
    pub(crate) fn function(call: &Call<'_>) -> Result<Arc<dyn TableProvider>> {
        let (from, to, revision) = match call.texts.as_slice() {
            [from, to] => (from, to, None),
            [from, to, revision] => (from, to, Some(revision.as_str())),
            _ => return Err(call.misused()),
        };
        Ok(RelationTable::provider(Self {
            question: Question::new(call.scope, revision, Subject::AllPermissions)?,
            from: from.clone(),
            to: to.clone(),
            schema: arrays::schema(&COLUMNS),
        }))
    }

    /// What the chains may end with: an object, or a role or permission over all scopes.
    fn targets(&self, known: &Known<'_>) -> Result<Vec<Node>> {
        let name = Name::new(&self.to);
        let privileges = match known.privileges(name) {
            Err(Error::NotFound(_)) => None,
            other => Some(other?),
        };
        let object = if name.is_of(&TO) {
            match known.object(&self.question.scope, name, &TO) {
                Err(Error::NotFound(_)) => None,
                other => Some(other?),
            }
        } else {
            None
        };
        match (privileges, object) {
            (Some(_), Some(Some(_))) => Err(Error::Ambiguous {
                name: self.to.clone(),
                candidates: vec![
                    "a role or permission: role:NAME or permission:NAME".to_owned(),
                    "an object: group:NAME, app:NAME or sp:NAME".to_owned(),
                ],
            }),
            (Some(privileges), _) => Ok(privileges),
            (None, Some(Some(object))) => Ok(known.with_app_roles(object)),
            (None, Some(None)) => Ok(Vec::new()),
            (None, None) => Err(name.unknown("group, application, role or permission")),
        }
    }
}

impl Relation for AccessPathTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let value = Name::new(&self.to).value();
        let reading = self.question.read(Some(&value))?;
        let known = reading.known();
        let targets = self.targets(&known)?;
        let from = known.object(&self.question.scope, Name::new(&self.from), &FROM)?;
        let Some(from) = from else {
            return Ok(());
        };
        let chains = reading.over(|graph, holds| {
            let chains = shortest(graph, from, &targets, MOST_CHAINS);
            chains
                .into_iter()
                .try_for_each(|chain| holds(chain, &mut || ()))
        })?;
        let mut rows = Vec::new();
        for (chain, (steps, (), span)) in (1u32..).zip(&chains) {
            rows.extend((1u32..).zip(steps).map(|(number, step)| Row {
                chain,
                number,
                step: *step,
                span: *span,
            }));
        }
        for chunk in rows.chunks(ROWS) {
            emit(batch_of(scan, chunk, |column, rows| {
                Ok(self.column(&known, COLUMNS[column].0, rows))
            })?)?;
        }
        Ok(())
    }
}

/// One step of a chain.
struct Row {
    chain: u32,
    number: u32,
    step: Step,
    span: Span,
}

impl AccessPathTable {
    fn column(&self, known: &Known<'_>, column: &str, rows: &[Row]) -> ArrayRef {
        let question = &self.question;
        let from = rows.iter().map(|row| row.step.from);
        let to = rows.iter().map(|row| row.step.to);
        let ids = |nodes: &mut dyn Iterator<Item = Node>| {
            let all: Vec<String> = nodes.map(|node| known.id(node)).collect();
            texts(all.iter().map(|id| Some(id.as_str())))
        };
        let names = |nodes: &mut dyn Iterator<Item = Node>| {
            let all: Vec<Option<String>> = nodes.map(|node| known.name(node)).collect();
            texts(all.iter().map(Option::as_deref))
        };
        match column {
            "_tenant_id" => constant(question.tenant(), rows.len()),
            "chain" => numbers(rows.iter().map(|row| row.chain)),
            "step" => numbers(rows.iter().map(|row| row.number)),
            "from_kind" => texts(from.map(|node| known.kind(node))),
            "from_id" => ids(&mut { from }),
            "from_name" => names(&mut { from }),
            "relation" => texts(rows.iter().map(|row| Some(row.step.relation.name()))),
            "to_kind" => texts(to.map(|node| known.kind(node))),
            "to_id" => ids(&mut { to }),
            "to_name" => names(&mut { to }),
            "needs_activation" => {
                bools(rows.iter().map(|row| Some(row.step.relation.is_eligible())))
            }
            "_snapshot_id" => {
                let all: Vec<String> = rows
                    .iter()
                    .map(|row| question.snapshot_id(row.span))
                    .collect();
                texts(all.iter().map(|id| Some(id.as_str())))
            }
            "_first_seen" => times(rows.iter().map(|row| question.first_seen(row.span))),
            _ => times(rows.iter().map(|row| question.gone_at(row.span))),
        }
    }
}
