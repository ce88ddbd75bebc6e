//! A timeline for a ticket.

use std::fmt::Write as _;

use super::{Story, about, by, counted, deed, evidence, word};
use crate::app::TOOL;
use crate::output::{is_hidden_control, short_time};

/// A heading, what it is of, one row an entry, and what is not in it.
pub(super) fn document(story: &Story<'_>) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "# Timeline of {}\n", escaped(&story.name));
    let _ = writeln!(
        text,
        "{}, {}: {}. Tenant {}, told by {TOOL}. Times are UTC.\n",
        escaped(&story.reference),
        escaped(&story.time),
        counted(story),
        escaped(&story.tenant)
    );
    text.push_str("| Time | Entry | What | Object | Summary | By | Evidence |\n");
    text.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
    for row in &story.rows {
        let (kind, name) = about(*row);
        let cells = [
            row.time("at").map(short_time).unwrap_or_default(),
            word(*row).to_owned(),
            deed(*row),
            format!("{kind} {name}").trim().to_owned(),
            row.text("summary").unwrap_or_default().to_owned(),
            by(*row).unwrap_or_default(),
            evidence(*row),
        ];
        let cells = cells.map(|cell| escaped(&cell));
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    if !story.provenance.notes.is_empty() {
        text.push_str("\nWhat is not in it:\n\n");
        for note in &story.provenance.notes {
            let _ = writeln!(text, "- {}", escaped(note));
        }
    }
    text
}

/// Text that stays what it is in Markdown: no link, no picture, no tag, no new row, nobody mentioned.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            // What looks like an address would become a link.
            '/' if out.ends_with(':') => out.push_str("\\/"),
            '.' if ends_with_www(&out) => out.push_str("\\."),
            '&' => out.push_str("&amp;"),
            c if is_hidden_control(c) => {
                out.push('\\');
                out.extend(c.escape_default());
            }
            c => out.push(c),
        }
    }
    out
}

fn ends_with_www(text: &str) -> bool {
    let end = text.len().checked_sub(3).and_then(|from| text.get(from..));
    end.is_some_and(|end| end.eq_ignore_ascii_case("www"))
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn no_text_becomes_markup() {
        assert_eq!(
            escaped("a|b\n![x](http://e) WWW.x <b> `c` *d* _e_ #1"),
            r"a\|b\\n\!\[x\](http:\//e) WWW\.x &lt;b> \`c\` \*d\* \_e\_ \#1"
        );
        assert_eq!(escaped("Łukasz \u{202e}"), "Łukasz \\\\u{202e}");
    }
}
