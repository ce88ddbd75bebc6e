//! Rows that the list of their parents shows: one request for a thousand parents instead of one each.
//!
//! An expansion stops at twenty rows without saying so. Parents that show so many, and those the list
//! leaves out, are asked by themselves; so are all where Graph does not expand.

use std::collections::HashSet;

use catalog::{Kind, Request};
use graph::{ErrorKind, Get, Page as GraphPage, PageGuard};
use model::{JsonKind, Parser, Value, fold_id};

use super::super::message::{Message, Page};
use super::super::plan::{FEW, Step};
use super::failure::{Failure, Result};
use super::{BATCH, Reader};
use crate::ask;

/// Where an expansion stops.
const MOST_SHOWN: usize = 20;
/// Most ids in one filter.
const IDS_A_FILTER: usize = 15;

impl Reader {
    /// Reads the rows below many parents from lists of all of them; those that must still be asked by
    /// themselves.
    pub(super) async fn shown_by_all(
        &self,
        step: &Step,
        parents: &[String],
    ) -> Result<Vec<String>> {
        let Some(showing) = Showing::of(step.kind).filter(|_| parents.len() > FEW) else {
            return Ok(parents.to_vec());
        };
        let mut left: HashSet<&str> = parents.iter().map(String::as_str).collect();
        self.tell_empty(step).await?;
        let size = showing.parent.page_size;
        let mut get = showing.get(size.map(|rows| ("$top", rows.to_string())));
        let mut guard = PageGuard::default();
        let mut pages = 0;
        loop {
            let page = match self.client.get(&get).await {
                Err(error) if pages == 0 && is_declined(error.kind()) => {
                    self.remark_declined(step, &error).await?;
                    return Ok(parents.to_vec());
                }
                answer => answer.map_err(|error| Failure::from(error).after(pages))?,
            };
            let guarded = guard.check(&page);
            pages += 1;
            self.tell_all(showing.messages(&page, &mut left, false))
                .await?;
            guarded.map_err(|error| Failure::from(error).after(pages))?;
            let Some(next) = page.next else {
                return Ok(left.into_iter().map(str::to_owned).collect());
            };
            if self.is_exhausted() {
                return Err(self.exhausted().after(pages));
            }
            get = get.following(next);
        }
    }

    /// Reads the rows below some parents from lists of a few of them each, and says of each parent that
    /// all below it was read; those that must still be asked by themselves.
    pub(super) async fn shown_by_some(
        &self,
        step: &Step,
        parents: Vec<String>,
    ) -> Result<Vec<String>> {
        let Some(showing) = Showing::of(step.kind).filter(|_| parents.len() > 1) else {
            return Ok(parents);
        };
        let mut left: HashSet<&str> = parents.iter().map(String::as_str).collect();
        for chunk in parents.chunks(IDS_A_FILTER * BATCH) {
            if self.is_exhausted() {
                break;
            }
            let gets: Vec<Get> = chunk
                .chunks(IDS_A_FILTER)
                .map(|ids| showing.get(Some(("$filter", ids_in(ids)))))
                .collect();
            // What cannot be had this way is asked for by itself, where it is said why.
            let answers = self.client.batch(&gets).await.unwrap_or_default();
            for page in answers.into_iter().flatten() {
                self.tell_all(showing.messages(&page, &mut left, true))
                    .await?;
            }
        }
        let mut left: Vec<String> = left.into_iter().map(str::to_owned).collect();
        left.sort_unstable();
        Ok(left)
    }

    async fn remark_declined(&self, step: &Step, error: &graph::Error) -> Result<()> {
        let reason = format!(
            "asked below each parent, because lists do not show it: {}",
            error.message()
        );
        self.remark(step.kind, step.kind.path, reason, false).await
    }
}

/// How lists of its parents show a kind.
struct Showing {
    kind: &'static Kind,
    parent: &'static Kind,
    clause: &'static str,
    /// The property that holds the rows.
    relation: &'static str,
}

impl Showing {
    fn of(kind: &'static Kind) -> Option<Self> {
        let clause = kind.shown_by?;
        Some(Self {
            kind,
            parent: kind.parent.and_then(catalog::by_name)?,
            clause,
            relation: clause.split('(').next().unwrap_or(clause),
        })
    }

    /// A list of parents that shows the kind.
    fn get(&self, option: Option<(&'static str, String)>) -> Get {
        let mut query = vec![
            ("$select", "id".to_owned()),
            ("$expand", self.clause.to_owned()),
        ];
        query.extend(option);
        let request = Request {
            api: self.parent.api,
            path: self.parent.path.to_owned(),
            query,
            headers: self.kind.headers,
        };
        ask::get(self.kind, &request)
            .cost(self.parent.cost())
            .list()
    }

    /// What is told of a page. Parents whose rows are all on it are left no more.
    fn messages(
        &self,
        page: &GraphPage,
        left: &mut HashSet<&str>,
        tell_whole: bool,
    ) -> Vec<Message> {
        let mut parser = Parser::new();
        let Ok(document) = parser.parse(&page.body) else {
            return Vec::new();
        };
        let (mut messages, mut wholes) = (Vec::new(), Vec::new());
        let mut has_edges = false;
        let rows = document.root().get("value");
        for row in rows.into_iter().flat_map(Value::elements) {
            let Some((id, list)) = self.all_of(row) else {
                continue;
            };
            let id = fold_id(&id);
            if !left.remove(id.as_str()) {
                continue;
            }
            if list.elements().next().is_some() {
                if self.kind.is_relationship() {
                    has_edges = true;
                } else {
                    let body = format!("{{\"value\":{}}}", list.raw());
                    messages.push(self.page(id.clone(), body.into()));
                }
            }
            if tell_whole {
                wholes.push(Message::Whole {
                    kind: self.kind.name.to_owned(),
                    parent: id,
                });
            }
        }
        if has_edges {
            // Edges are taken from lists inside their owners as they are.
            messages.push(self.page(String::new(), page.body.clone()));
        }
        messages.append(&mut wholes);
        messages
    }

    /// A row's id and what it shows, if that is all there is.
    fn all_of<'a>(&self, row: Value<'a>) -> Option<(std::borrow::Cow<'a, str>, Value<'a>)> {
        let list = row.get(self.relation)?;
        let goes_on = row
            .get(&format!("{}@odata.nextLink", self.relation))
            .is_some();
        let is_all = list.kind() == JsonKind::Array
            && list.elements().take(MOST_SHOWN).count() < MOST_SHOWN
            && !goes_on;
        Some((row.get("id")?.text()?, list)).filter(|_| is_all)
    }

    fn page(&self, parent: String, body: bytes::Bytes) -> Message {
        Message::Page(Page {
            kind: self.kind.name.to_owned(),
            parent,
            delta: false,
            next: None,
            body,
        })
    }
}

/// `id in ('a','b')`
fn ids_in(ids: &[String]) -> String {
    let quoted: Vec<String> = ids
        .iter()
        .map(|id| format!("'{}'", id.replace('\'', "''")))
        .collect();
    format!("id in ({})", quoted.join(","))
}

/// Whether expansions are not offered here.
fn is_declined(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Unsupported | ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(body: &str) -> GraphPage {
        GraphPage {
            body: bytes::Bytes::copy_from_slice(body.as_bytes()),
            next: None,
            delta: None,
            status: 200,
            date: None,
            items: 0,
        }
    }

    fn showing(kind: &str) -> Showing {
        let kind = catalog::by_name(kind).expect("because the catalogue has it");
        Showing::of(kind).expect("because lists show it")
    }

    #[test]
    fn what_a_list_shows_in_full_is_asked_no_more() {
        let twenty = vec![r#"{"id":"x"}"#; 20].join(",");
        let body = format!(
            r#"{{"value":[{{"id":"a","owners":[{{"id":"u"}}]}},{{"id":"b","owners":[{twenty}]}},
               {{"id":"c","owners":[]}},{{"id":"d"}},
               {{"id":"e","owners":[],"owners@odata.nextLink":"https://x"}},{{"id":"new","owners":[]}}]}}"#
        );
        let mut left: HashSet<&str> = ["a", "b", "c", "d", "e", "f"].into();
        let page = page(&body);
        let messages = showing("group_owner").messages(&page, &mut left, true);
        let mut left: Vec<&str> = left.into_iter().collect();
        left.sort_unstable();
        assert_eq!(left, ["b", "d", "e", "f"]);
        let told: Vec<String> = messages
            .iter()
            .map(|message| match message {
                Message::Page(told) => {
                    assert_eq!(told.body, page.body);
                    format!("page below {:?}", told.parent)
                }
                Message::Whole { parent, .. } => format!("all of {parent}"),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told, ["page below \"\"", "all of a", "all of c"]);
    }

    #[test]
    fn objects_are_told_below_the_parent_that_shows_them() {
        let page = page(
            r#"{"value":[{"id":"u","extensions":[{"id":"com.example"}]},{"id":"v","extensions":[]}]}"#,
        );
        let mut left: HashSet<&str> = ["u", "v"].into();
        let messages = showing("user_extension").messages(&page, &mut left, false);
        assert!(left.is_empty());
        let [Message::Page(told)] = messages.as_slice() else {
            panic!("{messages:?}");
        };
        assert_eq!(
            (told.parent.as_str(), &told.body[..]),
            ("u", br#"{"value":[{"id":"com.example"}]}"#.as_slice())
        );
    }

    #[test]
    fn ids_are_quoted() {
        assert_eq!(
            ids_in(&["a".to_owned(), "o'b".to_owned()]),
            "id in ('a','o''b')"
        );
    }
}
