//! Whether a service is there at all.
//!
//! A request that is not answered is sent again for minutes, which is right for one and wrong for thousands: a run
//! that lost the network would go on for a day before it said so. So once nothing at all has been answered for a
//! while, requests are refused without being sent, except one now and then that finds out whether the service is
//! back.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::error::{Error, ErrorKind};

/// How often a service that does not answer is asked all the same.
const PROBE_EVERY: Duration = Duration::from_mins(1);

/// What was heard of one service. Times are of the client's monotonic clock.
#[derive(Debug)]
pub(crate) struct Silence {
    /// Name of the service in errors.
    service: &'static str,
    longest: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the first request after the last answer failed.
    since: Option<Duration>,
    probed_at: Duration,
}

impl Silence {
    pub(crate) fn new(service: &'static str, longest: Duration) -> Self {
        Self {
            service,
            longest,
            state: Mutex::default(),
        }
    }

    /// The service answered, whatever it said.
    pub(crate) fn heard(&self) {
        self.lock().since = None;
    }

    /// A request ended without an answer.
    pub(crate) fn unheard(&self, now: Duration) {
        let mut state = self.lock();
        if state.since.is_none() {
            state.since = Some(now);
            state.probed_at = now;
        }
    }

    /// Notes how a request ended.
    pub(crate) fn note<T>(&self, outcome: Result<&T, &Error>, now: Duration) {
        match outcome {
            Err(error) if is_silence(error) => self.unheard(now),
            _ => self.heard(),
        }
    }

    /// Why nothing is sent now; nothing where the service answers, or is to be asked whether it does again.
    pub(crate) fn refusal(&self, now: Duration) -> Option<Error> {
        let mut state = self.lock();
        let silent = now.saturating_sub(state.since?);
        if silent < self.longest {
            return None;
        }
        if now.saturating_sub(state.probed_at) >= PROBE_EVERY {
            state.probed_at = now;
            return None;
        }
        let minutes = silent.as_secs() / 60;
        let refusal = format!(
            "not asked, because {} has not answered for {minutes} minutes",
            self.service
        );
        Some(
            Error::new(ErrorKind::Connection, refusal)
                .with_way_out("check the network, and run again"),
        )
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Two times that belong to no one: whatever a panicking thread left is usable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an error says that nothing was heard.
fn is_silence(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(minutes: u64) -> Duration {
        Duration::from_mins(minutes)
    }

    #[test]
    fn who_is_silent_for_long_is_asked_once_a_minute() {
        let silence = Silence::new("Graph", minutes(3));
        assert!(silence.refusal(minutes(1000)).is_none(), "never asked");
        silence.unheard(minutes(10));
        silence.unheard(minutes(12));
        assert!(silence.refusal(minutes(12)).is_none());
        assert!(
            silence.refusal(minutes(13)).is_none(),
            "the first to find out"
        );
        let error = silence
            .refusal(minutes(13))
            .expect("nothing was heard since");
        assert_eq!(error.kind(), ErrorKind::Connection);
        assert_eq!(
            error.message(),
            "not asked, because Graph has not answered for 3 minutes"
        );
        assert!(
            silence.refusal(minutes(14)).is_none(),
            "the next to find out"
        );
        assert!(silence.refusal(minutes(14)).is_some());
        silence.heard();
        assert!(silence.refusal(minutes(15)).is_none());
        // What nobody asked meanwhile is no silence.
        silence.unheard(minutes(900));
        assert!(silence.refusal(minutes(902)).is_none());
    }
}
