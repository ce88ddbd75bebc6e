//! What happens to a job, numbered, for those who watch.
//!
//! Watchers may come late, leave and come back with the number of the last event they saw. What is too old to be
//! told again is left out: every event says the whole state, so the next one makes up for it.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::job::Job;

/// Events of a job that can be told again.
const REMEMBERED: usize = 256;

/// Something that happened to a job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobEvent {
    /// Counted from 1: what `Last-Event-ID` carries.
    pub number: u64,
    /// `state`, or `progress`.
    pub name: &'static str,
    /// The job, or its progress alone.
    pub data: Value,
}

/// The events of one job.
#[derive(Debug, Default)]
pub(super) struct Events {
    kept: VecDeque<JobEvent>,
    last: u64,
}

impl Events {
    pub(super) fn state(&mut self, job: &Job) {
        let job = serde_json::to_value(job).expect("because a job is made of JSON");
        self.push("state", job);
    }

    pub(super) fn progress(&mut self, job: &Job) {
        let data = json!({ "id": job.id, "progress": job.progress });
        self.push("progress", data);
    }

    fn push(&mut self, name: &'static str, data: Value) {
        self.last += 1;
        if self.kept.len() == REMEMBERED {
            // Of progress only the newest counts: an old one makes room before a state does.
            let old = self.kept.iter().position(|event| event.name == "progress");
            self.kept.remove(old.unwrap_or(0));
        }
        self.kept.push_back(JobEvent {
            number: self.last,
            name,
            data,
        });
    }

    /// What happened after an event. A number that is still to come is of another server's time: from the beginning.
    pub(super) fn after(&self, number: u64) -> Vec<JobEvent> {
        let number = if number > self.last { 0 } else { number };
        let later = self.kept.iter().filter(|event| event.number > number);
        later.cloned().collect()
    }
}
