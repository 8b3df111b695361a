//! The relay's key, its generation, and how a database that was put back to an older copy is noticed.
//!
//! `relay.json` lives beside the database, not in it: a restored database meets an identity that knows more.
//! Three things raise the generation: the database is missing or new while the identity isn't; the database
//! has seen fewer commits than `commits`, a small file that is written after each commit without fsync (a
//! crash of the machine may leave it behind the database, never ahead of it); or, when the whole folder was
//! put back, a device that shows a head this relay signed and no longer has (`core::refill`).

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use homing_crypto::{Domain, Seed32, SigningKey};
use homing_wire::{Hash, Head, Signature, SignedHead, SpaceId, VerifyKey};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use crate::error::RelayError;
use crate::platform;

const FILE: &str = "relay.json";
const COMMITS: &str = "relay.commits";
const LOCK: &str = "relay.lock";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    version: u32,
    /// Seed of the relay's Ed25519 key, lower-case base 32.
    seed: String,
    generation: u64,
    generation_since_ms: u64,
}

/// The relay's signing key and the generation of its store.
pub struct Identity {
    key: SigningKey,
    seed: Seed32,
    generation: u64,
    since_ms: u64,
    files: Option<Files>,
}

struct Files {
    folder: PathBuf,
    commits: File,
    /// Held for as long as this value lives.
    _lock: FolderLock,
    /// Commits an earlier process counted; `None` when the identity is new.
    counted: Option<u64>,
}

/// The lock on a data folder.
struct FolderLock(File);

impl FolderLock {
    fn take(folder: &Path) -> Result<Self, RelayError> {
        let path = folder.join(LOCK);
        let file = platform::private_file().open(&path).map_err(RelayError::file(&path))?;
        if !platform::lock(&file).map_err(RelayError::file(&path))? {
            return Err(RelayError::InUse(folder.to_owned()));
        }
        Ok(Self(file))
    }
}

impl Drop for FolderLock {
    /// Closing the file would not do: a child that was just forked holds a copy of it until it becomes another program.
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!("the data folder stays locked until this process ends: {error}");
        }
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("generation", &self.generation).finish_non_exhaustive()
    }
}

impl Identity {
    /// Reads the identity of a data folder, or makes one. Takes the folder's lock.
    pub fn open(folder: &Path, now_ms: u64, rng: &mut impl CryptoRng) -> Result<Self, RelayError> {
        fs::create_dir_all(folder).map_err(RelayError::file(folder))?;
        let lock = FolderLock::take(folder)?;
        let path = folder.join(FILE);
        let known = match fs::read(&path) {
            Ok(bytes) => Some(read_form(&bytes).ok_or_else(|| RelayError::Identity(path.clone()))?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(RelayError::File { path, source: error }),
        };
        let is_new = known.is_none();
        let commits_path = folder.join(COMMITS);
        let mut commits = platform::private_file()
            .read(true)
            .truncate(false)
            .open(&commits_path)
            .map_err(RelayError::file(&commits_path))?;
        let mut text = String::new();
        // An unreadable count is a count of zero: it only ever adds suspicion.
        let counted =
            commits.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok()).unwrap_or(0);
        let (seed, generation, since_ms) = known.unwrap_or_else(|| (Seed32::random(rng), 1, now_ms));
        let files =
            Files { folder: folder.to_owned(), commits, _lock: lock, counted: (!is_new).then_some(counted) };
        let identity =
            Self { key: SigningKey::from_seed(&seed), seed, generation, since_ms, files: Some(files) };
        if is_new {
            identity.save()?;
        }
        Ok(identity)
    }

    /// An identity without a folder, for simulations.
    pub fn in_memory(seed: Seed32, generation: u64, since_ms: u64) -> Self {
        Self { key: SigningKey::from_seed(&seed), seed, generation, since_ms, files: None }
    }

    /// What devices pin.
    pub fn public(&self) -> VerifyKey {
        VerifyKey(self.key.public())
    }

    /// Raised when the store was restored or wiped.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// When the generation began.
    pub fn since_ms(&self) -> u64 {
        self.since_ms
    }

    /// Compares what the database says of itself (`None` = it is new) with what this identity remembers.
    /// True if it is an older copy, another relay's, or gone.
    pub(crate) fn disagrees_with(&self, database: Option<&Recorded>) -> bool {
        let counted = self.files.as_ref().and_then(|files| files.counted);
        match (database, counted) {
            (None, None) => false,
            (None, Some(_)) => true,
            (Some(_), None) if self.files.is_some() => true,
            (Some(recorded), counted) => {
                recorded.relay != self.public()
                    || recorded.generation != self.generation
                    || recorded.commits < counted.unwrap_or(0)
            }
        }
    }

    /// Begins a new generation, durably.
    pub(crate) fn raise(&mut self, at_least: u64, now_ms: u64) -> Result<(), RelayError> {
        self.generation = self.generation.max(at_least).saturating_add(1);
        self.since_ms = now_ms;
        self.save()
    }

    /// Remembers that the database has seen this many commits. Not durable by itself, see the module's page.
    pub(crate) fn count(&mut self, commits: u64) -> Result<(), RelayError> {
        let Some(files) = &mut self.files else { return Ok(()) };
        let path = files.folder.join(COMMITS);
        files
            .commits
            .seek(SeekFrom::Start(0))
            .and_then(|_| files.commits.write_all(format!("{commits:020}\n").as_bytes()))
            .map_err(RelayError::file(path))
    }

    /// A head with the relay's signature.
    pub(crate) fn sign_head(&self, space: SpaceId, head: Head) -> SignedHead {
        let signature = self.key.sign(Domain::RelayHead, &SignedHead::signed_bytes(&space, &head));
        SignedHead { space, head, signature: Signature(signature) }
    }

    /// True if this relay signed the head, now or before it lost its database.
    pub(crate) fn signed(&self, head: &SignedHead) -> bool {
        let bytes = SignedHead::signed_bytes(&head.space, &head.head);
        homing_crypto::verify(Domain::RelayHead, &self.key.public(), &bytes, &head.signature.0).is_ok()
    }

    fn save(&self) -> Result<(), RelayError> {
        let Some(files) = &self.files else { return Ok(()) };
        let form = Form {
            version: 1,
            seed: Hash(*self.seed.expose()).to_string(),
            generation: self.generation,
            generation_since_ms: self.since_ms,
        };
        let path = files.folder.join(FILE);
        let mut text = serde_json::to_vec_pretty(&form).map_err(|_| RelayError::Identity(path.clone()))?;
        text.push(b'\n');
        write_durably(&files.folder, FILE, &text).map_err(RelayError::file(path))
    }
}

/// What a database says of the relay it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// The relay's key.
    pub relay: VerifyKey,
    /// Generation of the last start.
    pub generation: u64,
    /// Write transactions so far.
    pub commits: u64,
}

fn read_form(bytes: &[u8]) -> Option<(Seed32, u64, u64)> {
    let form: Form = serde_json::from_slice(bytes).ok()?;
    let seed: Hash = form.seed.parse().ok()?;
    (form.version == 1 && form.generation > 0)
        .then(|| (Seed32::from_bytes(seed.0), form.generation, form.generation_since_ms))
}

/// Writes a private file so that after a crash there is the old or the new content, nothing between.
fn write_durably(folder: &Path, name: &str, content: &[u8]) -> std::io::Result<()> {
    let fresh = folder.join(format!("{name}.new"));
    let mut file = platform::private_file().truncate(true).open(&fresh)?;
    file.write_all(content)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&fresh, folder.join(name))?;
    platform::sync_folder(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_free_at_once_although_a_forked_child_still_has_its_lock_open() {
        let folder = tempfile::tempdir().unwrap();
        let lock = FolderLock::take(folder.path()).unwrap();
        let copy_of_child = lock.0.try_clone().unwrap();
        assert!(matches!(FolderLock::take(folder.path()), Err(RelayError::InUse(_))));
        drop(lock);
        assert!(FolderLock::take(folder.path()).is_ok());
        drop(copy_of_child);
    }
}
