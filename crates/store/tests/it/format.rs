//! `docs/format.md` against the bytes: a reader written from that page alone, sharing no code with the
//! store, reads the page's examples and a frozen archive of this format version.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use chacha20::XChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Section "Conventions".
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (head, rest) = self.0.split_at(count);
        self.0 = rest;
        head
    }

    fn u8(&mut self) -> u8 {
        self.take(1)[0]
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take(4).try_into().expect("because 4 bytes are 4"))
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take(8).try_into().expect("because 8 bytes are 8"))
    }

    fn varint(&mut self) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.u8();
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return value;
            }
        }
    }

    fn length(&mut self) -> usize {
        usize::try_from(self.varint()).expect("because a length fits")
    }

    fn number(&mut self) -> u32 {
        u32::try_from(self.varint()).expect("because a number fits")
    }

    fn zigzag(&mut self) -> i64 {
        let value = self.varint();
        (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
    }

    fn runs(&mut self) -> Vec<u32> {
        let (mut all, mut end) = (Vec::new(), 0);
        for _ in 0..self.varint() {
            let first = end + self.number();
            end = first + self.number();
            all.extend(first..end);
        }
        all
    }

    fn text(&mut self) -> String {
        let length = self.length();
        String::from_utf8(self.take(length).to_vec()).expect("because it is text")
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("because it is hex"))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = std::fmt::Write::write_fmt(&mut text, format_args!("{byte:02x}"));
        text
    })
}

fn key(bytes: &[u8]) -> [u8; 32] {
    bytes.try_into().expect("because a key has 32 bytes")
}

/// Section 7, changesets.
#[derive(Debug, PartialEq)]
struct Change {
    kind: u64,
    base: u64,
    versions: u64,
    opened: Vec<u32>,
    closed: Vec<u32>,
}

fn changesets(content: &[u8]) -> Vec<(u64, Vec<Change>)> {
    let mut bytes = Bytes(content);
    let count = bytes.varint();
    let all = (0..count)
        .map(|_| {
            let snapshot = bytes.varint();
            let kinds = bytes.varint();
            let change = |bytes: &mut Bytes<'_>| Change {
                kind: bytes.varint(),
                base: bytes.varint(),
                versions: bytes.varint(),
                opened: bytes.runs(),
                closed: bytes.runs(),
            };
            (snapshot, (0..kinds).map(|_| change(&mut bytes)).collect())
        })
        .collect();
    assert!(bytes.0.is_empty());
    all
}

/// Section 6, the table of a data frame.
#[derive(Debug, PartialEq)]
struct Unit {
    codec: u8,
    parameter: u64,
    subject: Option<u64>,
    ordinals: Vec<u32>,
    raw_len: usize,
    stored_len: usize,
}

fn table(table: &[u8]) -> (u64, Vec<Unit>) {
    let mut bytes = Bytes(table);
    let (kind, count) = (bytes.varint(), bytes.varint());
    let mut end = 0;
    let units = (0..count)
        .map(|_| {
            let codec = bytes.u8();
            let parameter = if codec & 0x7f >= 2 { bytes.varint() } else { 0 };
            let subject = (codec & 0x80 != 0).then(|| {
                u64::from_be_bytes(bytes.take(8).try_into().expect("because 8 bytes are 8"))
            });
            let mut ordinals = Vec::new();
            for _ in 0..bytes.varint() {
                let first = end + bytes.zigzag();
                end = first + i64::from(bytes.number());
                ordinals
                    .extend((first..end).map(|n| u32::try_from(n).expect("because ordinals fit")));
            }
            Unit {
                codec: codec & 0x7f,
                parameter,
                subject,
                ordinals,
                raw_len: bytes.length(),
                stored_len: bytes.length(),
            }
        })
        .collect();
    assert!(bytes.0.is_empty());
    (kind, units)
}

/// Values of a property by position.
type VolatileProperties = BTreeMap<String, Vec<(u32, String)>>;

/// Section 7, volatile frames: per property its values by position.
fn volatile(content: &[u8]) -> (u64, u64, Vec<u32>, VolatileProperties) {
    let mut bytes = Bytes(content);
    let (kind, base, ordinals) = (bytes.varint(), bytes.varint(), bytes.runs());
    let mut properties = BTreeMap::new();
    for _ in 0..bytes.varint() {
        let (name, positions, length) = (bytes.text(), bytes.runs(), bytes.length());
        let values = bytes.take(length).split(|byte| *byte == 0);
        let values =
            values.map(|value| String::from_utf8(value.to_vec()).expect("because it is text"));
        properties.insert(name, positions.into_iter().zip(values).collect());
    }
    assert!(bytes.0.is_empty());
    (kind, base, ordinals, properties)
}

/// Where this package is, asked for when the test runs: a compiled test may be run in another copy of the repository.
pub(crate) fn package() -> PathBuf {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR");
    PathBuf::from(folder.expect("because cargo runs the tests"))
}

/// The blocks of the page fenced as hex, by the name on their first line.
fn examples() -> BTreeMap<String, Vec<u8>> {
    let page = package().join("../../docs/format.md");
    let page = std::fs::read_to_string(page).expect("because the page is part of the project");
    let blocks = page
        .split("```hex\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap_or_default());
    blocks
        .map(|block| {
            let (name, body) = block
                .split_once('\n')
                .expect("because an example has a name");
            let body: String = body
                .lines()
                .map(|line| line.split('#').next().unwrap_or_default())
                .collect();
            (name.trim_start_matches(['#', ' ']).to_owned(), unhex(&body))
        })
        .collect()
}

#[test]
fn the_page_s_examples_decode_to_what_the_page_says() {
    let examples = examples();
    assert_eq!(
        examples.keys().collect::<Vec<_>>(),
        [
            "changesets",
            "object hash",
            "record bytes",
            "table",
            "volatile"
        ]
    );
    let mut record = Bytes(&examples["record bytes"]);
    assert_eq!(
        (record.text(), record.text()),
        ("a1".to_owned(), "{\"id\":\"a1\"}".to_owned())
    );
    assert_eq!(
        table(&examples["table"]),
        (
            3,
            vec![
                Unit {
                    codec: 2,
                    parameter: 1,
                    subject: None,
                    ordinals: vec![0, 1, 2, 3],
                    raw_len: 300,
                    stored_len: 41
                },
                Unit {
                    codec: 3,
                    parameter: 1,
                    subject: Some(0x0102_0304_0506_0708),
                    ordinals: vec![7],
                    raw_len: 75,
                    stored_len: 12
                },
            ]
        )
    );
    assert_eq!(
        changesets(&examples["changesets"]),
        [(
            2,
            vec![Change {
                kind: 3,
                base: 1,
                versions: 8,
                opened: vec![4, 5, 6, 7],
                closed: vec![1]
            }]
        )]
    );
    let (kind, base, ordinals, properties) = volatile(&examples["volatile"]);
    assert_eq!((kind, base, ordinals), (3, 1, vec![4, 5]));
    assert_eq!(properties["lastSeen"], [(1, "\"now\"".to_owned())]);
    let hash = object_hash(&[7; 32], "user", "a1");
    assert_eq!(examples["object hash"], hash[..48]);
}

fn derive(context: &str, secret: &[u8]) -> [u8; 32] {
    blake3::derive_key(context, secret)
}

/// Section 3, object hash.
fn object_hash(id_key: &[u8; 32], kind: &str, object: &str) -> [u8; 64] {
    let mut hasher = blake3::Hasher::new_keyed(&derive("entrace v1 object", id_key));
    hasher
        .update(kind.as_bytes())
        .update(&[0])
        .update(object.as_bytes());
    let mut output = [0; 64];
    hasher.finalize_xof().fill(&mut output);
    output
}

/// An archive as the page describes it.
struct Frozen {
    root: PathBuf,
    archive: Vec<u8>,
    id_key: [u8; 32],
    epoch: [u8; 32],
    subjects: [u8; 32],
}

/// A frame of a pack, opened.
struct Frame {
    kind: u8,
    object_kind: u64,
    number: u64,
    content: Vec<u8>,
    nonce: Vec<u8>,
}

impl Frozen {
    fn open(root: PathBuf) -> Self {
        let read =
            |path: &str| std::fs::read(root.join(path)).expect("because the archive is complete");
        let identity =
            String::from_utf8(read("keys/unprotected.identity")).expect("because it is text");
        let identity: age::x25519::Identity = identity
            .trim()
            .parse()
            .expect("because it is an age identity");
        let bundle = age::decrypt(&identity, &read("keys/unprotected.age"))
            .expect("because the identity fits");
        let bundle: Value = serde_json::from_slice(&bundle).expect("because a bundle is JSON");
        let secret = |value: &Value| key(&unhex(value.as_str().expect("because it is text")));
        let archive = unhex(bundle["archive"].as_str().expect("because it is text"));
        let epoch = secret(&bundle["epochs"][0]["secret"]);
        let keyring = read("keyring/subjects");
        assert_eq!(&keyring[..8], b"ENTRKEYS");
        let associated = [b"entrace/keyring/v1".as_slice(), &archive].concat();
        let plain = XChaCha20Poly1305::new(&derive("entrace v1 keyring", &epoch).into())
            .decrypt(
                XNonce::from_slice(&keyring[16..40]),
                Payload {
                    msg: &keyring[40..],
                    aad: &associated,
                },
            )
            .expect("because the keyring is sealed as the page says");
        assert_eq!(plain[..2], [1, 0], "one node of depth 0: nobody was erased");
        let subjects = key(&plain[10..42]);
        Self {
            id_key: secret(&bundle["id_key"]),
            root,
            archive,
            epoch,
            subjects,
        }
    }

    /// Section 5.
    fn frames(&self, pack: &Path) -> Vec<Frame> {
        let bytes = std::fs::read(pack).expect("because the archive is complete");
        let name = pack
            .file_stem()
            .expect("because a pack has a name")
            .to_string_lossy()
            .into_owned();
        assert_eq!(hex(blake3::hash(&bytes).as_bytes()), name);
        assert_eq!(
            (&bytes[..8], &bytes[16..32]),
            (b"ENTRPACK".as_slice(), self.archive.as_slice())
        );
        let mut tail = Bytes(&bytes[bytes.len() - 24..]);
        let offset = usize::try_from(tail.u64()).expect("because it fits");
        assert_eq!(
            (tail.u32(), tail.u32(), tail.0),
            (1, 0, b"ENTRPEND".as_slice())
        );
        let footer_id = &bytes[bytes.len() - 56..bytes.len() - 24];
        let footer = self.frame(&bytes[offset..bytes.len() - 56], footer_id);
        assert_eq!(footer.kind, 7);
        let mut entries = Bytes(&footer.content);
        let (count, mut at) = (entries.varint(), 32);
        let mut frames = Vec::new();
        for _ in 0..count {
            let (kind, object_kind, number) = (entries.u8(), entries.varint(), entries.varint());
            let (stored_len, raw_len) = (entries.length(), entries.length());
            let frame = self.frame(&bytes[at..at + 40 + stored_len], entries.take(32));
            assert_eq!((frame.kind, frame.content.len()), (kind, raw_len));
            frames.push(Frame {
                object_kind,
                number,
                ..frame
            });
            at += 40 + stored_len;
        }
        assert_eq!(at, offset);
        frames
    }

    fn frame(&self, bytes: &[u8], id: &[u8]) -> Frame {
        let mut header = Bytes(bytes);
        let (kind, flags, version) = (header.u8(), header.u8(), [header.u8(), header.u8()]);
        let (stored_len, raw_len, epoch) = (header.u32(), header.u32(), header.u32());
        let nonce = header.take(24).to_vec();
        assert_eq!(
            (version, epoch, header.0.len()),
            ([1, 0], 1, stored_len as usize)
        );
        let mut associated = [
            b"entrace/frame/v1".as_slice(),
            &self.archive,
            &[kind, flags],
        ]
        .concat();
        associated.extend_from_slice(&epoch.to_le_bytes());
        associated.extend_from_slice(&raw_len.to_le_bytes());
        associated.extend_from_slice(id);
        let plain = XChaCha20Poly1305::new(&derive("entrace v1 frame", &self.epoch).into())
            .decrypt(
                XNonce::from_slice(&nonce),
                Payload {
                    msg: header.0,
                    aad: &associated,
                },
            )
            .expect("because a frame is sealed as the page says");
        let content = if flags & 1 == 1 {
            unzstd(&plain)
        } else {
            plain
        };
        let mut hasher = blake3::Hasher::new_keyed(&derive("entrace v1 frame id", &self.id_key));
        hasher.update(&[kind]).update(&content);
        assert_eq!(hasher.finalize().as_bytes(), id);
        Frame {
            kind,
            object_kind: 0,
            number: 0,
            content,
            nonce,
        }
    }

    /// Section 4.
    fn subject_key(&self, handle: u64) -> [u8; 32] {
        (0..16).fold(self.subjects, |node, depth| {
            let nibble =
                u8::try_from(handle >> (60 - 4 * depth) & 0xf).expect("because a nibble fits");
            derive(
                "entrace v1 subject node",
                &[node.as_slice(), &[nibble]].concat(),
            )
        })
    }
}

fn unzstd(frame: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    zstd::stream::read::Decoder::new(frame)
        .and_then(|mut d| d.read_to_end(&mut out))
        .expect("because it is zstd");
    out
}

/// Versions of one kind by ordinal: key and payload.
type Versions = BTreeMap<u32, (String, String)>;

/// Section 6: every version of the archive by kind.
fn versions(frozen: &Frozen, frames: &[Frame]) -> BTreeMap<u64, Versions> {
    let dictionary = |kind: u64, number: u64| {
        frames
            .iter()
            .find(|f| f.kind == 2 && f.object_kind == kind && f.number == number)
            .map(|f| f.content.clone())
    };
    let mut waiting = Vec::new();
    for frame in frames.iter().filter(|frame| frame.kind == 1) {
        let mut bytes = Bytes(&frame.content);
        let (table_len, stored_len) = (bytes.length(), bytes.length());
        let table_bytes = unzstd(bytes.take(stored_len));
        assert_eq!(table_bytes.len(), table_len);
        let (kind, units) = table(&table_bytes);
        for (number, unit) in (0u32..).zip(units) {
            let mut stored = bytes.take(unit.stored_len).to_vec();
            if let Some(handle) = unit.subject {
                let nonce = blake3::hash(&[frame.nonce.as_slice(), &number.to_le_bytes()].concat());
                XChaCha20::new(
                    &frozen.subject_key(handle).into(),
                    XNonce::from_slice(&nonce.as_bytes()[..24]),
                )
                .apply_keystream(&mut stored);
            }
            waiting.push((kind, unit, stored));
        }
    }
    // A base has smaller ordinals than what stands on it.
    waiting.sort_by_key(|(kind, unit, _)| (*kind, unit.ordinals[0]));
    let mut all: BTreeMap<u64, Versions> = BTreeMap::new();
    let mut raw_of: BTreeMap<(u64, u32), Vec<u8>> = BTreeMap::new();
    for (kind, unit, stored) in waiting {
        let framed = [[0x28, 0xb5, 0x2f, 0xfd].as_slice(), &stored].concat();
        let raw = match unit.codec {
            0 => stored,
            1 => unzstd(&framed),
            2 => {
                let dictionary =
                    dictionary(kind, unit.parameter).expect("because its frame is there");
                let mut decoder = zstd::bulk::Decompressor::with_dictionary(&dictionary)
                    .expect("because it is one");
                decoder
                    .decompress(&framed, unit.raw_len)
                    .expect("because it is zstd")
            }
            3 => {
                let base = u32::try_from(unit.parameter).expect("because ordinals fit");
                let mut out = Vec::with_capacity(unit.raw_len);
                let mut context = zstd::zstd_safe::DCtx::create();
                context
                    .ref_prefix(&raw_of[&(kind, base)])
                    .expect("because it is bytes");
                context
                    .decompress(&mut out, &framed)
                    .expect("because it is zstd");
                out
            }
            other => panic!("codec {other}"),
        };
        assert_eq!(raw.len(), unit.raw_len);
        let mut bytes = Bytes(&raw);
        for ordinal in unit.ordinals {
            let before = bytes.0;
            let pair = (bytes.text(), bytes.text());
            raw_of.insert(
                (kind, ordinal),
                before[..before.len() - bytes.0.len()].to_vec(),
            );
            assert!(
                all.entry(kind).or_default().insert(ordinal, pair).is_none(),
                "an ordinal is stored once"
            );
        }
    }
    all
}

fn merkle(leaves: &[Vec<u8>]) -> Vec<u8> {
    match leaves {
        [] => Sha256::digest([]).to_vec(),
        [one] => Sha256::digest([[0].as_slice(), one].concat()).to_vec(),
        more => {
            let mut split = 1;
            while split * 2 < more.len() {
                split *= 2;
            }
            Sha256::digest(
                [
                    [1].as_slice(),
                    &merkle(&more[..split]),
                    &merkle(&more[split..]),
                ]
                .concat(),
            )
            .to_vec()
        }
    }
}

/// Sections 8 and 9: records by the leaves that name them.
fn records(frozen: &Frozen, frames: &[Frame]) -> Vec<Value> {
    let mut texts = BTreeMap::new();
    for frame in frames.iter().filter(|frame| frame.kind == 6) {
        let mut bytes = Bytes(&frame.content);
        for _ in 0..bytes.varint() {
            let text = bytes.text();
            let mut hasher =
                blake3::Hasher::new_keyed(&derive("entrace v1 frame id", &frozen.id_key));
            hasher.update(&[0]).update(text.as_bytes());
            texts.insert(hex(hasher.finalize().as_bytes()), text);
        }
    }
    let checkpoint =
        std::fs::read_to_string(frozen.root.join("log/checkpoint")).expect("because it is there");
    let mut lines = checkpoint.lines();
    assert_eq!(
        lines.next(),
        Some(format!("entrace/{}", hex(&frozen.archive)).as_str())
    );
    let size: usize = lines
        .next()
        .and_then(|line| line.parse().ok())
        .expect("because it states a size");
    let bundle = std::fs::read(frozen.root.join(format!("log/tile/entries/000.p/{size}")))
        .expect("because it is there");
    let mut bundle = bundle.as_slice();
    (0..size)
        .map(|number| {
            let length = usize::from(u16::from_be_bytes([bundle[0], bundle[1]]));
            let leaf = std::str::from_utf8(&bundle[2..2 + length]).expect("because a leaf is text");
            bundle = &bundle[2 + length..];
            let lines: Vec<&str> = leaf.lines().collect();
            assert_eq!(
                (lines[0], lines[2]),
                ("entrace/leaf/v1", format!("number {number}").as_str())
            );
            let record = lines[4]
                .strip_prefix("record ")
                .expect("because it names its record");
            serde_json::from_str(&texts[record]).expect("because a record is JSON")
        })
        .collect()
}

/// Section 4 and 9: a version's blob id, which is its leaf in its kind's tree.
fn leaf(frozen: &Frozen, kind: &str, object: &str, payload: &str) -> Vec<u8> {
    let blob_key = key(&object_hash(&frozen.id_key, kind, object)[..32]);
    let mut record = Vec::new();
    for text in [object, payload] {
        let [low, high] = [text.len() & 0x7f, text.len() >> 7]
            .map(|part| u8::try_from(part).expect("because the frozen records are short"));
        if high > 0 {
            assert!(high < 0x80, "the test writes varints of two bytes at most");
            record.extend([low | 0x80, high]);
        } else {
            record.push(low);
        }
        record.extend_from_slice(text.as_bytes());
    }
    blake3::keyed_hash(&blob_key, &record).as_bytes().to_vec()
}

fn assert_frozen(name: &str) {
    let root = package().join("tests/frozen").join(name);
    let expected =
        std::fs::read_to_string(root.join("expected.json")).expect("because it is there");
    let expected: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>> =
        serde_json::from_str(&expected).expect("because it is JSON");
    let frozen = Frozen::open(root.join("archive"));
    let mut frames = Vec::new();
    let packs = std::fs::read_dir(root.join("archive/packs"))
        .expect("because it is there")
        .flatten();
    for folder in packs {
        for pack in std::fs::read_dir(folder.path())
            .expect("because it is a folder")
            .flatten()
        {
            frames.extend(frozen.frames(&pack.path()));
        }
    }
    let versions = versions(&frozen, &frames);
    let mut states: BTreeMap<(u64, u64), Vec<u32>> = BTreeMap::new();
    let mut changes: Vec<_> = frames
        .iter()
        .filter(|f| f.kind == 3)
        .flat_map(|f| changesets(&f.content))
        .collect();
    changes.sort_by_key(|(snapshot, _)| *snapshot);
    for (snapshot, kinds) in changes {
        for change in kinds {
            let mut state = states
                .get(&(change.kind, change.base))
                .cloned()
                .unwrap_or_default();
            state.retain(|ordinal| !change.closed.contains(ordinal));
            state.extend(&change.opened);
            state.sort_unstable();
            states.insert((change.kind, snapshot), state);
        }
    }
    let mut snapshots = 0;
    for record in records(&frozen, &frames)
        .iter()
        .filter(|record| record["act"] == "snapshot")
    {
        snapshots += 1;
        let number = record["snapshot"].as_u64().expect("because it is a number");
        for kind in record["kinds"].as_array().expect("because it is a list") {
            let name = kind["kind"].as_str().expect("because it is text");
            let kind_number = kind["number"].as_u64().expect("because it is a number");
            let state = &states[&(kind_number, number)];
            let read: BTreeMap<String, String> = state
                .iter()
                .map(|ordinal| versions[&kind_number][ordinal].clone())
                .collect();
            assert_eq!(
                hashed(&read),
                expected[&number.to_string()][name],
                "{name} in snapshot {number}"
            );
            if let Some(root) = kind["root"].as_str() {
                let count =
                    usize::try_from(kind["versions"].as_u64().expect("because it is there"))
                        .expect("because it fits");
                let leaves: Vec<Vec<u8>> = versions[&kind_number]
                    .values()
                    .take(count)
                    .map(|(object, payload)| leaf(&frozen, name, object, payload))
                    .collect();
                assert_eq!(
                    hex(&merkle(&leaves)),
                    root,
                    "root of {name} in snapshot {number}"
                );
            }
        }
    }
    assert_eq!(snapshots, expected.len());
    // The store of today reads it too.
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    copy(&root.join("archive"), folder.path());
    let storage: std::sync::Arc<dyn store::Storage> =
        std::sync::Arc::new(store::LocalStorage::new(folder.path()));
    let archive = crate::support::reader(&storage);
    for (at, snapshot) in archive.snapshots().iter().enumerate() {
        let read = crate::support::read(&archive, at).expect("because nothing is damaged");
        for (kind, objects) in &expected[&snapshot.number.to_string()] {
            assert_eq!(&hashed(&read[kind]), objects);
        }
    }
    let report = store::check(&archive, store::ReadData::All).expect("because checking works");
    assert_eq!(report.problems, Vec::new());
}

/// Objects with a short hash of their payload, which is what the frozen expectation holds.
fn hashed(objects: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let hash = |payload: &String| hex(&blake3::hash(payload.as_bytes()).as_bytes()[..8]);
    objects
        .iter()
        .map(|(key, payload)| (key.clone(), hash(payload)))
        .collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("because the disk works");
    for entry in std::fs::read_dir(from)
        .expect("because it is a folder")
        .flatten()
    {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("because the disk works");
        }
    }
}

/// One archive for each format version that was ever released; a new folder must be named here.
const FROZEN: [&str; 2] = ["v1", "v1-compacted"];

#[test]
fn frozen_archives_read_as_the_page_says() {
    let folder = package().join("tests/frozen");
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .expect("because it is there")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    assert_eq!(found, FROZEN);
    for name in FROZEN {
        assert_frozen(name);
    }
}

/// Makes a frozen archive: run by hand when a format version is released, then never again.
#[test]
#[ignore = "writes tests/frozen; run once per format version"]
fn make_frozen_archives() {
    use crate::support::{Objects, State, create, hour, write, writer};
    let state = |version: u32| -> State {
        let objects = |kind: &str, count: u32| -> Objects {
            (0..count)
                .map(|n| {
                    let changed = if (n + version).is_multiple_of(9) {
                        version
                    } else {
                        0
                    };
                    let filler = format!("{kind} number {n} of the frozen archive, {} ", n * 7919)
                        .repeat(12);
                    (
                        format!("{n}"),
                        format!("{{\"filler\":\"{filler}\",\"id\":\"{n}\",\"v\":{changed}}}"),
                    )
                })
                .collect()
        };
        State::from([
            ("user".to_owned(), objects("user", 260 + version)),
            ("group".to_owned(), objects("group", 40)),
        ])
    };
    for name in FROZEN {
        let root = package().join("tests/frozen").join(name);
        let storage: std::sync::Arc<dyn store::Storage> =
            std::sync::Arc::new(store::LocalStorage::new(root.join("archive")));
        create(&storage);
        let mut open = writer(&storage);
        let mut expected = BTreeMap::new();
        for version in 0..4u32 {
            write(
                &mut open,
                hour(version.into()),
                &state(version),
                store::Closing::Unseen,
            )
            .expect("because the disk works");
            let state = state(version);
            let hashes: BTreeMap<_, _> = state
                .iter()
                .map(|(kind, objects)| (kind.clone(), hashed(objects)))
                .collect();
            expected.insert((version + 1).to_string(), hashes);
        }
        if name == "v1-compacted" {
            open.compact().expect("because the disk works");
        }
        drop(open);
        for derived in ["index.redb", "LOCK"] {
            std::fs::remove_file(root.join("archive").join(derived)).expect("because it is there");
        }
        let text = serde_json::to_string(&expected).expect("because it is text");
        std::fs::write(root.join("expected.json"), text).expect("because the disk works");
    }
}
