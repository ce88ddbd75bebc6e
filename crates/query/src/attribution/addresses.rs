//! From where somebody acted, where the audit log does not say.
//!
//! The log has an address of users only, and not always. A program has to sign in before it acts, and a
//! token lives up to 90 minutes: the last successful sign-in in that time is taken, and the source says
//! that it was. It is where a token was asked for, which may be another place than where it was used.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use model::{Parser, Value};
use store::Snapshot;

use super::event::{Actor, AuditEvent};
use crate::error::Result;
use crate::source::Source;

/// The logs of sign-ins: by people, and by programs or without anybody at the keyboard.
const SIGN_INS: [&str; 2] = ["sign_in", "sign_in_beta"];
/// The longest an access token lives.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_mins(90);

/// An address and what says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) ip: String,
    /// `audit` or `sign_in`.
    pub(crate) source: &'static str,
}

/// Successful sign-ins by who signed in.
#[derive(Debug)]
pub(crate) struct Addresses<'s> {
    source: &'s Source,
    last: Option<Timestamp>,
    by_actor: HashMap<String, Vec<(Timestamp, String)>>,
}

impl<'s> Addresses<'s> {
    pub(crate) fn new(source: &'s Source, horizon: Option<&Snapshot>) -> Self {
        Self {
            source,
            last: horizon.map(|horizon| horizon.taken_at),
            by_actor: HashMap::new(),
        }
    }

    /// From where an event's actor acted.
    pub(crate) fn of(&mut self, event: &AuditEvent) -> Result<Option<Address>> {
        if let Some(ip) = &event.actor.ip {
            let ip = ip.clone();
            return Ok(Some(Address {
                ip,
                source: "audit",
            }));
        }
        let Some(id) = event.actor.id.as_deref().map(model::fold_id) else {
            return Ok(None);
        };
        if !self.by_actor.contains_key(&id) {
            let read = self.read(&id, &event.actor)?;
            self.by_actor.insert(id.clone(), read);
        }
        let sign_ins = self.by_actor.get(&id).map_or(&[][..], Vec::as_slice);
        Ok(nearest(sign_ins, event.time).map(|ip| Address {
            ip: ip.to_owned(),
            source: "sign_in",
        }))
    }

    fn read(&self, id: &str, actor: &Actor) -> Result<Vec<(Timestamp, String)>> {
        let mut sign_ins = Vec::new();
        for name in SIGN_INS {
            let Some(kind) = self.source.archive.kind(name) else {
                continue;
            };
            let versions = self.source.mentions(&kind)?.of(id);
            let mut parser = Parser::new();
            self.source
                .archive
                .versions(kind.number, &versions, |_, _, payload| {
                    let row = parser.parse(payload.as_bytes()).ok();
                    let found = row.and_then(|row| sign_in(row.root(), id, actor.is_app));
                    sign_ins
                        .extend(found.filter(|(at, _)| self.last.is_none_or(|last| *at <= last)));
                    Ok(())
                })?;
        }
        sign_ins.sort_unstable();
        Ok(sign_ins)
    }
}

/// Time and address of a row, if it is a successful sign-in by that actor.
fn sign_in(row: Value<'_>, id: &str, is_app: bool) -> Option<(Timestamp, String)> {
    let text = |value: Option<Value<'_>>| Some(value?.text()?.into_owned());
    let property = if is_app {
        "servicePrincipalId"
    } else {
        "userId"
    };
    let who = text(row.get(property))?;
    let error = row.get("status")?.get("errorCode")?.number()?;
    let is_theirs = who.eq_ignore_ascii_case(id) && error == "0";
    let time = model::parse_time(&text(row.get("createdDateTime"))?).ok()?;
    let ip = text(row.get("ipAddress")).filter(|ip| !ip.is_empty())?;
    is_theirs.then_some((time, ip))
}

/// The address of the last sign-in before a time, if a token of it may still have been valid.
fn nearest(sign_ins: &[(Timestamp, String)], time: Timestamp) -> Option<&str> {
    let behind = sign_ins.partition_point(|(at, _)| *at <= time);
    let (at, ip) = sign_ins.get(behind.checked_sub(1)?)?;
    (time.duration_since(*at) <= TOKEN_LIFE).then_some(ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("because it is a time")
    }

    #[test]
    fn the_last_sign_in_counts_while_its_token_lives() {
        let sign_ins = [
            (time("2026-03-01T08:00:00Z"), "198.51.100.1".to_owned()),
            (time("2026-03-01T09:00:00Z"), "198.51.100.2".to_owned()),
        ];
        let at = |text: &str| nearest(&sign_ins, time(text));
        assert_eq!(at("2026-03-01T07:59:59Z"), None);
        assert_eq!(at("2026-03-01T08:30:00Z"), Some("198.51.100.1"));
        assert_eq!(at("2026-03-01T10:30:00Z"), Some("198.51.100.2"));
        assert_eq!(at("2026-03-01T10:30:01Z"), None);
    }

    #[test]
    fn only_successful_sign_ins_of_the_actor_count() {
        let read = |row: &str| {
            let mut parser = Parser::new();
            let document = parser.parse_text(row).expect("because it is JSON");
            sign_in(document.root(), "aa", true).map(|(_, ip)| ip)
        };
        let row = |id: &str, error: u32| {
            format!(
                r#"{{"servicePrincipalId":"{id}","status":{{"errorCode":{error}}},"ipAddress":"203.0.113.78","createdDateTime":"2026-03-01T08:00:00Z"}}"#
            )
        };
        assert_eq!(read(&row("AA", 0)).as_deref(), Some("203.0.113.78"));
        assert_eq!(read(&row("AA", 50126)), None);
        assert_eq!(read(&row("bb", 0)), None);
        assert_eq!(read("{}"), None);
    }
}
