//! The tenant as it is at this moment, as far as one step is concerned with it.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use catalog::{Kind, Shape};
use graph::{Api, Client, ErrorKind, Get, PageGuard};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::plan::{Precondition, Step};

/// What stands where a step looks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Live {
    /// Nothing.
    Absent,
    /// An object.
    There(Object),
    /// A relationship.
    Linked,
}

/// An object as the archive would keep it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Object {
    /// Normalised text.
    pub(crate) text: String,
    /// The same, parsed.
    pub(crate) properties: Map<String, Value>,
}

/// Where a step looks.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// An object with an address of its own, or the only one of its kind.
    Object { kind: &'static Kind, get: Get },
    /// An end of a relationship.
    Link(Link),
}

/// A relationship, by its ends.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    kind: &'static Kind,
    /// Ids in the path, outermost first; the last is the source's.
    path: Vec<String>,
    target: String,
    single: bool,
}

impl Link {
    fn source(&self) -> Source {
        (self.kind.name, self.path.join("/").to_ascii_lowercase())
    }
}

type Source = (&'static str, String);

impl Place {
    /// Where the object of a step is, `key` being its key in the tenant as it is now.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the catalogue does not know the kind, or the key does not fit it.
    pub(crate) fn of(step: &Step, key: &[String]) -> Result<Self> {
        let kind = kind(step)?;
        let does_not_fit = || {
            Error::Invalid(format!(
                "step {}: {:?} is no key of a {}: make the plan anew",
                step.number, key, kind.title
            ))
        };
        let parents = kind.addressing_parents().len();
        let ids: Vec<&str> = key.iter().map(String::as_str).collect();
        let request = match kind.shape {
            Shape::Object => {
                let (own, parents) = ids.split_last().ok_or_else(does_not_fit)?;
                kind.object_request(parents, own)
            }
            Shape::Singleton => {
                kind.list_request(ids.get(..parents).ok_or_else(does_not_fit)?, None)
            }
            Shape::Relationship(relationship) => {
                let (target, path) = ids.split_last().ok_or_else(does_not_fit)?;
                if path.len() != parents {
                    return Err(does_not_fit());
                }
                return Ok(Self::Link(Link {
                    kind,
                    path: path.iter().map(|id| (*id).to_owned()).collect(),
                    target: (*target).to_owned(),
                    single: relationship.single,
                }));
            }
            Shape::Event { .. } => None,
        };
        let get = collector::get(kind, &request.ok_or_else(does_not_fit)?);
        Ok(Self::Object { kind, get })
    }

    /// Where a step that brings an object back finds it in the recycle bin: at the address it is restored
    /// from. `target` is that of its request.
    pub(crate) fn in_bin(step: &Step, target: &str) -> Result<Option<Self>> {
        if step.precondition != Precondition::Deleted {
            return Ok(None);
        }
        let kind = kind(step)?;
        let Some(address) = target.strip_suffix("/restore") else {
            return Ok(None);
        };
        let (api, path) = address_of(step, address)?;
        let get = Get::path(api, path, kind.name)
            .family(collector::family(kind))
            .single();
        Ok(Some(Self::Object { kind, get }))
    }
}

/// The kind of a step's object.
pub(crate) fn kind(step: &Step) -> Result<&'static Kind> {
    catalog::by_name(&step.kind).ok_or_else(|| {
        Error::Invalid(format!(
            "step {}: there is no kind {:?}: make the plan anew with this version",
            step.number, step.kind
        ))
    })
}

/// Version and path of an address below the service root.
pub(crate) fn address_of<'t>(step: &Step, target: &'t str) -> Result<(Api, &'t str)> {
    let versions = [("/v1.0/", Api::V1), ("/beta/", Api::Beta)];
    let found = versions
        .iter()
        .find(|(version, _)| target.starts_with(version));
    let (version, api) = found.ok_or_else(|| {
        Error::Invalid(format!(
            "step {}: {target:?} is no address below Graph's root",
            step.number
        ))
    })?;
    Ok((*api, &target[version.len() - 1..]))
}

/// Reads places, many in one request where Graph allows it.
pub(crate) struct Reader<'c> {
    client: &'c Client,
    /// The targets of sources that were read, in lower case. Reading a group of 10,000 members once is
    /// cheaper than asking for each of those that are added.
    ends: RefCell<HashMap<Source, BTreeSet<String>>>,
}

impl<'c> Reader<'c> {
    pub(crate) fn new(client: &'c Client) -> Self {
        Self {
            client,
            ends: RefCell::default(),
        }
    }

    /// What stands at each place, in their order.
    ///
    /// # Errors
    /// Where nothing could be had at all. What a single place refuses is an error of its own.
    pub(crate) async fn read(&self, places: &[Place]) -> Result<Vec<graph::Result<Live>>> {
        let mut gets = Vec::new();
        for place in places {
            match place {
                Place::Object { get, .. } => gets.push(get.clone()),
                Place::Link(_) => {}
            }
        }
        let mut pages = self.client.batch(&gets).await?.into_iter();
        let mut answers = Vec::with_capacity(places.len());
        for place in places {
            answers.push(match place {
                Place::Object { kind, .. } => {
                    let page = pages.next().expect("because a batch answers every request");
                    object(kind, page)
                }
                Place::Link(link) => self.link(link).await,
            });
        }
        Ok(answers)
    }

    /// What stands at one place.
    pub(crate) async fn read_one(&self, place: &Place) -> graph::Result<Live> {
        match place {
            Place::Object { kind, get } => object(kind, self.client.get(get).await),
            Place::Link(link) => self.link(link).await,
        }
    }

    /// The next look at this place asks the tenant.
    pub(crate) fn forget(&self, place: &Place) {
        if let Place::Link(link) = place {
            self.ends.borrow_mut().remove(&link.source());
        }
    }

    /// Notes what a write did to a relationship, for the steps that look at others of its source.
    pub(crate) fn note(&self, place: &Place, is_there: bool) {
        let Place::Link(link) = place else { return };
        if let Some(targets) = self.ends.borrow_mut().get_mut(&link.source()) {
            let target = link.target.to_ascii_lowercase();
            if is_there {
                if link.single {
                    targets.clear();
                }
                targets.insert(target);
            } else {
                targets.remove(&target);
            }
        }
    }

    async fn link(&self, link: &Link) -> graph::Result<Live> {
        let source = link.source();
        if !self.ends.borrow().contains_key(&source) {
            let targets = self.targets(link).await?;
            self.ends.borrow_mut().insert(source.clone(), targets);
        }
        let target = link.target.to_ascii_lowercase();
        let ends = self.ends.borrow();
        let is_there = ends
            .get(&source)
            .is_some_and(|targets| targets.contains(&target));
        Ok(if is_there { Live::Linked } else { Live::Absent })
    }

    /// The other ends of a source; none where the source itself is not there.
    async fn targets(&self, link: &Link) -> graph::Result<BTreeSet<String>> {
        let path: Vec<&str> = link.path.iter().map(String::as_str).collect();
        let mut targets = BTreeSet::new();
        let Some(request) = link.kind.list_request(&path, None) else {
            return Ok(targets);
        };
        let mut get = collector::get(link.kind, &request);
        if !link.single {
            get = get.list();
        }
        let mut guard = PageGuard::default();
        loop {
            let page = match self.client.get(&get).await {
                Ok(page) => page,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(targets),
                Err(error) => return Err(error),
            };
            targets.extend(ids(&page.body, link.single));
            guard.check(&page)?;
            let Some(next) = page.next else {
                return Ok(targets);
            };
            get = get.following(next);
        }
    }
}

/// An answer as what stands there.
fn object(kind: &'static Kind, page: graph::Result<graph::Page>) -> graph::Result<Live> {
    match page {
        // A page was checked to be one JSON object.
        Ok(page) => Ok(parsed(kind, &page.body).map_or(Live::Absent, Live::There)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Live::Absent),
        Err(error) => Err(error),
    }
}

/// An object as it was received.
pub(crate) fn parsed(kind: &'static Kind, body: &[u8]) -> Option<Object> {
    let text = collector::normalised(kind, body).ok()?;
    let properties = serde_json::from_str(&text).ok()?;
    Some(Object { text, properties })
}

fn ids(body: &[u8], single: bool) -> Vec<String> {
    let Ok(mut page) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return Vec::new();
    };
    let rows = match page.shift_remove("value") {
        Some(Value::Array(rows)) if !single => rows,
        _ => vec![Value::Object(page)],
    };
    let ids = rows.iter().filter_map(|row| row.get("id")?.as_str());
    ids.map(str::to_ascii_lowercase).collect()
}
