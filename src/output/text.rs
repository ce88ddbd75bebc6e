//! Small texts: times, sizes, counts, colours.

use std::io::IsTerminal;

use clap::ValueEnum;
use jiff::Timestamp;

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColourChoice {
    /// On terminals, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Whether each stream is coloured, and what with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Colour {
    pub(crate) on_stdout: bool,
    pub(crate) on_stderr: bool,
}

/// What a piece of text means; colours follow the meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Added,
    Removed,
    Changed,
    Strong,
    Faint,
}

impl Colour {
    pub(crate) fn new(choice: ColourChoice) -> Self {
        let wanted = |terminal: bool| match choice {
            ColourChoice::Always => true,
            ColourChoice::Never => false,
            ColourChoice::Auto => {
                terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        };
        Self {
            on_stdout: wanted(std::io::stdout().is_terminal()),
            on_stderr: wanted(std::io::stderr().is_terminal()),
        }
    }

    /// Text for stdout in its tone.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            _ if !self.on_stdout => return text.to_owned(),
            Tone::Added => "32",
            Tone::Removed => "31",
            Tone::Changed => "33",
            Tone::Strong => "1",
            Tone::Faint => "2",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// A time to the minute, or to the second where seconds tell something: `2026-01-05 02:00Z`.
pub(crate) fn short_time(time: Timestamp) -> String {
    let format = if time.as_second() % 60 == 0 {
        "%F %H:%MZ"
    } else {
        "%F %TZ"
    };
    time.strftime(format).to_string()
}

/// A size in the unit that leaves one to three digits before the point.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A number in groups of three digits.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// `1 snapshot`, `2 snapshots`.
pub(crate) fn plural(number: u64, word: &str) -> String {
    format!(
        "{} {word}{}",
        count(number),
        if number == 1 { "" } else { "s" }
    )
}

/// Whether a character shows nothing itself and changes how others are shown: it could move a
/// terminal's cursor, or turn the direction of the text after it.
pub(crate) fn is_hidden_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text of at most `width` characters, with an ellipsis where something was cut off; characters that
/// could change how others are shown are shown as escapes.
pub(crate) fn truncated(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for (at, c) in text.char_indices() {
        let escaped = if is_hidden_control(c) {
            c.escape_default().to_string()
        } else {
            c.to_string()
        };
        let taken = escaped.chars().count();
        let rest = &text[at + c.len_utf8()..];
        if used + taken > width || (used + taken == width && !rest.is_empty()) {
            out.push('…');
            return out;
        }
        out.push_str(&escaped);
        used += taken;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_counts_read_well() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1000), "1.0 kB");
        assert_eq!(bytes(999_949), "999.9 kB");
        assert_eq!(bytes(999_950), "1.0 MB");
        assert_eq!(bytes(8_800_000), "8.8 MB");
        assert_eq!(count(7), "7");
        assert_eq!(count(1234), "1 234");
        assert_eq!(count(1_234_567), "1 234 567");
        assert_eq!(plural(1, "snapshot"), "1 snapshot");
        assert_eq!(plural(0, "snapshot"), "0 snapshots");
    }

    #[test]
    fn long_and_hostile_texts_are_cut_and_escaped() {
        assert_eq!(truncated("abcdef", 6), "abcdef");
        assert_eq!(truncated("abcdefg", 6), "abcde…");
        assert_eq!(truncated("a\x1b[2Jb", 20), "a\\u{1b}[2Jb");
        assert_eq!(truncated("a\u{202e}b", 20), "a\\u{202e}b");
        assert_eq!(truncated("", 3), "");
    }

    #[test]
    fn times_show_seconds_where_they_tell_something() {
        let time = |text: &str| short_time(text.parse().expect("because it is a time"));
        assert_eq!(time("2026-01-10T00:00:00Z"), "2026-01-10 00:00Z");
        assert_eq!(time("2026-01-10T00:00:07Z"), "2026-01-10 00:00:07Z");
    }
}
