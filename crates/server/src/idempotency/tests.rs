use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::clock::Clock;
use crate::keep::memory::Memory;

const DAY: i64 = 24 * 60 * 60;

struct Place {
    keep: Arc<Memory>,
    seconds: Arc<AtomicI64>,
}

impl Place {
    fn new() -> Self {
        Self {
            keep: Arc::default(),
            seconds: Arc::default(),
        }
    }

    /// A server that is started here.
    fn answers(&self) -> Answers {
        let seconds = Arc::clone(&self.seconds);
        let clock = Clock::new(move || {
            let now = seconds.load(Ordering::SeqCst);
            jiff::Timestamp::from_second(now).expect("because it is a time")
        });
        Answers::new(Arc::clone(&self.keep) as _, clock)
    }
}

const ASKED: Asked<'_> = Asked {
    principal: "token/1",
    tenant: "contoso",
    address: "POST /v1/plans",
    key: "k-1",
    body: b"{\"from\":\"-1d\"}",
};

fn created() -> Kept {
    Kept {
        status: 201,
        headers: vec![("location".to_owned(), "/v1/plans/aa".to_owned())],
        body: b"{\"id\":\"aa\"}".to_vec(),
    }
}

fn ticket(begun: Result<Begun, Problem>) -> Ticket {
    match begun {
        Ok(Begun::New(ticket)) => ticket,
        other => panic!("because it is new, and not {other:?}"),
    }
}

fn code(begun: Result<Begun, Problem>) -> Code {
    begun.expect_err("because it is refused").code()
}

fn again(begun: Result<Begun, Problem>) -> Kept {
    match begun {
        Ok(Begun::Again(kept)) => kept,
        other => panic!("because it was answered, and not {other:?}"),
    }
}

#[test]
fn the_same_request_has_the_same_answer_even_after_a_new_start() {
    let place = Place::new();
    let answers = place.answers();
    let first = ticket(answers.begin(ASKED));
    assert_eq!(code(answers.begin(ASKED)), Code::IdempotencyInProgress);
    first.answered(created()).expect("because memory takes it");
    assert_eq!(again(answers.begin(ASKED)), created());
    assert_eq!(again(place.answers().begin(ASKED)), created());
    let other = Asked {
        body: b"{}",
        ..ASKED
    };
    assert_eq!(code(answers.begin(other)), Code::IdempotencyKeyReused);
}

#[test]
fn a_key_is_one_principals_in_one_tenant_at_one_address() {
    let place = Place::new();
    let answers = place.answers();
    let answered = ticket(answers.begin(ASKED)).answered(created());
    answered.expect("because memory takes it");
    for other in [
        Asked {
            principal: "token/2",
            ..ASKED
        },
        Asked {
            tenant: "fabrikam",
            ..ASKED
        },
        Asked {
            address: "POST /v1/holds",
            ..ASKED
        },
        Asked {
            key: "k-2",
            ..ASKED
        },
        // Parts that flow into each other would be the same.
        Asked {
            principal: "token/1contoso",
            tenant: "",
            ..ASKED
        },
    ] {
        drop(ticket(answers.begin(other)));
    }
}

#[test]
fn what_may_go_better_next_time_is_not_kept() {
    let place = Place::new();
    let answers = place.answers();
    for status in [429, 500, 503] {
        let failed = Kept {
            status,
            ..created()
        };
        let answered = ticket(answers.begin(ASKED)).answered(failed);
        answered.expect("because nothing is to be kept");
    }
    drop(ticket(answers.begin(ASKED)));
    let refused = Kept {
        status: 422,
        ..created()
    };
    let answered = ticket(answers.begin(ASKED)).answered(refused.clone());
    answered.expect("because memory takes it");
    assert_eq!(again(answers.begin(ASKED)), refused);
}

#[test]
fn a_request_that_a_crash_cut_off_is_not_made_twice() {
    let place = Place::new();
    let cut_off = ticket(place.answers().begin(ASKED));
    // The process is gone: nothing of it is dropped in order.
    std::mem::forget(cut_off);
    let answers = place.answers();
    assert_eq!(code(answers.begin(ASKED)), Code::OutcomeUnknown);
    assert_eq!(code(answers.begin(ASKED)), Code::OutcomeUnknown);
    place.seconds.store(DAY, Ordering::SeqCst);
    drop(ticket(answers.begin(ASKED)));
}

#[test]
fn a_day_later_the_key_is_new() {
    let place = Place::new();
    let answers = place.answers();
    let answered = ticket(answers.begin(ASKED)).answered(created());
    answered.expect("because memory takes it");
    place.seconds.store(DAY - 1, Ordering::SeqCst);
    assert_eq!(again(answers.begin(ASKED)), created());
    place.seconds.store(DAY, Ordering::SeqCst);
    let other = Asked {
        body: b"{}",
        ..ASKED
    };
    drop(ticket(answers.begin(other)));
}

#[test]
fn a_key_is_one_short_text() {
    let headers = |values: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, value.parse().expect("because it is a value"));
        }
        headers
    };
    assert_eq!(key(&headers(&[])).expect("because none is fine"), None);
    assert_eq!(
        key(&headers(&["a b"])).expect("because it is one"),
        Some("a b")
    );
    for bad in [vec![""], vec!["a", "a"], vec!["ä"], vec![&*"x".repeat(256)]] {
        let refused = key(&headers(&bad)).expect_err("because it is none");
        assert_eq!(refused.code(), Code::InvalidIdempotencyKey, "{bad:?}");
    }
}
