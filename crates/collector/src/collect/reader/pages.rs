//! Pages: the first request for a kind, one page after the other, and what stands on them.

use catalog::{Kind, Request};
use graph::{ErrorKind, Get, Link, Page as GraphPage, PageGuard};
use model::{KEY_SEPARATOR, Parser, Value, fold_id};

use super::super::hints::HINTING_LOG;
use super::super::message::{Message, Page};
use super::super::plan::{Step, is_singleton};
use super::failure::{Failure, Result};
use super::{Reader, lock};
use crate::ask;

/// What reading a list came to.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) pages: u64,
    /// Where its changes can be asked for.
    pub(super) delta: Option<Link>,
    /// Composed ids of its rows, where they are needed.
    pub(super) ids: Vec<String>,
    /// Rows so far.
    rows: u64,
}

/// The kind by whose number Microsoft's quotas go.
pub(in super::super) const SIZE_KIND: &str = "user";

/// Where pages of a list belong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) step: &'a Step,
    /// Composed ids of the parents.
    pub(super) parent: &'a str,
    /// Whether pages are answers of a delta query.
    pub(super) delta: bool,
}

impl Reader {
    /// The first request for a kind below parents with these ids.
    pub(super) fn first_get(&self, step: &Step, ids: &[&str]) -> Option<Get> {
        let mut request = step.kind.list_request(ids, None)?;
        if step.has_along {
            for along in self.plan.along(step.kind) {
                if let Some(clause) = along.kind.expand {
                    request = request.expanding(clause);
                }
            }
        }
        Some(self.get(step, request))
    }

    /// The first requests for a kind below each of some parents, by their composed ids; none for a parent
    /// whose ids make no address.
    ///
    /// What follows the path is the same for all, unless it names a parent too.
    pub(super) fn first_gets<'p>(
        &self,
        step: &Step,
        parents: impl Iterator<Item = &'p String>,
    ) -> (Vec<&'p String>, Vec<Get>) {
        let is_alike = step.kind.query.is_none_or(|query| !query.contains('{'));
        let mut like: Option<(Get, graph::Api, String)> = None;
        let mut asked = (Vec::new(), Vec::new());
        for parent in parents {
            let ids: Vec<&str> = parent
                .split(KEY_SEPARATOR)
                .filter(|id| !id.is_empty())
                .collect();
            let get = match &like {
                Some((get, api, query)) => step.kind.path_with(&ids).map(|path| Get {
                    target: graph::Target::Path {
                        api: *api,
                        path: path + query,
                    },
                    ..get.clone()
                }),
                None => self.first_get(step, &ids),
            };
            let Some(get) = get else { continue };
            if let graph::Target::Path { api, path } = &get.target
                && like.is_none()
                && is_alike
            {
                let query = path.find('?').map_or("", |at| &path[at..]);
                like = Some((get.clone(), *api, query.to_owned()));
            }
            asked.0.push(parent);
            asked.1.push(get);
        }
        asked
    }

    /// A request of a kind, without the properties that are known to be refused.
    pub(super) fn get(&self, step: &Step, mut request: Request) -> Get {
        let refused = lock(&self.refused);
        let refused = refused.get(step.kind.name).map_or(&[][..], Vec::as_slice);
        let is_hidden = |name: &str| {
            let mut hidden = step.hidden.iter();
            hidden.any(|(property, _)| *property == name) || refused.iter().any(|one| one == name)
        };
        request.query.retain_mut(|(option, value)| {
            if *option == "$select" {
                let names = value.split(',').filter(|name| !is_hidden(name));
                *value = names.collect::<Vec<_>>().join(",");
            }
            !is_hidden(option)
        });
        let get = ask::get(step.kind, &request);
        if is_singleton(step.kind) {
            get.single()
        } else {
            get.list()
        }
    }

    /// Asks for a page; properties and options Graph refuses are left out and asked for no more.
    pub(super) async fn ask(&self, place: Place<'_>, get: Get) -> Result<GraphPage> {
        let mut get = get;
        loop {
            let error = match self.client.get(&get).await {
                Ok(page) => return Ok(page),
                Err(error) => error,
            };
            get = self.without_refused(place, get, error).await?;
        }
    }

    /// The request without what Graph refused in it; the error where that does not help.
    pub(super) async fn without_refused(
        &self,
        place: Place<'_>,
        get: Get,
        error: graph::Error,
    ) -> Result<Get> {
        let graph::Target::Path { path, .. } = &get.target else {
            return Err(error.into());
        };
        if error.kind() != ErrorKind::Unsupported {
            return Err(error.into());
        }
        let Some((refused, shorter)) = shortened(path, error.property()) else {
            return Err(error.into());
        };
        let kind = place.step.kind;
        lock(&self.refused)
            .entry(kind.name)
            .or_default()
            .push(refused.clone());
        if !refused.starts_with('$') {
            self.tell_unread(kind, vec![refused.clone()]).await?;
        }
        let reason = format!(
            "Graph refused {refused}; read without it: {}",
            error.message()
        );
        self.remark(kind, kind.path, reason, false).await?;
        let graph::Target::Path { api, .. } = get.target else {
            return Err(error.into());
        };
        Ok(Get {
            target: graph::Target::Path { api, path: shorter },
            ..get
        })
    }

    /// Reads a list to its end, from a first request or a page that was read already.
    pub(super) async fn pages(
        &self,
        place: Place<'_>,
        get: Get,
        first: Option<graph::Result<GraphPage>>,
    ) -> Result<Read> {
        let mut read = Read::default();
        let mut guard = PageGuard::default();
        let mut get = get;
        let mut first = first;
        loop {
            let answer = match first.take() {
                Some(Ok(page)) => Ok(page),
                Some(Err(error)) => match self.without_refused(place, get, error).await {
                    Ok(shorter) => {
                        get = shorter;
                        self.ask(place, get.clone()).await
                    }
                    Err(failure) => return Err(failure),
                },
                None => self.ask(place, get.clone()).await,
            };
            let page = answer.map_err(|failure| failure.after(read.pages))?;
            let guarded = guard.check(&page);
            read.pages += 1;
            self.deliver(place, &page, &mut read).await?;
            guarded.map_err(|error| Failure::from(error).after(read.pages))?;
            if let Some(delta) = page.delta {
                read.delta = Some(delta);
            }
            let Some(next) = page.next else {
                return Ok(read);
            };
            if self.is_exhausted() {
                return Err(self.exhausted().after(read.pages));
            }
            get = get.following(next);
        }
    }

    /// Tells a page and notes the ids on it.
    pub(super) async fn deliver(
        &self,
        place: Place<'_>,
        page: &GraphPage,
        read: &mut Read,
    ) -> Result<()> {
        self.contents(place, &page.body).await?;
        let message = self.page_message(place, page, read);
        self.tell(message).await?;
        Ok(())
    }

    /// What is told of a page, besides the content it names; notes the ids on it.
    pub(super) fn page_message(
        &self,
        place: Place<'_>,
        page: &GraphPage,
        read: &mut Read,
    ) -> Message {
        let kind = place.step.kind;
        if kind.name == HINTING_LOG {
            lock(&self.hints).learn(&page.body, &self.hinted());
        }
        if place.step.has_children || place.step.kind.read_each {
            read.ids.extend(row_ids(kind, place.parent, &page.body));
        }
        read.rows += page.items;
        // Objects that are read one by one say nothing about how many there are.
        if kind.name == SIZE_KIND && !place.delta && page.items > 0 {
            self.client.tell_user_count(read.rows);
        }
        Message::Page(Page {
            kind: kind.name.to_owned(),
            parent: place.parent.to_owned(),
            delta: place.delta,
            next: page.next.as_ref().map(|link| link.as_str().to_owned()),
            body: page.body.clone(),
        })
    }
}

/// Composed ids of the rows on a page.
pub(in super::super) fn row_ids(kind: &Kind, parent: &str, body: &[u8]) -> Vec<String> {
    if is_singleton(kind) {
        return vec![parent.to_owned()];
    }
    let Some(key) = kind.key else {
        return Vec::new();
    };
    let mut parser = Parser::new();
    let Ok(document) = parser.parse(body) else {
        return Vec::new();
    };
    let rows = document.root().get("value");
    let ids = rows
        .into_iter()
        .flat_map(Value::elements)
        .filter(|row| row.get("@removed").is_none())
        .filter_map(|row| row.get_folded(key)?.text());
    ids.filter(|id| !id.is_empty() && !id.contains(KEY_SEPARATOR))
        .map(|id| {
            let id = fold_id(&id);
            if parent.is_empty() {
                id
            } else {
                format!("{parent}{KEY_SEPARATOR}{id}")
            }
        })
        .collect()
}

/// A path without one property of its selection, or without its page size; also what was left out.
fn shortened(path: &str, property: Option<&str>) -> Option<(String, String)> {
    let (base, query) = path.split_once('?')?;
    let options: Vec<&str> = query.split('&').collect();
    let mut refused = None;
    let mut kept = Vec::with_capacity(options.len());
    for option in options {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let names = || value.split(',').map(|name| name.replace("%20", ""));
        match property {
            Some(property) if name == "$select" && names().any(|one| one == property) => {
                let others: Vec<String> = names().filter(|one| one != property).collect();
                kept.push(format!("{name}={}", others.join(",")));
                refused = Some(property.to_owned());
            }
            None if name == "$top" && refused.is_none() => refused = Some("$top".to_owned()),
            _ => kept.push(option.to_owned()),
        }
    }
    let shorter = if kept.is_empty() {
        base.to_owned()
    } else {
        format!("{base}?{}", kept.join("&"))
    };
    Some((refused?, shorter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_graph_refuses_is_left_out_once() {
        let path = "/users?$select=id,skills,mail&$top=999";
        assert_eq!(
            shortened(path, Some("skills")),
            Some((
                "skills".to_owned(),
                "/users?$select=id,mail&$top=999".to_owned()
            ))
        );
        assert_eq!(
            shortened(path, None),
            Some((
                "$top".to_owned(),
                "/users?$select=id,skills,mail".to_owned()
            ))
        );
        assert_eq!(shortened(path, Some("other")), None);
        assert_eq!(shortened("/users", None), None);
        assert_eq!(
            shortened("/users?$top=999", None),
            Some(("$top".to_owned(), "/users".to_owned()))
        );
    }

    #[test]
    fn rows_have_composed_ids() {
        let kind = catalog::by_name("group").expect("because the catalogue has it");
        let page = br#"{"value":[{"id":"a"},{"id":"b","@removed":{"reason":"deleted"}},{"x":1}]}"#;
        assert_eq!(row_ids(kind, "", page), ["a"]);
        assert_eq!(row_ids(kind, "p", page), ["p\u{1f}a"]);
    }
}
