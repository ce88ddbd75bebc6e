//! The ids the service assigns: random to look at, the same in every run.

/// A sequence of GUIDs that depends on nothing but the tenant id.
#[derive(Debug)]
pub(crate) struct Ids {
    key: [u8; 32],
    count: u64,
}

impl Ids {
    pub(crate) fn new(tenant_id: &str) -> Self {
        Self {
            key: blake3::derive_key("entrace simulator ids", tenant_id.as_bytes()),
            count: 0,
        }
    }

    /// The next id, in the form of a version 4 GUID.
    pub(crate) fn next(&mut self) -> String {
        self.count += 1;
        let hash = blake3::keyed_hash(&self.key, &self.count.to_le_bytes());
        guid(hash.as_bytes())
    }
}

/// A version 4 GUID of the first sixteen of these bytes.
pub(crate) fn guid(bytes: &[u8; 32]) -> String {
    let mut half = [0; 16];
    half.copy_from_slice(&bytes[..16]);
    let number = u128::from_be_bytes(half);
    let marked = number & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{marked:032x}");
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_guids_and_repeat_with_the_tenant() {
        let mut first = Ids::new("a");
        let mut again = Ids::new("a");
        let id = first.next();
        assert_eq!(id, again.next());
        assert_ne!(first.next(), id);
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]));
    }
}
