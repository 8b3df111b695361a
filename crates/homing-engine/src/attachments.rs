//! Files: sealed in chunks before they are queued, uploaded and fetched in the background, opened on demand.
//!
//! On the disk a file is what the relay has too: encrypted chunks in a folder named by the blob. Its key stands only
//! in the message's document. What takes as long as a file is large is done by [`crate::files`], beside the core.

use std::collections::BTreeMap;
use std::path::PathBuf;

use homing_crypto::Seed32;
use homing_model::{AttachmentMeta, Voice};
use homing_store::attachments::{self, AttachmentRow, FileState};
use homing_store::spaces::{self, SpaceState};
use homing_store::{Durability, Read, Tx, cache, draft_files, messages, meta};
use homing_wire::{BlobId, DocId, SpaceId};

use crate::api::{ApiError, Attachment, Code, Done, FileData, FileSave, FileSource, ItemRef};
use crate::core::{Core, FILES, RELAY_FILE};
use crate::fail::{Fail, not_found};
use crate::files::{self, FileDone, FileJob, FileOutcome, Sealed, StagedFile, Stopper, Work};
use crate::port::{Output, TransferEvent, TransferJob, TransferKind, TransferStep};
use crate::project::attachment_id;
use crate::records::holder;
use crate::replica::Replica;
use crate::reply::Reply;
use crate::rows::is_here;
use crate::text::visible;
use crate::transfer::{GONE, HERE, TOO_LARGE};

const OPEN: u32 = 256;

/// How a call goes on once work on its files is done.
type Then = Box<dyn FnOnce(&mut Core, Result<FileDone, ApiError>) + Send>;

/// Work on files that is under way.
#[derive(Default)]
pub(crate) struct FileWork {
    last: u64,
    waiting: BTreeMap<u64, Then>,
}

impl Core {
    fn folder_of(&self, blob: &BlobId) -> PathBuf {
        self.folder.join(FILES).join(blob.to_string())
    }

    /// Gives out work on files and goes on with `then` when it is done.
    fn file_work(&mut self, work: Work, then: Then) -> Stopper {
        self.file_work.last += 1;
        let job = FileJob::new(self.file_work.last, work);
        let stopper = job.stopper();
        self.file_work.waiting.insert(job.id, then);
        self.push(Output::File(job));
        stopper
    }

    pub(crate) fn file_done(&mut self, id: u64, outcome: FileOutcome) {
        if let Some(then) = self.file_work.waiting.remove(&id) {
            then(self, outcome.0);
        }
    }

    /// Bytes of the largest file that can be sent.
    fn largest_file(&self) -> Result<u64, ApiError> {
        let told = meta::get(&self.db()?, RELAY_FILE)?;
        let told = told.and_then(|bytes| bytes.as_slice().try_into().ok()).map(u64::from_be_bytes);
        Ok(told.map_or(files::FILE, files::largest_for))
    }

    fn sealing(&mut self, sources: Vec<FileSource>) -> Result<Work, ApiError> {
        let keys = sources.iter().map(|_| Seed32::random(&mut self.env.rng)).collect();
        let (largest, clean) = (self.largest_file()?, self.stored_settings()?.clean_photos);
        Ok(Work::Seal { sources, keys, folder: self.folder.join(FILES), largest, clean })
    }

    /// Reads and seals files before anything is queued: one that changes or goes afterwards doesn't matter. Without
    /// files the call goes on at once.
    pub(crate) fn with_files<T: serde::Serialize + Send + 'static>(
        &mut self,
        sources: Vec<FileSource>,
        reply: Reply<T>,
        then: impl FnOnce(&mut Self, &[StagedFile]) -> Result<T, ApiError> + Send + 'static,
    ) {
        if sources.is_empty() {
            let answer = then(self, &[]);
            return self.settle(reply, answer);
        }
        match self.sealing(sources) {
            Ok(work) => self.go_on_with(work, reply, then),
            Err(error) => self.settle(reply, Err(error)),
        }
    }

    /// The same for somebody who can wait.
    pub(crate) fn seal_now(&mut self, sources: Vec<FileSource>) -> Result<Vec<StagedFile>, ApiError> {
        sealed(self.sealing(sources)?.carry_out(&Stopper::default()))
    }

    fn all_sealed(&self, ids: &[DocId]) -> Result<Vec<Sealed>, ApiError> {
        ids.iter().map(|id| self.sealed_of(&id.to_string())).collect()
    }

    /// Files that are here once more, each under a new key.
    fn resealing(&mut self, ids: &[DocId]) -> Result<Work, ApiError> {
        let files = self.all_sealed(ids)?;
        let keys = files.iter().map(|_| Seed32::random(&mut self.env.rng)).collect();
        let clean = self.stored_settings()?.clean_photos;
        Ok(Work::Reseal { files, keys, folder: self.folder.join(FILES), clean })
    }

    /// Files of messages or records once more, each under a new key, in the same order.
    pub(crate) fn with_files_again<T: serde::Serialize + Send + 'static>(
        &mut self,
        ids: &[DocId],
        reply: Reply<T>,
        then: impl FnOnce(&mut Self, &[StagedFile]) -> Result<T, ApiError> + Send + 'static,
    ) {
        if ids.is_empty() {
            let answer = then(self, &[]);
            return self.settle(reply, answer);
        }
        match self.resealing(ids) {
            Ok(work) => self.go_on_with(work, reply, then),
            Err(error) => self.settle(reply, Err(error)),
        }
    }

    /// Looks through files that are here, and goes on with those that are photos with notes, sealed once more without.
    pub(crate) fn with_photos_cleaned<T: serde::Serialize + Send + 'static>(
        &mut self,
        ids: Vec<DocId>,
        reply: Reply<T>,
        then: impl FnOnce(&mut Self, &[DocId], &[StagedFile]) -> Result<T, ApiError> + Send + 'static,
    ) {
        if ids.is_empty() {
            let answer = then(self, &[], &[]);
            return self.settle(reply, answer);
        }
        let files = match self.all_sealed(&ids) {
            Ok(files) => files,
            Err(error) => return self.settle(reply, Err(error)),
        };
        let looked: Then = Box::new(move |core, done| match done {
            Ok(FileDone::Looked(looked)) => {
                let with_notes = ids.into_iter().zip(looked).filter(|(_, notes)| *notes);
                let ids: Vec<DocId> = with_notes.map(|(id, _)| id).collect();
                core.with_files_again(&ids.clone(), reply, move |core, staged| then(core, &ids, staged));
            }
            Ok(_) => core.settle(reply, Err(Fail::Internal("file work").into())),
            Err(error) => core.settle(reply, Err(error)),
        });
        self.file_work(Work::Look { files }, looked);
    }

    /// Refuses what needs these files while some are not on this device, and has those fetched that the relay may have.
    /// `without`: what to do about one that it has no longer.
    pub(crate) fn have_here(&mut self, files: &[AttachmentRow], without: &str) -> Result<(), ApiError> {
        let absent: Vec<&AttachmentRow> =
            files.iter().filter(|file| !is_here(file) && !self.is_whole(file)).collect();
        let (gone, coming): (Vec<_>, Vec<_>) =
            absent.into_iter().partition(|file| file.state == FileState::Gone);
        for file in &coming {
            self.attachment_fetch(ItemRef { id: file.id.to_string() })?;
        }
        if let Some((first, others)) = gone.split_first() {
            return Err(lost(&named(first, others), without));
        }
        let Some((first, others)) = coming.split_first() else { return Ok(()) };
        let message = format!(
            "Not on this device yet: {}. What is missing is fetched as soon as the relay can be reached and has it; then try once more.",
            named(first, others)
        );
        Err(ApiError::new(Code::FileNotHere, message))
    }

    /// Whether all of a file lies here, also one that could not be brought to where it was to go.
    fn is_whole(&self, file: &AttachmentRow) -> bool {
        file.blob.is_some_and(|blob| files::is_whole(&self.folder_of(&blob), file.chunks.len()))
    }

    fn go_on_with<T: serde::Serialize + Send + 'static>(
        &mut self,
        work: Work,
        reply: Reply<T>,
        then: impl FnOnce(&mut Self, &[StagedFile]) -> Result<T, ApiError> + Send + 'static,
    ) {
        let then: Then = Box::new(move |core, done| {
            let answer = sealed(done).and_then(|staged| {
                let answer = then(core, &staged);
                if answer.is_err() {
                    core.forget_unnamed(&staged);
                }
                answer
            });
            core.settle(reply, answer);
        });
        self.file_work(work, then);
    }

    /// Of a call that failed after its files were sealed nothing stays.
    fn forget_unnamed(&self, staged: &[StagedFile]) {
        for file in staged {
            let named = self.db().and_then(|db| Ok(attachments::is_named(&db, &file.meta.blob)?));
            if let (Ok(false), Some(folder)) = (named, &file.folder) {
                drop(std::fs::remove_dir_all(folder));
            }
        }
    }

    /// A draft's file is not brought to the relay any more.
    pub(crate) fn stop_draft_transfer(&mut self, blob: &BlobId) {
        let personal = self.replica.as_ref().map(Replica::personal);
        if personal.is_some_and(|personal| self.transfers.remove(&(*blob, personal))) {
            self.stop_transfer(*blob, TransferKind::Upload);
        }
    }

    /// Of files that nothing names any more nothing is moved.
    pub(crate) fn stop_moving(&mut self, blobs: &[BlobId]) {
        for blob in blobs {
            let moved: Vec<_> = self.transfers.extract_if(.., |(of, _)| of == blob).collect();
            if !moved.is_empty() {
                self.stop_transfer(*blob, TransferKind::Upload);
                self.stop_transfer(*blob, TransferKind::Download);
            }
        }
    }

    fn stop_transfer(&mut self, blob: BlobId, kind: TransferKind) {
        self.file_held(blob, None);
        self.push(Output::StopTransfer { blob, kind });
    }

    pub(crate) fn attachment_row(&self, id: &str) -> Result<AttachmentRow, ApiError> {
        let id: DocId = id.parse().map_err(|_| ApiError::from(not_found("file")))?;
        attachments::get(&self.db()?, &id)?.ok_or_else(|| not_found("file").into())
    }

    pub(crate) fn attachment_shown(&self, id: &str) -> Result<Attachment, ApiError> {
        Ok(crate::rows::attachment(&self.attachment_row(id)?, &self.files_held))
    }

    /// A file of a message or record, or of a draft.
    fn sealed_of(&self, id: &str) -> Result<Sealed, ApiError> {
        let row = match self.attachment_row(id) {
            Err(error) if error.code == Code::NotFound => return self.sealed_of_draft(id)?.ok_or(error),
            row => row?,
        };
        if row.state == FileState::Gone && !self.is_whole(&row) {
            return Err(lost(&named(&row, &[]), "Ask whoever has it to send or add it once more."));
        }
        let folder = row.blob.map(|blob| self.folder_of(&blob)).ok_or_else(files::missing)?;
        Ok(Sealed {
            folder,
            key: Seed32::from_bytes(*row.key.0),
            chunks: row.chunks.len(),
            name: row.name,
            mime: row.mime,
            size: row.size,
            voice: row.voice.map(|(duration_ms, peaks)| Voice { duration_ms, peaks: peaks.into() }),
        })
    }

    fn sealed_of_draft(&self, id: &str) -> Result<Option<Sealed>, ApiError> {
        let Ok(id) = id.parse() else { return Ok(None) };
        let Some(row) = draft_files::get(&self.db()?, &id)? else { return Ok(None) };
        let meta = AttachmentMeta::read(&row.meta).map_err(|error| ApiError::from(Fail::from(error)))?;
        Ok(Some(Sealed {
            folder: self.folder_of(&row.blob),
            key: Seed32::from_bytes(meta.key),
            chunks: meta.chunks.len(),
            name: meta.name,
            mime: meta.mime,
            size: meta.size,
            voice: meta.voice,
        }))
    }

    pub(crate) fn attachment_read(&mut self, args: ItemRef, reply: Reply<FileData>) {
        match self.sealed_of(&args.id) {
            Err(error) => self.settle(reply, Err(error)),
            Ok(file) => {
                self.file_used(&args.id);
                let then: Then = Box::new(|core, done| {
                    let answer = done.and_then(|done| match done {
                        FileDone::Read(data) => Ok(data),
                        _ => Err(Fail::Internal("file work").into()),
                    });
                    core.settle(reply, answer);
                });
                self.file_work(Work::Read { file }, then);
            }
        }
    }

    pub(crate) fn attachment_save(&mut self, args: FileSave, reply: Reply<Done>) {
        match self.sealed_of(&args.attachment) {
            Err(error) => self.settle(reply, Err(error)),
            Ok(file) => {
                self.file_used(&args.attachment);
                let then: Then = Box::new(|core, done| core.settle(reply, done.map(|_| Done { done: true })));
                self.file_work(Work::Save { file, to: args.path.into() }, then);
            }
        }
    }

    /// Ends a file's way up or down. What was moved stays: it goes on from there when it is wanted again.
    pub(crate) fn attachment_stop(&mut self, args: ItemRef) -> Result<Attachment, ApiError> {
        let row = self.attachment_row(&args.id)?;
        let (kind, state) = match row.state {
            FileState::Downloading => (TransferKind::Download, FileState::Remote),
            FileState::Waiting | FileState::Uploading => (TransferKind::Upload, FileState::Stopped),
            _ => return Ok(crate::rows::attachment(&row, &self.files_held)),
        };
        self.write(Durability::Full, |tx, replica, _| {
            attachments::set_state(tx, &row.id, state, row.progress, None)?;
            replica.touch_holder(tx, &row.message)
        })?;
        let space = holder(&self.db()?, &row.message)?.map(|held| held.space);
        if let Some((blob, space)) = row.blob.zip(space)
            && self.transfers.remove(&(blob, space))
        {
            self.stop_transfer(blob, kind);
        }
        self.attachment_shown(&args.id)
    }

    pub(crate) fn attachment_fetch(&mut self, args: ItemRef) -> Result<Attachment, ApiError> {
        let row = self.attachment_row(&args.id)?;
        let asked = [FileState::Remote, FileState::Failed, FileState::Stopped, FileState::Gone];
        if asked.contains(&row.state) || row.state.is_refused() {
            let message = row.message;
            let mine = holder(&self.db()?, &message)?.is_some_and(|holder| holder.mine);
            // Only what was on its way to the relay can have been stopped or refused: a record's file is nobody's own.
            let kept = row.state == FileState::Stopped || row.state.is_refused();
            let up = row.path.is_some() && (mine || kept);
            let state = if up { FileState::Waiting } else { FileState::Downloading };
            self.write(Durability::Normal, |tx, replica, _| {
                cache::ask_for(tx, &row.id)?;
                attachments::set_state(tx, &row.id, state, 0.0, row.path.as_deref())?;
                replica.touch_holder(tx, &row.message)
            })?;
            self.resume_transfers()?;
        }
        self.attachment_shown(&args.id)
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
                let (Some(blob), Some(message)) = (row.blob, holder(&db, &row.message)?) else {
                    continue;
                };
                let joined =
                    spaces::get(&db, &message.space)?.is_some_and(|space| space.state == SpaceState::Joined);
                if !joined || self.transfers.contains(&(blob, message.space)) {
                    continue;
                }
                let kind = match row.state {
                    FileState::Downloading => TransferKind::Download,
                    _ => TransferKind::Upload,
                };
                let was_there = cache::was_here(&db, &row.id)?;
                jobs.push((kind, message.space, blob, row.chunks, was_there));
            }
            for row in draft_files::open(&db, OPEN)? {
                let meta =
                    AttachmentMeta::read(&row.meta).map_err(|error| ApiError::from(Fail::from(error)))?;
                let space = self.replica()?.upload_space(&db, &row)?;
                let joined = spaces::get(&db, &space)?.is_some_and(|space| space.state == SpaceState::Joined);
                if joined && !self.transfers.contains(&(row.blob, space)) {
                    jobs.push((TransferKind::Upload, space, row.blob, meta.chunks, false));
                }
            }
        }
        for (kind, space, blob, chunks, was_there) in jobs {
            // A file is on one way at a time: the newer gives the older up.
            self.transfers.retain(|(of, _)| *of != blob);
            self.transfers.insert((blob, space));
            let folder = self.folder_of(&blob);
            self.push(Output::Transfer(TransferJob {
                kind,
                address: address.clone(),
                token: token.clone(),
                space,
                blob,
                chunks,
                folder,
                was_there,
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
                if let Some(message) = holder(&db, &row.message)?
                    && spaces::get(&db, &message.space)?.is_some_and(|space| space.state == SpaceState::Gone)
                {
                    lost.push((row.id, row.message));
                }
            }
        }
        if lost.is_empty() {
            return Ok(());
        }
        self.write(Durability::Normal, |tx, replica, _| {
            for (id, message) in &lost {
                attachments::set_state(tx, id, FileState::Failed, 0.0, None)?;
                replica.touch_holder(tx, message)?;
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
            self.transfers.remove(&(event.blob, event.space));
        }
        match (event.kind, &event.step) {
            // Whether the next part is taken is not known yet.
            (TransferKind::Download, _) | (_, TransferStep::Progress { .. }) => {}
            (_, TransferStep::Short(shortage)) => self.file_held(event.blob, Some(*shortage)),
            (_, step) => {
                self.file_held(event.blob, None);
                if *step == TransferStep::Finished {
                    self.publishing.look_at_grants();
                }
            }
        }
        self.draft_transfer_moved(event);
        for row in rows.into_iter().filter(|row| row.blob == Some(event.blob)) {
            let Some((state, progress)) = standing(event, row.chunks.len()) else { continue };
            // What another device of this person brought is not here.
            let elsewhere = kind == TransferKind::Upload && row.path.is_none() && !folder.exists();
            let path = (!elsewhere).then(|| folder.to_string_lossy().into_owned());
            let state = if elsewhere && state == FileState::Ready { FileState::Remote } else { state };
            self.try_write("transfer", |tx, replica, _| {
                let message = holder(tx, &row.message)?;
                if kind == TransferKind::Upload
                    && message.as_ref().is_some_and(|held| held.space != event.space)
                {
                    return Ok(());
                }
                // What another sent and this device only brought to a relay that lost it is here all the same. A record's
                // file is whoever's brings it.
                let lent = kind == TransferKind::Upload
                    && message.as_ref().is_some_and(|held| !held.mine && held.conversation.is_some());
                let stays = state == FileState::Failed || state.is_refused();
                let (state, progress) = match state {
                    _ if !(stays && lent) => (state, progress),
                    _ if elsewhere => (FileState::Remote, 0.0),
                    _ => (FileState::Ready, 1.0),
                };
                attachments::set_state(tx, &row.id, state, progress, path.as_deref())?;
                if state == FileState::Ready {
                    cache::set_used(tx, &row.id, replica.now_ms)?;
                    // There may be room for the next one, or none for the oldest.
                    replica.files_wanted = true;
                }
                replica.touch_holder(tx, &row.message)
            });
        }
    }
}

impl Core {
    fn draft_transfer_moved(&mut self, event: &TransferEvent) {
        if event.kind != TransferKind::Upload {
            return;
        }
        self.try_write("draft transfer", |tx, replica, _| {
            let of = (&event.blob, &event.space);
            replica.draft_transfer_moved(tx, of, |chunks| standing(event, chunks))
        });
    }
}

/// What news of a transfer make of a file.
fn standing(event: &TransferEvent, chunks: usize) -> Option<(FileState, f64)> {
    let total = chunks.max(1);
    Some(match (&event.step, event.kind) {
        (TransferStep::Progress { done }, TransferKind::Upload) => {
            (FileState::Uploading, share(*done, total))
        }
        (TransferStep::Progress { done }, TransferKind::Download) => {
            (FileState::Downloading, share(*done, total))
        }
        (TransferStep::Finished, _) => (FileState::Ready, 1.0),
        (TransferStep::Short(_), _) => (FileState::Waiting, 0.0),
        (TransferStep::Interrupted, _) => return None,
        (TransferStep::Refused { status: GONE }, TransferKind::Download) => (FileState::Gone, 0.0),
        // What can't be read here is not the relay's refusal.
        (TransferStep::Refused { status: HERE }, TransferKind::Upload) => (FileState::Failed, 0.0),
        (TransferStep::Refused { status: TOO_LARGE }, TransferKind::Upload) => (FileState::TooLarge, 0.0),
        (TransferStep::Refused { .. }, TransferKind::Upload) => (FileState::Refused, 0.0),
        (TransferStep::Refused { .. }, _) => (FileState::Failed, 0.0),
    })
}

/// The files that lie in these folders: each is called as its file.
pub(crate) fn blobs_of(folders: &[PathBuf]) -> Vec<BlobId> {
    let names = folders.iter().filter_map(|folder| folder.file_name()?.to_str());
    names.filter_map(|name| name.parse().ok()).collect()
}

/// Whether a message or a draft names the file. When in doubt it does.
pub(crate) fn is_used(db: &Read<'_>, blob: &BlobId) -> bool {
    attachments::is_named(db, blob).unwrap_or(true)
}

/// These files, by the first one's name.
fn named(first: &AttachmentRow, others: &[&AttachmentRow]) -> String {
    let name = visible(&first.name);
    match others.len() {
        0 => format!("\"{name}\""),
        others => format!("\"{name}\" and {others} more"),
    }
}

/// Nobody can get these files here any more.
fn lost(files: &str, without: &str) -> ApiError {
    let message = format!("Not on this device, and no longer at the relay: {files}. {without}");
    ApiError::new(Code::FileGone, message)
}

fn sealed(done: Result<FileDone, ApiError>) -> Result<Vec<StagedFile>, ApiError> {
    match done? {
        FileDone::Sealed(staged) => Ok(staged),
        _ => Err(Fail::Internal("file work").into()),
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
        let path = file.folder.as_ref().map(|folder| folder.to_string_lossy());
        // Without a relay there is nowhere to bring it, and it is here.
        let state = if self.has_relay { FileState::Waiting } else { FileState::Ready };
        attachments::set_state(tx, &id, state, if self.has_relay { 0.0 } else { 1.0 }, path.as_deref())?;
        Ok(())
    }

    /// A relay was set, or it lost what it had: files that are here have somewhere to go.
    pub fn upload_files(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
        for row in messages::with_files(tx, space)? {
            for file in attachments::of(tx, &[row])? {
                if file.state.may_go() && file.path.is_some() {
                    attachments::set_state(tx, &file.id, FileState::Waiting, 0.0, file.path.as_deref())?;
                }
            }
        }
        Ok(())
    }
}
