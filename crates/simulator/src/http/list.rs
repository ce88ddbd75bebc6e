//! A page of a list: collections, children, recycle bins, logs and edges alike.

use catalog::{Kind, Shape};
use jiff::SignedDuration;
use model::Parser;

use super::answer::{Answer, Failure};
use super::context::{self, Holds};
use super::filter::{self, Filter};
use super::paging::{self, is_directory, seal, unseal};
use super::projection::{Projection, knows_property};
use super::source::{Slots, Source, event_time};
use super::surface::Call;
use crate::tenant::{Slot, nanoseconds, prefix_of, read};

/// What a list request asks for besides the place.
pub(crate) struct Listing<'c> {
    call: &'c Call<'c>,
    kind: &'static Kind,
    parents: &'c [String],
    source: Source,
    filter: Option<Filter>,
    /// Property and whether it descends; the time of a log is the source's own order.
    order: Option<(String, bool)>,
    pub(crate) projection: Projection,
    size: usize,
    /// Only objects of this type, from a cast at the end of the path.
    cast: Option<String>,
}

impl<'c> Listing<'c> {
    /// Reads the query options of a list.
    pub(crate) fn read(
        call: &'c Call<'c>,
        kind: &'static Kind,
        parents: &'c [String],
        source: Source,
        cast: Option<String>,
    ) -> Result<Self, Failure> {
        let query = &call.address.query;
        if query.get("$search").is_some() {
            let message = "The query parameter '$search' is not supported.";
            return Err(Failure::unsupported_query(message));
        }
        let expand = query.get("$expand");
        if call.settings.declines_expansions && expand.is_some_and(|it| shows_rows(kind, it)) {
            let message = "The query parameter '$expand' is not supported here.";
            return Err(Failure::unsupported_query(message));
        }
        let projection = Projection::read(kind, query.get("$select"), expand, true)?;
        let filter = read_filter(call, kind)?;
        let size = paging::rule(kind).size(query.get("$top"), call.preferred_page_size())?;
        let mut listing = Self {
            size: size.min(paging::cap(kind, query.get("$select"))),
            call,
            kind,
            parents,
            source,
            filter,
            order: None,
            projection,
            cast,
        };
        listing.read_order()?;
        listing.narrow_times();
        Ok(listing)
    }

    fn read_order(&mut self) -> Result<(), Failure> {
        let Some(text) = self.call.address.query.get("$orderby") else {
            return Ok(());
        };
        let mut words = text.split_whitespace();
        let property = words.next().unwrap_or("");
        let descending = match words.next() {
            None => false,
            Some(word) if word.eq_ignore_ascii_case("asc") => false,
            Some(word) if word.eq_ignore_ascii_case("desc") => true,
            Some(word) => {
                let message = format!("Syntax error at '{word}' in '{text}'.");
                return Err(Failure::bad_option(message));
            }
        };
        let first = property.split('/').next().unwrap_or(property);
        if !knows_property(self.kind, first) {
            return Err(Failure::unknown_property(first, self.kind.entity_type));
        }
        if self.filter.is_some() && is_directory(self.kind) && !self.call.is_eventual() {
            let message = "Sorting is not supported for the current query.";
            return Err(Failure::unsupported_query(message));
        }
        match (&mut self.source, self.kind.shape) {
            (Source::Events { ascending, .. }, Shape::Event { time }) if time == property => {
                *ascending = !descending;
            }
            _ => self.order = Some((property.to_owned(), descending)),
        }
        Ok(())
    }

    /// A condition on a log's time narrows what is read of it.
    fn narrow_times(&mut self) {
        let (Source::Events { from, to, .. }, Shape::Event { time }, Some(filter)) =
            (&mut self.source, self.kind.shape, &self.filter)
        else {
            return;
        };
        let (earliest, latest) = filter.time_range(time);
        *from = earliest.map_or(*from, nanoseconds);
        *to = latest.map_or(*to, nanoseconds);
    }

    /// How many objects there are.
    pub(crate) fn count(&self) -> usize {
        let prefix = self.prefix();
        self.matching(&prefix, None).count()
    }

    /// The page the request's token leads to.
    pub(crate) fn page(&self) -> Result<Answer, Failure> {
        let mut out = String::with_capacity(16 * 1024);
        let mut parser = Parser::new();
        let next = self.fill(|slot| {
            if !out.is_empty() {
                out.push(',');
            }
            self.projection
                .write(self.call.tenant, slot, &mut parser, &mut out);
        })?;
        Ok(self.envelope(&out, next))
    }

    /// The page as references only.
    pub(crate) fn page_of_references(&self) -> Result<Answer, Failure> {
        let mut out = String::new();
        let next = self.fill(|slot| {
            if !out.is_empty() {
                out.push(',');
            }
            let id = self.call.tenant.id(slot);
            let root = &self.call.root;
            let link = format!("{{\"@odata.id\":\"{root}/directoryObjects/{id}\"}}");
            out.push_str(&link);
        })?;
        Ok(self.envelope(&out, next))
    }

    /// Calls back for every object of the page; gives the cursor of the next one where there is more.
    fn fill(&self, mut show: impl FnMut(Slot)) -> Result<Option<String>, Failure> {
        let token = self.call.address.query.get("$skiptoken");
        let after = token.map(|token| self.open(token)).transpose()?;
        let prefix = self.prefix();
        if let Some((property, descending)) = &self.order {
            return Ok(self.fill_sorted(property, *descending, after.as_deref(), show));
        }
        let mut slots = self.matching(&prefix, after.as_deref()).peekable();
        let mut last = None;
        for slot in slots.by_ref().take(self.size) {
            show(slot);
            last = Some(slot);
        }
        let more = slots.peek().is_some();
        let cursor = last.filter(|_| more);
        Ok(cursor.map(|slot| self.source.cursor(self.call.tenant, &prefix, slot)))
    }

    fn fill_sorted(
        &self,
        property: &str,
        descending: bool,
        after: Option<&str>,
        mut show: impl FnMut(Slot),
    ) -> Option<String> {
        let prefix = self.prefix();
        let mut rows: Vec<(SortKey, Slot)> = self
            .matching(&prefix, None)
            .map(|slot| (self.sort_key(slot, property), slot))
            .collect();
        rows.sort();
        if descending {
            rows.reverse();
        }
        let start = after.and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
        let rows = rows.get(start..).unwrap_or_default();
        for (_, slot) in rows.iter().take(self.size) {
            show(*slot);
        }
        (rows.len() > self.size).then(|| (start + self.size).to_string())
    }

    fn sort_key(&self, slot: Slot, property: &str) -> SortKey {
        let text = &self.call.tenant.storage.object(slot).text;
        read(text, |root| {
            let mut names = property.split('/');
            let value = names.try_fold(root, model::Value::get);
            let text = value.and_then(model::Value::text);
            let number = value
                .and_then(model::Value::number)
                .and_then(|text| text.parse().ok());
            SortKey {
                number: number.unwrap_or(0),
                text: text.map(|text| text.to_lowercase()),
            }
        })
    }

    fn matching<'l>(&'l self, prefix: &'l str, after: Option<&'l str>) -> Slots<'l> {
        let slots = self.source.slots(self.call.tenant, prefix, after);
        let mut parser = Parser::new();
        Box::new(slots.filter(move |slot| {
            let object = self.call.tenant.storage.object(*slot);
            if !self.call.sees(*slot) || !self.is_of_cast(*slot) || self.is_late(*slot) {
                return false;
            }
            let Some(filter) = &self.filter else {
                return true;
            };
            let document = parser
                .parse_text(&object.text)
                .expect("because only serialised objects are stored");
            filter.accepts(document.root())
        }))
    }

    /// Whether a row of a log has not come into view yet.
    fn is_late(&self, slot: Slot) -> bool {
        let Shape::Event { .. } = self.kind.shape else {
            return false;
        };
        let most_minutes = self.call.settings.log_delay_minutes;
        let tenant = self.call.tenant;
        let own_minutes = spread(slot) % most_minutes.saturating_add(1);
        let time = event_time(tenant, self.kind, slot).filter(|_| own_minutes > 0);
        let due = time.and_then(|time| {
            time.checked_add(SignedDuration::from_mins(i64::from(own_minutes)))
                .ok()
        });
        due.is_some_and(|due| due > tenant.now())
    }

    fn is_of_cast(&self, slot: Slot) -> bool {
        let Some(cast) = &self.cast else { return true };
        let kind = self.call.tenant.kind(slot);
        if kind.entity_type == cast && kind.derived_types.is_empty() {
            return true;
        }
        let text = &self.call.tenant.storage.object(slot).text;
        let own = read(text, |root| {
            let own = root.get("@odata.type")?.text()?;
            Some(own.trim_start_matches('#') == cast)
        });
        own.unwrap_or(kind.entity_type == cast)
    }

    fn prefix(&self) -> String {
        match &self.source {
            Source::Collection(_, parents) => prefix_of(parents),
            _ => String::new(),
        }
    }

    fn open(&self, token: &str) -> Result<String, Failure> {
        let purpose = self.purpose();
        unseal(&purpose, token).ok_or_else(|| {
            let message = "The specified page token value is invalid or has expired.";
            Failure::new(400, "Directory_ExpiredPageToken", message)
        })
    }

    /// A token is for one list of one version only.
    fn purpose(&self) -> String {
        format!(
            "page {} {}",
            self.call.address.version(),
            self.call.address.path
        )
    }

    fn envelope(&self, items: &str, next: Option<String>) -> Answer {
        let call = self.call;
        let query = &call.address.query;
        let selected = query.get("$select");
        let root = &call.root;
        let shown = context::of(root, self.kind, self.parents, selected, Holds::List);
        let mut body = String::with_capacity(items.len() + 512);
        body.push_str("{\"@odata.context\":");
        model::write_text(&shown, &mut body);
        let first_page = query.get("$skiptoken").is_none();
        if query.get("$count") == Some("true") && first_page {
            body.push_str(",\"@odata.count\":");
            body.push_str(&self.count().to_string());
        }
        if let Some(cursor) = next {
            let token = seal(&self.purpose(), &cursor);
            let kept = query.without(&["skiptoken"]);
            let join = if kept.is_empty() { "" } else { "&" };
            let path = super::address::encode(&call.address.path);
            let link = format!("{root}{path}?{kept}{join}$skiptoken={token}");
            body.push_str(",\"@odata.nextLink\":");
            model::write_text(&link, &mut body);
        }
        body.push_str(",\"value\":[");
        body.push_str(items);
        body.push_str("]}");
        Answer::json(200, body)
    }
}

/// A number that neighbouring slots do not share (the golden ratio's multiplicative hash).
fn spread(slot: Slot) -> u32 {
    slot.wrapping_mul(0x9e37_79b9) >> 8
}

/// Values sort as numbers, then as text; what is missing comes first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SortKey {
    number: i64,
    text: Option<String>,
}

/// Properties of which `$filter` must name one, for kinds that are not listed without a scope.
fn needed_in_filter(kind: &Kind) -> &'static [&'static str] {
    match kind.name {
        "role_management_policy" | "role_management_policy_assignment" => &["scopeId"],
        name if name.starts_with("pim_group_") => &["groupId", "principalId"],
        _ => &[],
    }
}

fn missing_filter(names: &[&str]) -> Failure {
    let message = format!("A filter on {} is required.", names.join(" or "));
    Failure::new(400, "MissingParameters", message)
}

/// Whether an expansion is one by which a list shows the rows below its objects.
fn shows_rows(kind: &Kind, expand: &str) -> bool {
    let mut kinds = catalog::kinds().iter();
    kinds.any(|below| below.parent == Some(kind.name) && below.shown_by == Some(expand))
}

fn read_filter(call: &Call<'_>, kind: &'static Kind) -> Result<Option<Filter>, Failure> {
    let Some(text) = call.address.query.get("$filter") else {
        return match needed_in_filter(kind) {
            [] => Ok(None),
            names => Err(missing_filter(names)),
        };
    };
    let filter = filter::parse(text).map_err(Failure::bad_option)?;
    let named = filter.properties();
    let needed = needed_in_filter(kind);
    if !needed.is_empty() && !needed.iter().any(|name| named.contains(name)) {
        return Err(missing_filter(needed));
    }
    for name in filter.properties() {
        if !knows_property(kind, name) {
            let message = format!(
                "Invalid filter clause: Could not find a property named '{name}' on type '{}'.",
                kind.entity_type
            );
            return Err(Failure::bad_option(message));
        }
    }
    if filter.is_advanced() && is_directory(kind) && !call.is_eventual() {
        let message = "Operator is not supported: add $count=true and the header \
                       ConsistencyLevel:eventual.";
        return Err(Failure::unsupported_query(message));
    }
    Ok(Some(filter))
}
