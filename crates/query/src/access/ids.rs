//! Objects as numbers: what is searched are vectors of numbers, and texts are made again for what is shown.

use std::collections::HashMap;

use crate::mentions::guid;

/// The number of an object or of a privilege within one reading.
pub(crate) type Node = u32;

/// What a number stands for. The order is that of answers: it does not depend on how rows are stored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Id {
    Guid(u128),
    Text(Box<str>),
    /// Something that has no id of its own.
    Privilege(Box<str>),
}

/// Ids met so far, each with its number.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    guids: HashMap<u128, Node>,
    texts: HashMap<Box<str>, Node>,
    all: Vec<Id>,
}

impl Ids {
    /// The number of an object.
    pub(crate) fn object(&mut self, id: &str) -> Node {
        if let Some(guid) = guid(id.as_bytes()) {
            return *self.guids.entry(guid).or_insert_with(|| {
                self.all.push(Id::Guid(guid));
                number(self.all.len() - 1)
            });
        }
        let folded = model::fold_id(id);
        if let Some(known) = self.texts.get(folded.as_str()) {
            return *known;
        }
        let new = number(self.all.len());
        self.all.push(Id::Text(folded.as_str().into()));
        self.texts.insert(folded.into(), new);
        new
    }

    /// A number for a privilege, which the caller tells apart; `order` is its place among the others.
    pub(crate) fn privilege(&mut self, order: &str) -> Node {
        self.all.push(Id::Privilege(order.into()));
        number(self.all.len() - 1)
    }

    /// The number of an object if it was met.
    pub(crate) fn find(&self, id: &str) -> Option<Node> {
        match guid(id.as_bytes()) {
            Some(guid) => self.guids.get(&guid).copied(),
            None => self.texts.get(model::fold_id(id).as_str()).copied(),
        }
    }

    /// The id of an object, in lower case.
    pub(crate) fn text(&self, node: Node) -> String {
        match &self.all[node as usize] {
            Id::Guid(guid) => hyphenated(*guid),
            Id::Text(text) | Id::Privilege(text) => text.to_string(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// All numbers in the order of their ids.
    pub(crate) fn ordered(&self) -> Vec<Node> {
        let mut nodes: Vec<Node> = (0..number(self.all.len())).collect();
        nodes.sort_unstable_by(|a, b| self.all[*a as usize].cmp(&self.all[*b as usize]));
        nodes
    }
}

fn number(at: usize) -> Node {
    u32::try_from(at).expect("because an archive numbers its versions in 32 bits")
}

/// A GUID as Graph writes it.
fn hyphenated(guid: u128) -> String {
    let hex = format!("{guid:032x}");
    let groups = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_number_however_it_is_written() {
        let mut ids = Ids::default();
        let upper = ids.object("0B9C3A4E-0000-4000-8000-00000000000F");
        assert_eq!(ids.object("0b9c3a4e-0000-4000-8000-00000000000f"), upper);
        assert_eq!(ids.text(upper), "0b9c3a4e-0000-4000-8000-00000000000f");
        let location = ids.object("HQ-1");
        assert_eq!(ids.find("HQ-1"), Some(location));
        assert_eq!(ids.find("HQ-2"), None);
    }

    #[test]
    fn the_order_is_that_of_ids_and_not_of_meeting() {
        let mut ids = Ids::default();
        let role = ids.privilege("role");
        let text = ids.object("x");
        let second = ids.object("bbbbbbbb-0000-4000-8000-000000000000");
        let first = ids.object("aaaaaaaa-0000-4000-8000-000000000000");
        assert_eq!(ids.ordered(), [first, second, text, role]);
    }
}
