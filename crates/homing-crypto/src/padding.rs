//! Padding: what a sealed entry's length may tell.
//!
//! A padded frame is the plaintext's length (u32, little-endian), the plaintext, and zeros up to [`pad`]. Below 256
//! bytes all frames are alike, so a "yes" and a paragraph can't be told apart; above, Padme leaves
//! only the magnitude and a few bits of the length, for less than 12 % more bytes.

use crate::CryptoError;

/// The shortest frame.
pub const FLOOR: usize = 256;

const LENGTH_BYTES: usize = 4;

/// The padded length of a frame of `len` bytes: the floor, or Padme (Nikitin et al., "Reducing Metadata Leakage from
/// Encrypted Files and Communication with PURBs", PETS 2019).
pub const fn pad(len: usize) -> usize {
    if len <= FLOOR {
        return FLOOR;
    }
    let exponent = len.ilog2();
    let mantissa = exponent.ilog2() + 1;
    let mask = (1usize << (exponent - mantissa)) - 1;
    match len.checked_add(mask) {
        Some(sum) => sum & !mask,
        None => len,
    }
}

/// Frames and pads a plaintext.
pub fn pad_to(plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let length = u32::try_from(plain.len()).map_err(|_| CryptoError::TooLarge)?;
    let total = pad(plain.len().saturating_add(LENGTH_BYTES));
    let mut frame = Vec::with_capacity(total);
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(plain);
    frame.resize(total, 0);
    Ok(frame)
}

/// The plaintext of a frame. Refuses any frame [`pad_to`] would not have made, so that padding can't carry anything
/// and one plaintext has one frame.
pub fn unpad(frame: &[u8]) -> Result<&[u8], CryptoError> {
    let (length, rest) = frame.split_first_chunk::<LENGTH_BYTES>().ok_or(CryptoError::BadPadding)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| CryptoError::BadPadding)?;
    let (plain, zeros) = rest.split_at_checked(length).ok_or(CryptoError::BadPadding)?;
    let canonical = frame.len() == pad(plain.len().saturating_add(LENGTH_BYTES));
    if canonical && zeros.iter().all(|byte| *byte == 0) { Ok(plain) } else { Err(CryptoError::BadPadding) }
}
