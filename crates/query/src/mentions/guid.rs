//! GUIDs in texts: the form of the ids of Graph's directory objects.

/// Characters of a GUID: five groups of hexadecimal digits joined by hyphens.
const GUID_CHARS: usize = 36;
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// The number a GUID is; `None` where the text is none.
pub(crate) fn guid(text: &[u8]) -> Option<u128> {
    if text.len() != GUID_CHARS {
        return None;
    }
    let mut id = 0u128;
    for (at, byte) in text.iter().enumerate() {
        if HYPHENS.contains(&at) {
            if *byte != b'-' {
                return None;
            }
        } else {
            id = id << 4 | u128::from(char::from(*byte).to_digit(16)?);
        }
    }
    Some(id)
}

/// All GUIDs in a text. One is found by its first hyphen, which is rarer than anything else in it.
pub(super) fn guids(text: &str) -> impl Iterator<Item = u128> + '_ {
    let bytes = text.as_bytes();
    let mut end = 0;
    memchr::memchr_iter(b'-', bytes).filter_map(move |hyphen| {
        let first = hyphen.checked_sub(HYPHENS[0])?;
        if first < end {
            return None;
        }
        let id = guid(bytes.get(first..first + GUID_CHARS)?)?;
        end = first + GUID_CHARS;
        Some(id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_wherever_they_stand_and_however_they_are_written() {
        let text = r#"{"a":"0B9C3A4e-0000-4000-8000-00000000000f","b":"/groups/0b9c3a4f-0000-4000-8000-000000000010/x","c":"2026-01-05","d":"0b9c3a4f-0000-4000-8000-00000000001"}"#;
        let found: Vec<u128> = guids(text).collect();
        assert_eq!(
            found,
            [
                0x0b9c_3a4e_0000_4000_8000_0000_0000_000f,
                0x0b9c_3a4f_0000_4000_8000_0000_0000_0010
            ]
        );
        assert_eq!(
            guid(b"0b9c3a4e-0000-4000-8000-00000000000F"),
            Some(found[0])
        );
        assert_eq!(guid(b"contoso.example"), None);
        assert_eq!(guids("é-----------------------------------").count(), 0);
    }
}
