//! `backup`: one file from which the person can begin again on a new device.
//!
//! It holds the database without this device's keys, the person's keys, what was not sent yet, and the files that are
//! nowhere but here. Files that the relay has are fetched from it again.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use homing_model::AttachmentMeta;
use homing_store::attachments::{self, FileState};
use homing_store::{Read, backup, draft_files};
use homing_wire::{BlobId, Hash};
use rand_core::Rng;
use zeroize::Zeroizing;

use super::backup_file::{self, Chunk, Opened, Secret, file_failed};
use crate::api::{ApiError, Backup, BackupReport, Code};
use crate::core::{Core, FILES};
use crate::fail::Fail;
use crate::platform::keychain::{remove_file, sync_folder};
use crate::replica::IDENTITY;

/// Characters of a passphrase that has to hold against somebody who has the file and time.
const PASSPHRASE: usize = 8;

impl Core {
    pub(crate) fn backup(&mut self, args: Backup) -> Result<BackupReport, ApiError> {
        let me = &self.replica()?.me;
        let recovery = me.recovery_seed.clone().filter(|_| me.recovery_confirmed);
        let secret = match (args.passphrase.as_deref(), &recovery) {
            (Some(passphrase), _) if passphrase.chars().count() < PASSPHRASE => {
                return Err(ApiError::new(
                    Code::InvalidArgument,
                    "Choose a passphrase of at least eight characters.",
                ));
            }
            (Some(passphrase), _) => Secret::Passphrase(passphrase),
            (None, Some(seed)) => Secret::Recovery(seed),
            (None, None) => {
                return Err(ApiError::new(
                    Code::BackupUnprotected,
                    "A backup needs a protection: give a passphrase, or write down the recovery words and confirm them first.",
                ));
            }
        };
        let target = std::path::absolute(&args.file).map_err(file_failed)?;
        if target.exists() {
            return Err(ApiError::new(
                Code::FileFailed,
                "There is a file of this name already. Choose another name; backups are never written over.",
            ));
        }
        let mut database_key = Zeroizing::new([0u8; 32]);
        self.env.rng.fill_bytes(database_key.as_mut_slice());
        let opened = Opened { database_key, identity: Zeroizing::new(self.replica()?.me.to_portable()) };
        let partial = beside(&target, ".partial");
        let database = beside(&target, ".database");
        let written = self.write_backup(&partial, &database, &secret, &opened);
        // Best effort: what was half written is of no use to anybody.
        drop(remove_file(&database));
        if written.is_err() {
            drop(remove_file(&partial));
        }
        written?;
        fs::rename(&partial, &target).map_err(file_failed)?;
        sync_folder(&target).map_err(file_failed)?;
        #[allow(clippy::cast_precision_loss, reason = "files are far below 2^53 bytes")]
        let bytes = fs::metadata(&target).map_err(file_failed)?.len() as f64;
        Ok(BackupReport { file: target.display().to_string(), bytes })
    }

    fn write_backup(
        &mut self,
        partial: &Path,
        database: &Path,
        secret: &Secret<'_>,
        opened: &Opened,
    ) -> Result<(), ApiError> {
        let store = self.store.as_ref().ok_or_else(crate::core::not_initialised)?;
        let length = backup::write(store, database, &opened.database_key, &[IDENTITY])?;
        let mut out = BufWriter::new(File::create(partial).map_err(file_failed)?);
        backup_file::write_envelope(&mut out, &mut self.env.rng, secret, opened)?;
        backup_file::write_database(&mut out, &mut File::open(database).map_err(file_failed)?, length)?;
        for Kept { blob, chunks, failed } in kept_files(&self.db()?, self.replica()?.has_relay)? {
            let folder = self.folder.join(FILES).join(blob.to_string());
            let place = |index: u32| folder.join(index.to_string());
            if failed && !(0..chunks).all(|index| place(index).exists()) {
                continue;
            }
            for index in 0..chunks {
                // A chunk that is gone was gone before; the rest is worth keeping.
                let Ok(bytes) = fs::read(place(index)) else { continue };
                backup_file::write_chunk(&mut out, &Chunk { blob, index, bytes })?;
            }
        }
        backup_file::write_end(&mut out)?;
        let file = out.into_inner().map_err(|error| file_failed(error.into_error()))?;
        file.sync_all().map_err(file_failed)
    }
}

/// A file whose bytes are nowhere but here.
struct Kept {
    blob: BlobId,
    chunks: u32,
    /// It could not be moved: brought to the relay if all of it is here, otherwise it was on its way from there.
    failed: bool,
}

/// Files of messages, records and drafts that were not brought to the relay, or all that are here without one.
fn kept_files(db: &Read<'_>, has_relay: bool) -> Result<Vec<Kept>, ApiError> {
    let count = |chunks: &[Hash]| u32::try_from(chunks.len()).unwrap_or(u32::MAX);
    let mut kept = Vec::new();
    for row in attachments::only_here(db, has_relay)? {
        let Some(blob) = row.blob else { continue };
        kept.push(Kept { blob, chunks: count(&row.chunks), failed: row.state == FileState::Failed });
    }
    for row in draft_files::only_here(db, has_relay)? {
        let meta = AttachmentMeta::read(&row.meta).map_err(Fail::from)?;
        kept.push(Kept { blob: row.blob, chunks: count(&meta.chunks), failed: false });
    }
    // Once each: a message has the files of the draft it is sent from.
    let mut seen = BTreeSet::new();
    kept.retain(|file| seen.insert(file.blob));
    Ok(kept)
}

pub(super) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
