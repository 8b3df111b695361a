//! `restore`: an empty profile takes over a backup and goes on as a new device of its person.
//!
//! The copy is made ready in a folder of its own and moved into place in one step, with the mark that says a device has to
//! be let in. A crash before that step leaves an empty profile, one after it a profile that lets itself in when it
//! starts.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use homing_crypto::{Seed32, recovery_from_words};
use homing_model::AttachmentMeta;
use homing_store::attachments::{self, FileState};
use homing_store::{Durability, Store, backup, draft_files, meta};
use homing_wire::{BlobId, Hash};

use super::backup_file::{self, Chunk, Opened, file_failed};
use crate::api::{ApiError, Code, Nothing, Restore, Status};
use crate::core::{Core, DATABASE, FILES, RELAY_ADDRESS};
use crate::drafts::file_id;
use crate::fail::Fail;
use crate::flows::ENROL;
use crate::identity::Identity;
use crate::replica::IDENTITY;
use crate::reply::Reply;

/// Where a backup is made ready.
const RESTORING: &str = "restoring";

impl Core {
    pub(crate) fn restore(&mut self, args: Restore, reply: Reply<Status>) {
        let staging = self.folder.join(RESTORING);
        let taken = self.take_over(&args, &staging);
        // Best effort: what is left there is removed before the next restore too.
        drop(fs::remove_dir_all(&staging));
        // Opening it let the device in, or began to: with a relay that happens as soon as it can be reached, and nothing
        // has to wait for it here.
        let answer = taken.and_then(|()| self.status(Nothing {}));
        self.touched.status = true;
        self.touched.people = true;
        self.settle(reply, answer);
    }

    fn take_over(&mut self, args: &Restore, staging: &Path) -> Result<(), ApiError> {
        if self.replica.is_some() {
            return Err(ApiError::new(
                Code::AlreadyInitialised,
                "This profile belongs to somebody already. Restore into an empty one (--profile).",
            ));
        }
        let key = self.key.clone().ok_or_else(|| ApiError::new(Code::Locked, "The profile is locked."))?;
        let words = args.words.as_deref().map(|words| {
            recovery_from_words(words).map_err(|_| {
                ApiError::new(
                    Code::RecoveryInvalid,
                    "These are not recovery words: there are 24 of them, in their order.",
                )
            })
        });
        let words = words.transpose()?;
        let file = File::open(&args.file).map_err(|_| {
            ApiError::new(Code::FileFailed, "The backup file can't be read. Check its name and permissions.")
        })?;
        let mut from = BufReader::new(file);
        let opened = backup_file::read_envelope(&mut from, args.passphrase.as_deref(), words.as_ref())?;
        if staging.exists() {
            fs::remove_dir_all(staging).map_err(file_failed)?;
        }
        fs::create_dir(staging).map_err(file_failed)?;
        let copy = staging.join("backup.db");
        let mut out = BufWriter::new(File::create(&copy).map_err(file_failed)?);
        backup_file::read_database(&mut from, &mut out)?;
        out.flush().map_err(file_failed)?;
        drop(out);
        let ready = staging.join(DATABASE);
        backup::restore(&copy, &opened.database_key, &ready, &key)?;
        self.make_ready(&ready, &key, &opened, &mut from)?;
        // From here on the profile is the restored one.
        self.store = None;
        let target = self.folder.join(DATABASE);
        for suffix in ["-wal", "-shm"] {
            crate::platform::keychain::remove_file(&super::backup::beside(&target, suffix))
                .map_err(file_failed)?;
        }
        fs::rename(&ready, &target).map_err(file_failed)?;
        crate::platform::keychain::sync_folder(&target).map_err(file_failed)?;
        self.open_store(key)
    }

    /// Gives the copy its identity and puts the files beside it.
    fn make_ready(
        &mut self,
        database: &Path,
        key: &[u8; 32],
        opened: &Opened,
        from: &mut impl Read,
    ) -> Result<(), ApiError> {
        let damaged =
            || ApiError::new(Code::Corrupt, "The backup is damaged. Use another copy; nothing was changed.");
        // Nobody knows this device; the one that is let in gets its own seed.
        let nobody = Seed32::random(&mut self.env.rng);
        let me = Identity::from_portable(&opened.identity, nobody).ok_or_else(damaged)?;
        let device = Seed32::random(&mut self.env.rng);
        let mut store = Store::open(database, key)?;
        let has_relay = meta::get(&store.read(), RELAY_ADDRESS)?.is_some();
        let whole = self.take_files(&store.read(), from)?;
        store.write(Durability::Full, |tx| {
            meta::set(tx, IDENTITY, &me.to_bytes())?;
            meta::set(tx, ENROL, device.expose())?;
            for (blob, folder) in &whole {
                let folder = folder.to_string_lossy();
                let named = attachments::came_along(tx, blob, &folder, has_relay)?;
                // What a message has too is the message's to bring.
                let waits = has_relay && !named;
                let state = if waits { FileState::Waiting } else { FileState::Ready };
                draft_files::came_along(tx, blob, &folder, state)?;
            }
            Ok::<(), Fail>(())
        })?;
        store.checkpoint()?;
        Ok(())
    }

    /// Puts the files that came along into the profile's folder; answers which are whole, and where.
    fn take_files(
        &self,
        db: &homing_store::Read<'_>,
        from: &mut impl Read,
    ) -> Result<Vec<(BlobId, PathBuf)>, ApiError> {
        let mut files: BTreeMap<BlobId, Coming> = BTreeMap::new();
        while let Some(chunk) = backup_file::read_chunk(from)? {
            // The file's tail is anybody's: only chunks that something in the database names are taken.
            let file = match files.entry(chunk.blob) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    let Some(chunks) = named_chunks(db, &chunk.blob)? else { continue };
                    let folder = self.folder.join(FILES).join(chunk.blob.to_string());
                    new.insert(Coming { folder, chunks, taken: BTreeSet::new() })
                }
            };
            file.take(&chunk).map_err(file_failed)?;
        }
        let mut whole = Vec::new();
        for (blob, file) in files {
            if file.taken.len() == file.chunks.len() {
                whole.push((blob, file.folder));
            } else {
                // Best effort: half a file is none, and what is left of it only takes room.
                drop(fs::remove_dir_all(&file.folder));
            }
        }
        Ok(whole)
    }
}

/// A file whose chunks come with a backup.
struct Coming {
    folder: PathBuf,
    /// What its chunks hash to.
    chunks: Vec<Hash>,
    taken: BTreeSet<u32>,
}

impl Coming {
    fn take(&mut self, chunk: &Chunk) -> std::io::Result<()> {
        let named = usize::try_from(chunk.index).ok().and_then(|index| self.chunks.get(index));
        if named == Some(&Hash::of(&chunk.bytes)) {
            fs::create_dir_all(&self.folder)?;
            fs::write(self.folder.join(chunk.index.to_string()), &chunk.bytes)?;
            self.taken.insert(chunk.index);
        }
        Ok(())
    }
}

/// The chunks of a file as a message, record or draft names them.
fn named_chunks(db: &homing_store::Read<'_>, blob: &BlobId) -> Result<Option<Vec<Hash>>, ApiError> {
    if let Some(chunks) = attachments::chunks_of(db, blob)? {
        return Ok(Some(chunks));
    }
    let Some(row) = draft_files::get(db, &file_id(blob))? else { return Ok(None) };
    Ok(Some(AttachmentMeta::read(&row.meta).map_err(Fail::from)?.chunks))
}
