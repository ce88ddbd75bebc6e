//! The description as pages: no script, nothing from elsewhere, a policy that allows only their own style.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::described;
use crate::problem::{Code, TYPES};

/// The style of the pages.
const STYLE: &str = "\
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}\
h2{margin-top:2.5rem;border-bottom:1px solid #8888}h3{margin:1.5rem 0 .3rem;font:600 1rem ui-monospace,monospace}\
b{display:inline-block;min-width:4.5rem}code{font:.9em ui-monospace,monospace}p{margin:.3rem 0}\
table{border-collapse:collapse;margin:.5rem 0 1rem;width:100%}td,th{text-align:left;vertical-align:top;\
padding:.2rem .6rem .2rem 0;border-bottom:1px solid #8884}td:first-child{white-space:nowrap;width:9rem}";

/// What a browser may do with the pages.
pub(crate) fn policy() -> String {
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// All addresses, by group, and all problems.
pub(crate) fn page(base: &str) -> String {
    let document = described();
    let mut out = begun("entrace API");
    let _ = write!(
        out,
        "<h1>entrace API</h1><p>{}</p><p>For programs: <a href=\"{base}/openapi.json\">openapi.json</a> (OpenAPI 3.1). \
         What an address may answer besides is in it too.</p>",
        escaped(document["info"]["description"].as_str().unwrap_or_default())
    );
    let mut group = String::new();
    let none = serde_json::Map::new();
    let paths = document["paths"].as_object().unwrap_or(&none);
    for tag in super::GROUPS {
        for (path, item) in paths {
            for (method, operation) in item.as_object().unwrap_or(&none) {
                if operation["tags"][0] != *tag {
                    continue;
                }
                if group != *tag {
                    let _ = write!(out, "<h2>{}</h2>", escaped(tag));
                    (*tag).clone_into(&mut group);
                }
                one(&mut out, method, path, operation);
            }
        }
    }
    out.push_str("<h2>problems</h2><table><tr><th>type</th><th>status</th><th></th></tr>");
    for code in Code::ALL {
        let _ = write!(
            out,
            "<tr><td><a href=\"{base}{TYPES}{word}\"><code>{TYPES}{word}</code></a></td><td>{}</td><td>{}</td></tr>",
            code.status().as_u16(),
            escaped(code.title()),
            word = code.word()
        );
    }
    out.push_str("</table></body></html>\n");
    out
}

fn one(out: &mut String, method: &str, path: &str, operation: &Value) {
    let text = |member: &str| escaped(operation[member].as_str().unwrap_or_default());
    let _ = write!(
        out,
        "<h3><b>{}</b>{}</h3><p>{}</p><p>{}</p>",
        method.to_uppercase(),
        escaped(path),
        text("summary"),
        text("description")
    );
    let parameters = operation["parameters"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    if !parameters.is_empty() {
        out.push_str("<table>");
        for parameter in parameters {
            let _ = write!(
                out,
                "<tr><td><code>{}</code></td><td>{}</td></tr>",
                escaped(parameter["name"].as_str().unwrap_or_default()),
                escaped(parameter["description"].as_str().unwrap_or_default())
            );
        }
        out.push_str("</table>");
    }
}

/// What one problem means.
pub(crate) fn problem_page(base: &str, code: Code) -> String {
    let mut out = begun(code.title());
    let _ = writeln!(
        out,
        "<h1>{}</h1><p><code>{TYPES}{}</code>, status {}</p><p>{}</p><p><a href=\"{base}/docs\">All addresses and problems</a></p></body></html>",
        escaped(code.title()),
        code.word(),
        code.status().as_u16(),
        escaped(code.meaning())
    );
    out
}

fn begun(title: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body>",
        escaped(title)
    )
}

/// Text inside a page; what stands between backticks as code.
fn escaped(text: &str) -> String {
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;");
    let mut out = String::with_capacity(text.len());
    for (at, part) in text.split('`').enumerate() {
        if at % 2 == 1 {
            let _ = write!(out, "<code>{part}</code>");
        } else {
            out.push_str(part);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_no_script_and_escape_what_they_show() {
        assert_eq!(escaped("<a> & `b`"), "&lt;a&gt; &amp; <code>b</code>");
        let page = page("");
        assert!(page.contains("/v1/objects/{id}"));
        assert!(
            !page.contains("<script") && !page.contains("http://") && !page.contains("https://")
        );
        assert!(problem_page("/base", Code::InvalidSql).contains("/base/docs"));
    }
}
