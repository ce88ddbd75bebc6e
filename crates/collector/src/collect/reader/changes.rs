//! Delta queries: what changed since the last run, and full reads beside them.

use std::sync::{Arc, Mutex};

use catalog::Delta;
use graph::{ErrorKind, Get, Link};
use tokio::sync::oneshot;

use super::super::message::{Message, Mode, Outcome};
use super::super::plan::{Step, Way};
use super::failure::{Failure, Result};
use super::pages::{Place, Read};
use super::{Reader, outcome};
use crate::ask::family;

impl Reader {
    /// Reads only the changes of a kind; all of it where Graph does not know the link any more.
    pub(super) async fn changes(&self, step: &Step, link: &str) -> Result<Outcome> {
        if self.resumed.has_begun(step.kind.name) {
            self.restart(step, false).await?;
        }
        match self.round(step, link).await {
            Ok(read) => {
                self.add_rows(step.kind, read.ids);
                self.read_news(step).await?;
                Ok(Outcome {
                    delta: read.delta.map(|link| link.as_str().to_owned()),
                    whole_at: step.whole_at,
                    reason: untold(step),
                    ..outcome(step.kind, Mode::Changes)
                })
            }
            Err(failure) if failure.is_lost() => {
                self.tell_lost(step, &failure).await?;
                self.restart(step, false).await?;
                self.beside_latest(step).await
            }
            Err(failure) => Err(failure),
        }
    }

    /// Reads all of a kind, and asks from when on changes count. With the link of the last run, what
    /// the changes since then lead to is told first, to be compared.
    pub(super) async fn tracked(&self, step: &Step, link: Option<&str>) -> Result<Outcome> {
        if self.resumed.has_begun(step.kind.name) {
            self.restart(step, false).await?;
            return self.beside_latest(step).await;
        }
        let Some(link) = link else {
            return self.beside_latest(step).await;
        };
        let read = match self.round(step, link).await {
            Ok(read) => read,
            Err(failure) if failure.is_lost() => {
                self.tell_lost(step, &failure).await?;
                self.restart(step, false).await?;
                return self.beside_latest(step).await;
            }
            Err(failure) => return Err(failure),
        };
        self.read_news(step).await?;
        self.restart(step, true).await?;
        self.set_changed(step.kind, read.ids);
        let whole = self.list(step, None).await?;
        if let Some(link) = &read.delta {
            self.touched(step, link).await?;
        }
        Ok(Outcome {
            // The changes during the full read are told again the next time.
            delta: read.delta.map(|link| link.as_str().to_owned()),
            ..whole
        })
    }

    /// Reads all of a kind after asking for a link to all later changes.
    async fn beside_latest(&self, step: &Step) -> Result<Outcome> {
        let latest = match self.latest(step).await {
            Ok(link) => link,
            Err(Failure::Graph(error)) if is_declined(error.kind()) => {
                let reason = format!("changes cannot be asked for: {}", error.message());
                self.remark(step.kind, step.kind.path, reason, false)
                    .await?;
                None
            }
            Err(failure) => return Err(failure),
        };
        let whole = self.list(step, None).await?;
        Ok(Outcome {
            delta: latest.map(|link| link.as_str().to_owned()),
            ..whole
        })
    }

    /// A link to the changes from now on.
    async fn latest(&self, step: &Step) -> Result<Option<Link>> {
        let Some(request) = step.kind.delta_request() else {
            return Ok(None);
        };
        let mut get = self.get(step, request);
        if let graph::Target::Path { path, .. } = &mut get.target {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str("$deltatoken=latest");
        }
        let place = Place {
            step,
            parent: "",
            delta: true,
        };
        let page = self.ask(place, get.list()).await?;
        Ok(page.delta)
    }

    /// One round of a delta query.
    async fn round(&self, step: &Step, link: &str) -> Result<Read> {
        let link = self.client.link(link)?;
        let place = Place {
            step,
            parent: "",
            delta: true,
        };
        let get = Get::link(link, step.kind.name)
            .family(family(step.kind))
            .cost(step.kind.cost())
            .prefer("return=minimal");
        self.pages(place, get, None).await
    }

    /// Reads the objects that a delta named for the first time: it leaves out what was never set.
    async fn read_news(&self, step: &Step) -> Result<()> {
        let (answer, asked) = oneshot::channel();
        self.tell(Message::News {
            kind: step.kind.name.to_owned(),
            answer: Arc::new(Mutex::new(Some(answer))),
        })
        .await?;
        let news = asked.await.map_err(|_| Failure::Gone)?;
        let place = Place {
            step,
            parent: "",
            delta: false,
        };
        self.objects(place, &news).await?;
        Ok(())
    }

    /// Tells which objects changed while a kind was being read in full.
    async fn touched(&self, step: &Step, link: &Link) -> Result<()> {
        let mut get = Get::link(link.clone(), step.kind.name)
            .family(family(step.kind))
            .cost(step.kind.cost())
            .prefer("return=minimal");
        let mut guard = graph::PageGuard::default();
        loop {
            // Otherwise differences are told that mean nothing, which is better than the reverse.
            let Ok(page) = self.client.get(&get).await else {
                return Ok(());
            };
            let ids = changed_ids(&page.body);
            let mut kinds = vec![step.kind];
            kinds.extend(step.kind.delta_relations());
            for kind in kinds.into_iter().filter(|_| !ids.is_empty()) {
                self.tell(Message::Touched {
                    kind: kind.name.to_owned(),
                    ids: ids.clone(),
                })
                .await?;
            }
            if guard.check(&page).is_err() {
                return Ok(());
            }
            let Some(next) = page.next else {
                return Ok(());
            };
            get = get.following(next);
        }
    }

    /// Begins anew with a kind and the edges in its delta.
    async fn restart(&self, step: &Step, compare: bool) -> Result<()> {
        let mut kinds = vec![step.kind.name.to_owned()];
        let selected = step.kind.delta_relations().filter(|kind| {
            self.plan
                .step(kind.name)
                .is_some_and(|step| !matches!(step.way, Way::Refused(_) | Way::Orphaned(_)))
        });
        kinds.extend(selected.map(|kind| kind.name.to_owned()));
        self.tell(Message::Restart { kinds, compare }).await?;
        super::lock(&self.rows).remove(step.kind.name);
        Ok(())
    }

    async fn tell_lost(&self, step: &Step, failure: &Failure) -> Result<()> {
        let why = match failure {
            Failure::Graph(error) => error.message().to_owned(),
            _ => String::new(),
        };
        let reason = format!("Graph no longer knows the last delta; read in full: {why}");
        self.remark(step.kind, step.kind.path, reason, false).await
    }
}

/// What of a kind its deltas do not tell, and how old it is therefore.
fn untold(step: &Step) -> Option<String> {
    let Some(Delta::Own { without, .. }) = step.kind.delta else {
        return None;
    };
    let at = step.whole_at.filter(|_| !without.is_empty())?;
    Some(format!(
        "by its changes; {} as of {}, which no delta tells",
        without.join(", "),
        at.strftime("%Y-%m-%d %H:%MZ")
    ))
}

/// Whether delta queries are not offered here, while the list may be.
fn is_declined(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Unsupported | ErrorKind::NotFound | ErrorKind::Gone | ErrorKind::Forbidden
    )
}

/// Ids of everything on a page of a delta, what is gone included.
fn changed_ids(body: &[u8]) -> Vec<String> {
    let mut parser = model::Parser::new();
    let Ok(document) = parser.parse(body) else {
        return Vec::new();
    };
    let rows = document.root().get("value");
    let rows = rows.into_iter().flat_map(model::Value::elements);
    rows.filter_map(|row| Some(row.get("id")?.text()?.to_ascii_lowercase()))
        .collect()
}
