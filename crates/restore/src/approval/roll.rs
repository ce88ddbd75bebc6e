//! The list of approvers an archive keeps: a chain of signed changes.
//!
//! ```text
//!   papers/approvers/00000001   add bob                           believed: nobody was there to sign it
//!   papers/approvers/00000002   add carol    previous = hash of 1   signed by bob
//!   papers/approvers/00000003   revoke bob   previous = hash of 2   signed by carol
//! ```
//!
//! Whoever can write papers can write plans, and must not thereby become an approver: after the first, a change
//! counts only with the signature of somebody enrolled before it. What was written stays, and each change names the
//! one before, so none can be left out or moved. Against somebody who has the archive's keys and begins the chain
//! anew, there is a file of allowed signers outside of the archive ([`super::Approvers::from_file`]).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::Archive;

use super::{Approver, Approvers, ENROLMENT_NAMESPACE, Refusal, signature};
use crate::error::{Error, Result};

/// Value of [`Enrolment::format`].
const FORMAT: &str = "entrace/approver/v1";
/// Folder of the papers.
const FOLDER: &str = "approvers";
/// Longest statement, in bytes.
const MAX_BYTES: usize = 64 << 10;
/// How far clocks may differ.
const SKEW: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// What becomes of an approver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// The key counts.
    Add(Box<Approver>),
    /// The key of that fingerprint does not count any more.
    Revoke {
        /// Name of the approver.
        name: String,
        /// Fingerprint of the key.
        fingerprint: String,
    },
}

/// One change of the list: what is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// `entrace/approver/v1`.
    pub format: String,
    /// The archive whose list it is.
    pub archive: String,
    /// Place in the list, from 1.
    pub number: u32,
    /// BLAKE3 of the statement before it, hexadecimal; none of the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// When it was made.
    pub made_at: Timestamp,
    /// What changes.
    pub change: Change,
}

/// A change as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Paper {
    statement: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

impl Enrolment {
    /// The text that is signed, byte for byte.
    #[must_use]
    pub fn text(&self) -> String {
        super::signed_text(self)
    }
}

/// The list of an archive while it is read and written.
#[derive(Debug, Default)]
struct Roll {
    approvers: BTreeMap<String, Approver>,
    number: u32,
    previous: Option<String>,
    made_at: Option<Timestamp>,
}

impl Approvers {
    /// The approvers an archive keeps.
    ///
    /// # Errors
    /// [`Refusal::Roll`] where an entry is missing, changed, or signed by nobody who may.
    pub fn of(archive: &Archive) -> Result<Self> {
        let roll = Roll::read(archive)?;
        let mut approvers = Self::from_list(roll.approvers.into_values().collect());
        approvers.made_at = roll.made_at;
        Ok(approvers)
    }

    /// The statement for the next change of an archive's list, and whether it must be signed: all but the first.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the change cannot be: a name or key that is there, an approver who is not, the last
    /// one who could let others in.
    pub fn propose(archive: &Archive, change: Change, now: Timestamp) -> Result<(Enrolment, bool)> {
        let roll = Roll::read(archive)?;
        roll.check(&change, now)?;
        let enrolment = Enrolment {
            format: FORMAT.to_owned(),
            archive: archive.id().to_string(),
            number: roll.number + 1,
            previous: roll.previous.clone(),
            made_at: Timestamp::from_second(now.as_second()).unwrap_or(now),
            change,
        };
        Ok((enrolment, roll.number > 0))
    }

    /// Enters a change, and returns what was entered.
    ///
    /// # Errors
    /// [`Error::Refused`] where the signature is missing, or not that of an approver; [`Error::Invalid`] where the
    /// list went on since the statement was made.
    pub fn enter(
        archive: &Archive,
        statement: &str,
        signature: Option<&str>,
        now: Timestamp,
    ) -> Result<Enrolment> {
        let mut roll = Roll::read(archive)?;
        let enrolment: Enrolment = super::parse_signed(statement, MAX_BYTES)?;
        if enrolment.number != roll.number + 1 || enrolment.previous != roll.previous {
            return Err(Error::Invalid(
                "the list of approvers was changed meanwhile: make the change anew".to_owned(),
            ));
        }
        if enrolment.made_at > now.saturating_add(SKEW).unwrap_or(now) {
            return Err(Error::Refused(Refusal::Clock {
                what: "the change was made".to_owned(),
                then: enrolment.made_at,
                now,
            }));
        }
        let paper = Paper {
            statement: statement.to_owned(),
            signature: signature.map(str::to_owned),
        };
        roll.take(&archive.id().to_string(), &paper)?;
        let text = serde_json::to_vec(&paper).expect("because it has text only");
        archive.write_paper(&name(enrolment.number), &text)?;
        Ok(enrolment)
    }
}

impl Roll {
    fn read(archive: &Archive) -> Result<Self> {
        let mut roll = Self::default();
        let own = archive.id().to_string();
        for paper in archive.list_papers(FOLDER)? {
            let number = roll.number + 1;
            let broken = |reason: String| Error::Refused(Refusal::Roll { number, reason });
            if paper != name(number) {
                return Err(broken("it is missing".to_owned()));
            }
            let bytes = archive.read_paper(&paper)?.unwrap_or_default();
            let paper: Paper =
                serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
            roll.take(&own, &paper).map_err(|error| match error {
                Error::Store(_) => error,
                other => broken(other.to_string()),
            })?;
        }
        Ok(roll)
    }

    /// Takes the next change, if whoever made it may.
    fn take(&mut self, archive: &str, paper: &Paper) -> Result<()> {
        let enrolment: Enrolment = super::parse_signed(&paper.statement, MAX_BYTES)?;
        let fits = enrolment.format == FORMAT
            && enrolment.archive == archive
            && enrolment.number == self.number + 1
            && enrolment.previous == self.previous
            && self
                .made_at
                .is_none_or(|before| enrolment.made_at >= before);
        if !fits {
            return Err(Error::Invalid(
                "it does not follow the change before it".to_owned(),
            ));
        }
        self.check(&enrolment.change, enrolment.made_at)?;
        if self.number > 0 {
            self.signed(paper, enrolment.made_at)?;
        }
        self.apply(enrolment.change, enrolment.made_at);
        self.number += 1;
        self.made_at = Some(enrolment.made_at);
        self.previous = Some(
            blake3::hash(paper.statement.as_bytes())
                .to_hex()
                .to_string(),
        );
        Ok(())
    }

    /// Checks that somebody signed who was an approver then.
    fn signed(&self, paper: &Paper, at: Timestamp) -> Result<()> {
        let Some(armoured) = &paper.signature else {
            return Err(Error::Invalid(
                "it needs the signature of somebody who is an approver already".to_owned(),
            ));
        };
        let key = signature::verify(armoured, ENROLMENT_NAMESPACE, paper.statement.as_bytes())?;
        let fingerprint = signature::fingerprint(&key);
        let signer = self.approvers.get(&fingerprint);
        let signer = signer.ok_or(Refusal::UnknownApprover { fingerprint })?;
        Ok(signer.counts(at)?)
    }

    fn check(&self, change: &Change, at: Timestamp) -> Result<()> {
        match change {
            Change::Add(approver) => {
                approver.check()?;
                if approver.revoked_at.is_some() {
                    return Err(Error::Invalid("a revoked key cannot be added".to_owned()));
                }
                let taken = self.approvers.values().find(|known| {
                    known.fingerprint == approver.fingerprint
                        || known.name.eq_ignore_ascii_case(&approver.name)
                });
                match taken {
                    None => Ok(()),
                    Some(known) => Err(Error::Invalid(format!(
                        "{} with key {} is in the list already, and a name or key is in it once, revoked or not",
                        known.name, known.fingerprint
                    ))),
                }
            }
            Change::Revoke { name, fingerprint } => {
                let known = self.approvers.get(fingerprint);
                if known.is_none_or(|known| known.name != *name || known.revoked_at.is_some()) {
                    return Err(Error::NotFound(format!(
                        "there is no approver {name} whose key {fingerprint} counts"
                    )));
                }
                let is_left = |other: &Approver| {
                    other.fingerprint != *fingerprint && other.counts(at).is_ok()
                };
                if self.approvers.values().any(is_left) {
                    Ok(())
                } else {
                    Err(Error::Invalid(format!(
                        "{name} is the last approver, and without one nobody could add another: add one first"
                    )))
                }
            }
        }
    }

    fn apply(&mut self, change: Change, at: Timestamp) {
        match change {
            Change::Add(approver) => {
                self.approvers
                    .insert(approver.fingerprint.clone(), *approver);
            }
            Change::Revoke { fingerprint, .. } => {
                if let Some(approver) = self.approvers.get_mut(&fingerprint) {
                    approver.revoked_at = Some(at);
                }
            }
        }
    }
}

fn name(number: u32) -> String {
    format!("{FOLDER}/{number:08}")
}
