//! Files of drafts. A draft's document names them and keeps their order; what each is, its key included, is in a slot of
//! its own beside the drafts', so that another device of the person can go on and send them. The bytes are brought to the
//! relay while the draft is written, readable for nobody but the person, and opened to the conversation when it is sent.

use std::path::PathBuf;

use homing_model::AttachmentMeta;
use homing_model::draft::{DraftDoc, Revision};
use homing_store::attachments::{self, FileState};
use homing_store::draft_files::{self, DraftFileRow};
use homing_store::drafts::DraftRow;
use homing_store::{Read, Tx, drafts, slots};
use homing_wire::codec::{decode, encode};
use homing_wire::{BlobId, DocId, limits};
use minicbor::bytes::ByteVec;

use super::{draft_id, row_id};
use crate::api::{ApiError, Code};
use crate::fail::{Fail, invalid};
use crate::files::{MOST, StagedFile};
use crate::replica::Replica;
use crate::slot_content::{DraftFileCopy, DraftFiles, SlotContent, draft_files_slot};

/// Bytes that describe the files of a conversation's drafts: what a slot takes, with room for what seals it.
const DESCRIBED: usize = limits::SLOT - 4 * 1024;

/// The same id on all devices: the file's own.
pub(crate) fn file_id(blob: &BlobId) -> DocId {
    let mut id = [0u8; 16];
    id.copy_from_slice(blob.0.split_at(16).0);
    DocId(uuid::Uuid::from_bytes(id))
}

fn meta_of(row: &DraftFileRow) -> Result<AttachmentMeta, Fail> {
    decode("draft file", &row.meta, limits::SLOT).map_err(|_| Fail::Internal("stored draft file"))
}

/// A file of a draft whose bytes are not on this device.
pub(crate) fn draft_of_file(
    meta: &AttachmentMeta,
    draft: &DocId,
    conversation: &DocId,
    state: FileState,
) -> DraftFileRow {
    DraftFileRow {
        id: file_id(&meta.blob),
        draft: *draft,
        conversation: *conversation,
        blob: meta.blob,
        meta: encode(meta),
        state,
        progress: 0.0,
        path: None,
    }
}

/// The files of a draft as they go with its message.
pub(crate) struct Ready {
    pub files: Vec<StagedFile>,
    /// Files that another device added and whose description has not come.
    pub coming: usize,
}

impl Replica {
    /// The rows of a draft's files, in their order, and how many have not come.
    pub fn files_of_draft(
        &self,
        db: &Read<'_>,
        doc: &DraftDoc,
    ) -> Result<(Vec<(DraftFileRow, AttachmentMeta)>, usize), Fail> {
        let (mut rows, mut coming) = (Vec::new(), 0);
        for id in doc.files() {
            match draft_files::get(db, &id)? {
                Some(row) => {
                    let meta = meta_of(&row)?;
                    rows.push((row, meta));
                }
                None => coming += 1,
            }
        }
        Ok((rows, coming))
    }

    /// A draft's files as its message takes them.
    pub fn ready_files(&self, db: &Read<'_>, draft: &DraftRow) -> Result<Ready, Fail> {
        let (rows, coming) = self.files_of_draft(db, &self.load_draft(draft)?)?;
        let files = rows
            .into_iter()
            .map(|(row, meta)| StagedFile { meta, folder: row.path.map(Into::into) })
            .collect();
        Ok(Ready { files, coming })
    }

    /// Adds sealed files to a draft.
    pub fn add_draft_files(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        draft: &DraftRow,
        files: &[StagedFile],
    ) -> Result<(), Fail> {
        let mut doc = self.load_draft(draft)?;
        if doc.files().len() + files.len() > MOST {
            return Err(invalid("At most 20 files go with one message. Send the others with another one."));
        }
        for (n, file) in files.iter().enumerate() {
            let id = file_id(&file.meta.blob);
            doc.add_file(&id, now_ms * 64 + n as u64)?;
            let uploads = self.has_relay && file.folder.is_some();
            draft_files::put(
                tx,
                &DraftFileRow {
                    id,
                    draft: draft.id,
                    conversation: draft.conversation,
                    blob: file.meta.blob,
                    meta: encode(&file.meta),
                    state: match (&file.folder, uploads) {
                        (Some(_), true) => FileState::Waiting,
                        (Some(_), false) => FileState::Ready,
                        (None, _) => FileState::Remote,
                    },
                    progress: 0.0,
                    path: file.folder.as_ref().map(|folder| folder.to_string_lossy().into_owned()),
                },
            )?;
        }
        self.draft_changed(tx, now_ms, &doc)
    }

    /// Takes a file out of a draft.
    pub fn remove_draft_file(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        draft: &DraftRow,
        file: &DocId,
    ) -> Result<(), Fail> {
        let mut doc = self.load_draft(draft)?;
        doc.remove_file(file)?;
        self.forget_draft_file(tx, file)?;
        self.draft_changed(tx, now_ms, &doc)
    }

    fn forget_draft_file(&mut self, tx: &Tx<'_>, file: &DocId) -> Result<(), Fail> {
        if let Some(row) = draft_files::get(tx, file)? {
            draft_files::delete(tx, file)?;
            self.files_to_remove.extend(row.path.map(Into::into));
        }
        Ok(())
    }

    /// The files a message was written with go on with a draft: it was taken back, or another was sent in its place.
    pub fn adopt_files(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        draft: &DraftRow,
        files: &[AttachmentMeta],
    ) -> Result<(), Fail> {
        let mut staged = Vec::with_capacity(files.len());
        for meta in files {
            let known = attachments::of_blob(tx, &meta.blob)?.and_then(|(_, path)| path).map(PathBuf::from);
            // Its message is just being taken back: the bytes are still there.
            let name = meta.blob.to_string();
            let leaving = || self.files_to_remove.iter().find(|path| path.ends_with(&name)).cloned();
            staged.push(StagedFile { meta: meta.clone(), folder: known.or_else(leaving) });
        }
        if staged.is_empty() { Ok(()) } else { self.add_draft_files(tx, now_ms, draft, &staged) }
    }

    /// While a draft is being sent its message brings the files; taken back, the draft does.
    pub fn draft_files_wait(&self, tx: &Tx<'_>, draft: &DocId, wait: bool) -> Result<(), Fail> {
        for row in draft_files::of_draft(tx, draft)? {
            let (from, to) = match wait {
                true => (row.path.is_some() && self.has_relay, FileState::Waiting),
                false => (matches!(row.state, FileState::Waiting | FileState::Uploading), FileState::Ready),
            };
            if from {
                draft_files::set_state(tx, &row.id, to, 0.0)?;
            }
        }
        Ok(())
    }

    /// The files of a finished draft go, but for those that were added beyond what was sent: they are answered.
    pub fn finish_draft_files(
        &mut self,
        tx: &Tx<'_>,
        doc: &DraftDoc,
        sent: &Revision,
        typed_here: bool,
    ) -> Result<Vec<StagedFile>, Fail> {
        let at_sent = doc.files_at(sent);
        let mut beyond = Vec::new();
        for (row, meta) in self.files_of_draft(tx, doc)?.0 {
            let was_sent = match &at_sent {
                Some(files) => files.contains(&row.id),
                // This copy does not hold what was sent: what stands in a message was.
                None => attachments::of_blob(tx, &row.blob)?.is_some(),
            };
            if typed_here && !was_sent {
                draft_files::delete(tx, &row.id)?;
                beyond.push(StagedFile { meta, folder: row.path.map(Into::into) });
            }
        }
        for row in draft_files::of_draft(tx, &row_id(&doc.id()))? {
            // Another device sent it while this one still brings it to the relay: the message takes it over when it comes.
            let on_its_way = matches!(row.state, FileState::Waiting | FileState::Uploading);
            if !on_its_way || attachments::of_blob(tx, &row.blob)?.is_some() {
                self.forget_draft_file(tx, &row.id)?;
            }
        }
        Ok(beyond)
    }

    /// A draft is thrown away, and its files with it.
    pub fn discard_draft_files(&mut self, tx: &Tx<'_>, draft: &DraftRow) -> Result<(), Fail> {
        for row in draft_files::of_draft(tx, &draft.id)? {
            self.forget_draft_file(tx, &row.id)?;
        }
        Ok(())
    }

    /// The message of a draft is here: what this device has of its files, and still has to bring, is the message's now.
    pub fn take_over_files(&mut self, tx: &Tx<'_>, message: &DocId) -> Result<(), Fail> {
        for file in attachments::of(tx, &[*message])? {
            let Some(blob) = file.blob else { continue };
            let Some(row) = draft_files::get(tx, &file_id(&blob))? else { continue };
            if file.path.is_none() && row.path.is_some() {
                let state = if self.has_relay { FileState::Waiting } else { FileState::Ready };
                attachments::set_state(tx, &file.id, state, 0.0, row.path.as_deref())?;
                // It may be on no way at all: the relay released the message, or another device sent it.
                self.files_wanted = true;
            }
            if drafts::get(tx, &row.draft)?.is_none() {
                draft_files::delete(tx, &row.id)?;
            } else {
                draft_files::set_state(tx, &row.id, FileState::Ready, 1.0)?;
            }
        }
        Ok(())
    }

    /// News of a file's way to the relay for its draft.
    pub fn draft_file_moved(
        &mut self,
        tx: &Tx<'_>,
        row: &DraftFileRow,
        state: FileState,
        progress: f64,
    ) -> Result<(), Fail> {
        // What another device brought is not here.
        let elsewhere = state == FileState::Ready && row.path.is_none();
        draft_files::set_state(tx, &row.id, if elsewhere { FileState::Remote } else { state }, progress)?;
        if state == FileState::Ready && drafts::get(tx, &row.draft)?.is_none() {
            self.forget_draft_file(tx, &row.id)?;
        }
        self.touch_composer(tx, &row.conversation)
    }

    /// Puts what describes the files of a conversation's drafts into its slot.
    pub fn publish_draft_files(&mut self, tx: &Tx<'_>, conversation: &DocId) -> Result<(), Fail> {
        let mut files = Vec::new();
        for row in draft_files::of_conversation(tx, conversation)? {
            files.push(DraftFileCopy { draft: draft_id(&row.draft), meta: ByteVec::from(row.meta) });
        }
        let slot = draft_files_slot(conversation);
        if files.is_empty() && slots::own(tx, &self.personal(), &slot)?.is_none() {
            return Ok(());
        }
        let described =
            |files: &[DraftFileCopy]| files.iter().map(|file| file.meta.len() + 64).sum::<usize>();
        if described(&files) > DESCRIBED {
            // The small pictures stay here; what is needed to send them goes.
            for file in &mut files {
                let mut meta = AttachmentMeta::read(&file.meta)?;
                meta.thumbnail = None;
                file.meta = ByteVec::from(encode(&meta));
            }
        }
        if described(&files) > DESCRIBED {
            return Err(ApiError::new(
                Code::TooLarge,
                "The drafts of this conversation hold too many large files together. Send one of them first.",
            )
            .into());
        }
        let content = SlotContent::DraftFiles(DraftFiles { conversation: *conversation, files });
        slots::set(tx, &self.personal(), &slot, &content.encode())?;
        self.touched.work.insert(self.personal());
        Ok(())
    }

    /// What another of this person's devices says of its drafts' files.
    pub fn draft_files_came(&mut self, tx: &Tx<'_>, came: &DraftFiles) -> Result<(), Fail> {
        for copy in &came.files {
            let Ok(meta) = AttachmentMeta::read(&copy.meta) else { continue };
            let id = file_id(&meta.blob);
            if draft_files::get(tx, &id)?.is_some() || self.draft_done(tx, &came.conversation, &copy.draft)? {
                continue;
            }
            let draft = row_id(&copy.draft);
            draft_files::put(tx, &draft_of_file(&meta, &draft, &came.conversation, FileState::Remote))?;
        }
        self.touch_composer(tx, &came.conversation)
    }

    /// Rows whose draft names them no longer: another device took them out.
    pub fn drop_unnamed_files(&mut self, tx: &Tx<'_>, doc: &DraftDoc) -> Result<(), Fail> {
        let named = doc.files();
        for row in draft_files::of_draft(tx, &row_id(&doc.id()))? {
            if !named.contains(&row.id) {
                self.forget_draft_file(tx, &row.id)?;
            }
        }
        Ok(())
    }
}
