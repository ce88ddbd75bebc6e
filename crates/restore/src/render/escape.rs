//! Text of a tenant in Markdown, in PowerShell, on one line.

use std::fmt::Write as _;

/// On one line and visible: control characters, and those that change the direction of text or take no place, as
/// `\u{202e}`.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        if sign.is_control() || is_invisible(sign) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(sign));
        } else {
            out.push(sign);
        }
    }
    out
}

/// Characters that a reader does not see and that change what is read (Unicode's format characters among them).
fn is_invisible(sign: char) -> bool {
    matches!(sign,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// For Markdown: every sign that could begin markup is escaped, so that none does, in a table neither.
pub(super) fn markdown(text: &str) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len() + 8);
    for sign in text.chars() {
        match sign {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A bare address becomes a link without any markup.
            ':' | '@' | '.' => out.push(sign),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '-' | '!'
            | '|' | '~' | '=' | '"' | '\'' => {
                out.push('\\');
                out.push(sign);
            }
            _ => out.push(sign),
        }
    }
    // GitHub's extension turns these into links; a zero-width escape keeps them text.
    for scheme in ["http", "https", "ftp", "mailto", "xmpp"] {
        out = out.replace(&format!("{scheme}:"), &format!("{scheme}&#58;"));
    }
    out.replace("www.", "www&#46;")
}

/// A PowerShell literal: nothing is expanded between single quotes. PowerShell takes typographic quotes for
/// quotes too.
pub(super) fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for sign in text.chars() {
        if matches!(
            sign,
            '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}'
        ) {
            out.push(sign);
        }
        out.push(sign);
    }
    out.push('\'');
    out
}

/// In a comment of PowerShell: one line that ends no comment block either.
pub(super) fn comment(text: &str) -> String {
    visible(text).replace("#>", "#\\>")
}

/// JSON as ASCII, so that no file encoding changes it and no sign ends a literal.
pub(super) fn ascii_json(value: &serde_json::Value) -> String {
    let mut out = String::new();
    for sign in value.to_string().chars() {
        if sign.is_ascii() && sign != '\'' {
            out.push(sign);
        } else {
            let mut units = [0; 2];
            for unit in sign.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_name_becomes_markup() {
        assert_eq!(
            markdown("# [x](http://e.example) <b>*|`"),
            "\\# \\[x\\]\\(http&#58;//e.example\\) &lt;b&gt;\\*\\|\\`"
        );
        assert_eq!(markdown("a\nb\u{202e}c"), "a\\\\u\\{a\\}b\\\\u\\{202e\\}c");
        assert_eq!(markdown("www.e.example"), "www&#46;e.example");
    }

    #[test]
    fn no_name_ends_a_literal() {
        assert_eq!(literal("O'Neil $(rm)"), "'O''Neil $(rm)'");
        assert_eq!(literal("a\u{2019}; b"), "'a\u{2019}\u{2019}; b'");
        assert_eq!(comment("a #> b\r\nc"), "a #\\> b\\u{d}\\u{a}c");
        let text = ascii_json(&json!({ "a": "é'\u{1f600}\u{2019}" }));
        assert_eq!(text, "{\"a\":\"\\u00e9\\u0027\\ud83d\\ude00\\u2019\"}");
        let back: serde_json::Value = serde_json::from_str(&text).expect("because it is JSON");
        assert_eq!(back, json!({ "a": "é'\u{1f600}\u{2019}" }));
    }
}
