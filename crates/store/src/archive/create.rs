//! Making an archive.

use std::sync::Arc;

use jiff::Timestamp;

use super::Config;
use super::config::PATH;
use crate::error::{Error, Result};
use crate::frame::FrameKind;
use crate::id::ArchiveId;
use crate::keys::{KeyBundle, KeyTree, SlotChoice, write_slot};
use crate::log::{self, Head, Leaf, LogKey};
use crate::pack::PackBuilder;
use crate::record::{Record, encode_records};
use crate::seal::Sealer;
use crate::storage::Storage;

/// Path of the subjects' keys.
pub(crate) const KEYRING: &str = "keyring/subjects";

/// What a new archive is to be.
#[derive(Debug, Clone)]
pub struct CreateOptions {
    /// Label of the tenant.
    pub tenant: String,
    /// How the keys are protected: at least one slot.
    pub slots: Vec<SlotChoice>,
    /// Program and version, for the record.
    pub tool: String,
    /// The time now.
    pub now: Timestamp,
}

impl super::Archive {
    /// Makes an empty archive. `archive.toml` is written last: before it, there is no archive.
    pub fn create(storage: &Arc<dyn Storage>, options: &CreateOptions) -> Result<ArchiveId> {
        if storage.size(PATH)?.is_some() {
            let place = storage
                .local_root()
                .map_or_else(String::new, |root| format!(": {}", root.display()));
            return Err(Error::invalid(format!(
                "there is already an archive here{place}"
            )));
        }
        if options.slots.is_empty() {
            return Err(Error::invalid("an archive needs at least one key slot"));
        }
        let mut bytes = [0; 16];
        rand::RngCore::fill_bytes(&mut rand::rngs::OsRng, &mut bytes);
        let id = ArchiveId(bytes);
        let bundle = KeyBundle::random(id);
        for (leftover, _) in storage.list("keys")? {
            storage.delete(&leftover)?;
        }
        for (number, slot) in (1..).zip(&options.slots) {
            let name = match slot {
                SlotChoice::Unprotected => "unprotected".to_owned(),
                SlotChoice::Recipient(_) => format!("recipient-{number}"),
                SlotChoice::Passphrase(_) => format!("passphrase-{number}"),
            };
            write_slot(&**storage, &name, slot, &bundle)?;
        }
        let tree = KeyTree::random();
        storage.put(KEYRING, &Sealer::seal_keyring(&bundle, &tree))?;
        let log_key = LogKey::new(id, &bundle);
        let sealer = Sealer::new(bundle, tree);
        commit_first(&**storage, &sealer, &log_key, options)?;
        Config::new(id, &options.tenant, options.now, log_key.verifier_key()).write(&**storage)?;
        Ok(id)
    }
}

/// The log starts with the act that made it, so that even an empty archive has a signed head.
fn commit_first(
    storage: &dyn Storage,
    sealer: &Sealer,
    log_key: &LogKey,
    options: &CreateOptions,
) -> Result<()> {
    let record = Record::new("init", 0, options.now, &options.tool).to_text();
    let mut pack = PackBuilder::new(sealer);
    let content = encode_records(std::iter::once(record.as_str()));
    pack.push(
        sealer,
        FrameKind::Records,
        0,
        0,
        &content,
        &Sealer::random_nonce(),
    )?;
    let pack = pack.finish(sealer, storage)?;
    let leaf = Leaf {
        act: "init".to_owned(),
        number: 0,
        time: options.now,
        record: sealer.record_id(record.as_bytes()),
        pack: pack.id,
    };
    log::append(storage, log_key, Head::EMPTY, &leaf).map(|_| ())
}
