//! Runs that were stopped: what they read is gone on with, or thrown away, and never seen before it is a
//! snapshot.

use std::cell::Cell;
use std::sync::Arc;

use collector::{
    CollectMonitor, CollectProgress, CollectReport, CollectRequest, Error, ImportRequest, import,
    unfinished,
};
use simulator::Tenant;
use store::Storage;

use crate::living::{Kept, Living, StopAfter, findings, incomplete, request, unlike, untruths};
use crate::support::Export;

const NONE: [&str; 0] = [];

/// A little of every way of reading.
const SOME: &str = "user,user_manager,user_sponsor,group,group_member,group_owner,application,\
                    application_owner,device,\
                    access_review_definition,organization,organizational_branding,\
                    organizational_branding_localization,\
                    conditional_access_policy,directory_audit";

/// Counts what is reported.
#[derive(Default)]
struct Count(Cell<u32>);

impl CollectMonitor for Count {
    fn report(&self, _: &CollectProgress<'_>) {
        self.0.set(self.0.get() + 1);
    }
}

/// A run that is stopped after so many messages.
fn stopped(kept: &mut Kept, living: &Living, request: &CollectRequest, after: u32) {
    let snapshots = kept.archive().snapshots().len();
    let state = kept.state();
    let stop = StopAfter(Cell::new(after));
    let ended = kept.try_collect(&living.client(), &living.runtime, request, &stop);
    assert!(matches!(ended, Err(Error::Cancelled)), "{ended:?}");
    kept.reopen();
    assert_eq!(kept.archive().snapshots().len(), snapshots);
    assert_eq!(kept.state(), state);
    let left = unfinished(kept.archive()).expect("because the archive is sound");
    assert!(left.is_some());
}

fn resumed(kept: &mut Kept, living: &Living, request: &CollectRequest) -> CollectReport {
    let mut request = request.clone();
    request.resume = true;
    kept.collect(living, &request)
}

/// Stops runs over an archive with these files at many places, and goes on with each.
fn stop_everywhere(living: &Living, begin: impl Fn() -> Kept, request: &CollectRequest) {
    let mut clean = begin();
    let count = Count::default();
    let client = living.client();
    let undisturbed = clean
        .try_collect(&client, &living.runtime, request, &count)
        .unwrap_or_else(|error| panic!("{error}"));
    let (messages, requests) = (count.0.get(), undisturbed.meter.total.requests);
    let places = (1..4).map(|part| messages * part / 4);
    for after in places.chain([1, messages - 1]) {
        let mut kept = begin();
        stopped(&mut kept, living, request, after);
        let report = resumed(&mut kept, living, request);
        assert!(report.resumed, "after {after} of {messages}");
        assert_eq!(incomplete(&report), NONE, "after {after} of {messages}");
        assert_eq!(unlike(&kept, &clean), NONE, "after {after} of {messages}");
        assert_eq!(
            untruths(living, &kept, &report),
            NONE,
            "after {after} of {messages}"
        );
        assert_eq!(kept.rows("directory_audit"), clean.rows("directory_audit"));
        let again = report.meter.total.requests;
        if after > messages / 3 {
            assert!(
                again < requests,
                "after {after} of {messages}: {again} of {requests}"
            );
        }
        let left = unfinished(kept.archive()).expect("because the archive is sound");
        assert_eq!(left, None);
    }
}

#[test]
fn a_first_snapshot_goes_on_wherever_it_was_stopped() {
    let living = Living::company(60);
    stop_everywhere(&living, || Kept::new(&living.tenant_id), &request(SOME));
}

#[test]
fn a_day_of_changes_goes_on_wherever_it_was_stopped() {
    let mut living = Living::company(60);
    let request =
        request("user,user_manager,group,group_member,device,named_location,directory_audit");
    let mut first = Kept::new(&living.tenant_id);
    first.collect(&living, &request);
    living.faults(|faults| faults.delta_members_per_page = 3);
    living.live_day();
    living.live_day();
    let files = first.copy();
    let begin = || Kept::open(Arc::new(files.snapshot()));
    stop_everywhere(&living, begin, &request);
}

#[test]
fn a_full_read_beside_changes_goes_on_wherever_it_was_stopped() {
    let mut living = Living::company(60);
    let mut first = Kept::new(&living.tenant_id);
    let mut request = request(SOME);
    first.collect(&living, &request);
    living.live_day();
    request.full = true;
    let files = first.copy();
    let begin = || Kept::open(Arc::new(files.snapshot()));
    stop_everywhere(&living, begin, &request);
}

#[test]
fn without_being_asked_to_go_on_a_run_begins_anew_and_says_so() {
    let living = Living::company(60);
    let request = request(SOME);
    let mut kept = Kept::new(&living.tenant_id);
    stopped(&mut kept, &living, &request, 20);
    let report = kept.collect(&living, &request);
    assert!(!report.resumed);
    assert_eq!(report.discarded, Some(living.look(Tenant::now)));
    assert_eq!(untruths(&living, &kept, &report), NONE);
}

#[test]
fn another_selection_or_another_day_is_another_run() {
    let living = Living::company(60);
    let begun = living.look(Tenant::now);
    let mut kept = Kept::new(&living.tenant_id);
    stopped(&mut kept, &living, &request(SOME), 20);
    let report = resumed(&mut kept, &living, &request("organization,user"));
    assert_eq!((report.resumed, report.discarded), (false, Some(begun)));

    stopped(&mut kept, &living, &request(SOME), 20);
    living.wait(25);
    let report = resumed(&mut kept, &living, &request(SOME));
    assert_eq!((report.resumed, report.discarded), (false, Some(begun)));
    assert_eq!(untruths(&living, &kept, &report), NONE);
}

#[test]
fn a_run_is_not_laid_over_a_snapshot_it_did_not_begin_with() {
    let living = Living::company(60);
    let request = request(SOME);
    let mut kept = Kept::new(&living.tenant_id);
    stopped(&mut kept, &living, &request, 20);
    let export = Export::new(&[("users.jsonl", &crate::support::user(1, "Imported"))]);
    let imported = ImportRequest {
        path: export.path().to_owned(),
        taken_at: Some(crate::support::day(0)),
        ..ImportRequest::default()
    };
    import(kept.writer(), &imported, &()).expect("because it is a user");
    let report = resumed(&mut kept, &living, &request);
    assert!(!report.resumed);
    assert!(report.discarded.is_some());
    assert_eq!(untruths(&living, &kept, &report), NONE);
}

/// Stops a run three times, so that it leaves three files.
fn in_three_files(living: &Living, request: &CollectRequest) -> Kept {
    let mut kept = Kept::new(&living.tenant_id);
    let mut request = request.clone();
    stopped(&mut kept, living, &request, 40);
    request.resume = true;
    // What was read before is told again first.
    stopped(&mut kept, living, &request, 110);
    stopped(&mut kept, living, &request, 180);
    assert!(spooled(&kept).len() >= 3);
    kept
}

/// The files of an unfinished run, in order.
fn spooled(kept: &Kept) -> Vec<(String, Vec<u8>)> {
    let files = kept.storage.files();
    let files = files
        .iter()
        .filter(|(name, _)| name.starts_with("work/run/0"));
    files
        .map(|(name, bytes)| (name.clone(), bytes.clone()))
        .collect()
}

fn damage(kept: &Kept, number: usize) {
    let (name, _) = &spooled(kept)[number];
    kept.storage
        .put(name, b"torn")
        .expect("because memory can be written");
}

#[test]
fn a_damaged_file_loses_only_what_follows_it() {
    let living = Living::company(60);
    let request = request(SOME);
    let mut clean = Kept::new(&living.tenant_id);
    let requests = clean.collect(&living, &request).meter.total.requests;
    let mut again = Vec::new();
    for damaged in [None, Some(2), Some(1), Some(0)] {
        let mut kept = in_three_files(&living, &request);
        if let Some(number) = damaged {
            damage(&kept, number);
        }
        let report = resumed(&mut kept, &living, &request);
        assert_eq!(incomplete(&report), NONE, "{damaged:?}");
        assert_eq!(findings(&report), NONE, "{damaged:?}");
        assert_eq!(unlike(&kept, &clean), NONE, "{damaged:?}");
        again.push(report.meter.total.requests);
    }
    assert!(again[0] < again[3], "{again:?}");
    assert!(again[0] < requests, "{again:?} of {requests}");
}

#[test]
fn what_follows_a_damaged_file_never_comes_back() {
    let living = Living::company(60);
    let request = request(SOME);
    let mut clean = Kept::new(&living.tenant_id);
    clean.collect(&living, &request);
    let mut kept = in_three_files(&living, &request);
    let lost = spooled(&kept).split_off(2);
    damage(&kept, 1);
    // Another run writes that file anew and dies; the one after it must not take for its own what lay
    // behind it.
    let mut again = request.clone();
    again.resume = true;
    stopped(&mut kept, &living, &again, 60);
    let left = spooled(&kept);
    let is_back = |(_, bytes): &(String, Vec<u8>)| lost.iter().any(|(_, lost)| lost == bytes);
    assert!(!left.iter().any(is_back));
    let report = resumed(&mut kept, &living, &request);
    assert_eq!(incomplete(&report), NONE);
    assert_eq!(unlike(&kept, &clean), NONE);
}
