//! What must not be shown to strangers: ids, addresses, names of tenants, home folders.

use store::Archive;

use crate::app::App;

/// Texts that are hidden, and what stands for them; longer ones first.
pub(super) struct Hidden(Vec<(String, &'static str)>);

impl Hidden {
    pub(super) fn of(app: &App, archive: Option<&Archive>) -> Self {
        let mut hidden = Vec::new();
        if let Some(home) = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE")) {
            hidden.push((home.to_string_lossy().into_owned(), "~"));
        }
        if let Ok(config) = app.config() {
            for (name, tenant) in &config.shape.tenants {
                hidden.push((name.clone(), "[tenant]"));
                hidden.extend(tenant.tenant_id.clone().map(|id| (id, "[tenant]")));
            }
        }
        if let Ok(tenant) = app.tenant(&[]) {
            hidden.push((tenant.id().to_owned(), "[tenant]"));
        }
        if let Some(archive) = archive {
            hidden.push((archive.tenant().to_owned(), "[tenant]"));
        }
        hidden.retain(|(text, _)| text.chars().count() > 2);
        hidden.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        Self(hidden)
    }

    /// The text without them.
    pub(super) fn redacted(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (hidden, word) in &self.0 {
            text = text.replace(hidden.as_str(), word);
        }
        let words = text.split_inclusive(|c: char| c.is_whitespace() || "\"'(),;=/".contains(c));
        words.map(shortened).collect()
    }
}

/// A word with what follows it, where it is an id or an address shortened.
fn shortened(word: &str) -> String {
    let bare = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    let rest = &word[bare.len()..];
    match bare.split_once('@') {
        _ if model::is_guid(bare) => format!("{}…{rest}", &bare[..8]),
        Some((name, domain)) if !name.is_empty() && domain.contains('.') => {
            format!("[address]{rest}")
        }
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::Hidden;

    #[test]
    fn ids_addresses_and_names_are_hidden() {
        let hidden = Hidden(vec![
            ("/home/ada".to_owned(), "~"),
            ("contoso".to_owned(), "[tenant]"),
        ]);
        let text = "/home/ada/contoso.toml: app 11111111-2222-4333-8444-555555555555 (ada@contoso.example), kind @default";
        assert_eq!(
            hidden.redacted(text),
            "~/[tenant].toml: app 11111111… ([address]), kind @default"
        );
    }
}
