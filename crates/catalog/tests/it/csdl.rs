//! A reader of CSDL: types, their properties, and what derives from what.

use std::collections::BTreeMap;

use catalog::ColumnType;

use crate::shared;

/// A metadata document: qualified type name to type.
pub(crate) struct Csdl {
    types: BTreeMap<String, Type>,
}

pub(crate) struct Type {
    is_enum: bool,
    base: Option<String>,
    /// Declared here, in order.
    properties: Vec<Property>,
    navigation: Vec<Property>,
}

#[derive(Clone)]
pub(crate) struct Property {
    pub(crate) name: String,
    /// Qualified; `Collection(...)` taken off.
    pub(crate) of: String,
    pub(crate) is_collection: bool,
}

/// Both documents, v1.0 and beta.
pub(crate) fn both() -> Option<[Csdl; 2]> {
    let v1 = shared::read("reference/entra-v1.0.csdl.xml")?;
    let beta = shared::read("reference/entra-beta.generated.csdl.xml")?;
    Some([Csdl::read(&v1), Csdl::read(&beta)])
}

impl Csdl {
    fn read(text: &str) -> Self {
        let document = roxmltree::Document::parse(text).expect("because the file is XML");
        let schemas: Vec<_> = document
            .descendants()
            .filter(|node| node.has_tag_name(("http://docs.oasis-open.org/odata/ns/edm", "Schema")))
            .collect();
        let mut types = BTreeMap::new();
        for schema in &schemas {
            let namespace = schema
                .attribute("Namespace")
                .expect("because schemas are named");
            // `self` and `graph` are aliases of the schema they are declared on; others see only
            // `graph`.
            let mut aliases = vec![("graph", "microsoft.graph")];
            if let Some(alias) = schema.attribute("Alias") {
                aliases.push((alias, namespace));
            }
            for node in schema.children().filter(roxmltree::Node::is_element) {
                if let Some(name) = node.attribute("Name") {
                    types.insert(format!("{namespace}.{name}"), Type::read(node, &aliases));
                }
            }
        }
        Self { types }
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.types.contains_key(name)
    }

    /// The type and its bases, the outermost base first.
    fn line(&self, name: &str) -> Vec<&Type> {
        let mut line = Vec::new();
        let mut next = self.types.get(name);
        while let Some(found) = next {
            line.insert(0, found);
            next = found.base.as_ref().and_then(|base| self.types.get(base));
        }
        line
    }

    /// Declared and inherited properties, bases first.
    pub(crate) fn properties(&self, name: &str) -> Vec<&Property> {
        let line = self.line(name).into_iter();
        line.flat_map(|found| &found.properties).collect()
    }

    /// Types derived from this one, at any depth.
    pub(crate) fn derived<'c>(&'c self, name: &str) -> Vec<&'c str> {
        let mut found = Vec::new();
        for (derived, of) in &self.types {
            if of.base.as_deref() == Some(name) {
                found.push(derived.as_str());
                found.extend(self.derived(derived));
            }
        }
        found
    }

    /// Properties of a name on a type or one derived from it, navigation properties included.
    fn named<'c>(&'c self, of: &'c str, name: &'c str) -> impl Iterator<Item = &'c Property> {
        let candidates = std::iter::once(of).chain(self.derived(of));
        candidates
            .flat_map(|candidate| self.line(candidate))
            .flat_map(|found| found.properties.iter().chain(&found.navigation))
            .filter(move |property| property.name == name)
    }

    /// How a property is shown as a column.
    pub(crate) fn column_type(&self, property: &Property) -> ColumnType {
        if property.is_collection {
            return ColumnType::Json;
        }
        match property.of.as_str() {
            "Edm.String" | "Edm.Guid" | "Edm.Duration" | "Edm.TimeOfDay" | "Edm.Binary"
            | "Edm.Stream" => ColumnType::Text,
            "Edm.Boolean" => ColumnType::Bool,
            "Edm.Int16" | "Edm.Int32" | "Edm.Int64" | "Edm.Byte" => ColumnType::Int,
            "Edm.Double" | "Edm.Single" | "Edm.Decimal" => ColumnType::Float,
            "Edm.DateTimeOffset" => ColumnType::Time,
            "Edm.Date" => ColumnType::Date,
            of if self.types.get(of).is_some_and(|found| found.is_enum) => ColumnType::Text,
            _ => ColumnType::Json,
        }
    }
}

/// The property at a path from a type; arrays are transparent. Each step may be in either document:
/// the beta one has lost derived types.
pub(crate) fn at<'c>(documents: &'c [Csdl; 2], of: &'c str, path: &'c str) -> Option<&'c Property> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let mut found = documents.iter().flat_map(|csdl| csdl.named(of, first));
    match rest {
        "" => found.next(),
        _ => found.find_map(|property| at(documents, &property.of, rest)),
    }
}

impl Type {
    fn read(node: roxmltree::Node<'_, '_>, aliases: &[(&str, &str)]) -> Self {
        let declared = |tag: &str| {
            let children = node
                .children()
                .filter(|child| child.tag_name().name() == tag);
            children
                .map(|child| Property::read(child, aliases))
                .collect()
        };
        Self {
            is_enum: node.tag_name().name() == "EnumType",
            base: node
                .attribute("BaseType")
                .map(|base| qualified(base, aliases)),
            properties: declared("Property"),
            navigation: declared("NavigationProperty"),
        }
    }
}

impl Property {
    fn read(node: roxmltree::Node<'_, '_>, aliases: &[(&str, &str)]) -> Self {
        let of = node
            .attribute("Type")
            .expect("because properties are typed");
        let element = of
            .strip_prefix("Collection(")
            .and_then(|inner| inner.strip_suffix(')'));
        Self {
            name: node
                .attribute("Name")
                .expect("because properties are named")
                .to_owned(),
            of: qualified(element.unwrap_or(of), aliases),
            is_collection: element.is_some(),
        }
    }
}

/// A type name without an alias for its namespace.
fn qualified(name: &str, aliases: &[(&str, &str)]) -> String {
    let known = aliases.iter().find_map(|(alias, namespace)| {
        let local = name.strip_prefix(alias)?.strip_prefix('.')?;
        (!local.contains('.')).then(|| format!("{namespace}.{local}"))
    });
    known.unwrap_or_else(|| name.to_owned())
}
