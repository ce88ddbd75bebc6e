//! Times as exports write them.
//!
//! Graph writes RFC 3339 with up to seven fraction digits; exports, audit CSV files and PowerShell add
//! their own forms (examples in the tests). A time without a zone is UTC, as all of these sources mean
//! it. Slashed dates are month first, the en-US form that PowerShell and the audit portal write.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The text is in none of the known forms.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a time: {0:?}")]
pub struct TimeError(pub String);

/// Reads a time in any of the known forms.
///
/// # Errors
/// When no form fits, or the time lies outside the years -9999 to 9999.
pub fn parse_time(text: &str) -> Result<Timestamp, TimeError> {
    let trimmed = text.trim();
    let zoneless = trimmed
        .strip_suffix("Coordinated Universal Time")
        .map_or(trimmed, str::trim_end);
    iso(zoneless)
        .or_else(|| slashed(zoneless))
        .or_else(|| powershell(zoneless))
        .ok_or_else(|| TimeError(text.to_owned()))
}

/// Longest duration that is believed, seconds: a hundred years. More is a slip of the finger.
const LONGEST: i64 = 100 * 366 * 24 * 60 * 60;

/// Reads a length of time: digits and a unit, `90s`, `15m`, `2h`, `7d`, `2w`; `None` where it is nothing of the kind, or
/// longer than a hundred years.
#[must_use]
pub fn parse_duration(text: &str) -> Option<SignedDuration> {
    let unit = text.chars().next_back()?;
    let digits = &text[..text.len() - unit.len_utf8()];
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        'w' => 7 * 24 * 60 * 60,
        _ => return None,
    };
    // A sign would be read as a part of the number.
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let total = digits.parse::<i64>().ok()?.checked_mul(seconds)?;
    (total <= LONGEST).then(|| SignedDuration::from_secs(total))
}

/// Writes a time as RFC 3339 in UTC, with as many fraction digits as it has.
#[must_use]
pub fn format_time(time: Timestamp) -> String {
    time.to_string()
}

fn utc(civil: DateTime) -> Option<Timestamp> {
    civil
        .to_zoned(TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp())
}

fn iso(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    // "2026-10-01T09:00Z": jiff wants seconds before a zone.
    if let Some(civil) = text
        .strip_suffix('Z')
        .and_then(|t| t.parse::<DateTime>().ok())
    {
        return utc(civil);
    }
    if let Ok(civil) = text.parse::<DateTime>() {
        return utc(civil);
    }
    text.parse::<Date>()
        .ok()
        .and_then(|date| utc(date.to_datetime(jiff::civil::Time::midnight())))
}

/// `1/9/2007 9:41:00 AM +01:00` and its shorter forms.
fn slashed(text: &str) -> Option<Timestamp> {
    let mut words = text.split_ascii_whitespace();
    let mut date = words
        .next()?
        .split('/')
        .map(|part| part.parse::<i16>().ok());
    let (month, day, year) = (date.next()??, date.next()??, date.next()??);
    let mut clock = words
        .next()
        .unwrap_or("0:00:00")
        .split(':')
        .map(|part| part.parse::<i8>().ok());
    let (mut hour, minute, second) = (
        clock.next()??,
        clock.next()??,
        clock.next().unwrap_or(Some(0))?,
    );
    let mut offset = SignedDuration::ZERO;
    for word in words {
        match word {
            "AM" | "am" => hour = if hour == 12 { 0 } else { hour },
            "PM" | "pm" => {
                hour = if hour == 12 {
                    12
                } else {
                    hour.checked_add(12)?
                }
            }
            zone => offset = zone_offset(zone)?,
        }
    }
    let month = i8::try_from(month).ok()?;
    let day = i8::try_from(day).ok()?;
    let civil = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    utc(civil)?.checked_sub(offset).ok()
}

fn zone_offset(text: &str) -> Option<SignedDuration> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        b'Z' if text.len() == 1 => return Some(SignedDuration::ZERO),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':')?;
    // No zone is as much as 99 hours off; larger numbers overflow.
    let minutes =
        i64::from(hours.parse::<u8>().ok()?) * 60 + i64::from(minutes.parse::<u8>().ok()?);
    Some(SignedDuration::from_mins(sign * minutes))
}

/// `/Date(1700000000000)/`, milliseconds since the epoch: Windows PowerShell's JSON.
fn powershell(text: &str) -> Option<Timestamp> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    Timestamp::from_millisecond(inner.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_form_is_read() {
        for (text, expected) in [
            ("01/09/2007 09:41:00", "2007-01-09T09:41:00Z"),
            ("1/9/2007 09:41:00", "2007-01-09T09:41:00Z"),
            ("01/09/2007 09:41:00 AM", "2007-01-09T09:41:00Z"),
            ("1/9/2007 9:41:00 PM", "2007-01-09T21:41:00Z"),
            ("1/9/2007 12:41:00 AM", "2007-01-09T00:41:00Z"),
            ("6/18/2023 12:26:59 PM", "2023-06-18T12:26:59Z"),
            ("1/9/2007 10:41:00 AM +01:00", "2007-01-09T09:41:00Z"),
            (
                "05/04/2026 17:15:48 Coordinated Universal Time",
                "2026-05-04T17:15:48Z",
            ),
            ("2007-01-09T09:41:00", "2007-01-09T09:41:00Z"),
            ("2007-01-09T09:41:00.22Z", "2007-01-09T09:41:00.22Z"),
            (
                "2007-01-09T09:41:00.6816663Z",
                "2007-01-09T09:41:00.6816663Z",
            ),
            (
                "2007-01-09T09:41:00.535404056Z",
                "2007-01-09T09:41:00.535404056Z",
            ),
            (
                "2007-01-09 09:41:00.535404056",
                "2007-01-09T09:41:00.535404056Z",
            ),
            (
                "2007-01-09T09:41:00.992099+00:00",
                "2007-01-09T09:41:00.992099Z",
            ),
            ("2007-01-09T11:41:00+02:00", "2007-01-09T09:41:00Z"),
            ("2026-10-01T09:00Z", "2026-10-01T09:00:00Z"),
            ("2026-10-01 09:00:00Z", "2026-10-01T09:00:00Z"),
            ("2026-10-01", "2026-10-01T00:00:00Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("/Date(1168335660000)/", "2007-01-09T09:41:00Z"),
        ] {
            let time = parse_time(text).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(format_time(time), expected, "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "yesterday",
            "13/13/2020 00:00:00",
            "2026-02-30",
            "2026-10-01T25:00:00Z",
            "42",
            "1/9/2007 127:41:00 PM",
            "1/9/2007 9:41:00 AM +9223372036854775807:00",
            "1/9/2007 9:41:00 AM -153722867280912931:00",
            "1/9/2007 9:41:00 AM +é",
        ] {
            assert_eq!(parse_time(text), Err(TimeError(text.to_owned())));
        }
    }

    #[test]
    fn durations_have_a_unit_and_an_end() {
        assert_eq!(parse_duration("90s"), Some(SignedDuration::from_secs(90)));
        assert_eq!(parse_duration("30m"), Some(SignedDuration::from_mins(30)));
        assert_eq!(parse_duration("2h"), Some(SignedDuration::from_hours(2)));
        assert_eq!(parse_duration("3d"), Some(SignedDuration::from_hours(72)));
        assert_eq!(parse_duration("1w"), Some(SignedDuration::from_hours(168)));
        for wrong in [
            "",
            "h",
            "2",
            "-2h",
            "+1h",
            "1.5h",
            "2y",
            "2é",
            "é",
            "6000w",
            "9223372036854775807m",
            "9223372036854775807w",
            "99999999999999999999d",
        ] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }
}
