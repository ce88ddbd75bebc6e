//! Where a JSON value ends, without reading what it says.
//!
//! Only strings and brackets are looked at: that is enough to cut a stream into elements, each of
//! which may then pass by its hash. Whether an element is JSON is for the parser to say.

/// What was found from a position on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scan {
    /// The value ends before this position.
    End(usize),
    /// The bytes end first.
    More,
}

/// Position of the first byte that is no white space.
pub(crate) fn skip_space(bytes: &[u8], from: usize) -> usize {
    let space = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    from + bytes[from..].iter().take_while(space).count()
}

/// The end of the value that starts at `from`. A number or word at the very end of the bytes counts
/// as unfinished: more digits may follow.
pub(crate) fn value_end(bytes: &[u8], from: usize) -> Scan {
    match bytes.get(from) {
        None => Scan::More,
        Some(b'{' | b'[') => close(bytes, from + 1, 1),
        Some(b'"') => string_end(bytes, from + 1),
        Some(_) => {
            let stop =
                |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n');
            match bytes[from..].iter().position(stop) {
                Some(0) => Scan::End(from + 1),
                Some(length) => Scan::End(from + length),
                None => Scan::More,
            }
        }
    }
}

/// The position behind the bracket that closes `depth` open ones.
pub(crate) fn close(bytes: &[u8], mut at: usize, mut depth: usize) -> Scan {
    loop {
        // Brackets stand between strings, and memchr finds the next string faster than a loop.
        let quote = memchr::memchr(b'"', &bytes[at..]).map_or(bytes.len(), |found| at + found);
        for (offset, byte) in bytes[at..quote].iter().enumerate() {
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        return Scan::End(at + offset + 1);
                    }
                }
                _ => {}
            }
        }
        if quote == bytes.len() {
            return Scan::More;
        }
        match string_end(bytes, quote + 1) {
            Scan::End(end) => at = end,
            Scan::More => return Scan::More,
        }
    }
}

/// The position behind the quotation mark that closes a string.
fn string_end(bytes: &[u8], mut at: usize) -> Scan {
    while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        at += found;
        if bytes[at] == b'"' {
            return Scan::End(at + 1);
        }
        at += 2;
    }
    Scan::More
}

/// Whether a text begins as a page does, so that [`page_start`] finds its list.
pub(crate) fn begins_as_page(bytes: &[u8]) -> bool {
    let at = skip_space(bytes, 0);
    bytes.get(at) == Some(&b'{') && page_start(bytes, at).is_some()
}

/// Where the list of a page starts: `{"@odata.context":"...","value":[`, nothing but annotations
/// before it. The position is behind the `[`. `None` where the object is something else, or where
/// its first bytes do not say.
pub(crate) fn page_start(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = skip_space(bytes, from + 1);
    let mut annotations = 0;
    loop {
        if bytes.get(at) != Some(&b'"') {
            return None;
        }
        let Scan::End(key_end) = string_end(bytes, at + 1) else {
            return None;
        };
        let key = &bytes[at + 1..key_end - 1];
        at = skip_space(bytes, key_end);
        if bytes.get(at) != Some(&b':') {
            return None;
        }
        at = skip_space(bytes, at + 1);
        if key == b"value" {
            return (annotations > 0 && bytes.get(at) == Some(&b'[')).then_some(at + 1);
        }
        if !key.starts_with(b"@") {
            return None;
        }
        annotations += 1;
        let Scan::End(end) = value_end(bytes, at) else {
            return None;
        };
        at = skip_space(bytes, end);
        if bytes.get(at) != Some(&b',') {
            return None;
        }
        at = skip_space(bytes, at + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_where_their_brackets_close() {
        for (text, end) in [
            (r#"{"a":"}\"]\\"}x"#, Scan::End(14)),
            (r"[[],[{}]] ", Scan::End(9)),
            (r#""a\\" "#, Scan::End(5)),
            ("12,", Scan::End(2)),
            ("true]", Scan::End(4)),
            ("12", Scan::More),
            (r#"{"a":"#, Scan::More),
            (r#"{"a":"\"#, Scan::More),
            ("", Scan::More),
        ] {
            assert_eq!(value_end(text.as_bytes(), 0), end, "{text}");
        }
    }

    #[test]
    fn pages_are_told_from_objects() {
        for (text, start) in [
            (r#"{"@odata.context":"x","value":[1]}"#, Some(31)),
            (
                r#"{ "@odata.context" : "x", "@odata.nextLink":"y" ,"value" : [ ]}"#,
                Some(60),
            ),
            (r#"{"value":[1]}"#, None),
            (r#"{"@odata.type":"x","id":"y"}"#, None),
            (r#"{"@odata.context":"x","value":{}}"#, None),
            ("{}", None),
        ] {
            assert_eq!(page_start(text.as_bytes(), 0), start, "{text}");
        }
    }
}
