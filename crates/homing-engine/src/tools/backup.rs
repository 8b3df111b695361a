//! `backup`: one file from which the person can begin again on a new device.
//!
//! It holds the database without this device's keys, the person's keys, what was not sent yet, and the files that are
//! nowhere but here. Files that the relay has are fetched from it again.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use homing_store::attachments::{self, AttachmentRow, FileState};
use homing_store::{Read, backup, messages, spaces};
use rand_core::Rng;
use zeroize::Zeroizing;

use super::backup_file::{self, Chunk, Opened, Secret, file_failed};
use crate::api::{ApiError, Backup, BackupReport, Code};
use crate::core::{Core, FILES};
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
        for row in own_files(&self.db()?, self.replica()?.has_relay)? {
            let Some(blob) = row.blob else { continue };
            for index in 0..u32::try_from(row.chunks.len()).unwrap_or(u32::MAX) {
                let path = self.folder.join(FILES).join(blob.to_string()).join(index.to_string());
                // A chunk that is gone was gone before; the rest is worth keeping.
                let Ok(bytes) = fs::read(path) else { continue };
                backup_file::write_chunk(&mut out, &Chunk { blob, index, bytes })?;
            }
        }
        backup_file::write_end(&mut out)?;
        let file = out.into_inner().map_err(|error| file_failed(error.into_error()))?;
        file.sync_all().map_err(file_failed)
    }
}

/// Files of the person's own messages, as a backup's database lists them.
pub(super) fn own_files_listed(db: &Read<'_>) -> Result<Vec<AttachmentRow>, ApiError> {
    let mut listed = Vec::new();
    for space in spaces::list(db)? {
        listed.extend(attachments::of(db, &messages::own_with_files(db, &space.space)?)?);
    }
    Ok(listed)
}

/// Files whose bytes are nowhere but here: own ones that were not brought to the relay, or all own ones without a relay.
fn own_files(db: &Read<'_>, has_relay: bool) -> Result<Vec<AttachmentRow>, ApiError> {
    let mut own = own_files_listed(db)?;
    own.retain(|row| match row.state {
        FileState::Waiting | FileState::Uploading | FileState::Stopped => true,
        FileState::Ready | FileState::Failed => !has_relay && row.path.is_some(),
        FileState::Remote | FileState::Downloading | FileState::Gone => false,
    });
    Ok(own)
}

pub(super) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
