//! Files: sealed in chunks before they are queued, uploaded and fetched in the background, opened on demand.
//!
//! On the disk a file is what the relay has too: encrypted chunks in a folder named by the blob. Its key stands only
//! in the message's document.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use homing_crypto::{BlobKey, CHUNK_PLAIN_LEN, Seed32};
use homing_model::AttachmentMeta;
use homing_store::attachments::{self, AttachmentRow, FileState};
use homing_store::spaces::{self, SpaceState};
use homing_store::{Durability, Tx, messages};
use homing_wire::{BlobId, DocId, Hash, SpaceId};

use crate::api::{ApiError, Attachment, Code, Done, FileData, FileSave, FileSource, ItemRef};
use crate::core::{Core, FILES};
use crate::fail::{Fail, invalid, not_found};
use crate::port::{Output, TransferEvent, TransferJob, TransferKind, TransferStep};
use crate::project::attachment_id;
use crate::replica::Replica;

/// Bytes of one file.
const FILE: u64 = 50 * 1024 * 1024;
const FILES_PER_MESSAGE: usize = 20;
const OPEN: u32 = 256;

/// A file sealed into chunks on this disk.
pub(crate) struct StagedFile {
    pub meta: AttachmentMeta,
    pub folder: PathBuf,
}

fn file_failed(what: &str) -> ApiError {
    ApiError::new(
        Code::FileFailed,
        format!("{what} Check that it exists, may be read, and that the disk has space."),
    )
}

fn too_large(name: &str) -> ApiError {
    ApiError::new(Code::TooLarge, format!("\"{}\" is larger than 50 MB.", crate::text::visible(name)))
}

fn read(source: &FileSource) -> Result<(String, String, Vec<u8>), ApiError> {
    match source {
        FileSource::Path { path } => {
            let path = Path::new(path);
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let size = fs::metadata(path).map_err(|_| file_failed("The file can't be read."))?.len();
            if size > FILE {
                return Err(too_large(&name));
            }
            let bytes = fs::read(path).map_err(|_| file_failed("The file can't be read."))?;
            let mime = mime_guess::from_path(path).first_or_octet_stream().essence_str().to_owned();
            Ok((name, mime, bytes))
        }
        FileSource::Bytes { name, mime, base64 } => {
            let bytes = BASE64
                .decode(base64.as_bytes())
                .map_err(|_| ApiError::from(invalid("The file's bytes are not base64.")))?;
            if bytes.len() as u64 > FILE {
                return Err(too_large(name));
            }
            let mime = if mime.is_empty() {
                mime_guess::from_path(name).first_or_octet_stream().essence_str().to_owned()
            } else {
                mime.clone()
            };
            Ok((name.clone(), mime, bytes))
        }
    }
}

fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

impl Core {
    fn folder_of(&self, blob: &BlobId) -> PathBuf {
        self.folder.join(FILES).join(blob.to_string())
    }

    /// Reads and seals files before anything is queued: a file that changes or goes afterwards doesn't matter.
    pub(crate) fn stage_files(&mut self, sources: &[FileSource]) -> Result<Vec<StagedFile>, ApiError> {
        if sources.len() > FILES_PER_MESSAGE {
            return Err(invalid("At most 20 files go with one message.").into());
        }
        // Sizes first: nothing is written if one of them is too large.
        let read: Vec<_> = sources.iter().map(read).collect::<Result<_, _>>()?;
        let mut staged = Vec::with_capacity(read.len());
        for (name, mime, bytes) in read {
            staged.push(self.stage(name, mime, &bytes)?);
        }
        Ok(staged)
    }

    fn stage(&mut self, name: String, mime: String, bytes: &[u8]) -> Result<StagedFile, ApiError> {
        let key = BlobKey::random(&mut self.env.rng);
        let pieces: Vec<&[u8]> =
            if bytes.is_empty() { vec![&[]] } else { bytes.chunks(CHUNK_PLAIN_LEN).collect() };
        let mut sealed = Vec::with_capacity(pieces.len());
        for (index, piece) in pieces.iter().enumerate() {
            let last = index + 1 == pieces.len();
            let index = u32::try_from(index).map_err(|_| too_large(&name))?;
            sealed.push(
                key.seal_chunk(index, last, piece).map_err(|error| ApiError::from(Fail::Crypto(error)))?,
            );
        }
        let chunks: Vec<Hash> = sealed.iter().map(|chunk| Hash::of(chunk)).collect();
        let blob = BlobId::of_chunks(&chunks);
        let folder = self.folder_of(&blob);
        fs::create_dir_all(&folder).map_err(|_| file_failed("The file can't be kept."))?;
        for (index, chunk) in sealed.iter().enumerate() {
            write_durably(&folder.join(index.to_string()), chunk)
                .map_err(|_| file_failed("The file can't be kept."))?;
        }
        let (width, height) = match imagesize::blob_size(bytes) {
            Ok(size) if mime.starts_with("image/") => {
                (u32::try_from(size.width).ok(), u32::try_from(size.height).ok())
            }
            _ => (None, None),
        };
        let meta = AttachmentMeta {
            blob,
            key: *key.seed().expose(),
            name,
            mime,
            size: bytes.len() as u64,
            chunks,
            width,
            height,
            thumbnail: None,
            voice: None,
        };
        Ok(StagedFile { meta, folder })
    }

    fn attachment_row(&self, id: &str) -> Result<AttachmentRow, ApiError> {
        let id: DocId = id.parse().map_err(|_| ApiError::from(not_found("file")))?;
        attachments::get(&self.db()?, &id)?.ok_or_else(|| not_found("file").into())
    }

    fn bytes_of(&self, row: &AttachmentRow) -> Result<Vec<u8>, ApiError> {
        let missing = || {
            ApiError::new(
                Code::KeyUnavailable,
                "The file is not on this device yet. It is fetched as soon as the relay can be reached.",
            )
        };
        let folder = row.blob.map(|blob| self.folder_of(&blob)).ok_or_else(missing)?;
        let key = BlobKey::from_seed(Seed32::from_bytes(*row.key.0));
        let mut bytes = Vec::with_capacity(usize::try_from(row.size).unwrap_or(0).min(CHUNK_PLAIN_LEN));
        for index in 0..row.chunks.len() {
            let chunk = fs::read(folder.join(index.to_string())).map_err(|_| missing())?;
            let number = u32::try_from(index).map_err(|_| missing())?;
            let plain = key.open_chunk(number, index + 1 == row.chunks.len(), &chunk).map_err(|_| {
                ApiError::new(
                    Code::Corrupt,
                    "The file's stored bytes are damaged. Delete it here and fetch it again.",
                )
            })?;
            bytes.extend_from_slice(&plain);
        }
        Ok(bytes)
    }

    pub(crate) fn attachment_read(&mut self, args: ItemRef) -> Result<FileData, ApiError> {
        let row = self.attachment_row(&args.id)?;
        let bytes = self.bytes_of(&row)?;
        Ok(FileData { name: crate::text::visible(&row.name), mime: row.mime, base64: BASE64.encode(&bytes) })
    }

    pub(crate) fn attachment_save(&mut self, args: FileSave) -> Result<Done, ApiError> {
        let row = self.attachment_row(&args.attachment)?;
        let bytes = self.bytes_of(&row)?;
        write_durably(Path::new(&args.path), &bytes)
            .map_err(|_| file_failed("The file can't be written there."))?;
        Ok(Done { done: true })
    }

    pub(crate) fn attachment_fetch(&mut self, args: ItemRef) -> Result<Attachment, ApiError> {
        let row = self.attachment_row(&args.id)?;
        if matches!(row.state, FileState::Remote | FileState::Failed) {
            let message = row.message;
            let own = messages::get(&self.db()?, &message)?.is_some_and(|message| message.mine)
                && row.path.is_some();
            let state = if own { FileState::Waiting } else { FileState::Downloading };
            self.write(Durability::Normal, |tx, _, _| {
                Ok(attachments::set_state(tx, &row.id, state, 0.0, row.path.as_deref())?)
            })?;
            self.resume_transfers()?;
        }
        Ok(crate::rows::attachment(&self.attachment_row(&args.id)?))
    }

    pub(crate) fn resume_transfers_logged(&mut self) {
        if let Err(error) = self.resume_transfers() {
            tracing::warn!(code = ?error.code, "transfers could not be resumed");
        }
    }

    /// Starts what waits to be moved, if there is a session.
    pub(crate) fn resume_transfers(&mut self) -> Result<(), ApiError> {
        self.give_up_transfers()?;
        let Some(link) = &self.link else { return Ok(()) };
        let (Some(token), address) = (link.blob_token.clone(), link.address.clone()) else { return Ok(()) };
        let mut jobs = Vec::new();
        {
            let db = self.db()?;
            for row in attachments::open(&db, OPEN)? {
                let (Some(blob), Some(message)) = (row.blob, messages::get(&db, &row.message)?) else {
                    continue;
                };
                let joined =
                    spaces::get(&db, &message.space)?.is_some_and(|space| space.state == SpaceState::Joined);
                if !joined || self.transfers.contains(&blob) {
                    continue;
                }
                let kind = match row.state {
                    FileState::Downloading => TransferKind::Download,
                    _ => TransferKind::Upload,
                };
                jobs.push((kind, message.space, blob, row.chunks));
            }
        }
        for (kind, space, blob, chunks) in jobs {
            self.transfers.insert(blob);
            let folder = self.folder_of(&blob);
            self.push(Output::Transfer(TransferJob {
                kind,
                address: address.clone(),
                token: token.clone(),
                space,
                blob,
                chunks,
                folder,
            }));
        }
        Ok(())
    }

    /// Of a space this person was taken out of nothing is moved any more.
    fn give_up_transfers(&mut self) -> Result<(), ApiError> {
        let mut lost = Vec::new();
        {
            let db = self.db()?;
            for row in attachments::open(&db, OPEN)? {
                if let Some(message) = messages::get(&db, &row.message)?
                    && spaces::get(&db, &message.space)?.is_some_and(|space| space.state == SpaceState::Gone)
                {
                    lost.push((row.id, message));
                }
            }
        }
        if lost.is_empty() {
            return Ok(());
        }
        self.write(Durability::Normal, |tx, replica, _| {
            for (id, message) in &lost {
                attachments::set_state(tx, id, FileState::Failed, 0.0, None)?;
                replica.touched.message(message.conversation, message.id);
            }
            Ok(())
        })
    }

    pub(crate) fn transfer_moved(&mut self, event: &TransferEvent) {
        self.flows.transferred += 1;
        let rows = match self.db().and_then(|db| Ok(attachments::open(&db, OPEN)?)) {
            Ok(rows) => rows,
            Err(error) => {
                tracing::warn!(code = ?error.code, "a transfer's news could not be stored");
                return;
            }
        };
        let folder = self.folder_of(&event.blob);
        let kind = event.kind;
        if !matches!(event.step, TransferStep::Progress { .. } | TransferStep::Short(_)) {
            self.transfers.remove(&event.blob);
        }
        match (event.kind, &event.step) {
            (TransferKind::Upload, TransferStep::Short(shortage)) => self.files_held(Some(*shortage)),
            (TransferKind::Upload, TransferStep::Finished) => self.files_held(None),
            _ => {}
        }
        for row in rows.into_iter().filter(|row| row.blob == Some(event.blob)) {
            let total = row.chunks.len().max(1);
            let (state, progress) = match (&event.step, &kind) {
                (TransferStep::Progress { done }, TransferKind::Upload) => {
                    (FileState::Uploading, share(*done, total))
                }
                (TransferStep::Progress { done }, TransferKind::Download) => {
                    (FileState::Downloading, share(*done, total))
                }
                (TransferStep::Finished, _) => (FileState::Ready, 1.0),
                (TransferStep::Short(_), _) => (FileState::Waiting, 0.0),
                (TransferStep::Interrupted, _) => continue,
                (TransferStep::Refused { .. }, _) => (FileState::Failed, 0.0),
            };
            let path = folder.to_string_lossy().into_owned();
            self.try_write("transfer", |tx, replica, _| {
                let message = messages::get(tx, &row.message)?;
                // What another sent and this device only brought to a relay that lost it is here all the same.
                let lent =
                    kind == TransferKind::Upload && message.as_ref().is_some_and(|message| !message.mine);
                let (state, progress) = match state {
                    FileState::Failed if lent => (FileState::Ready, 1.0),
                    state => (state, progress),
                };
                attachments::set_state(tx, &row.id, state, progress, Some(&path))?;
                if let Some(message) = message {
                    replica.touched.message(message.conversation, row.message);
                }
                Ok(())
            });
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "chunks are few")]
fn share(done: u32, total: usize) -> f64 {
    f64::from(done) / total as f64
}

impl Replica {
    /// The rows of a new message's files say where their chunks are.
    pub fn keep_staged(
        &mut self,
        tx: &Tx<'_>,
        message: &DocId,
        position: usize,
        file: &StagedFile,
    ) -> Result<(), Fail> {
        let id = attachment_id(message, position);
        let path = file.folder.to_string_lossy();
        // Without a relay there is nowhere to bring it, and it is here.
        let state = if self.has_relay { FileState::Waiting } else { FileState::Ready };
        attachments::set_state(tx, &id, state, if self.has_relay { 0.0 } else { 1.0 }, Some(&path))?;
        Ok(())
    }

    /// A relay was set, or it lost what it had: files that are here have somewhere to go.
    pub fn upload_files(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
        for row in messages::with_files(tx, space)? {
            for file in attachments::of(tx, &[row])? {
                if file.state == FileState::Ready && file.path.is_some() {
                    attachments::set_state(tx, &file.id, FileState::Waiting, 0.0, file.path.as_deref())?;
                }
            }
        }
        Ok(())
    }
}
