//! Where the key of a profile's database is kept.
//!
//! The system's keychain where there is one, else a key file that only its owner can read. Which of the two
//! it is stands in the profile folder, so a keychain that does not answer (no session bus, a cron job, a
//! locked login) is told apart from a profile that never had a key: the first is an error, and only the
//! second may ever lead to a new key. A keychain can block for as long as it likes, so it is always asked
//! on a thread of its own and given up on after a while.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use data_encoding::HEXLOWER;
use keyring_core::Entry;
use keyring_core::api::CredentialStoreApi;
use zeroize::Zeroizing;

/// Set to `off`, keys go to a key file and no keychain is asked.
pub const KEYCHAIN_VARIABLE: &str = "HOMING_KEYCHAIN";

const SERVICE: &str = "app.homing.desktop";
const KEY_FILE: &str = "database.key";
const KEYCHAIN_NAME_FILE: &str = "database.keychain";
/// First start must not hang or ask: a keychain that is locked or slow loses to the key file.
const STORE_WITHIN: Duration = Duration::from_secs(3);
/// The key is known to be there; the system may be asking the person to unlock it.
const LOAD_WITHIN: Duration = Duration::from_secs(60);

/// The 256-bit key of a profile's database; wiped when dropped.
pub type DatabaseKey = Zeroizing<[u8; 32]>;

/// Where a key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the system's keychain.
    Keychain,
    /// In a file beside the database: whoever can read the profile can read the database.
    File,
}

/// Why a key can't be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key was put into the keychain, and the keychain does not give it back now.
    #[error("the keychain does not give back the key of this profile: {0}")]
    Keychain(String),
    /// A key file is not what was written.
    #[error("the key file of this profile is damaged")]
    Damaged,
    /// The key file can't be read or written.
    #[error("the key file of this profile cannot be used: {0}")]
    File(#[from] io::Error),
}

/// The profile's key and where it was, or nothing if the profile never had one.
pub fn load(profile: &Path) -> Result<Option<(DatabaseKey, Place)>, KeyError> {
    if let Some(text) = read(&profile.join(KEY_FILE))? {
        return Ok(Some((decode(text.trim().as_bytes())?, Place::File)));
    }
    let Some(name) = read(&profile.join(KEYCHAIN_NAME_FILE))? else { return Ok(None) };
    let secret = ask(LOAD_WITHIN, move || {
        let secret = entry(name.trim())?.get_secret().map_err(said)?;
        Ok(Zeroizing::new(secret))
    })?;
    Ok(Some((decode(&secret)?, Place::Keychain)))
}

/// Keeps `key` for the profile, in the keychain if it works and is wanted, else in the key file.
///
/// The key is durable where `load` looks when this returns; an older place is cleared only after that.
pub fn store(profile: &Path, key: &DatabaseKey) -> Result<Place, KeyError> {
    if wanted()
        && let Some(name) = into_keychain(key)
    {
        write_private(&profile.join(KEYCHAIN_NAME_FILE), name.as_bytes())?;
        remove_file(&profile.join(KEY_FILE))?;
        return Ok(Place::Keychain);
    }
    let text = Zeroizing::new(HEXLOWER.encode(key.as_slice()));
    write_private(&profile.join(KEY_FILE), text.as_bytes())?;
    forget_keychain_entry(profile)?;
    Ok(Place::File)
}

/// Removes the profile's key wherever it is kept, for a profile that is being erased or whose key is from
/// now on wrapped by a passphrase.
pub fn remove(profile: &Path) -> Result<(), KeyError> {
    remove_file(&profile.join(KEY_FILE))?;
    forget_keychain_entry(profile)
}

fn wanted() -> bool {
    std::env::var_os(KEYCHAIN_VARIABLE).is_none_or(|value| value != "off")
}

/// Puts the key under a fresh random name and reads it back; the name if both worked in time.
///
/// A fresh name each time keeps a late answer to an attempt that was given up from overwriting anything.
fn into_keychain(key: &DatabaseKey) -> Option<String> {
    let mut random = [0u8; 16];
    getrandom::fill(&mut random).ok()?;
    let name = HEXLOWER.encode(&random);
    let secret = Zeroizing::new(HEXLOWER.encode(key.as_slice()));
    let under = name.clone();
    let kept = ask(STORE_WITHIN, move || {
        let entry = entry(&under)?;
        entry.set_secret(secret.as_bytes()).map_err(said)?;
        let back = Zeroizing::new(entry.get_secret().map_err(said)?);
        Ok(back.as_slice() == secret.as_bytes())
    });
    matches!(kept, Ok(true)).then_some(name)
}

fn forget_keychain_entry(profile: &Path) -> Result<(), KeyError> {
    let path = profile.join(KEYCHAIN_NAME_FILE);
    let Some(name) = read(&path)? else { return Ok(()) };
    remove_file(&path)?;
    // The file no longer leads there, so an entry that can't be deleted now is litter, not a failure.
    let deleted = ask(STORE_WITHIN, move || entry(name.trim())?.delete_credential().map_err(said));
    if deleted.is_err() {
        tracing::warn!("an unused key was left in the keychain");
    }
    Ok(())
}

/// Runs `question` on a thread of its own and waits at most `within`.
fn ask<T: Send + 'static>(
    within: Duration,
    question: impl FnOnce() -> Result<T, KeyError> + Send + 'static,
) -> Result<T, KeyError> {
    let (answer, answered) = mpsc::sync_channel(1);
    std::thread::Builder::new().name("keychain".into()).spawn(move || {
        // Nobody listens any more after the time is up: then the answer is dropped.
        drop(answer.try_send(question()));
    })?;
    answered
        .recv_timeout(within)
        .map_err(|_| KeyError::Keychain(format!("no answer within {} s", within.as_secs())))?
}

fn entry(name: &str) -> Result<Entry, KeyError> {
    system_store().and_then(|store| store.build(SERVICE, name, None)).map_err(said)
}

/// Only the kind of failure: the details of some stores quote what they hold.
fn said(error: keyring_core::Error) -> KeyError {
    KeyError::Keychain(match error {
        keyring_core::Error::NoEntry => "the entry is gone".into(),
        keyring_core::Error::NoStorageAccess(_) => "it is locked or not reachable".into(),
        keyring_core::Error::PlatformFailure(_) => "the system reported a failure".into(),
        _ => "it gave an unexpected answer".into(),
    })
}

#[cfg(target_os = "linux")]
fn system_store() -> keyring_core::Result<Arc<impl CredentialStoreApi>> {
    zbus_secret_service_keyring_store::Store::new()
}

#[cfg(target_os = "macos")]
fn system_store() -> keyring_core::Result<Arc<impl CredentialStoreApi>> {
    apple_native_keyring_store::keychain::Store::new()
}

#[cfg(target_os = "windows")]
fn system_store() -> keyring_core::Result<Arc<impl CredentialStoreApi>> {
    windows_native_keyring_store::Store::new()
}

fn decode(text: &[u8]) -> Result<DatabaseKey, KeyError> {
    let bytes = Zeroizing::new(HEXLOWER.decode(text).map_err(|_| KeyError::Damaged)?);
    let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| KeyError::Damaged)?;
    Ok(Zeroizing::new(key))
}

fn read(path: &Path) -> io::Result<Option<Zeroizing<String>>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(crate) fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes a file that only its owner can read, durably and all or nothing.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    remove_file(&beside)?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    owner_only(&mut options);
    let mut file = options.open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    sync_folder(path)
}

#[cfg(unix)]
fn owner_only(options: &mut fs::OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

/// Files inherit the access list of the profile folder, which lies in the user's own profile.
#[cfg(windows)]
fn owner_only(_options: &mut fs::OpenOptions) {}

/// A file's name is on the disk too.
#[cfg(unix)]
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// NTFS journals the rename; folders can't be opened for syncing.
#[cfg(windows)]
pub(crate) fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_file(profile: &Path, key: &DatabaseKey) {
        write_private(&profile.join(KEY_FILE), HEXLOWER.encode(key.as_slice()).as_bytes()).unwrap();
    }

    #[test]
    fn a_profile_that_never_had_a_key_has_none() {
        let profile = tempfile::tempdir().unwrap();
        assert!(load(profile.path()).unwrap().is_none());
    }

    #[test]
    fn a_key_file_gives_its_key_back_and_is_gone_after_remove() {
        let profile = tempfile::tempdir().unwrap();
        let key = Zeroizing::new([7u8; 32]);
        key_file(profile.path(), &key);

        let (found, place) = load(profile.path()).unwrap().unwrap();
        assert_eq!((found, place), (key, Place::File));

        remove(profile.path()).unwrap();
        assert!(load(profile.path()).unwrap().is_none());
    }

    #[test]
    fn a_damaged_key_file_is_an_error_and_never_no_key() {
        let profile = tempfile::tempdir().unwrap();
        for text in ["", "zz", "00ff"] {
            write_private(&profile.path().join(KEY_FILE), text.as_bytes()).unwrap();
            assert!(matches!(load(profile.path()), Err(KeyError::Damaged)), "{text:?}");
        }
    }

    #[test]
    fn a_keychain_that_blocks_is_given_up_on() {
        let (hold, held) = mpsc::channel::<()>();
        let answer = ask(Duration::from_millis(20), move || Ok(held.recv().is_ok()));
        assert!(matches!(answer, Err(KeyError::Keychain(_))));
        drop(hold);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_is_closed_to_others() {
        use std::os::unix::fs::PermissionsExt;
        let profile = tempfile::tempdir().unwrap();
        key_file(profile.path(), &Zeroizing::new([1u8; 32]));
        let mode = fs::metadata(profile.path().join(KEY_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
