//! What the directory's schema was extended with: schema extensions and custom security attributes.

use crate::kind::{Category, Kind};
use crate::notation::{columns, paths, references};
use crate::writing::Writing;

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "schema_extension",
        table: "schema_extensions",
        title: "Schema extension definition",
        category: Category::Directory,
        path: "/schemaExtensions",
        permissions: &["Application.Read.All"],
        writing: Some(Writing::objects(&["Application.ReadWrite.All"]).chosen(paths![id])),
        entity_type: "microsoft.graph.schemaExtension",
        display: paths![id],
        read_only: paths![id],
        sets: paths![properties targetTypes],
        references: references![owner => application.appId],
        // Not `properties`: every table has a column of that name.
        columns: columns![Text description owner status, Json targetTypes],
        ..Kind::BASE
    },
    Kind {
        name: "attribute_set",
        table: "attribute_sets",
        title: "Custom security attribute set",
        category: Category::Directory,
        path: "/directory/attributeSets",
        permissions: &["CustomSecAttributeDefinition.Read.All"],
        writing: Some(
            Writing::objects(&["CustomSecAttributeDefinition.ReadWrite.All"])
                .never_deleted()
                .chosen(paths![id]),
        ),
        entity_type: "microsoft.graph.attributeSet",
        display: paths![id],
        read_only: paths![id],
        columns: columns![Text description, Int maxAttributesPerSet],
        ..Kind::BASE
    },
    Kind {
        name: "custom_security_attribute_definition",
        table: "custom_security_attribute_definitions",
        title: "Custom security attribute definition",
        aliases: paths![csa],
        category: Category::Directory,
        path: "/directory/customSecurityAttributeDefinitions",
        query: Some("$expand=allowedValues"),
        permissions: &["CustomSecAttributeDefinition.Read.All"],
        writing: Some(
            Writing::objects(&["CustomSecAttributeDefinition.ReadWrite.All"])
                .never_deleted()
                .fixed(paths![attributeSet isCollection isSearchable name type]),
        ),
        entity_type: "microsoft.graph.customSecurityAttributeDefinition",
        display: paths![name id],
        read_only: paths![id],
        sets: paths![allowedValues],
        references: references![attributeSet => attribute_set],
        columns: columns![
            Text attributeSet description, Bool isCollection isSearchable, Text name status type,
            Bool usePreDefinedValuesOnly
        ],
        ..Kind::BASE
    },
    Kind {
        name: "custom_security_attribute_allowed_value",
        table: "custom_security_attribute_allowed_values",
        title: "Custom security attribute allowed value",
        category: Category::Directory,
        path: "/directory/customSecurityAttributeDefinitions/{customSecurityAttributeDefinitionId}/allowedValues",
        permissions: &["CustomSecAttributeDefinition.Read.All"],
        writing: Some(
            Writing::objects(&["CustomSecAttributeDefinition.ReadWrite.All"])
                .never_deleted()
                .chosen(paths![id]),
        ),
        entity_type: "microsoft.graph.allowedValue",
        parent: Some("custom_security_attribute_definition"),
        display: paths![id],
        read_only: paths![id],
        columns: columns![Bool isActive],
        ..Kind::BASE
    },
];
