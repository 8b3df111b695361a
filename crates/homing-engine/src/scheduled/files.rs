//! Files of messages with a time: at the relay before it is handed the message, so that all of it goes out while every
//! own device is off.
//!
//! A draft's files are brought to the relay for the person alone. Once it has a time they are brought for the space it
//! will be sent in, and the message waits here until all are there. Nobody can fetch them before: what they are called at
//! the relay and their keys stand only in the message. The mark in the draft names them, without their small pictures,
//! which come with the draft's files.

use homing_model::{AttachmentMeta, MessageContent};
use homing_store::attachments::FileState;
use homing_store::draft_files::{self, DraftFileRow};
use homing_store::scheduled::{self, ScheduledRow, ScheduledState};
use homing_store::{Read, Tx, records, slots};
use homing_wire::{BlobId, DocId, SpaceId, limits};

use super::decode_content;
use crate::api::{ApiError, Attachment, Code};
use crate::core::Core;
use crate::drafts::{draft_of_file, file_id};
use crate::fail::Fail;
use crate::files::{StagedFile, fit_together};
use crate::replica::Replica;
use crate::rows::draft_file;
use crate::slot_content::drafts_slot;

/// Bytes of a conversation's drafts that their slot takes, with room for what seals it.
const DRAFTS: usize = limits::SLOT - 4 * 1024;

pub(crate) fn too_large_to_plan() -> Fail {
    Fail::new(
        Code::TooLarge,
        "The files are too large together to be planned. Send them now, or plan them in several messages.",
    )
}

/// What the mark of a draft says of files.
pub(super) fn without_pictures(content: &MessageContent) -> MessageContent {
    let mut content = content.clone();
    for file in &mut content.attachments {
        file.thumbnail = None;
    }
    content
}

impl Replica {
    /// What is sent, with the small pictures of its files as far as they are here.
    pub(super) fn whole_content(&self, db: &Read<'_>, row: &ScheduledRow) -> Result<MessageContent, Fail> {
        let mut content = decode_content(row)?;
        for file in &mut content.attachments {
            if let Some(stored) = draft_files::get(db, &file_id(&file.blob))? {
                file.thumbnail = AttachmentMeta::read(&stored.meta)?.thumbnail;
            }
        }
        fit_together(content.attachments.iter_mut().map(|file| &mut file.thumbnail));
        Ok(content)
    }

    /// Where the bytes of its files are on this device, as a message takes them.
    pub(super) fn planned_files(
        &self,
        db: &Read<'_>,
        content: &MessageContent,
    ) -> Result<Vec<StagedFile>, Fail> {
        let mut files = Vec::with_capacity(content.attachments.len());
        for meta in &content.attachments {
            let path = draft_files::get(db, &file_id(&meta.blob))?.and_then(|row| row.path);
            files.push(StagedFile { meta: meta.clone(), folder: path.map(Into::into) });
        }
        Ok(files)
    }

    /// Files of a message with a time that the relay could not give to its readers yet. What it keeps has all of them.
    pub(crate) fn lacking_files(&self, db: &Read<'_>, row: &ScheduledRow) -> Result<Vec<BlobId>, Fail> {
        let mut lacking = Vec::new();
        if !self.has_relay || row.held.is_some() {
            return Ok(lacking);
        }
        for file in decode_content(row)?.attachments {
            if !records::is_granted(db, &row.space, &file.blob)? {
                lacking.push(file.blob);
            }
        }
        Ok(lacking)
    }

    /// For whom a draft's file is brought to the relay.
    pub(crate) fn upload_space(&self, db: &Read<'_>, file: &DraftFileRow) -> Result<SpaceId, Fail> {
        let planned = scheduled::of_draft(db, &file.draft)?;
        let planned = planned.filter(|row| row.state == ScheduledState::Planned);
        Ok(planned.map_or_else(|| self.personal(), |row| row.space))
    }

    /// What this device is to hand in and the relay lacks files of: they are brought. Answers whether there is any.
    pub(super) fn want_planned_files(&mut self, tx: &Tx<'_>) -> Result<bool, Fail> {
        let (me, mut wanted) = (self.device(), false);
        for row in scheduled::list(tx)? {
            if row.state != ScheduledState::Planned || row.device != me {
                continue;
            }
            let lacking = self.lacking_files(tx, &row)?;
            for meta in decode_content(&row)?.attachments.iter().filter(|meta| lacking.contains(&meta.blob)) {
                want_file(tx, &row, meta)?;
                wanted = true;
            }
        }
        Ok(wanted)
    }

    /// A refused file is tried again: its person planned the message anew.
    pub(super) fn try_files_again(&mut self, tx: &Tx<'_>, draft: &DocId) -> Result<(), Fail> {
        for file in draft_files::of_draft(tx, draft)? {
            if file.state == FileState::Failed || file.state.is_refused() {
                draft_files::set_state(tx, &file.id, FileState::Ready, 0.0)?;
            }
        }
        Ok(())
    }

    /// The files of a message that was taken back are its draft's: brought for the person alone.
    pub(super) fn files_of_draft_again(&mut self, tx: &Tx<'_>, draft: &DocId) -> Result<(), Fail> {
        self.draft_files_wait(tx, draft, true)?;
        for file in draft_files::of_draft(tx, draft)? {
            if file.path.is_none() {
                draft_files::set_state(tx, &file.id, FileState::Remote, 0.0)?;
            }
        }
        Ok(())
    }

    /// News of a file's way to the relay for a draft, from a transfer for some space.
    pub(crate) fn draft_transfer_moved(
        &mut self,
        tx: &Tx<'_>,
        (blob, space): (&BlobId, &SpaceId),
        standing: impl FnOnce(usize) -> Option<(FileState, f64)>,
    ) -> Result<(), Fail> {
        let Some(row) = draft_files::get(tx, &file_id(blob))? else { return Ok(()) };
        let planned_here = self.upload_space(tx, &row)? == *space;
        if *space != self.personal() && !planned_here {
            return Ok(());
        }
        let meta = AttachmentMeta::read(&row.meta)?;
        let Some((state, progress)) = standing(meta.chunks.len()) else { return Ok(()) };
        if state == FileState::Ready && *space != self.personal() {
            records::set_granted(tx, space, blob)?;
        }
        if matches!(row.state, FileState::Waiting | FileState::Uploading) {
            self.draft_file_moved(tx, &row, state, progress)?;
        }
        if *space != self.personal() {
            self.touched.scheduled.insert(row.conversation);
            self.touched.work.insert(*space);
        }
        Ok(())
    }

    /// All own devices are to know of a message with files that is planned: its draft must fit what is told to them.
    pub(super) fn check_told(&self, tx: &Tx<'_>, conversation: &DocId) -> Result<(), Fail> {
        let told = slots::own(tx, &self.personal(), &drafts_slot(conversation))?;
        match told.is_some_and(|slot| slot.plaintext.len() > DRAFTS) {
            true => Err(too_large_to_plan()),
            false => Ok(()),
        }
    }
}

/// Has a file brought to the relay; what is on another device of the person is looked for there.
fn want_file(tx: &Tx<'_>, row: &ScheduledRow, meta: &AttachmentMeta) -> Result<(), Fail> {
    let id = file_id(&meta.blob);
    match draft_files::get(tx, &id)? {
        None => {
            draft_files::put(tx, &draft_of_file(meta, &row.draft, &row.conversation, FileState::Waiting))?
        }
        Some(file) if matches!(file.state, FileState::Ready | FileState::Remote) => {
            draft_files::set_state(tx, &id, FileState::Waiting, 0.0)?;
        }
        Some(_) => {}
    }
    Ok(())
}

impl Core {
    /// The files of a message with a time, as far as its draft's are known here.
    pub(crate) fn planned_attachments(
        &self,
        db: &Read<'_>,
        content: &MessageContent,
    ) -> Result<Vec<Attachment>, ApiError> {
        let mut files = Vec::with_capacity(content.attachments.len());
        for meta in &content.attachments {
            files.push(match draft_files::get(db, &file_id(&meta.blob))? {
                Some(row) => {
                    draft_file(&row, &AttachmentMeta::read(&row.meta).map_err(Fail::from)?, &self.files_held)
                }
                None => {
                    let draft = DocId(uuid::Uuid::nil());
                    let row = draft_of_file(meta, &draft, &content.conversation, FileState::Remote);
                    draft_file(&row, meta, &self.files_held)
                }
            });
        }
        Ok(files)
    }
}
