//! What the tokens of a delta round know: how far it is, what was selected, when it was asked.

use jiff::{SignedDuration, Timestamp};

use crate::http::paging::{seal, unseal};
use crate::tenant::Sequence;

/// How long a directory delta token can be used.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How far a round is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Progress {
    /// Reading everything; changes since the round began come with the next one.
    Everything {
        began: Sequence,
        after: Option<String>,
    },
    /// Reading the changes of a range.
    Changes {
        from: Sequence,
        to: Sequence,
        after: Option<String>,
    },
    /// Nothing read yet of what comes after this.
    Since(Sequence),
}

/// A token's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) progress: Progress,
    /// `$select` and the ids of `$filter` of the first call, as they came.
    pub(super) select: Option<String>,
    pub(super) ids: Option<String>,
    pub(super) issued: Timestamp,
    /// Tokens of an older generation are lost.
    pub(super) generation: u64,
}

/// Parts the fields; none of them can hold it.
const SEPARATOR: char = '\n';

impl Token {
    /// The token as it stands in a link of this path.
    pub(super) fn seal(&self, purpose: &str) -> String {
        let (letter, numbers, after) = match &self.progress {
            Progress::Everything { began, after } => ('E', [*began, 0], after.clone()),
            Progress::Changes { from, to, after } => ('C', [*from, *to], after.clone()),
            Progress::Since(from) => ('S', [*from, 0], None),
        };
        let fields = [
            letter.to_string(),
            numbers[0].to_string(),
            numbers[1].to_string(),
            optional(after.as_deref()),
            optional(self.select.as_deref()),
            optional(self.ids.as_deref()),
            self.issued.to_string(),
            self.generation.to_string(),
        ];
        seal(purpose, &fields.join(&SEPARATOR.to_string()))
    }

    /// Reads what [`Token::seal`] wrote.
    pub(super) fn unseal(purpose: &str, text: &str) -> Option<Self> {
        let text = unseal(purpose, text)?;
        let fields: Vec<&str> = text.split(SEPARATOR).collect();
        let [
            letter,
            first,
            second,
            after,
            select,
            ids,
            issued,
            generation,
        ] = fields.as_slice()
        else {
            return None;
        };
        let (first, second) = (first.parse().ok()?, second.parse().ok()?);
        let after = from_optional(after);
        let progress = match *letter {
            "E" => Progress::Everything {
                began: first,
                after,
            },
            "C" => Progress::Changes {
                from: first,
                to: second,
                after,
            },
            _ => Progress::Since(first),
        };
        Some(Self {
            progress,
            select: from_optional(select),
            ids: from_optional(ids),
            issued: issued.parse().ok()?,
            generation: generation.parse().ok()?,
        })
    }

    pub(super) fn is_expired(&self, now: Timestamp) -> bool {
        self.issued.duration_until(now) > LIFE
    }
}

fn optional(text: Option<&str>) -> String {
    text.map_or_else(|| "-".to_owned(), |text| format!("+{text}"))
}

fn from_optional(text: &str) -> Option<String> {
    text.strip_prefix('+').map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back_as_they_were() {
        let token = Token {
            progress: Progress::Changes {
                from: 3,
                to: 9,
                after: Some("7 1".to_owned()),
            },
            select: Some("id,members".to_owned()),
            ids: None,
            issued: Timestamp::UNIX_EPOCH,
            generation: 2,
        };
        let text = token.seal("groups");
        assert_eq!(Token::unseal("groups", &text), Some(token));
        assert_eq!(Token::unseal("users", &text), None);
    }
}
