//! Volatile frames: properties that never make a version, as last seen (`docs/format.md` section 7).

use std::collections::BTreeMap;

use model::{JsonKind, Parser};
use roaring::RoaringBitmap;

use crate::bytes::{Put, Reader, Short, put_runs, take_runs};
use crate::id::{KindNumber, Ordinal, SnapshotNumber};

/// Volatile properties by ordinal: canonical JSON objects.
pub(crate) type Values = BTreeMap<Ordinal, String>;

/// Content of one volatile frame.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VolatileFrame {
    pub(crate) kind: KindNumber,
    /// Snapshot whose values these are laid over; `None`: they are all there is.
    pub(crate) base: Option<SnapshotNumber>,
    pub(crate) values: Values,
}

/// One property's values, by position in the frame.
#[derive(Default)]
struct Column {
    positions: RoaringBitmap,
    values: Vec<u8>,
}

impl VolatileFrame {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut columns: BTreeMap<String, Column> = BTreeMap::new();
        let mut parser = Parser::new();
        for (position, text) in (0u32..).zip(self.values.values()) {
            let Ok(document) = parser.parse(text.as_bytes()) else {
                continue;
            };
            for (name, value) in document.root().members() {
                let column = columns.entry(name.into_owned()).or_default();
                // A property that stands twice in one object counts once.
                if column.positions.insert(position) {
                    column.values.extend_from_slice(value.raw().as_bytes());
                    column.values.push(0);
                }
            }
        }
        let mut out = Vec::new();
        out.varint(self.kind.0.into());
        out.varint(self.base.unwrap_or(0).into());
        put_runs(&mut out, &self.values.keys().copied().collect());
        out.varint(columns.len() as u64);
        for (name, column) in &columns {
            out.varint(name.len() as u64);
            out.extend_from_slice(name.as_bytes());
            put_runs(&mut out, &column.positions);
            out.varint(column.values.len() as u64);
            out.extend_from_slice(&column.values);
        }
        out
    }

    pub(crate) fn decode(content: &[u8]) -> Result<Self, Short> {
        let mut reader = Reader(content);
        let kind = KindNumber(u16::try_from(reader.varint()?).map_err(|_| Short)?);
        let base = Some(reader.varint_u32()?).filter(|base| *base > 0);
        let ordinals = take_runs(&mut reader)?;
        let mut texts =
            vec![String::from("{"); usize::try_from(ordinals.len()).map_err(|_| Short)?];
        for _ in 0..reader.length()? {
            let name = std::str::from_utf8(reader.sized()?).map_err(|_| Short)?;
            let positions = take_runs(&mut reader)?;
            let mut values = reader.sized()?.split(|byte| *byte == 0);
            for position in positions {
                let text = texts.get_mut(position as usize).ok_or(Short)?;
                let value = std::str::from_utf8(values.next().ok_or(Short)?).map_err(|_| Short)?;
                if text.len() > 1 {
                    text.push(',');
                }
                model::write_text(name, text);
                text.push(':');
                text.push_str(value);
            }
        }
        if !reader.is_empty() {
            return Err(Short);
        }
        let values = ordinals
            .iter()
            .zip(texts)
            .map(|(ordinal, text)| (ordinal, text + "}"))
            .collect();
        Ok(Self { kind, base, values })
    }
}

/// Whether the text is a JSON object, as volatile values must be.
pub(crate) fn is_object(text: &str) -> bool {
    Parser::new()
        .parse(text.as_bytes())
        .is_ok_and(|document| document.root().kind() == JsonKind::Object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_column_by_column() {
        let values = BTreeMap::from([
            (3, r#"{"a":"2026-01-05T00:00:00Z","b":{"c":1}}"#.to_owned()),
            (4, r#"{"b":null}"#.to_owned()),
            (900, r#"{"a":"x"}"#.to_owned()),
        ]);
        let frame = VolatileFrame {
            kind: KindNumber(2),
            base: Some(7),
            values,
        };
        assert_eq!(VolatileFrame::decode(&frame.encode()), Ok(frame));
        assert_eq!(VolatileFrame::decode(&[1, 2, 3]), Err(Short));
    }
}
