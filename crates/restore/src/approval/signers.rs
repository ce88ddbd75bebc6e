//! Everybody who may approve, from the archive or from a file of allowed signers.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Approver, NAMESPACE, signature};
use crate::error::{Error, Result};

/// Longest file of allowed signers, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// Everybody who may approve.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approvers {
    list: Vec<Approver>,
    /// When the list was changed last, where that is known.
    pub(super) made_at: Option<Timestamp>,
}

impl Approvers {
    pub(super) fn from_list(mut list: Vec<Approver>) -> Self {
        list.sort_by(|a, b| (&a.name, &a.fingerprint).cmp(&(&b.name, &b.fingerprint)));
        Self {
            list,
            made_at: None,
        }
    }

    /// Everybody, sorted by name; those whose keys were revoked included.
    #[must_use]
    pub fn list(&self) -> &[Approver] {
        &self.list
    }

    /// The approver with a key, by its fingerprint.
    #[must_use]
    pub fn by_fingerprint(&self, fingerprint: &str) -> Option<&Approver> {
        self.list.iter().find(|a| a.fingerprint == fingerprint)
    }

    /// Reads a file of allowed signers as OpenSSH describes it (`ssh-keygen(1)`, ALLOWED SIGNERS): the first
    /// principal of a line is the approver and the person, further ones are accounts of theirs. Lines for other
    /// purposes than approvals are passed over.
    pub fn from_file(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let read = std::fs::read(path);
        let bytes = read.map_err(|error| Error::Invalid(format!("{name}: {error}")))?;
        Self::from_allowed_signers(&name, &bytes)
    }

    /// Reads the text of such a file. `name` is what errors call it.
    pub fn from_allowed_signers(name: &str, bytes: &[u8]) -> Result<Self> {
        let refuse = |line: usize, reason: &str| Error::Invalid(format!("{name}:{line}: {reason}"));
        if bytes.len() > MAX_BYTES {
            return Err(refuse(1, "too long for a file of allowed signers"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| refuse(1, "it is not UTF-8"))?;
        let mut list: Vec<Approver> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let refuse = |reason: &str| refuse(index + 1, reason);
            let Some(approver) = signer(line).map_err(|reason| refuse(&reason))? else {
                continue;
            };
            if list
                .iter()
                .any(|known| known.fingerprint == approver.fingerprint)
            {
                return Err(refuse("the key stands in a line above already"));
            }
            list.push(approver);
        }
        Ok(Self::from_list(list))
    }

    /// The file with which stock `ssh-keygen -Y verify` checks approvals: those whose keys were not revoked.
    #[must_use]
    pub fn to_allowed_signers(&self) -> String {
        let mut text = String::new();
        for approver in self.list.iter().filter(|a| a.revoked_at.is_none()) {
            let mut options = format!("namespaces=\"{NAMESPACE}\"");
            let bounds = [
                ("valid-after", approver.valid_from),
                ("valid-before", approver.valid_until),
            ];
            for (option, time) in bounds {
                if let Some(time) = time {
                    let time = time.strftime("%Y%m%d%H%M%SZ");
                    options.push_str(&format!(",{option}=\"{time}\""));
                }
            }
            text.push_str(&format!("{} {options} {}\n", approver.name, approver.key));
        }
        text
    }
}

/// The approver of one line; `None` where it is for something else than approvals.
fn signer(line: &str) -> std::result::Result<Option<Approver>, String> {
    let (principals, rest) = split_word(line);
    let principals: Vec<&str> = principals.trim_matches('"').split(',').collect();
    if principals
        .iter()
        .any(|p| p.is_empty() || p.contains(['*', '?', '!']))
    {
        return Err("principals must be names, not patterns".to_owned());
    }
    let options = Options::parse(rest)?;
    if !options.is_for_approvals {
        return Ok(None);
    }
    let key = signature::public_key(options.key).map_err(|refusal| refusal.to_string())?;
    let accounts: Vec<String> = principals[1..].iter().map(|&p| p.to_owned()).collect();
    let mut approver = Approver::with_key(principals[0], principals[0], &accounts, &key);
    approver.valid_from = options.valid_from;
    approver.valid_until = options.valid_until;
    approver.check().map_err(|error| error.to_string())?;
    Ok(Some(approver))
}

/// What stands between the principals and the key.
struct Options<'l> {
    is_for_approvals: bool,
    valid_from: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    key: &'l str,
}

impl<'l> Options<'l> {
    fn parse(rest: &'l str) -> std::result::Result<Self, String> {
        let mut options = Self {
            is_for_approvals: true,
            valid_from: None,
            valid_until: None,
            key: rest,
        };
        // A line without options goes on with the type of the key.
        if signature::public_key(rest).is_ok() {
            return Ok(options);
        }
        let (words, key) = split_word(rest);
        options.key = key;
        for word in split_outside_quotes(words, ',') {
            let (option, value) = word.split_once('=').unwrap_or((word, ""));
            let value = value.trim_matches('"');
            match option.to_ascii_lowercase().as_str() {
                "namespaces" => {
                    options.is_for_approvals = value.split(',').any(|n| n == NAMESPACE);
                }
                "valid-after" => options.valid_from = Some(time(value)?),
                "valid-before" => options.valid_until = Some(time(value)?),
                "cert-authority" => {
                    return Err(
                        "certificates are not accepted: name the keys themselves".to_owned()
                    );
                }
                _ if key.is_empty() => return Err("it is no line of allowed signers".to_owned()),
                _ => return Err(format!("there is no option {option:?}")),
            }
        }
        Ok(options)
    }
}

/// A time as OpenSSH writes it: `YYYYMMDD[HHMM[SS]][Z]`, in the system's time zone without `Z`.
fn time(text: &str) -> std::result::Result<Timestamp, String> {
    let refused = || format!("{text:?} is no time: write YYYYMMDD, or YYYYMMDDHHMMSSZ");
    let (digits, zone) = match text.strip_suffix('Z') {
        Some(digits) => (digits, TimeZone::UTC),
        None => (text, TimeZone::system()),
    };
    let full = match digits.len() {
        8 => format!("{digits}000000"),
        12 => format!("{digits}00"),
        14 => digits.to_owned(),
        _ => return Err(refused()),
    };
    let local = DateTime::strptime("%Y%m%d%H%M%S", &full).map_err(|_| refused())?;
    let zoned = local.to_zoned(zone).map_err(|_| refused())?;
    Ok(zoned.timestamp())
}

/// The first word, which quotation marks hold together, and the rest.
fn split_word(line: &str) -> (&str, &str) {
    let mut is_quoted = false;
    for (at, c) in line.char_indices() {
        match c {
            '"' => is_quoted = !is_quoted,
            ' ' | '\t' if !is_quoted => return (&line[..at], line[at..].trim_start()),
            _ => {}
        }
    }
    (line, "")
}

fn split_outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut is_quoted) = (0, false);
    for (at, c) in text.char_indices() {
        if c == '"' {
            is_quoted = !is_quoted;
        } else if c == separator && !is_quoted {
            parts.push(&text[start..at]);
            start = at + c.len_utf8();
        }
    }
    parts.push(&text[start..]);
    parts
}
