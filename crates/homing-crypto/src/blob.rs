//! Sealing files in chunks.
//!
//! The construction is STREAM's: the nonce holds the chunk's index and whether it is the last, so chunks can't be
//! moved, left out, or cut off at the end without being noticed. The key is random per file and lives only in the
//! document that names the file; it is used for one content, which never changes.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{AEAD_OVERHEAD, CryptoError, NONCE_LEN, Seed32, context, open, seal};

/// The largest sealed chunk: what a relay takes in one request.
pub const CHUNK_CIPHERTEXT_LEN: usize = 4 * 1024 * 1024;

/// The plain length of every chunk but the last.
pub const CHUNK_PLAIN_LEN: usize = CHUNK_CIPHERTEXT_LEN - AEAD_OVERHEAD;

/// The key of one file.
#[derive(Debug, Clone)]
pub struct BlobKey {
    seed: Seed32,
    chunk: Seed32,
}

impl BlobKey {
    /// A key for a new file.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self::from_seed(Seed32::random(rng))
    }

    /// The key of a file whose document was read.
    pub fn from_seed(seed: Seed32) -> Self {
        Self { chunk: seed.derive(context::BLOB_CHUNK), seed }
    }

    /// The seed, for the document that names the file.
    pub const fn seed(&self) -> &Seed32 {
        &self.seed
    }

    /// Seals a chunk. All but the last are [`CHUNK_PLAIN_LEN`] long, so one file has one division.
    pub fn seal_chunk(&self, index: u32, last: bool, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        check_length(last, plain.len())?;
        seal(&self.chunk, nonce(index, last), &[], plain)
    }

    /// Opens a chunk at its place.
    pub fn open_chunk(
        &self,
        index: u32,
        last: bool,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let plain = sealed.len().checked_sub(AEAD_OVERHEAD).ok_or(CryptoError::BadChunk)?;
        check_length(last, plain)?;
        open(&self.chunk, nonce(index, last), &[], sealed)
    }
}

fn check_length(last: bool, plain: usize) -> Result<(), CryptoError> {
    if plain == CHUNK_PLAIN_LEN || (last && plain < CHUNK_PLAIN_LEN) {
        Ok(())
    } else {
        Err(CryptoError::BadChunk)
    }
}

fn nonce(index: u32, last: bool) -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    let (_, tail) = nonce.split_at_mut(NONCE_LEN - 5);
    let [a, b, c, d] = index.to_be_bytes();
    tail.copy_from_slice(&[a, b, c, d, u8::from(last)]);
    nonce
}
