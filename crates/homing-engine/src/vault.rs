//! The key of the profile's database: in the keychain, in a key file, or wrapped by a passphrase.

use std::path::Path;

use homing_crypto::{PassphraseParams, Seed32, context, random_nonce, stretch_passphrase};
use homing_wire::codec::{decode, encode};
use minicbor::{CborLen, Decode, Encode};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::api::{ApiError, Code, KeyProtection};
use crate::platform::keychain::{self, DatabaseKey, KeyError, Place, remove_file, write_private};

const LOCKED_FILE: &str = "database.locked";
const VERSION: u32 = 1;
const LOCKED_BYTES: usize = 1024;

/// A database key wrapped by a passphrase.
#[derive(Encode, Decode, CborLen)]
#[cbor(map)]
struct Locked {
    #[n(0)]
    version: u32,
    #[cbor(n(1), with = "minicbor::bytes")]
    salt: [u8; 16],
    #[n(2)]
    memory_kib: u32,
    #[n(3)]
    passes: u32,
    #[n(4)]
    lanes: u32,
    #[cbor(n(5), with = "minicbor::bytes")]
    nonce: [u8; 24],
    #[cbor(n(6), with = "minicbor::bytes")]
    sealed: Vec<u8>,
}

/// What is known of a profile's key at start.
pub(crate) enum KeyState {
    /// The profile has none yet.
    Missing,
    /// Here it is.
    Open(DatabaseKey, KeyProtection),
    /// A passphrase is needed.
    Locked,
}

/// Looks for the key.
pub(crate) fn look(folder: &Path) -> Result<KeyState, ApiError> {
    if folder.join(LOCKED_FILE).exists() {
        return Ok(KeyState::Locked);
    }
    Ok(match keychain::load(folder).map_err(key_error)? {
        None => KeyState::Missing,
        Some((key, Place::Keychain)) => KeyState::Open(key, KeyProtection::Keychain),
        Some((key, Place::File)) => KeyState::Open(key, KeyProtection::KeyFile),
    })
}

/// Draws a key for a new profile and keeps it.
pub(crate) fn create(
    folder: &Path,
    rng: &mut impl CryptoRng,
) -> Result<(DatabaseKey, KeyProtection), ApiError> {
    let mut key = Zeroizing::new([0u8; 32]);
    rng.fill_bytes(key.as_mut_slice());
    let protection = keep(folder, &key)?;
    Ok((key, protection))
}

/// Keeps the key without a passphrase.
pub(crate) fn keep(folder: &Path, key: &DatabaseKey) -> Result<KeyProtection, ApiError> {
    let place = keychain::store(folder, key).map_err(key_error)?;
    remove_file(&folder.join(LOCKED_FILE)).map_err(|e| key_error(KeyError::File(e)))?;
    Ok(match place {
        Place::Keychain => KeyProtection::Keychain,
        Place::File => KeyProtection::KeyFile,
    })
}

/// Wraps the key by a passphrase; only then the unwrapped one is removed.
pub(crate) fn wrap(
    folder: &Path,
    key: &DatabaseKey,
    passphrase: &str,
    rng: &mut impl CryptoRng,
) -> Result<KeyProtection, ApiError> {
    let mut salt = [0u8; 16];
    rng.fill_bytes(&mut salt);
    let nonce = random_nonce(rng);
    let params = PassphraseParams::DEFAULT;
    let wrapping = wrapping_key(passphrase, &salt, &params)?;
    let sealed = homing_crypto::seal(&wrapping, nonce, LOCKED_FILE.as_bytes(), key.as_slice())
        .map_err(|_| ApiError::new(Code::Internal, "The key could not be wrapped."))?;
    let locked = Locked {
        version: VERSION,
        salt,
        memory_kib: params.memory_kib(),
        passes: params.passes(),
        lanes: params.lanes(),
        nonce,
        sealed,
    };
    write_private(&folder.join(LOCKED_FILE), &encode(&locked)).map_err(|e| key_error(KeyError::File(e)))?;
    keychain::remove(folder).map_err(key_error)?;
    Ok(KeyProtection::Passphrase)
}

/// Opens a wrapped key.
pub(crate) fn unwrap(folder: &Path, passphrase: &str) -> Result<DatabaseKey, ApiError> {
    let bytes = std::fs::read(folder.join(LOCKED_FILE)).map_err(|e| key_error(KeyError::File(e)))?;
    let locked: Locked =
        decode("locked key", &bytes, LOCKED_BYTES).map_err(|_| key_error(KeyError::Damaged))?;
    if locked.version != VERSION {
        return Err(ApiError::new(
            Code::VersionTooNew,
            "This profile was locked by a newer version of Homing. Update the app to open it.",
        ));
    }
    let params = PassphraseParams::new(locked.memory_kib, locked.passes, locked.lanes)
        .map_err(|_| key_error(KeyError::Damaged))?;
    let wrapping = wrapping_key(passphrase, &locked.salt, &params)?;
    let plain = homing_crypto::open(&wrapping, locked.nonce, LOCKED_FILE.as_bytes(), &locked.sealed)
        .map_err(|_| wrong_passphrase())?;
    let key: [u8; 32] = plain.as_slice().try_into().map_err(|_| key_error(KeyError::Damaged))?;
    Ok(Zeroizing::new(key))
}

/// What a passphrase that does not fit answers.
pub(crate) fn wrong_passphrase() -> ApiError {
    ApiError::new(Code::WrongPassphrase, "This passphrase doesn't open the profile. Nothing was changed.")
}

fn wrapping_key(passphrase: &str, salt: &[u8; 16], params: &PassphraseParams) -> Result<Seed32, ApiError> {
    let seed = stretch_passphrase(passphrase, salt, params).map_err(|_| {
        ApiError::new(
            Code::InvalidArgument,
            "The passphrase is empty. Choose one of at least eight characters.",
        )
    })?;
    Ok(seed.derive(context::PROFILE_LOCK))
}

fn key_error(error: KeyError) -> ApiError {
    match error {
        KeyError::Keychain(_) => ApiError::new(
            Code::KeychainFailed,
            "The keychain doesn't give the key of this profile. Unlock the keychain and start Homing again; nothing is lost.",
        ),
        KeyError::Damaged => ApiError::new(
            Code::Corrupt,
            "The key file of this profile is damaged. Restore the profile from a backup, or put the key file back.",
        ),
        KeyError::File(_) => ApiError::new(
            Code::FileFailed,
            "The key file of this profile can't be read or written. Check the folder's permissions and free space.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    #[test]
    fn a_wrapped_key_opens_with_its_passphrase_only() {
        let folder = tempfile::tempdir().unwrap();
        let rng = &mut ChaCha20Rng::from_seed([1; 32]);
        let key = Zeroizing::new([7u8; 32]);
        wrap(folder.path(), &key, "open sesame", rng).unwrap();
        assert!(matches!(look(folder.path()).unwrap(), KeyState::Locked));
        assert_eq!(unwrap(folder.path(), "open sesame").unwrap().as_slice(), key.as_slice());
        assert_eq!(unwrap(folder.path(), "open says me").unwrap_err().code, Code::WrongPassphrase);
    }
}
