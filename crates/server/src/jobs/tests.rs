use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use futures::StreamExt;
use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;
use crate::keep::memory::Memory;
use crate::problem::{Code, Problem};

fn jobs(keep: &Arc<Memory>) -> Jobs {
    let at = jiff::Timestamp::from_second(1_767_614_400).expect("because it is a time");
    Jobs::new(Arc::clone(keep) as _, Clock::new(move || at))
}

/// A job that says how far it is as it is told, and ends when nobody tells it any more.
fn told(orders: Receiver<Value>) -> Work {
    Box::new(move |job| {
        for order in orders {
            job.progress(order);
            if job.is_cancelled() {
                return Err(Problem::new(Code::Stopping, "nobody wants it"));
            }
        }
        Ok(json!({"snapshot": 7}))
    })
}

fn begin(jobs: &Jobs, tenant: &str) -> (Job, Sender<Value>) {
    let (order, orders) = channel();
    let job = jobs.begin(JobKind::Collect, tenant, "token/1", None, told(orders));
    (job.expect("because nothing else is at work"), order)
}

async fn events(jobs: &Jobs, job: &Job, after: u64) -> Vec<JobEvent> {
    let watched = jobs.watch(&job.tenant, &job.id, after);
    let events = watched.expect("because memory answers");
    events.expect("because there is such a job").collect().await
}

fn states(events: &[JobEvent]) -> Vec<&str> {
    let states = events.iter().filter(|event| event.name == "state");
    states
        .map(|event| event.data["state"].as_str().expect("because it is a state"))
        .collect()
}

#[tokio::test]
async fn who_watches_sees_each_step_once_and_the_end() {
    let keep = Arc::new(Memory::default());
    let jobs = jobs(&keep);
    let (job, order) = begin(&jobs, "contoso");
    for step in 1..=3 {
        order
            .send(json!({ "step": step }))
            .expect("because it listens");
    }
    drop(order);
    let all = events(&jobs, &job, 0).await;
    assert_eq!(states(&all), ["waiting", "running", "done"]);
    let numbers: Vec<u64> = all.iter().map(|event| event.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    assert_eq!(all[4].data["progress"], json!({"step": 3}));
    // Who comes back is told what came after.
    assert_eq!(events(&jobs, &job, 4).await, all[4..]);
    assert_eq!(events(&jobs, &job, 6).await, []);

    // After the server was started anew the end is all that is known, and it is told.
    let later = self::jobs(&keep);
    let told = events(&later, &job, 4).await;
    assert_eq!(states(&told), ["done"]);
    assert_eq!(told[0].data["result"], json!({"snapshot": 7}));
    let found = later
        .get("contoso", &job.id)
        .expect("because memory answers");
    assert_eq!(found.map(|job| job.state), Some(JobState::Done));
    let elsewhere = later
        .get("fabrikam", &job.id)
        .expect("because memory answers");
    assert_eq!(elsewhere, None, "another tenant's job is none");
}

#[tokio::test]
async fn a_job_that_nobody_wants_ends_and_one_that_had_begun_was_interrupted() {
    let keep = Arc::new(Memory::default());
    let jobs = jobs(&keep);
    let (job, order) = begin(&jobs, "contoso");
    let interrupted = self::jobs(&keep).get("contoso", &job.id);
    let interrupted = interrupted.expect("because memory answers");
    assert_eq!(
        interrupted.map(|job| job.state),
        Some(JobState::Interrupted)
    );

    jobs.cancel("contoso", &job.id)
        .expect("because it is at work");
    drop(order.send(json!({})));
    drop(order);
    let all = events(&jobs, &job, 0).await;
    assert_eq!(states(&all).last(), Some(&"cancelled"));
    let again = jobs
        .cancel("contoso", &job.id)
        .expect_err("because it has ended");
    assert_eq!(again.code(), Code::JobEnded);
}

#[tokio::test]
async fn one_at_a_time_works_in_a_tenant_and_none_does_the_same_twice() {
    let keep = Arc::new(Memory::default());
    let jobs = jobs(&keep);
    let (first, order) = begin(&jobs, "contoso");
    let (_, other_tenant) = begin(&jobs, "fabrikam");
    let same = jobs.begin(
        JobKind::Collect,
        "contoso",
        "x",
        None,
        Box::new(|_| Ok(json!(1))),
    );
    assert_eq!(
        same.expect_err("because it is under way").code(),
        Code::JobRunning
    );
    let second = jobs
        .begin(
            JobKind::Verify,
            "contoso",
            "x",
            Some("aa"),
            Box::new(|_| Ok(json!(2))),
        )
        .expect("because it is another kind");
    let waiting = jobs
        .get("contoso", &second.id)
        .expect("because memory answers");
    assert_eq!(waiting.map(|job| job.state), Some(JobState::Waiting));
    drop((order, other_tenant));
    assert_eq!(
        states(&events(&jobs, &first, 0).await).last(),
        Some(&"done")
    );
    let after = events(&jobs, &second, 0).await;
    assert_eq!(states(&after), ["waiting", "running", "done"]);
    let listed = jobs.list("contoso").expect("because memory answers");
    assert_eq!(listed.len(), 2);
}

#[tokio::test]
async fn a_failure_and_a_panic_are_told_without_their_insides() {
    let keep = Arc::new(Memory::default());
    let jobs = jobs(&keep);
    let fails: Work = Box::new(|_| {
        Err(Problem::new(Code::ArchiveBusy, "somebody writes").internal("/var/lib/secret/path"))
    });
    let failed = jobs.begin(JobKind::Collect, "contoso", "x", None, fails);
    let failed = failed.expect("because nothing else is at work");
    let ended = events(&jobs, &failed, 0).await;
    let last = &ended.last().expect("because it ended").data;
    assert_eq!(last["error"]["detail"], "somebody writes");
    let panics: Work = Box::new(|_| panic!("planted"));
    let panicked = jobs.begin(JobKind::Plan, "contoso", "x", None, panics);
    let panicked = panicked.expect("because nothing else is at work");
    let ended = events(&jobs, &panicked, 0).await;
    let last = &ended.last().expect("because it ended").data;
    assert_eq!(
        (last["state"].as_str(), &last["error"]["status"]),
        (Some("failed"), &json!(500))
    );
    assert!(!keep.text().contains("secret"));
}

#[test]
fn ids_are_file_names_and_nothing_else() {
    let id = JobId::new(jiff::Timestamp::UNIX_EPOCH);
    assert_eq!(id.as_str().parse(), Ok(id.clone()));
    assert!(id.as_str().starts_with("19700101T000000-"));
    for bad in [
        "",
        "../../keys",
        "19700101T000000-../../../../",
        "x",
        "19700101T000000-0123456789AB",
    ] {
        assert!(bad.parse::<JobId>().is_err(), "{bad}");
    }
}

#[tokio::test]
async fn of_much_progress_the_newest_and_every_state_is_told() {
    let keep = Arc::new(Memory::default());
    let jobs = jobs(&keep);
    let (job, order) = begin(&jobs, "contoso");
    for step in 0..1000 {
        order.send(json!(step)).expect("because it listens");
    }
    drop(order);
    loop {
        let now = jobs
            .get("contoso", &job.id)
            .expect("because memory answers");
        if now.is_some_and(|job| job.state.is_final()) {
            break;
        }
        tokio::task::yield_now().await;
    }
    let all = events(&jobs, &job, 0).await;
    assert!(all.len() <= 256);
    assert_eq!(states(&all), ["waiting", "running", "done"]);
    assert_eq!(all[all.len() - 2].data["progress"], json!(999));
}
