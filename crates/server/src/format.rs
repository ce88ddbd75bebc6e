//! The formats of rows, and which one is meant.

use crate::problem::{Code, Problem};

/// A format of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// One document.
    Json,
    /// One object a line.
    Ndjson,
    /// RFC 4180, formulas made harmless.
    Csv,
    /// An Arrow IPC stream.
    Arrow,
    /// A Parquet file.
    Parquet,
    /// A JSON Patch (RFC 6902).
    Patch,
    /// Lines for people.
    Text,
}

/// What rows are given in.
pub(crate) const ROWS: &[Format] = &[
    Format::Json,
    Format::Ndjson,
    Format::Csv,
    Format::Arrow,
    Format::Parquet,
];
/// What differences of one object are given in.
pub(crate) const DIFFERENCES: &[Format] = &[
    Format::Json,
    Format::Ndjson,
    Format::Csv,
    Format::Arrow,
    Format::Parquet,
    Format::Patch,
    Format::Text,
];
/// What single objects are given in.
pub(crate) const DOCUMENT: &[Format] = &[Format::Json];

impl Format {
    /// Its media type, as answers say it.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Arrow => "application/vnd.apache.arrow.stream",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Patch => "application/json-patch+json",
            Self::Text => "text/plain; charset=utf-8",
        }
    }

    /// The media types that mean it, without parameters.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Json => &["application/json"],
            Self::Ndjson => &[
                "application/x-ndjson",
                "application/ndjson",
                "application/jsonl",
            ],
            Self::Csv => &["text/csv"],
            Self::Arrow => &["application/vnd.apache.arrow.stream"],
            Self::Parquet => &["application/vnd.apache.parquet"],
            Self::Patch => &["application/json-patch+json"],
            Self::Text => &["text/plain"],
        }
    }

    /// The word for it in `?format=`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Arrow => "arrow",
            Self::Parquet => "parquet",
            Self::Patch => "patch",
            Self::Text => "text",
        }
    }
}

/// The format that is meant: by the word, else by the header `Accept` with its qualities (RFC 9110, 12.5.1).
pub(crate) fn negotiated(
    word: Option<&str>,
    accept: Option<&str>,
    offered: &[Format],
) -> Result<Format, Problem> {
    if let Some(word) = word {
        let found = offered.iter().find(|format| format.word() == word);
        return found
            .copied()
            .ok_or_else(|| refused(&format!("format={word}"), offered));
    }
    let Some(accept) = accept.filter(|text| !text.trim().is_empty()) else {
        return Ok(offered[0]);
    };
    let ranges: Vec<Range<'_>> = accept.split(',').filter_map(Range::parse).collect();
    let mut best = None;
    for format in offered {
        let quality = quality(&ranges, *format);
        if quality > 0 && best.is_none_or(|(_, most)| quality > most) {
            best = Some((*format, quality));
        }
    }
    best.map(|(format, _)| format)
        .ok_or_else(|| refused("what the header Accept names", offered))
}

fn refused(what: &str, offered: &[Format]) -> Problem {
    let available: Vec<&str> = offered.iter().map(|format| format.names()[0]).collect();
    let detail = format!(
        "{what} cannot be given here: available is {}",
        available.join(", ")
    );
    Problem::new(Code::NotAcceptable, detail).with("available", available)
}

/// A media range of `Accept`.
struct Range<'a> {
    name: &'a str,
    /// In thousandths.
    quality: u16,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().filter(|name| name.contains('/'))?;
        let mut quality = 1000;
        for part in parts {
            if let Some((key, value)) = part.split_once('=')
                && key.trim().eq_ignore_ascii_case("q")
            {
                quality = thousandths(value.trim())?;
            }
        }
        Some(Self { name, quality })
    }

    /// How exactly it names a format; `None` where it does not.
    fn names(&self, format: Format) -> Option<u8> {
        if self.name == "*/*" {
            return Some(0);
        }
        format.names().iter().find_map(|own| {
            if own.eq_ignore_ascii_case(self.name) {
                return Some(2);
            }
            let (kind, any) = self.name.split_once('/')?;
            let own = own.split_once('/')?.0;
            (any == "*" && own.eq_ignore_ascii_case(kind)).then_some(1)
        })
    }
}

/// The quality of the range that names a format most exactly.
fn quality(ranges: &[Range<'_>], format: Format) -> u16 {
    let named = ranges
        .iter()
        .filter_map(|range| Some((range.names(format)?, range.quality)));
    named.max().map_or(0, |(_, quality)| quality)
}

/// `0.8` as 800; `None` where it is no quality.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let whole: u16 = whole.parse().ok().filter(|whole| *whole <= 1)?;
    if rest.len() > 3 || !rest.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let rest: u16 = format!("{rest:0<3}").parse().ok()?;
    (whole * 1000 + rest <= 1000).then_some(whole * 1000 + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(accept: &str) -> Option<Format> {
        negotiated(None, Some(accept), ROWS).ok()
    }

    #[test]
    fn the_best_quality_wins_and_the_most_exact_range_says_it() {
        assert_eq!(of("text/csv"), Some(Format::Csv));
        assert_eq!(of("*/*"), Some(Format::Json));
        assert_eq!(of(""), Some(Format::Json));
        assert_eq!(
            of("text/*;q=0.9, application/json;q=0.1"),
            Some(Format::Csv)
        );
        assert_eq!(
            of("application/*, application/json;q=0.2"),
            Some(Format::Ndjson)
        );
        assert_eq!(of("APPLICATION/JSONL; q=1.000"), Some(Format::Ndjson));
        assert_eq!(
            of("text/html, application/vnd.apache.arrow.stream;q=0.001"),
            Some(Format::Arrow)
        );
    }

    #[test]
    fn what_cannot_be_given_is_refused() {
        for accept in [
            "text/html",
            "application/json;q=0",
            "*/*;q=0",
            "nonsense",
            "application/json;q=2",
            "text/csv;q=0.0001",
        ] {
            assert_eq!(of(accept), None, "{accept}");
        }
        assert_eq!(
            negotiated(Some("csv"), Some("text/html"), ROWS).ok(),
            Some(Format::Csv)
        );
        assert!(negotiated(Some("csv"), None, DOCUMENT).is_err());
        assert!(negotiated(Some("CSV "), None, ROWS).is_err());
    }
}
