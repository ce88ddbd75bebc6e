//! Names in SQL: the schema of now (or of the pinned moment), and one schema for every revision.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, SchemaProvider, TableProvider};
use datafusion::error::{DataFusionError, Result as EngineResult};
use store::Snapshot;

use crate::error::Error;
use crate::functions::is_function;
use crate::scope::Scope;
use crate::source::is_event;
use crate::tables::{
    ChangesTable, ColumnsTable, CoverageTable, FindingsTable, FunctionsTable, HoldsTable,
    LinkChangesTable, LinksTable, Moment, ObjectTable, ObjectsTable, PropertyChangesTable,
    RecycleBinTable, RelationTable, SnapshotsTable, TagsTable, UnexplainedChangesTable,
    UnseenChangesTable, table_name,
};

/// Name of the only catalog.
pub(crate) const CATALOG: &str = "entrace";
/// Name of the schema that needs not be named.
pub(crate) const SCHEMA: &str = "public";
/// Marks a schema as a revision: `"@2026-10-01".users`.
pub(crate) const REVISION: char = '@';
/// Ends the name of a kind's table of all versions.
pub(crate) const HISTORY: &str = "_history";

/// Tables that are not of one kind.
pub(crate) const COMMON: [&str; 15] = [
    "changes",
    "collection_errors",
    "columns",
    "coverage",
    "functions",
    "holds",
    "link_changes",
    "links",
    "objects",
    "property_changes",
    "recycle_bin",
    "snapshots",
    "tags",
    "unexplained_changes",
    "unseen_changes",
];

/// The catalog of a session.
#[derive(Debug)]
pub(crate) struct Catalog {
    pub(crate) scope: Scope,
}

impl CatalogProvider for Catalog {
    fn schema_names(&self) -> Vec<String> {
        vec![SCHEMA.to_owned()]
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let schema = match name.strip_prefix(REVISION) {
            // A revision that means nothing must say so when a table of it is asked for.
            Some(revision) => Schema {
                scope: self.scope.clone(),
                at: Some(revision.to_owned()),
            },
            None if name == SCHEMA => Schema {
                scope: self.scope.clone(),
                at: None,
            },
            None => {
                return Some(Arc::new(NoSchema {
                    name: name.to_owned(),
                }));
            }
        };
        Some(Arc::new(schema))
    }
}

/// A schema that is not there: says so in our words when a table of it is asked for.
#[derive(Debug)]
struct NoSchema {
    name: String,
}

#[async_trait]
impl SchemaProvider for NoSchema {
    fn table_names(&self) -> Vec<String> {
        Vec::new()
    }

    async fn table(
        &self,
        table: &str,
    ) -> EngineResult<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let name = &self.name;
        Err(Error::NotFound(format!(
            "there is no schema {name:?}: write {table}, or \"@REVISION\".{table}; select distinct table_name from columns lists all tables"
        ))
        .into())
    }

    fn table_exist(&self, _: &str) -> bool {
        false
    }
}

/// The tables at one moment.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) scope: Scope,
    /// The revision in the schema's name.
    at: Option<String>,
}

impl Schema {
    pub(crate) fn of(scope: &Scope) -> Self {
        Self {
            scope: scope.clone(),
            at: None,
        }
    }

    /// The kind a table shows, listed or not.
    fn kind(&self, table: &str) -> Option<String> {
        if let Some(kind) = catalog::by_table(table) {
            return Some(kind.name.to_owned());
        }
        let own = self.scope.source.archive.kinds();
        own.into_iter()
            .map(|kind| kind.name)
            .find(|kind| kind == table && catalog::by_name(kind).is_none())
    }

    fn provider(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, Error> {
        let scope = &self.scope;
        let source = &scope.source;
        let revision: Option<Snapshot> =
            self.at.as_ref().map(|at| scope.resolve(at)).transpose()?;
        let horizon = || revision.clone().or_else(|| scope.horizon.clone());
        let moment = || match &revision {
            Some(snapshot) => Ok(snapshot.clone()),
            None => scope.latest(),
        };
        // An answer from history rests on all that was read until then.
        let rests_on = |kind: Option<&str>| {
            if let Ok(snapshot) = moment() {
                scope.touch(&snapshot, kind);
            }
        };
        if ["changes", "property_changes", "link_changes"].contains(&name) {
            rests_on(None);
        }
        Ok(Some(match name {
            "changes" => RelationTable::provider(ChangesTable::new(source, horizon())),
            "property_changes" => {
                RelationTable::provider(PropertyChangesTable::new(source, horizon()))
            }
            "link_changes" => RelationTable::provider(LinkChangesTable::new(source, horizon())),
            "recycle_bin" => {
                let snapshot = moment()?;
                scope.touch(&snapshot, None);
                let now = if horizon().is_some() {
                    snapshot.taken_at
                } else {
                    source.now
                };
                RelationTable::provider(RecycleBinTable::new(source, snapshot, now))
            }
            "snapshots" => RelationTable::provider(SnapshotsTable::new(source, horizon())),
            "coverage" => RelationTable::provider(CoverageTable::new(source, horizon())),
            "collection_errors" => RelationTable::provider(FindingsTable::new(source, horizon())),
            "columns" => RelationTable::provider(ColumnsTable::new(source)),
            "functions" => RelationTable::provider(FunctionsTable::new()),
            "holds" => RelationTable::provider(HoldsTable::new(source)),
            "tags" => RelationTable::provider(TagsTable::new(source)),
            "unexplained_changes" => {
                RelationTable::provider(UnexplainedChangesTable::new(source, horizon()))
            }
            "unseen_changes" => RelationTable::provider(UnseenChangesTable::new(source, horizon())),
            "objects" => {
                let snapshot = moment()?;
                scope.touch(&snapshot, None);
                RelationTable::provider(ObjectsTable::new(source, snapshot))
            }
            "links" => {
                let snapshot = moment()?;
                scope.touch(&snapshot, None);
                RelationTable::provider(LinksTable::new(source, snapshot))
            }
            table => {
                if let Some(kind) = self.kind(table) {
                    if is_event(&kind) {
                        let horizon = horizon();
                        if horizon.is_some() && catalog::is_kept_log(&kind) {
                            return Err(Error::invalid(format!(
                                "rows of {table} are kept as they came, without a time to compare: ask for them without AS OF"
                            )));
                        }
                        rests_on(Some(&kind));
                        RelationTable::provider(ObjectTable::new(
                            source,
                            &kind,
                            Moment::Events(horizon),
                        ))
                    } else {
                        let snapshot = moment()?;
                        scope.touch(&snapshot, Some(&kind));
                        RelationTable::provider(ObjectTable::new(
                            source,
                            &kind,
                            Moment::State(snapshot),
                        ))
                    }
                } else if let Some(kind) = table
                    .strip_suffix(HISTORY)
                    .and_then(|table| self.kind(table))
                {
                    rests_on(Some(&kind));
                    RelationTable::provider(ObjectTable::new(
                        source,
                        &kind,
                        Moment::History(horizon()),
                    ))
                } else {
                    return Ok(None);
                }
            }
        }))
    }
}

#[async_trait]
impl SchemaProvider for Schema {
    fn table_names(&self) -> Vec<String> {
        let mut names: Vec<String> = COMMON.iter().map(|name| (*name).to_owned()).collect();
        let listed = catalog::kinds().iter().map(|kind| kind.name.to_owned());
        let own = self
            .scope
            .source
            .archive
            .kinds()
            .into_iter()
            .map(|kind| kind.name);
        for kind in listed.chain(own.filter(|kind| catalog::by_name(kind).is_none())) {
            let table = table_name(&kind);
            if !is_event(&kind) {
                names.push(format!("{table}{HISTORY}"));
            }
            names.push(table.to_owned());
        }
        names.sort_unstable();
        names
    }

    async fn table(
        &self,
        name: &str,
    ) -> EngineResult<Option<Arc<dyn TableProvider>>, DataFusionError> {
        match self.provider(name)? {
            Some(table) => Ok(Some(table)),
            // Functions are looked up as tables first.
            None if is_function(name) => Ok(None),
            None => Err(Error::NotFound(unknown_table(name, &self.table_names())).into()),
        }
    }

    fn table_exist(&self, name: &str) -> bool {
        COMMON.contains(&name)
            || self.kind(name).is_some()
            || name
                .strip_suffix(HISTORY)
                .is_some_and(|name| self.kind(name).is_some())
    }
}

fn unknown_table(name: &str, known: &[String]) -> String {
    let near = catalog::resolve(name)
        .map(|kind| kind.table.to_owned())
        .or_else(|| nearest(name, known));
    let advice = near.map_or_else(
        || "select distinct table_name from columns lists them".to_owned(),
        |near| format!("did you mean {near}?"),
    );
    format!("there is no table {name:?}: {advice}")
}

/// The name with the fewest letters to change, if they are few.
fn nearest(name: &str, known: &[String]) -> Option<String> {
    let distance = |candidate: &String| {
        datafusion::common::utils::datafusion_strsim::levenshtein(name, candidate)
    };
    let best = known.iter().min_by_key(|candidate| distance(candidate))?;
    (distance(best) <= 3.min(name.len() / 2)).then(|| best.clone())
}
