//! Digests: 64 bits that tell two runs or two texts apart.

/// FNV-1a with 64 bits (Glenn Fowler, Landon Curt Noll and Kiem-Phong Vo). It does not protect against an adversary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u64);

impl Digest {
    /// The digest of no bytes.
    pub fn new() -> Self {
        Digest(0xcbf2_9ce4_8422_2325)
    }

    /// The digest of the bytes so far and these bytes.
    pub fn with(self, bytes: &[u8]) -> Self {
        Digest(bytes.iter().fold(self.0, |digest, &byte| {
            (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    /// Its 64 bits.
    pub fn value(self) -> u64 {
        self.0
    }
}

impl Default for Digest {
    fn default() -> Self {
        Digest::new()
    }
}

/// The digest of a text: over its UTF-8 bytes.
pub fn of_text(text: &str) -> u64 {
    Digest::new().with(text.as_bytes()).value()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the test vectors of the authors' specification.
    #[test]
    fn known_digests() {
        assert_eq!(of_text(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(of_text("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(of_text("foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(Digest::new().with(b"foo").with(b"bar").value(), of_text("foobar"));
    }
}
