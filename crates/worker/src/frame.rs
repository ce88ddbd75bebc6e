//! What goes through the pipes: frames of a kind and some bytes.
//!
//! ```text
//!   0        1        5
//!   kind     length   payload
//!   1 byte   4, LE    length bytes
//! ```
//!
//! No payload is longer than [`MAX_PAYLOAD_BYTES`]; rows are cut into as many frames as they need. So neither
//! side ever makes room for more than that because the other says so.

use std::io::{Error, ErrorKind, Read, Result, Write};

use tokio::io::{AsyncRead, AsyncReadExt};

/// Longest payload.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 1 << 20;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// To the worker: archive and keys.
    Opening,
    /// To the worker: a statement.
    Request,
    /// From the worker: the archive is open.
    Ready,
    /// From the worker: a piece of an Arrow IPC stream, which begins with the schema.
    Rows,
    /// From the worker: all rows were sent.
    End,
    /// From the worker: the statement set the revision that is seen.
    Pinned,
    /// From the worker: it failed.
    Failure,
}

const KINDS: [(Kind, u8); 7] = [
    (Kind::Opening, b'O'),
    (Kind::Request, b'Q'),
    (Kind::Ready, b'R'),
    (Kind::Rows, b'A'),
    (Kind::End, b'E'),
    (Kind::Pinned, b'P'),
    (Kind::Failure, b'F'),
];

/// One frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: Kind,
    pub(crate) payload: Vec<u8>,
}

fn head(kind: Kind, payload: &[u8]) -> Result<[u8; 5]> {
    let code = KINDS.iter().find(|(one, _)| *one == kind);
    let code = code.map_or(0, |(_, code)| *code);
    let length = u32::try_from(payload.len())
        .ok()
        .filter(|length| *length as usize <= MAX_PAYLOAD_BYTES);
    let length = length.ok_or_else(|| {
        let reason = format!("a message of {} bytes is too long", payload.len());
        Error::new(ErrorKind::InvalidInput, reason)
    })?;
    let [a, b, c, d] = length.to_le_bytes();
    Ok([code, a, b, c, d])
}

fn parsed(head: [u8; 5]) -> Result<(Kind, usize)> {
    let [code, length @ ..] = head;
    let invalid = |reason: String| Error::new(ErrorKind::InvalidData, reason);
    let kind = KINDS.iter().find(|(_, one)| *one == code);
    let (kind, _) = kind.ok_or_else(|| invalid(format!("there is no message of kind {code}")))?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_PAYLOAD_BYTES {
        return Err(invalid(format!("a message claims {length} bytes")));
    }
    Ok((*kind, length))
}

/// The bytes of a frame.
pub(crate) fn encoded(kind: Kind, payload: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(5 + payload.len());
    bytes.extend_from_slice(&head(kind, payload)?);
    bytes.extend_from_slice(payload);
    Ok(bytes)
}

/// Writes frames until the bytes are through.
pub(crate) fn write_all(out: &mut impl Write, kind: Kind, bytes: &[u8]) -> Result<()> {
    for piece in bytes.chunks(MAX_PAYLOAD_BYTES) {
        write(out, kind, piece)?;
    }
    Ok(())
}

/// Writes one frame.
pub(crate) fn write(out: &mut impl Write, kind: Kind, payload: &[u8]) -> Result<()> {
    out.write_all(&head(kind, payload)?)?;
    out.write_all(payload)?;
    out.flush()
}

/// The next frame; `None` where the other side closed between two.
pub(crate) fn read(input: &mut impl Read) -> Result<Option<Frame>> {
    let mut bytes = [0; 5];
    match input.read(&mut bytes[..1])? {
        0 => return Ok(None),
        _ => input.read_exact(&mut bytes[1..])?,
    }
    let (kind, length) = parsed(bytes)?;
    let mut payload = vec![0; length];
    input.read_exact(&mut payload)?;
    Ok(Some(Frame { kind, payload }))
}

/// The next frame of a worker; the end of its output is an error.
pub(crate) async fn receive(input: &mut (impl AsyncRead + Unpin)) -> Result<Frame> {
    let mut bytes = [0; 5];
    input.read_exact(&mut bytes).await?;
    let (kind, length) = parsed(bytes)?;
    let mut payload = vec![0; length];
    input.read_exact(&mut payload).await?;
    Ok(Frame { kind, payload })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_as_they_went_in() {
        let mut bytes = Vec::new();
        for (kind, _) in KINDS {
            write(&mut bytes, kind, b"xyz").expect("because memory can be written");
        }
        write(&mut bytes, Kind::End, b"").expect("because memory can be written");
        let mut input = bytes.as_slice();
        for (kind, _) in KINDS {
            let frame = read(&mut input)
                .expect("because it is whole")
                .expect("because it is there");
            assert_eq!(
                (frame.kind, frame.payload.as_slice()),
                (kind, b"xyz".as_slice())
            );
        }
        let last = read(&mut input)
            .expect("because it is whole")
            .expect("because it is there");
        assert_eq!(
            last,
            Frame {
                kind: Kind::End,
                payload: Vec::new()
            }
        );
        assert_eq!(
            read(&mut input).expect("because it ends between frames"),
            None
        );
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        for bytes in [
            b"Z\0\0\0\0".as_slice(),
            b"E\xff\xff\xff\xff",
            b"E\x01\0\0",
            b"E\x05\0\0\0abc",
        ] {
            assert!(read(&mut &*bytes).is_err(), "{bytes:?}");
        }
        assert!(write(&mut Vec::new(), Kind::End, &vec![0; MAX_PAYLOAD_BYTES + 1]).is_err());
        let mut cut = Vec::new();
        write_all(&mut cut, Kind::Rows, &vec![7; MAX_PAYLOAD_BYTES + 1])
            .expect("because it is cut");
        assert_eq!(cut.len(), MAX_PAYLOAD_BYTES + 1 + 2 * 5);
    }
}
