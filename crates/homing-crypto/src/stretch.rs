//! Argon2id, the one way to turn what a person types into a key.

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use crate::{CryptoError, Seed32};

pub(crate) fn argon2id(
    secret: &[u8],
    salt: &[u8],
    memory_kib: u32,
    passes: u32,
    lanes: u32,
) -> Result<Seed32, CryptoError> {
    let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(|_| CryptoError::BadParams)?;
    let mut out = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(secret, salt, out.as_mut())
        .map_err(|_| CryptoError::Stretch)?;
    Ok(Seed32::from_bytes(*out))
}
