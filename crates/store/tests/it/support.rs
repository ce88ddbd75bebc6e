//! Archives for tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use store::{
    Archive, Closing, Commit, Coverage, CoverageState, CreateOptions, KindOptions, Object, Result,
    Secrets, SlotChoice, Source, Storage, Summary, Writer, WriterOptions,
};

/// A clock that stands still.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(1_767_578_400).expect("because it is a time")
}

/// The hour number `hour` of the tests' time.
pub(crate) fn hour(hour: i64) -> Timestamp {
    Timestamp::from_second(1_767_578_400 + hour * 3600).expect("because it is a time")
}

pub(crate) fn options() -> WriterOptions {
    WriterOptions {
        tool: "test".to_owned(),
        now,
    }
}

pub(crate) fn create(storage: &Arc<dyn Storage>) {
    let options = CreateOptions {
        tenant: "contoso".to_owned(),
        slots: vec![SlotChoice::Unprotected],
        tool: "test".to_owned(),
        now: now(),
    };
    Archive::create(storage, &options).expect("because the storage works");
}

pub(crate) fn writer(storage: &Arc<dyn Storage>) -> Writer {
    Writer::open(Arc::clone(storage), &Secrets::default(), options())
        .expect("because the archive is sound")
}

pub(crate) fn reader(storage: &Arc<dyn Storage>) -> Archive {
    Archive::open(Arc::clone(storage), &Secrets::default()).expect("because the archive is sound")
}

/// Objects of one kind by key.
pub(crate) type Objects = BTreeMap<String, String>;
/// Objects by kind: one state of a tenant.
pub(crate) type State = BTreeMap<String, Objects>;

/// Whether objects of this kind belong to persons, by name, so that both codecs are tested.
pub(crate) fn is_personal(kind: &str) -> bool {
    kind.starts_with("user")
}

/// Writes one snapshot; kinds that are not in `state` are not read.
pub(crate) fn write(
    writer: &mut Writer,
    at: Timestamp,
    state: &State,
    closing: Closing,
) -> Result<Box<Summary>> {
    let source = Source {
        kind: "test".to_owned(),
        name: "model".to_owned(),
        ..Source::default()
    };
    let mut snapshot = writer.begin(at, source)?;
    for (name, objects) in state {
        let kind = snapshot.kind(name, KindOptions::default())?;
        for (key, payload) in objects {
            let subject = is_personal(name).then_some(key.as_str());
            let unit = snapshot.unit_rules(key.as_bytes()).unit(payload.as_bytes());
            if snapshot.pass(kind, unit)? {
                continue;
            }
            let volatile = format!("{{\"seen\":\"{at}\"}}");
            let object = Object {
                key,
                payload,
                subject,
                volatile: &volatile,
            };
            let put = snapshot.put(kind, &object, &mut |_| false)?;
            snapshot.keep_unit(kind, unit, &[put.ordinal()]);
        }
        let complete = closing == Closing::Unseen;
        let coverage = Coverage {
            state: if complete {
                CoverageState::Complete
            } else {
                CoverageState::Partial
            },
            objects: objects.len() as u64,
            ..Coverage::default()
        };
        snapshot.cover(kind, coverage, closing);
    }
    match snapshot.commit(&format!("{at}"))? {
        Commit::Made(summary) => Ok(summary),
        Commit::Unchanged(existing) => panic!("snapshot {} was there already", existing.number),
    }
}

/// Reads a snapshot back, kind by kind.
pub(crate) fn read(archive: &Archive, at: usize) -> Result<State> {
    let snapshot = archive.snapshots()[at].clone();
    let mut state = State::new();
    for kind in archive.kinds() {
        let alive = archive.alive(kind.number, &snapshot)?;
        let mut objects = Objects::new();
        archive.versions(kind.number, &alive, |_, key, payload| {
            let twice = objects.insert(key.to_owned(), payload.to_owned());
            assert_eq!(twice, None, "{key} is alive twice");
            Ok(())
        })?;
        assert_eq!(objects.len() as u64, alive.len());
        state.insert(kind.name, objects);
    }
    Ok(state)
}
