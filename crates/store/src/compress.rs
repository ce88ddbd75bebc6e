//! zstd as the format uses it: dictionaries per kind, prefixes, frames without their magic number.

use std::cell::RefCell;

use zstd::zstd_safe::{self, CCtx, CDict, CParameter, DCtx, DDict};

use crate::error::{Error, Result};

/// The first four bytes of every zstd frame, left out in units.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Above this, a prefix needs an explicit window to be reachable from the end of the text.
const DEFAULT_WINDOW: usize = 1 << 17;

/// A trained dictionary of a kind, ready for use.
pub(crate) struct Dictionary {
    pub(crate) number: u32,
    compress: CDict<'static>,
    decompress: DDict<'static>,
}

impl std::fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dictionary({})", self.number)
    }
}

impl Dictionary {
    pub(crate) fn new(number: u32, content: &[u8], level: i32) -> Self {
        Self {
            number,
            compress: CDict::create(content, level),
            decompress: DDict::create(content),
        }
    }

    /// Trains a dictionary of at most `size_bytes` on the samples, joined with their sizes.
    ///
    /// `None` where zstd finds too little in common.
    pub(crate) fn train(samples: &[u8], sizes: &[usize], size_bytes: usize) -> Option<Vec<u8>> {
        let mut content = Vec::with_capacity(size_bytes);
        zstd_safe::train_from_buffer(&mut content, samples, sizes).ok()?;
        Some(content)
    }
}

/// How a unit's bytes are compressed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Method<'a> {
    Plain,
    Dictionary(&'a Dictionary),
    Prefix(&'a [u8]),
}

/// Compression contexts, reused from unit to unit.
pub(crate) struct Compressor {
    level: i32,
    plain: CCtx<'static>,
    with_dictionary: CCtx<'static>,
    out: Vec<u8>,
}

impl std::fmt::Debug for Compressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Compressor(level {})", self.level)
    }
}

impl Compressor {
    pub(crate) fn new(level: i32) -> Result<Self> {
        let (mut plain, mut with_dictionary) = (CCtx::create(), CCtx::create());
        configure(&mut plain, level)?;
        configure(&mut with_dictionary, level)?;
        Ok(Self {
            level,
            plain,
            with_dictionary,
            out: Vec::new(),
        })
    }

    /// The compressed bytes, without magic number.
    pub(crate) fn compress(&mut self, raw: &[u8], method: Method<'_>) -> Result<&[u8]> {
        self.out.clear();
        self.out.reserve(zstd_safe::compress_bound(raw.len()));
        match method {
            Method::Plain => self.plain.compress2(&mut self.out, raw),
            Method::Dictionary(dictionary) => {
                let context = &mut self.with_dictionary;
                context.ref_cdict(&dictionary.compress).map_err(fault)?;
                context.compress2(&mut self.out, raw)
            }
            Method::Prefix(prefix) => compress_prefix(self.level, &mut self.out, raw, prefix)?,
        }
        .map_err(fault)?;
        Ok(&self.out[MAGIC.len()..])
    }
}

/// A context for one text: zstd drops a prefix after the frame, and a context outlives no prefix.
fn compress_prefix(
    level: i32,
    out: &mut Vec<u8>,
    raw: &[u8],
    prefix: &[u8],
) -> Result<std::result::Result<usize, usize>> {
    let mut context = CCtx::create();
    configure(&mut context, level)?;
    let reach = raw.len() + prefix.len();
    if reach > DEFAULT_WINDOW {
        let window = CParameter::WindowLog(reach.next_power_of_two().trailing_zeros());
        context.set_parameter(window).map_err(fault)?;
        context
            .set_parameter(CParameter::EnableLongDistanceMatching(true))
            .map_err(fault)?;
    }
    context.ref_prefix(prefix).map_err(fault)?;
    Ok(context.compress2(out, raw))
}

fn configure(context: &mut CCtx<'_>, level: i32) -> Result<()> {
    for parameter in [
        CParameter::CompressionLevel(level),
        CParameter::ContentSizeFlag(false),
        CParameter::ChecksumFlag(false),
        CParameter::DictIdFlag(false),
    ] {
        context.set_parameter(parameter).map_err(fault)?;
    }
    Ok(())
}

fn fault(code: zstd_safe::ErrorCode) -> Error {
    Error::Internal(format!("zstd: {}", zstd_safe::get_error_name(code)))
}

thread_local! {
    /// Making a context takes several times as long as one person's version takes to decompress.
    static DECOMPRESSOR: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

/// Undoes [`Compressor::compress`]; `None` unless exactly `raw_len` bytes come out.
pub(crate) fn decompress(stored: &[u8], raw_len: usize, method: Method<'_>) -> Option<Vec<u8>> {
    let mut frame = Vec::with_capacity(MAGIC.len() + stored.len());
    frame.extend_from_slice(&MAGIC);
    frame.extend_from_slice(stored);
    let mut out = Vec::with_capacity(raw_len);
    DECOMPRESSOR
        .with_borrow_mut(|context| match method {
            Method::Plain => context.decompress(&mut out, &frame),
            Method::Dictionary(dictionary) => {
                context.decompress_using_ddict(&mut out, &frame, &dictionary.decompress)
            }
            // A prefix is a record, which cannot be taken for a trained dictionary: those begin with
            // 0x37 0xa4, where a record has its key's length and UTF-8.
            Method::Prefix(prefix) => context.decompress_using_dict(&mut out, &frame, prefix),
        })
        .ok()?;
    (out.len() == raw_len).then_some(out)
}

/// One ordinary zstd frame, as whole frames of the format use it.
pub(crate) fn zstd_frame(content: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(zstd_safe::compress_bound(content.len()));
    let mut context = CCtx::create();
    configure(&mut context, 3)?;
    context.compress2(&mut out, content).map_err(fault)?;
    Ok(out)
}

/// Undoes [`zstd_frame`]; `None` unless exactly `raw_len` bytes come out.
pub(crate) fn read_zstd_frame(bytes: &[u8], raw_len: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(raw_len);
    DECOMPRESSOR
        .with_borrow_mut(|context| context.decompress(&mut out, bytes))
        .ok()?;
    (out.len() == raw_len).then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trained() -> Dictionary {
        let texts: Vec<String> = (0..400)
            .map(|n| {
                format!(
                    "{{\"displayName\":\"user {n}\",\"enabled\":true,\"n\":{}}}",
                    n * 7919
                )
            })
            .collect();
        let sizes: Vec<usize> = texts.iter().map(String::len).collect();
        let content = Dictionary::train(texts.concat().as_bytes(), &sizes, 4096)
            .expect("because the texts repeat");
        Dictionary::new(1, &content, 3)
    }

    proptest! {
        #[test]
        fn every_method_comes_back(raw in prop::collection::vec(any::<u8>(), 0..5000), prefix in prop::collection::vec(any::<u8>(), 1..5000)) {
            let dictionary = trained();
            let mut compressor = Compressor::new(3).expect("because level 3 exists");
            for method in [Method::Plain, Method::Dictionary(&dictionary), Method::Prefix(&prefix)] {
                let stored = compressor.compress(&raw, method).expect("because memory suffices").to_vec();
                prop_assert_eq!(decompress(&stored, raw.len(), method), Some(raw.clone()));
                prop_assert_eq!(decompress(&stored, raw.len() + 1, method), None);
            }
        }
    }

    #[test]
    fn a_small_change_to_a_large_text_is_small() {
        let mut state = 1u32;
        let old: Vec<u8> = (0..600_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        let mut new = old.clone();
        new.extend_from_slice(b"one more scope");
        let mut compressor = Compressor::new(3).expect("because level 3 exists");
        let stored = compressor
            .compress(&new, Method::Prefix(&old))
            .expect("because memory suffices")
            .to_vec();
        assert!(stored.len() < 1000, "{} bytes", stored.len());
        assert_eq!(
            decompress(&stored, new.len(), Method::Prefix(&old)),
            Some(new)
        );
    }

    #[test]
    fn rubbish_is_refused() {
        assert_eq!(decompress(b"rubbish", 10, Method::Plain), None);
        assert_eq!(read_zstd_frame(b"rubbish", 10), None);
    }
}
