//! Canonical CBOR (RFC 8949, section 4.2.1): definite lengths, integer keys in rising order, shortest integers.
//!
//! What is signed must have one form only, so a decoded value is encoded again and compared: bytes that
//! say the same in another way are refused.

use minicbor::{CborLen, Decode, Encode};

/// Why bytes were not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Longer than the limit of its kind.
    #[error("{what} has {len} bytes, the limit is {limit}")]
    TooLong {
        /// What was decoded.
        what: &'static str,
        /// Bytes found.
        len: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Not the form this version knows.
    #[error("malformed {0}")]
    Malformed(&'static str),
    /// Valid CBOR, but not the one canonical form.
    #[error("{0} is not in canonical form")]
    NotCanonical(&'static str),
    /// Written by a version this one does not know.
    #[error("unknown version {0}")]
    UnknownVersion(u32),
}

/// Encodes in the canonical form.
pub fn encode<T: Encode<()> + CborLen<()>>(value: &T) -> Vec<u8> {
    let mut out = Vec::with_capacity(minicbor::len(value));
    // Writing into a Vec can't fail, and our own types have no failing encoder.
    let written = minicbor::encode(value, &mut out);
    debug_assert!(written.is_ok());
    out
}

/// Decodes bytes of at most `limit` length that are in canonical form.
pub fn decode<'b, T>(what: &'static str, bytes: &'b [u8], limit: usize) -> Result<T, CodecError>
where
    T: Decode<'b, ()> + Encode<()> + CborLen<()>,
{
    if bytes.len() > limit {
        return Err(CodecError::TooLong { what, len: bytes.len(), limit });
    }
    let value: T = minicbor::decode(bytes).map_err(|_| CodecError::Malformed(what))?;
    let mut rest = Expected(bytes);
    if minicbor::encode(&value, &mut rest).is_err() || !rest.0.is_empty() {
        return Err(CodecError::NotCanonical(what));
    }
    Ok(value)
}

/// Takes an encoding only if it is these bytes: nothing is built that would only be compared and dropped.
struct Expected<'a>(&'a [u8]);

/// The encoding differs.
struct Differs;

impl minicbor::encode::Write for Expected<'_> {
    type Error = Differs;

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Differs> {
        self.0 = self.0.strip_prefix(bytes).ok_or(Differs)?;
        Ok(())
    }
}
