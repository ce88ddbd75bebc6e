//! The book over an archive in memory, and one in a folder.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Archive, CreateOptions, MemoryStorage, Secrets, SlotChoice, Storage};

use super::*;
use crate::plan::{Against, Estimate, FORMAT, Wanted};

fn archive() -> Archive {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::default());
    let options = CreateOptions {
        tenant: "contoso".to_owned(),
        slots: vec![SlotChoice::Unprotected],
        tool: "test".to_owned(),
        now: Timestamp::UNIX_EPOCH,
    };
    Archive::create(&storage, &options).expect("because memory takes it");
    Archive::open(storage, &Secrets::default()).expect("because it was just made")
}

fn plan(archive: &Archive, revision: &str) -> Plan {
    Plan {
        format: FORMAT.to_owned(),
        archive: archive.id().to_string(),
        tenant: "contoso".to_owned(),
        made_at: Timestamp::UNIX_EPOCH,
        author: "alice@desk".to_owned(),
        tool: "test".to_owned(),
        wanted: Wanted {
            tenant: "contoso".to_owned(),
            revision: revision.to_owned(),
            snapshot: 1,
            record: "00".repeat(32),
            taken_at: Timestamp::UNIX_EPOCH,
            selection: vec!["group:Finance".to_owned()],
        },
        against: Against {
            live: false,
            snapshot: Some(2),
            taken_at: Some(Timestamp::UNIX_EPOCH),
        },
        steps: Vec::new(),
        impossible: Vec::new(),
        dangling: Vec::new(),
        outside: Vec::new(),
        estimate: Estimate::default(),
    }
}

fn act(reason: &str) -> Act {
    Act {
        by: "bob@desk".to_owned(),
        at: Timestamp::UNIX_EPOCH,
        reason: reason.to_owned(),
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Line {
    Began(u32),
    Ended { step: u32 },
}

#[test]
fn a_plan_is_entered_once_and_found_by_its_beginning() -> Result<()> {
    let archive = archive();
    let book = Book::new(&archive);
    assert_eq!(book.list()?, []);
    let wanted = plan(&archive, "-1d");
    let id = book.put(&wanted)?;
    assert_eq!(book.put(&wanted)?, id);
    assert_eq!(book.get(&id)?, wanted);
    assert_eq!(book.find(&id[..6].to_uppercase())?, id);
    assert_eq!(book.list()?.len(), 1);
    assert_eq!(book.head(&id)?.title(), "group:Finance as of -1d");
    assert!(matches!(book.find(&id[..5]), Err(Error::Invalid(_))));
    assert!(matches!(book.find("no-hex"), Err(Error::Invalid(_))));
    let missing = "0".repeat(64);
    assert!(matches!(book.find(&missing), Err(Error::NotFound(_))));
    assert!(matches!(book.record(&missing), Err(Error::NotFound(_))));

    let mut foreign = wanted;
    "another".clone_into(&mut foreign.archive);
    assert!(matches!(book.put(&foreign), Err(Error::Invalid(_))));
    Ok(())
}

#[test]
fn a_beginning_that_several_plans_have_names_them() -> Result<()> {
    let archive = archive();
    let book = Book::new(&archive);
    let head = Head::of(&plan(&archive, "-1d"));
    let ids = ["a", "b"].map(|end| format!("{}{end}", "0".repeat(63)));
    for id in &ids {
        book.write(&head_name(id), &head)?;
    }
    let Err(Error::Ambiguous { candidates, .. }) = book.find("000000") else {
        panic!("two plans begin so");
    };
    assert_eq!(candidates, ids);
    Ok(())
}

#[test]
fn a_plan_stored_under_another_id_is_damage() -> Result<()> {
    let archive = archive();
    let book = Book::new(&archive);
    let id = "0".repeat(64);
    let other = plan(&archive, "-1d").to_file();
    archive.write_paper(&plan_name(&id), other.as_bytes())?;
    assert!(matches!(
        book.get(&id),
        Err(Error::Store(store::Error::Corrupt { .. }))
    ));
    Ok(())
}

#[test]
fn a_journal_goes_on_and_knows_how_it_ended() -> Result<()> {
    let archive = archive();
    let book = Book::new(&archive);
    let id = book.put(&plan(&archive, "-1d"))?;
    let run = |number| Run {
        number,
        by: "bob@desk".to_owned(),
        began_at: Timestamp::UNIX_EPOCH,
        approvals: Vec::new(),
    };
    book.add_run(&id, &run(1))?;
    assert_eq!(State::of(&book.record(&id)?, true), State::Running);
    let journal = book.journal(&id)?;
    journal.append(&[Line::Began(1), Line::Ended { step: 1 }])?;
    drop(journal);
    let journal = book.journal(&id)?;
    journal.append(&[Line::Began(2)])?;
    assert_eq!(State::of(&book.record(&id)?, true), State::Running);
    journal.finish::<Line>(&[], Outcome::PartlyDone)?;
    assert_eq!(State::of(&book.record(&id)?, true), State::PartlyDone);

    // What ended may begin again, and is then running.
    book.add_run(&id, &run(2))?;
    assert_eq!(State::of(&book.record(&id)?, true), State::Running);
    let journal = book.journal(&id)?;
    journal.finish(&[Line::Ended { step: 2 }], Outcome::Done)?;
    assert_eq!(State::of(&book.record(&id)?, true), State::Done);
    let expected = [
        Line::Began(1),
        Line::Ended { step: 1 },
        Line::Began(2),
        Line::Ended { step: 2 },
    ];
    assert_eq!(book.journal(&id)?.entries::<Line>()?, expected);
    assert!(matches!(
        book.cancel(&id, &act("late")),
        Err(Error::Invalid(_))
    ));

    // A page that is gone is damage, never a shorter history.
    let page = format!("papers/plans/{id}/journal/00000002");
    archive.storage().delete(&page)?;
    assert!(matches!(
        book.journal(&id),
        Err(Error::Store(store::Error::Missing { .. }))
    ));
    Ok(())
}

#[test]
fn states_follow_from_what_was_said() -> Result<()> {
    let archive = archive();
    let book = Book::new(&archive);
    let id = book.put(&plan(&archive, "-1d"))?;
    let state = |is_approved| {
        book.record(&id)
            .map(|record| State::of(&record, is_approved))
    };
    assert_eq!(state(false)?, State::Planned);
    assert_eq!(state(true)?, State::Approved);
    book.mark_stale(&id, &act("group Finance moved"))?;
    assert_eq!(state(true)?, State::Stale);
    book.reject(&id, &act("no"))?;
    book.reject(&id, &act("again"))?;
    assert_eq!(state(true)?, State::Rejected);
    let said = book.record(&id)?.rejection.map(|act| act.reason);
    assert_eq!(said.as_deref(), Some("no"), "the first word stays");
    assert!(!book.is_cancelled(&id)?);
    book.cancel(&id, &act("enough"))?;
    assert!(book.is_cancelled(&id)?);
    assert_eq!(state(true)?, State::Cancelled);
    Ok(())
}

#[test]
fn one_process_executes() -> Result<()> {
    let archive = archive();
    let book = Book::new(&archive);
    let first = book.exclusive("pid 1")?;
    let Err(Error::Refused(refusal)) = book.exclusive("pid 2") else {
        panic!("somebody has it");
    };
    assert_eq!(refusal.code(), "plan_running");
    assert!(refusal.to_string().contains("pid 1"));
    drop(first);
    book.exclusive("pid 2")?;
    Ok(())
}
