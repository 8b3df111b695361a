//! The files of records: rows beside those of messages, told apart by what they are of and named by what they hold.

use homing_model::record::RecordProjection;
use homing_store::attachments::{self, FileState};
use homing_store::{Tx, records};
use homing_wire::{BlobId, DocId, SpaceId};

use super::project::files_of;
use crate::fail::Fail;
use crate::files::StagedFile;
use crate::replica::Replica;
use crate::rows::described;

/// The id of a record's file: its place in the list may change, what it holds does not.
pub(crate) fn record_file_id(record: &DocId, blob: &BlobId) -> DocId {
    let mut hasher = blake3::Hasher::new_derive_key("homing 2026-11 record file id v1");
    hasher.update(record.as_bytes());
    hasher.update(&blob.0);
    DocId::from_hash(hasher.finalize().as_bytes())
}

impl Replica {
    /// Rows for the files that are in any value of a record, and none for others. Who has the record itself needs no rows
    /// for its copies.
    pub(super) fn project_files(
        &mut self,
        tx: &Tx<'_>,
        doc: &DocId,
        record: &RecordProjection,
    ) -> Result<(), Fail> {
        let shadowed = records::get(tx, doc)?.is_some_and(|row| row.shadowed);
        let wanted = if shadowed { Vec::new() } else { files_of(record) };
        let known = attachments::of(tx, &[*doc])?;
        for gone in known.iter().filter(|row| !wanted.iter().any(|file| Some(file.blob) == row.blob)) {
            self.files_to_remove.extend(attachments::delete(tx, &gone.id)?.map(Into::into));
        }
        for (position, file) in wanted.iter().enumerate() {
            let position = u32::try_from(position).unwrap_or(u32::MAX);
            let id = record_file_id(doc, &file.blob);
            if known.iter().any(|row| row.id == id) {
                attachments::set_position(tx, &id, position)?;
            } else {
                attachments::put(tx, &described(id, doc, position, FileState::Remote, file))?;
            }
        }
        Ok(())
    }

    /// The rows of files that were just sealed here say where their chunks are.
    pub fn keep_record_files(&mut self, tx: &Tx<'_>, doc: &DocId, files: &[StagedFile]) -> Result<(), Fail> {
        let state = if self.has_relay { FileState::Waiting } else { FileState::Ready };
        let progress = if self.has_relay { 0.0 } else { 1.0 };
        for file in files {
            let id = record_file_id(doc, &file.meta.blob);
            attachments::set_state(
                tx,
                &id,
                state,
                progress,
                file.folder.as_ref().map(|folder| folder.to_string_lossy()).as_deref(),
            )?;
        }
        Ok(())
    }

    /// A relay was set, or it lost what it had: files of records that are here have somewhere to go.
    pub fn upload_record_files(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
        records::forget_grants(tx)?;
        for schema in homing_model::record::SCHEMAS {
            for row in records::of_space(tx, space, schema.kind.number())? {
                for file in attachments::of(tx, &[row.id])? {
                    if file.state.may_go() && file.path.is_some() {
                        attachments::set_state(tx, &file.id, FileState::Waiting, 0.0, file.path.as_deref())?;
                    }
                }
            }
        }
        Ok(())
    }
}
