//! Sealing and opening what the relay must not read: entries' changes, slots, ephemeral frames.
//!
//! Plaintext -> zstd -> padded frame -> XChaCha20-Poly1305 with the header as associated data.

use std::io::Read;

use homing_crypto::{EpochKey, padding};
use homing_wire::{Changes, EntryHeader, SlotHeader, limits};

/// Level 3 is zstd's own default; higher ones cost more than the relay's bytes are worth.
const ZSTD_LEVEL: i32 = 3;

/// Why a sealed content could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenError {
    /// The key does not open it: wrong key or changed bytes.
    Sealed,
    /// It opened, but what is inside is not of a known form or over its limits.
    Malformed,
}

pub(crate) fn seal_changes(key: &EpochKey, header: &EntryHeader, changes: &Changes) -> Option<Vec<u8>> {
    let plain = compress(&changes.encode())?;
    homing_crypto::seal(key.data_key(), header.nonce, &header.associated_data(), &plain).ok()
}

pub(crate) fn open_changes(
    key: &EpochKey,
    header: &EntryHeader,
    content: &[u8],
) -> Result<Changes, OpenError> {
    let plain = homing_crypto::open(key.data_key(), header.nonce, &header.associated_data(), content)
        .map_err(|_| OpenError::Sealed)?;
    let bytes = decompress(&plain, limits::PLAINTEXT)?;
    Changes::decode(&bytes).map_err(|_| OpenError::Malformed)
}

pub(crate) fn seal_slot(key: &EpochKey, header: &SlotHeader, plain: &[u8]) -> Option<Vec<u8>> {
    homing_crypto::seal(key.slot_key(), header.nonce, &header.associated_data(), &compress(plain)?).ok()
}

pub(crate) fn open_slot(key: &EpochKey, header: &SlotHeader, content: &[u8]) -> Result<Vec<u8>, OpenError> {
    let plain = homing_crypto::open(key.slot_key(), header.nonce, &header.associated_data(), content)
        .map_err(|_| OpenError::Sealed)?;
    decompress(&plain, limits::PLAINTEXT)
}

fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    let packed = zstd::bulk::compress(bytes, ZSTD_LEVEL).ok()?;
    padding::pad_to(&packed).ok()
}

fn decompress(frame: &[u8], limit: usize) -> Result<Vec<u8>, OpenError> {
    let packed = padding::unpad(frame).map_err(|_| OpenError::Malformed)?;
    let mut out = Vec::new();
    let decoder = zstd::stream::read::Decoder::with_buffer(packed).map_err(|_| OpenError::Malformed)?;
    // One byte over the limit is read to tell "at the limit" from "beyond it".
    let read = decoder.take(limit as u64 + 1).read_to_end(&mut out).map_err(|_| OpenError::Malformed)?;
    if read > limit { Err(OpenError::Malformed) } else { Ok(out) }
}
