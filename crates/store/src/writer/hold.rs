//! Legal holds, and what the log says of papers.

use super::Writer;
use crate::error::{Error, Result};
use crate::index::IndexBatch;
use crate::record::{Hold, HoldScope, PlanAct, Release};

/// Longest reason and name, in bytes.
const MAX_TEXT: usize = 1000;

impl Writer {
    /// Puts a hold on what the scope says: nothing of it may be removed until the hold is released.
    ///
    /// # Errors
    /// [`Error::Invalid`] without a reason or a name, or for a time that ends before it begins;
    /// [`Error::NotFound`] for a snapshot that is not there.
    pub fn set_hold(&mut self, scope: HoldScope, reason: &str, by: &str) -> Result<Hold> {
        check_text("reason of a hold", reason)?;
        check_text("name of who sets a hold", by)?;
        match &scope {
            HoldScope::Snapshot { snapshot } => {
                let mut snapshots = self.archive().snapshots().iter();
                if !snapshots.any(|own| own.number == *snapshot) {
                    return Err(Error::NotFound {
                        what: "snapshot",
                        name: snapshot.to_string(),
                    });
                }
            }
            HoldScope::Between { from, to } if from > to => {
                return Err(Error::invalid(format!(
                    "a hold from {from} to {to} ends before it begins"
                )));
            }
            HoldScope::Archive | HoldScope::Object { .. } | HoldScope::Between { .. } => {}
        }
        let mut record = self.new_record("hold-set");
        let hold = Hold {
            id: record.number,
            scope,
            reason: reason.to_owned(),
            by: by.to_owned(),
            set_at: record.committed_at,
        };
        record.hold = Some(hold.clone());
        let mut holds = self.archive().holds().to_vec();
        holds.push(hold.clone());
        let batch = IndexBatch {
            holds: Some(holds),
            ..IndexBatch::default()
        };
        self.commit_act(&record, batch)?;
        Ok(hold)
    }

    /// Releases a hold; what it was stays in the log.
    ///
    /// # Errors
    /// [`Error::Invalid`] without a reason or a name; [`Error::NotFound`] where no such hold is active.
    pub fn release_hold(&mut self, id: u64, reason: &str, by: &str) -> Result<Hold> {
        check_text("reason of a release", reason)?;
        check_text("name of who releases a hold", by)?;
        let mut holds = self.archive().holds().to_vec();
        let at = holds.iter().position(|hold| hold.id == id);
        let at = at.ok_or_else(|| Error::NotFound {
            what: "hold",
            name: id.to_string(),
        })?;
        let released = holds.remove(at);
        let mut record = self.new_record("hold-release");
        record.release = Some(Release {
            hold: id,
            reason: reason.to_owned(),
            by: by.to_owned(),
        });
        let batch = IndexBatch {
            holds: Some(holds),
            ..IndexBatch::default()
        };
        self.commit_act(&record, batch)?;
        Ok(released)
    }

    /// Writes into the log what became of a restore plan; the number of the act. The plan itself is a paper: the
    /// log says that it was so, when, and of which bytes.
    ///
    /// # Errors
    /// [`Error::Invalid`] without a name.
    pub fn record_plan(&mut self, act: PlanAct) -> Result<u64> {
        check_text("name of who acts on a plan", &act.by)?;
        let mut record = self.new_record(act.event.act());
        record.plan = Some(act);
        self.commit_act(&record, IndexBatch::default())?;
        Ok(record.number)
    }
}

fn check_text(what: &str, text: &str) -> Result<()> {
    if text.trim().is_empty() || text.len() > MAX_TEXT {
        return Err(Error::invalid(format!(
            "the {what} has {} bytes; 1 to {MAX_TEXT} are needed",
            text.len()
        )));
    }
    Ok(())
}
