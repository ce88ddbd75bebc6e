//! The tenant as it is at this moment, as far as one step is concerned with it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use catalog::{Kind, Request, Shape};
use graph::{Api, Client, ErrorKind, Get, Identity, PageGuard};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::own::own_text;
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
    /// Properties the credential may not read: nobody knows what they are.
    pub(crate) unread: Vec<&'static str>,
}

/// Where a step looks.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// An object with an address of its own, or the only one of its kind.
    Object {
        kind: &'static Kind,
        get: Get,
        narrow: Option<Box<Narrow>>,
    },
    /// An end of a relationship.
    Link(Link),
}

/// A read without what needs a permission of its own.
#[derive(Debug, Clone)]
pub(crate) struct Narrow {
    get: Get,
    unread: Vec<&'static str>,
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
        let mut request = request.ok_or_else(does_not_fit)?;
        select_covered(kind, &mut request);
        let get = collector::get(kind, &request);
        let unread = further(kind);
        let narrow = (!unread.is_empty()).then(|| {
            deselect(&mut request, |name| unread.contains(&name));
            let get = collector::get(kind, &request);
            Box::new(Narrow { get, unread })
        });
        Ok(Self::Object { kind, get, narrow })
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
        Ok(Some(Self::Object {
            kind,
            get,
            narrow: None,
        }))
    }
}

/// Leaves out of a request what no version is compared by. Some of it (`signInActivity`) needs a permission that has
/// nothing to do with writing.
pub(crate) fn select_covered(kind: &Kind, request: &mut Request) {
    deselect(request, |name| kind.volatile.contains(&name));
}

fn deselect(request: &mut Request, is_left_out: impl Fn(&str) -> bool) {
    for (option, value) in &mut request.query {
        if *option == "$select" {
            let names = value.split(',').filter(|name| !is_left_out(name));
            *value = names.collect::<Vec<_>>().join(",");
        }
    }
}

/// Properties of a kind that count and need another permission than the kind.
fn further(kind: &Kind) -> Vec<&'static str> {
    let further = kind.further_permissions.iter();
    let properties = further.flat_map(|further| further.properties.iter().copied());
    properties
        .filter(|name| !kind.volatile.contains(name))
        .collect()
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
    /// Kinds of which the credential may not read everything.
    blind: RefCell<BTreeSet<&'static str>>,
    /// What was not read because of that, by kind.
    unread: RefCell<BTreeMap<&'static str, Vec<&'static str>>>,
}

impl<'c> Reader<'c> {
    pub(crate) fn new(client: &'c Client) -> Self {
        Self {
            client,
            ends: RefCell::default(),
            blind: RefCell::default(),
            unread: RefCell::default(),
        }
    }

    /// Learns from a token what need not be tried. Graph refuses some of it, and says of some that it is not set.
    pub(crate) fn learn(&self, identity: &Identity) {
        let (Some(roles), Some(scopes)) = (&identity.roles, &identity.scopes) else {
            return;
        };
        let has = |permission: &str| {
            let writing = permission.replace(".Read.", ".ReadWrite.");
            let mut all = roles.iter().chain(scopes.iter());
            all.any(|own| *own == permission || *own == writing)
        };
        for kind in catalog::kinds() {
            let mut further = kind.further_permissions.iter();
            if further.any(|it| !it.properties.is_empty() && !has(it.permission)) {
                self.blind.borrow_mut().insert(kind.name);
            }
        }
    }

    /// Properties that were not read, by kind.
    pub(crate) fn unread(&self) -> BTreeMap<String, Vec<String>> {
        let unread = self.unread.borrow();
        let owned = |names: &Vec<&str>| names.iter().map(|&name| name.to_owned()).collect();
        unread
            .iter()
            .map(|(kind, names)| ((*kind).to_owned(), owned(names)))
            .collect()
    }

    /// The narrow read of an object, where the credential is known not to do the whole one.
    fn narrow<'p>(&self, kind: &Kind, narrow: Option<&'p Narrow>) -> Option<&'p Narrow> {
        narrow.filter(|_| self.blind.borrow().contains(kind.name))
    }

    /// What stands at each place, in their order.
    ///
    /// # Errors
    /// Where nothing could be had at all. What a single place refuses is an error of its own.
    pub(crate) async fn read(&self, places: &[Place]) -> Result<Vec<graph::Result<Live>>> {
        let mut gets = Vec::new();
        let mut narrowed = Vec::with_capacity(places.len());
        for place in places {
            let mut narrow = None;
            if let Place::Object {
                kind,
                get,
                narrow: own,
            } = place
            {
                narrow = self.narrow(kind, own.as_deref());
                gets.push(narrow.map_or(get, |narrow| &narrow.get).clone());
            }
            narrowed.push(narrow);
        }
        let mut pages = self.client.batch(&gets).await?.into_iter();
        let mut answers = Vec::with_capacity(places.len());
        for (place, asked) in places.iter().zip(narrowed) {
            answers.push(match place {
                Place::Object { kind, narrow, .. } => {
                    let page = pages.next().expect("because a batch answers every request");
                    self.object(kind, narrow.as_deref(), asked, page).await
                }
                Place::Link(link) => self.link(link).await,
            });
        }
        Ok(answers)
    }

    /// What stands at one place.
    pub(crate) async fn read_one(&self, place: &Place) -> graph::Result<Live> {
        match place {
            Place::Object { kind, get, narrow } => {
                let asked = self.narrow(kind, narrow.as_deref());
                let page = self.client.get(asked.map_or(get, |it| &it.get)).await;
                self.object(kind, narrow.as_deref(), asked, page).await
            }
            Place::Link(link) => self.link(link).await,
        }
    }

    /// An answer as what stands there; `asked` is the narrow read, where that was done. Where the whole was refused,
    /// the narrow one is done now, and from then on for every object of the kind.
    async fn object(
        &self,
        kind: &'static Kind,
        narrow: Option<&Narrow>,
        asked: Option<&Narrow>,
        page: graph::Result<graph::Page>,
    ) -> graph::Result<Live> {
        let is_refused = matches!(&page, Err(error) if error.kind() == ErrorKind::Forbidden);
        let (page, asked) = match narrow.filter(|_| is_refused && asked.is_none()) {
            Some(narrow) => {
                self.blind.borrow_mut().insert(kind.name);
                (self.client.get(&narrow.get).await, Some(narrow))
            }
            None => (page, asked),
        };
        let unread = asked.map_or(&[][..], |narrow| &narrow.unread);
        if !unread.is_empty() {
            self.unread
                .borrow_mut()
                .entry(kind.name)
                .or_insert_with(|| unread.to_vec());
        }
        object(kind, page, unread)
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

fn object(
    kind: &'static Kind,
    page: graph::Result<graph::Page>,
    unread: &[&'static str],
) -> graph::Result<Live> {
    match page {
        // A page was checked to be one JSON object.
        Ok(page) => Ok(parsed(kind, &page.body, unread).map_or(Live::Absent, Live::There)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Live::Absent),
        Err(error) => Err(error),
    }
}

/// An object as it was received.
pub(crate) fn parsed(kind: &'static Kind, body: &[u8], unread: &[&'static str]) -> Option<Object> {
    let text = collector::normalised(kind, body).ok()?;
    let text = own_text(kind, &text).into_owned();
    let properties = serde_json::from_str(&text).ok()?;
    Some(Object {
        text,
        properties,
        unread: unread.to_vec(),
    })
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
