//! Lists, singletons and logs.

use catalog::Kind;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use graph::{ErrorKind, Get, Page as GraphPage};
use jiff::Timestamp;
use model::KEY_SEPARATOR;

use super::super::message::{Message, Mode, Outcome};
use super::super::plan::{Step, is_singleton};
use super::contents::names_content;
use super::failure::{Failure, Missed, Result};
use super::pages::{Place, Read, row_ids};
use super::{BATCH, Reader, outcome};

/// Batches under way at the same time.
const BATCHES_AT_ONCE: usize = 4;

impl Reader {
    /// Reads a list whole.
    pub(super) async fn list(
        &self,
        step: &Step,
        first: Option<(Get, graph::Result<GraphPage>)>,
    ) -> Result<Outcome> {
        let read = match self.whole(step, first).await {
            // What is not set up in this tenant has no address.
            Err(Failure::Graph(error))
                if error.kind() == ErrorKind::NotFound && is_singleton(step.kind) =>
            {
                self.tell_empty(step).await?;
                Read::default()
            }
            read => read?,
        };
        self.add_rows(step.kind, read.ids);
        self.set_all(step.kind, true);
        Ok(Outcome {
            reason: elsewhere(step.kind),
            ..outcome(step.kind, Mode::Whole)
        })
    }

    /// Reads all rows of a list, going on where a run before stopped.
    pub(super) async fn whole(
        &self,
        step: &Step,
        first: Option<(Get, graph::Result<GraphPage>)>,
    ) -> Result<Read> {
        let place = Place {
            step,
            parent: "",
            delta: false,
        };
        self.tell_hidden(step).await?;
        if let Some(link) = self.resumed.next(step.kind.name, "") {
            let read = match self.client.link(link) {
                Ok(link) => {
                    let get = self.first_get(step, &[]);
                    match get.map(|get| get.following(link)) {
                        Some(get) => self.pages(place, get, None).await,
                        None => Ok(Read::default()),
                    }
                }
                Err(error) => Err(error.into()),
            };
            match read {
                Err(failure) if failure.is_lost() => self.begin_anew(step).await?,
                read => return read,
            }
        } else if self.resumed.has_begun(step.kind.name) {
            self.begin_anew(step).await?;
        }
        let (get, first) = match first {
            Some((get, first)) => (get, Some(first)),
            None => (
                self.first_get(step, &[])
                    .ok_or_else(|| unaddressable(step))?,
                None,
            ),
        };
        if step.kind.read_each {
            return self.each(place, get).await;
        }
        self.pages(place, get, first).await
    }

    /// What was read of a kind in a run before does not count.
    pub(super) async fn begin_anew(&self, step: &Step) -> Result<()> {
        let mut kinds = vec![step.kind.name.to_owned()];
        kinds.extend(
            self.plan
                .along(step.kind)
                .map(|along| along.kind.name.to_owned()),
        );
        self.tell(Message::Restart {
            kinds,
            compare: false,
        })
        .await?;
        Ok(())
    }

    /// Reads the rows of a list one by one, because the list shows them in part.
    async fn each(&self, place: Place<'_>, get: Get) -> Result<Read> {
        let step = place.step;
        let mut ids = Vec::new();
        let mut guard = graph::PageGuard::default();
        let mut get = Some(get);
        while let Some(asked) = get.take() {
            let page = self.ask(place, asked.clone()).await?;
            ids.extend(row_ids(step.kind, place.parent, &page.body));
            guard.check(&page)?;
            get = page.next.map(|next| asked.following(next));
        }
        let mut read = Read::default();
        if ids.is_empty() {
            self.tell_empty(step).await?;
        }
        let pages = self.objects(place, &ids).await?;
        read.pages += pages;
        read.ids = ids;
        Ok(read)
    }

    /// Reads objects by their own addresses; how many there were.
    pub(super) async fn objects(&self, place: Place<'_>, ids: &[String]) -> Result<u64> {
        let step = place.step;
        let mut read = Read::default();
        for chunk in ids.chunks(BATCH) {
            let gets: Vec<Get> = chunk
                .iter()
                .filter_map(|composed| {
                    let parts: Vec<&str> = composed.split(KEY_SEPARATOR).collect();
                    let (own, parents) = parts.split_last()?;
                    let request = step.kind.object_request(parents, own)?;
                    Some(self.get(step, request).single())
                })
                .collect();
            for (composed, answer) in chunk.iter().zip(self.client.batch(&gets).await?) {
                match answer {
                    Ok(page) => {
                        self.deliver(place, &page, &mut read).await?;
                        read.pages += 1;
                    }
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        let reason = "vanished while it was being read".to_owned();
                        self.remark(step.kind, composed, reason, false).await?;
                    }
                    Err(error) => return Err(Failure::from(error).after(read.pages)),
                }
            }
        }
        Ok(read.pages)
    }

    /// Reads the rows of a log since a time.
    pub(super) async fn log(&self, step: &Step, since: Timestamp) -> Result<Outcome> {
        let since = since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let request = step.kind.list_request(&[], Some(&since));
        let request = request.ok_or_else(|| unaddressable(step))?;
        let place = Place {
            step,
            parent: "",
            delta: false,
        };
        // Rows only ever come on top, so what was read before stays; a lost place is begun anew.
        let get = self.get(step, request);
        if let Some(link) = self.resumed.next(step.kind.name, "")
            && let Ok(link) = self.client.link(link)
        {
            match self.pages(place, get.following(link), None).await {
                Err(failure) if failure.is_lost() => {}
                read => {
                    read?;
                    return Ok(outcome(step.kind, Mode::Window));
                }
            }
        }
        match self.pages(place, get, None).await {
            Ok(_) => Ok(outcome(step.kind, Mode::Window)),
            Err(Failure::Gone) => Err(Failure::Gone),
            Err(failure) => {
                let mut ended = failure.outcome(step);
                if ended.mode == Mode::Whole {
                    ended.mode = Mode::Window;
                }
                Ok(ended)
            }
        }
    }

    /// Says that a kind was looked for and is empty.
    pub(super) async fn tell_empty(&self, step: &Step) -> Result<()> {
        let kind = step.kind.name.to_owned();
        Ok(self.tell(Message::Empty { kind }).await?)
    }

    /// Says, before the pages, that these properties will not be on them: nothing of them is gone.
    pub(super) async fn tell_unread(&self, kind: &Kind, properties: Vec<String>) -> Result<()> {
        let kind = kind.name.to_owned();
        Ok(self.tell(Message::Unread { kind, properties }).await?)
    }

    /// Says which properties are not asked for.
    pub(super) async fn tell_hidden(&self, step: &Step) -> Result<()> {
        if !step.hidden.is_empty() {
            let properties = step.hidden.iter().map(|(name, _)| (*name).to_owned());
            self.tell_unread(step.kind, properties.collect()).await?;
        }
        for (property, permission) in &step.hidden {
            let reason = format!("{property} was not read: it needs {permission}");
            self.remark(step.kind, step.kind.path, reason, false)
                .await?;
        }
        Ok(())
    }

    /// Reads many lists of a kind, each below one parent, in batches; `tell` says of each parent that
    /// all below it was read. Returns what could not be read.
    pub(super) async fn lists(
        &self,
        step: &Step,
        parents: &[String],
        tell: bool,
    ) -> Result<Option<Missed>> {
        let mut waiting = parents.chunks(BATCH);
        let mut reading = FuturesUnordered::new();
        for chunk in waiting.by_ref().take(BATCHES_AT_ONCE) {
            reading.push(self.chunk(step, chunk, tell));
        }
        let mut missed: Option<Missed> = None;
        while let Some(result) = reading.next().await {
            if let Some(chunk) = waiting.next() {
                reading.push(self.chunk(step, chunk, tell));
            }
            for failure in result? {
                missed = Some(Missed::add(missed, failure));
            }
            if missed
                .as_ref()
                .is_some_and(|missed| is_final(&missed.first))
            {
                break;
            }
        }
        Ok(missed)
    }

    /// Reads the lists below some parents.
    async fn chunk(&self, step: &Step, parents: &[String], tell: bool) -> Result<Vec<Failure>> {
        if self.is_exhausted() {
            return Ok(vec![self.exhausted()]);
        }
        let open = parents
            .iter()
            .filter(|parent| !self.resumed.has_read(step.kind.name, parent));
        let (parents, gets) = self.first_gets(step, open);
        let answers = match self.client.batch(&gets).await {
            Ok(answers) => answers,
            Err(error) => return Ok(vec![error.into()]),
        };
        let mut failures = Vec::new();
        let mut bundle = Vec::with_capacity(answers.len());
        let mut all = Read::default();
        for ((parent, get), answer) in parents.into_iter().zip(gets).zip(answers) {
            let place = Place {
                step,
                parent,
                delta: false,
            };
            match answer {
                Ok(page) if page.next.is_none() && !names_content(step.kind) => {
                    bundle.push(self.page_message(place, &page, &mut all));
                }
                answer => {
                    self.tell_all(std::mem::take(&mut bundle)).await?;
                    match self.pages(place, get, Some(answer)).await {
                        Ok(read) => all.ids.extend(read.ids),
                        Err(Failure::Gone) => return Err(Failure::Gone),
                        // A singleton that is not set up, or a parent deleted since it was listed.
                        Err(Failure::Graph(error)) if error.kind() == ErrorKind::NotFound => {}
                        Err(failure) => {
                            failures.push(failure);
                            continue;
                        }
                    }
                }
            }
            if tell {
                bundle.push(Message::Whole {
                    kind: step.kind.name.to_owned(),
                    parent: parent.clone(),
                });
            }
        }
        self.tell_all(bundle).await?;
        self.add_rows(step.kind, all.ids);
        Ok(failures)
    }
}

/// What belongs to a kind and is in no Graph.
fn elsewhere(kind: &Kind) -> Option<String> {
    (kind.name == "sensitivity_label_policy").then(|| {
        "the settings of label policies; the policies are in Purview alone: import what Get-LabelPolicy | ConvertTo-Json prints, with --kind label_policy".to_owned()
    })
}

/// Whether no other parent will fare better.
fn is_final(failure: &Failure) -> bool {
    const FINAL: [ErrorKind; 4] = [
        ErrorKind::Forbidden,
        ErrorKind::NotLicensed,
        ErrorKind::SignIn,
        ErrorKind::Cancelled,
    ];
    match failure {
        Failure::Graph(error) => FINAL.contains(&error.kind()),
        Failure::Stopped(_) | Failure::Gone => true,
        Failure::After(failure) => is_final(failure),
    }
}

/// A kind whose address cannot be made, which the catalogue's tests rule out.
fn unaddressable(step: &Step) -> Failure {
    Failure::Stopped(format!("{} has no address", step.kind.path))
}
