//! When a schedule is in force.

use jiff::{Span, SpanRelativeTo};
use serde_json::Value;

use super::facts::Window;

/// Statuses of schedules that are not in force, besides those that begin with `Pending`.
const NOT_IN_FORCE: [&str; 6] = [
    "Canceled", "Denied", "Failed", "Revoked", "TimedOut", "Invalid",
];

/// From one time to before another; either may be open.
pub(super) fn window(from: Option<i64>, until: Option<i64>) -> Window {
    Window {
        from: from.unwrap_or(Window::ALWAYS.from),
        until: until.unwrap_or(Window::ALWAYS.until),
    }
}

/// When a schedule is in force; `None`: never.
pub(super) fn schedule(info: &Value, status: Option<&str>) -> Option<Window> {
    if status.is_some_and(|status| NOT_IN_FORCE.contains(&status) || status.starts_with("Pending"))
    {
        return None;
    }
    let time = |value: &Value| {
        let time = model::parse_time(value.as_str()?).ok()?;
        i64::try_from(time.as_nanosecond()).ok()
    };
    let from = time(&info["startDateTime"]);
    let expiration = &info["expiration"];
    let until = time(&expiration["endDateTime"]).or_else(|| {
        let span: Span = expiration["duration"].as_str()?.parse().ok()?;
        let days = SpanRelativeTo::days_are_24_hours();
        let length = i64::try_from(span.to_duration(days).ok()?.as_nanos()).ok()?;
        from?.checked_add(length)
    });
    Some(window(from, until))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HOUR: i64 = 3_600_000_000_000;

    #[test]
    fn a_schedule_ends_at_its_end_or_after_its_duration() {
        let start = "1970-01-01T01:00:00Z";
        let of = |expiration: Value| {
            schedule(
                &json!({"startDateTime": start, "expiration": expiration}),
                Some("Provisioned"),
            )
        };
        let until = |until| Some(Window { from: HOUR, until });
        assert_eq!(of(json!({"type": "noExpiration"})), until(i64::MAX));
        assert_eq!(
            of(json!({"endDateTime": "1970-01-01T03:00:00Z"})),
            until(3 * HOUR)
        );
        assert_eq!(of(json!({"duration": "PT8H"})), until(9 * HOUR));
        assert_eq!(of(json!({"duration": "P2D"})), until(49 * HOUR));
    }

    #[test]
    fn a_schedule_that_was_taken_back_or_waits_is_not_in_force() {
        assert_eq!(schedule(&Value::Null, Some("Revoked")), None);
        assert_eq!(schedule(&Value::Null, Some("PendingApproval")), None);
        assert_eq!(schedule(&Value::Null, None), Some(Window::ALWAYS));
    }
}
