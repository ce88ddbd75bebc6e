//! Random histories against plain maps: every snapshot reads back as it was written, in any order of
//! time, before and after the index is rebuilt.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use store::{Closing, MemoryStorage, ReadData, Secrets, Storage, Writer};

use crate::support::{Objects, State, create, hour, options, read, reader, write, writer};

/// What one step of a history does.
#[derive(Debug, Clone)]
struct Step {
    hour: i64,
    /// Kind, then changes: key number and new content, `None` to remove.
    kinds: BTreeMap<u8, Vec<(u8, Option<u8>)>>,
    partial: bool,
}

fn any_step() -> impl Strategy<Value = Step> {
    let change = (0u8..30, prop::option::weighted(0.8, 0u8..4));
    let kinds = prop::collection::btree_map(0u8..3, prop::collection::vec(change, 0..20), 1..3);
    (0i64..40, kinds, prop::bool::weighted(0.2)).prop_map(|(hour, kinds, partial)| Step {
        hour,
        kinds,
        partial,
    })
}

fn kind_name(number: u8) -> String {
    ["user", "group", "device"][usize::from(number)].to_owned()
}

fn payload(kind: u8, key: u8, content: u8) -> String {
    let filler = "x".repeat(usize::from(content) * 40);
    format!("{{\"content\":{content},\"filler\":\"{filler}\",\"id\":\"{kind}-{key}\"}}")
}

/// The model: for each snapshot in commit order its time, and what its kinds were stated to be.
#[derive(Default)]
struct Model {
    stated: Vec<(i64, State)>,
}

impl Model {
    /// A kind's state at a time: the newest statement at or before it, later commits winning ties.
    fn at(&self, hour: i64, limit: usize, kind: &str) -> Objects {
        let known = self
            .stated
            .iter()
            .enumerate()
            .filter(|(number, (at, state))| {
                (*at, *number) <= (hour, limit) && state.contains_key(kind)
            });
        known
            .max_by_key(|(number, (at, _))| (*at, *number))
            .map_or_else(Objects::new, |(_, (_, state))| state[kind].clone())
    }

    /// The snapshots in the order of time, with their whole states.
    fn snapshots(&self) -> Vec<State> {
        let mut order: Vec<(i64, usize)> = self
            .stated
            .iter()
            .enumerate()
            .map(|(number, (at, _))| (*at, number))
            .collect();
        order.sort_unstable();
        let kinds: std::collections::BTreeSet<&String> = self
            .stated
            .iter()
            .flat_map(|(_, state)| state.keys())
            .collect();
        order
            .into_iter()
            .map(|(at, number)| {
                kinds
                    .iter()
                    .map(|kind| ((*kind).clone(), self.at(at, number, kind)))
                    .collect()
            })
            .collect()
    }
}

fn run(steps: &[Step], reopen: bool) -> Result<(), TestCaseError> {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    create(&storage);
    let mut model = Model::default();
    let mut open = writer(&storage);
    for step in steps {
        if reopen {
            drop(open);
            open = writer(&storage);
        }
        let mut read_now = State::new();
        let mut becomes = State::new();
        for (kind, changes) in &step.kinds {
            let name = kind_name(*kind);
            let before = model.at(step.hour, usize::MAX, &name);
            let mut after = before.clone();
            let mut seen = Objects::new();
            for (key, content) in changes {
                let id = format!("{key}");
                match content {
                    Some(content) => {
                        let payload = payload(*kind, *key, *content);
                        after.insert(id.clone(), payload.clone());
                        seen.insert(id, payload);
                    }
                    None if !step.partial => {
                        after.remove(&id);
                        seen.remove(&id);
                    }
                    None => {}
                }
            }
            read_now.insert(
                name.clone(),
                if step.partial { seen } else { after.clone() },
            );
            becomes.insert(name, after);
        }
        let closing = if step.partial {
            Closing::Keep
        } else {
            Closing::Unseen
        };
        write(&mut open, hour(step.hour), &read_now, closing)
            .map_err(|e| TestCaseError::fail(e.to_string()))?;
        model.stated.push((step.hour, becomes));
    }
    let expected = model.snapshots();
    let check = |archive: &store::Archive| -> Result<(), TestCaseError> {
        prop_assert_eq!(archive.snapshots().len(), expected.len());
        for (at, state) in expected.iter().enumerate() {
            prop_assert_eq!(
                &read(archive, at).expect("because nothing is damaged"),
                state,
                "snapshot {}",
                at
            );
        }
        Ok(())
    };
    let sound = |archive: &store::Archive| -> Result<(), TestCaseError> {
        check(archive)?;
        let report = store::check(archive, ReadData::All).expect("because nothing is damaged");
        prop_assert_eq!(report.problems, Vec::new());
        Ok(())
    };
    sound(open.archive())?;
    drop(open);
    sound(&reader(&storage))?;
    let rebuild = || Writer::rebuild(Arc::clone(&storage), &Secrets::default(), options());
    sound(rebuild().expect("because nothing is damaged").archive())?;
    let mut open = writer(&storage);
    let compacted = open.compact().expect("because nothing is damaged");
    prop_assert!(compacted.packs.1 <= 1 || compacted.packs.1 < compacted.packs.0);
    sound(open.archive())?;
    // What was compacted goes on as before.
    let late = State::from([(
        "user".to_owned(),
        Objects::from([("late".to_owned(), payload(0, 0, 9))]),
    )]);
    write(&mut open, hour(1000), &late, Closing::Unseen).expect("because nothing is damaged");
    let last = read(open.archive(), expected.len()).expect("because nothing is damaged");
    prop_assert_eq!(&last["user"], &late["user"]);
    drop(open);
    let mut open = rebuild().expect("because nothing is damaged");
    open.compact().expect("because nothing is damaged");
    let report = store::check(open.archive(), ReadData::All).expect("because nothing is damaged");
    prop_assert_eq!((report.problems, report.orphans), (Vec::new(), Vec::new()));
    prop_assert_eq!(
        &read(open.archive(), expected.len()).expect("because nothing is damaged"),
        &last
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_snapshot_reads_back_as_it_was_written(steps in prop::collection::vec(any_step(), 1..14), reopen in any::<bool>()) {
        // Two snapshots of the same hour and content would be one; the hours make them differ.
        let mut hours = std::collections::BTreeSet::new();
        let steps: Vec<Step> = steps.into_iter().filter(|step| hours.insert(step.hour)).collect();
        run(&steps, reopen)?;
    }
}
