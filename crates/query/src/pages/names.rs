//! Words and links for kinds, categories and references.

use catalog::{Category, Kind, Shape};

/// A link to the page of a kind, or words for what no single kind is.
pub(super) fn link(kind: &str) -> String {
    match catalog::by_name(kind) {
        Some(kind) => format!("[{0}]({0}.md)", kind.table),
        None => match kind {
            "directory_object" => "any directory object ([objects](objects.md))".to_owned(),
            "directory_object_scope" => {
                "`/` for the tenant, or an object's id after a `/` ([objects](objects.md))"
                    .to_owned()
            }
            "access_package_catalog_scope" => {
                "`/AccessPackageCatalog/` and the id of one of [access_package_catalogs](access_package_catalogs.md)"
                    .to_owned()
            }
            "application_template" => "Microsoft's gallery of applications, which is not read".to_owned(),
            other => format!("`{other}`"),
        },
    }
}

/// What a category is called.
pub(super) fn category(category: Category) -> &'static str {
    match category {
        Category::Directory => "Directory",
        Category::Applications => "Applications",
        Category::DevicesAndSecurity => "Devices and security",
        Category::RolesAndPermissions => "Roles and permissions",
        Category::Policies => "Policies",
        Category::IdentityGovernance => "Identity governance",
        Category::M365 => "Microsoft 365",
        Category::Intune => "Intune",
        Category::Logs => "Logs",
    }
}

/// What one row is.
pub(super) fn row(kind: &Kind) -> String {
    let below = kind.parent.map(link);
    match (kind.shape, below) {
        (Shape::Singleton, None) => "It has one row: the tenant's.".to_owned(),
        (Shape::Singleton, Some(parent)) => format!("One row for each of {parent}."),
        (Shape::Relationship(edge), _) => format!(
            "One row is one relationship and nothing else: `{}` leads to `{}`.",
            edge.source_column, edge.target_column
        ),
        (_, Some(parent)) => format!("One row is one object below one of {parent}."),
        (_, None) => "One row is one object.".to_owned(),
    }
}

/// The kind whose deleted objects a kind holds.
pub(super) fn living_twin(kind: &Kind) -> Option<&'static Kind> {
    let mut all = catalog::kinds().iter().copied();
    all.find(|living| {
        living
            .deleted_twin()
            .is_some_and(|twin| twin.name == kind.name)
    })
}

/// The column that names an object to a person, where it is one of its own.
pub(super) fn name_column(kind: &Kind) -> Option<String> {
    let mut display = kind.display.iter();
    let found =
        display.find_map(|path| kind.columns.iter().find(|column| column.property == *path));
    found.map(catalog::Column::name)
}

/// A column's name as a statement has to write it.
pub(super) fn quoted(column: &str) -> String {
    const RESERVED: [&str; 6] = ["action", "default", "end", "group", "order", "user"];
    if RESERVED.contains(&column) {
        format!("\"{column}\"")
    } else {
        column.to_owned()
    }
}
