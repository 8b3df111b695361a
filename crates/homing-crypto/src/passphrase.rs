//! Stretching a passphrase: Argon2id with parameters stored beside what it locks.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::stretch::argon2id;
use crate::{CryptoError, Seed32};

/// Argon2id parameters that are within bounds.
///
/// They are read from files, and a file may come from anybody. Too high would exhaust the machine's memory or
/// time; too low would make a backup written today easy to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassphraseParams {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl PassphraseParams {
    /// For new files: 64 MiB, three passes, one lane (RFC 9106's second choice, on one lane).
    pub const DEFAULT: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

    /// The least and the most memory accepted, in KiB.
    pub const MEMORY_KIB: std::ops::RangeInclusive<u32> = 19 * 1024..=256 * 1024;
    /// The least and the most passes accepted.
    pub const PASSES: std::ops::RangeInclusive<u32> = 2..=10;
    /// The least and the most lanes accepted.
    pub const LANES: std::ops::RangeInclusive<u32> = 1..=4;

    /// Takes over stored parameters, if they are within bounds.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, CryptoError> {
        let within = Self::MEMORY_KIB.contains(&memory_kib)
            && Self::PASSES.contains(&passes)
            && Self::LANES.contains(&lanes);
        if within { Ok(Self { memory_kib, passes, lanes }) } else { Err(CryptoError::BadParams) }
    }

    /// Memory in KiB.
    pub const fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    pub const fn passes(&self) -> u32 {
        self.passes
    }

    /// Lanes.
    pub const fn lanes(&self) -> u32 {
        self.lanes
    }
}

impl Default for PassphraseParams {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The key behind a passphrase.
///
/// The text is brought to NFC first (as RFC 8265 asks), because one keyboard types "é" as one character and another
/// as two. Nothing is trimmed and no case is folded.
pub fn stretch_passphrase(
    pass: &str,
    salt: &[u8; 16],
    params: &PassphraseParams,
) -> Result<Seed32, CryptoError> {
    if pass.is_empty() {
        return Err(CryptoError::EmptyPassphrase);
    }
    // NFC triples the bytes at most; with that room the string never moves and leaves no copy behind.
    let mut normal = Zeroizing::new(String::with_capacity(pass.len().saturating_mul(3)));
    normal.extend(pass.nfc());
    argon2id(normal.as_bytes(), salt, params.memory_kib, params.passes, params.lanes)
}
