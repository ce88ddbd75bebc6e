//! A timeline as a page for a report.

use std::fmt::Write as _;

use super::{Story, about, by, counted, deed, evidence, word};
use crate::app::TOOL;
use crate::output::html::{PAGE_END, TABLE_END, escaped, notes, page_begin, table_begin};
use crate::output::short_time;
use crate::records::Record;

const COLUMNS: [&str; 7] = [
    "Time (UTC)",
    "Entry",
    "What",
    "Object",
    "Summary",
    "By",
    "Evidence",
];

/// The whole page.
pub(super) fn page(story: &Story<'_>) -> String {
    let title = format!("Timeline of {}", story.name);
    let mut page = page_begin(&title);
    page.push_str("<dl>\n");
    for (term, said) in [
        ("Object", story.reference.as_str()),
        ("Time", &story.time),
        ("Tenant", &story.tenant),
        ("Told by", TOOL),
    ] {
        let _ = writeln!(page, "<dt>{term}</dt><dd>{}</dd>", escaped(said));
    }
    page.push_str("</dl>\n");
    page.push_str(&table_begin(&counted(story), &COLUMNS));
    for row in &story.rows {
        entry(*row, &mut page);
    }
    page.push_str(TABLE_END);
    page.push_str(&notes(&story.provenance));
    page.push_str(PAGE_END);
    page
}

fn entry(row: Record<'_>, page: &mut String) {
    let at = row.time("at");
    let exact = at.map(|at| at.to_string()).unwrap_or_default();
    let shown = at.map(short_time).unwrap_or_default();
    let (kind, name) = about(row);
    let cell = |text: &str| format!("<bdi>{}</bdi>", escaped(text));
    let _ = writeln!(
        page,
        "<tr><td class=\"time\"><time datetime=\"{}\">{}</time></td>\
         <td><span class=\"entry {}\">{}</span></td><td>{}</td>\
         <td>{}<br><span class=\"faint\">{}</span></td><td>{}</td>\
         <td class=\"name\">{}</td><td class=\"name faint\">{}</td></tr>",
        escaped(&exact),
        escaped(&shown),
        word(row).replace('-', "_"),
        word(row),
        cell(&deed(row)),
        cell(&name),
        escaped(&kind),
        cell(row.text("summary").unwrap_or_default()),
        cell(&by(row).unwrap_or_default()),
        escaped(&evidence(row)),
    );
}
