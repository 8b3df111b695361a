//! Sealing with a shared key: XChaCha20-Poly1305.
//!
//! Its nonce is long enough to be drawn at random without counting. It doesn't commit to the key: two keys can be
//! made that open one ciphertext to two texts. Whoever takes a key from somebody else checks its commitment
//! first (see [`EpochKey`](crate::EpochKey)).

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{CryptoError, Seed32};

/// Length of a nonce.
pub const NONCE_LEN: usize = 24;

/// How much longer a sealed value is than what is inside.
pub const AEAD_OVERHEAD: usize = 16;

/// A nonce for one use of one key.
pub fn random_nonce(rng: &mut impl CryptoRng) -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    nonce
}

/// Seals under a shared key. A nonce must never be used twice with one key.
pub fn seal(key: &Seed32, nonce: [u8; NONCE_LEN], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
    XChaCha20Poly1305::new(key.expose().into())
        .encrypt(&nonce.into(), Payload { msg: plain, aad })
        .map_err(|_| CryptoError::TooLarge)
}

/// Opens what [`seal`] made with the same key, nonce and associated data.
pub fn open(
    key: &Seed32,
    nonce: [u8; NONCE_LEN],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    XChaCha20Poly1305::new(key.expose().into())
        .decrypt(&nonce.into(), Payload { msg: sealed, aad })
        .map(Zeroizing::new)
        .map_err(|_| CryptoError::OpenFailed)
}
