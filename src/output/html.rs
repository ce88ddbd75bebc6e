//! Pages of HTML that need nothing else: no script, no picture, no address is in them.
//!
//! Texts come from tenants and may be hostile: every one goes through [`escaped`]. What a colour says
//! is also said in words.

use std::fmt::Write as _;

use query::Provenance;

use super::text::is_hidden_control;

/// Text for between tags and for attributes in double quotes.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if is_hidden_control(c) => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

/// The beginning of a page, up to its content.
pub(crate) fn page_begin(title: &str) -> String {
    let title = escaped(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    )
}

/// The end of a page.
pub(crate) const PAGE_END: &str = "</main>\n</body>\n</html>\n";

/// The beginning of a table, with its columns; what it is of is said for those who do not see it.
pub(crate) fn table_begin(caption: &str, columns: &[&str]) -> String {
    let mut out = format!(
        "<div class=\"scroll\" role=\"region\" aria-label=\"{0}\" tabindex=\"0\">\n<table>\n<caption>{0}</caption>\n<thead><tr>",
        escaped(caption)
    );
    for column in columns {
        let _ = write!(out, "<th scope=\"col\">{}</th>", escaped(column));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    out
}

/// The end of a table.
pub(crate) const TABLE_END: &str = "</tbody>\n</table>\n</div>\n";

/// What an answer leaves out, as a list; empty where it leaves out nothing.
pub(crate) fn notes(provenance: &Provenance) -> String {
    if provenance.notes.is_empty() {
        return String::new();
    }
    let items = provenance
        .notes
        .iter()
        .map(|note| format!("<li>{}</li>\n", escaped(note)));
    let items: String = items.collect();
    format!("<h2>What is not in it</h2>\n<ul>\n{items}</ul>\n")
}

const STYLE: &str = "\
:root { color-scheme: light dark; --text: #1b1f24; --ground: #ffffff; --faint: #57606a; --line: #d0d7de;
  --change: #0550ae; --link: #6639ba; --audit: #57606a; --sign_in: #116329; --risk: #a40e26; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --ground: #0d1117; --faint: #9198a1; --line: #3d444d;
  --change: #79c0ff; --link: #d2a8ff; --audit: #9198a1; --sign_in: #7ee787; --risk: #ffa198; } }
body { margin: 0; color: var(--text); background: var(--ground); font: 15px/1.45 system-ui, sans-serif; }
main { max-width: 90rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: var(--faint); padding: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
td { min-width: 4rem; } td.name { min-width: 9rem; }
th { white-space: nowrap; } td.time { white-space: nowrap; font-variant-numeric: tabular-nums; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.faint { color: var(--faint); font-size: .9em; } .mono { font-family: ui-monospace, monospace; font-size: .9em; }
.entry { font-weight: 600; white-space: nowrap; border-left: 4px solid currentColor; padding-left: .4rem; }
.change { color: var(--change); } .link { color: var(--link); } .audit { color: var(--audit); }
.sign_in { color: var(--sign_in); } .risk { color: var(--risk); }
@media print { .scroll { overflow: visible; } tr { break-inside: avoid; } }
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        assert_eq!(
            escaped("<img src=x onerror=\"alert('1')\">&amp;"),
            "&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;"
        );
        assert_eq!(escaped("a\u{1b}[2J\u{202e}b"), "a\\u{1b}[2J\\u{202e}b");
        let page = page_begin("</title><script>") + &table_begin("\"><b>", &["<i>"]);
        for tag in ["<script", "<b>", "<i>"] {
            assert!(!page.contains(tag), "{tag}");
        }
    }
}
