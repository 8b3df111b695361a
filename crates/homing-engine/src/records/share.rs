//! Sharing a record with clients. Its files go along as they are, whoever put them there and whenever: what was put on it
//! before photos were cleaned, or by somebody who did not want that, is cleaned before it is shared by somebody who does.

use homing_model::record::FieldValue;
use homing_model::{AttachmentMeta, Edit, FieldEdit};
use homing_store::Durability;
use homing_store::attachments::{self, AttachmentRow};
use homing_wire::{DocId, SpaceId};

use super::calls::fit_files;
use super::rows::Whole;
use super::{copies_of, record_file_id};
use crate::api::{ApiError, RecordDetail, RecordPublish};
use crate::core::Core;
use crate::fail::invalid;
use crate::files::StagedFile;
use crate::reply::Reply;
use crate::rows::is_here;

/// What a file is called of which nobody said what it is.
const ANYTHING: &str = "application/octet-stream";

impl Core {
    pub(crate) fn record_publish(&mut self, args: RecordPublish, reply: Reply<RecordDetail>) {
        let files = match self.files_to_clean(&args) {
            Ok(files) => files,
            Err(error) => return self.settle(reply, Err(error)),
        };
        self.with_photos_cleaned(files.clone(), reply, move |core, ids, staged| {
            if core.files_to_clean(&args)? != files {
                return Err(invalid("Its files changed meanwhile. Share it once more.").into());
            }
            core.clean_record(&args.record, ids, staged)?;
            core.publish_into(&args)
        });
    }

    /// The files that are looked through before a record is shared.
    fn files_to_clean(&mut self, args: &RecordPublish) -> Result<Vec<DocId>, ApiError> {
        let (whole, _) = self.editable(&args.record)?;
        self.clients_of(&whole, args)?;
        if !args.on || !self.stored_settings()?.clean_photos {
            return Ok(Vec::new());
        }
        let known = attachments::of(&self.db()?, &[whole.row.id])?;
        let shared = whole.schema.public_fields().flat_map(|field| files_in(&whole, field.key));
        let ids: Vec<DocId> = shared.map(|file| record_file_id(&whole.row.id, &file.blob)).collect();
        let mut files: Vec<AttachmentRow> = known.into_iter().filter(|row| ids.contains(&row.id)).collect();
        // Nobody waits for a film that there is nothing to take out of.
        files.retain(|row| is_here(row) || row.mime.starts_with("image/") || row.mime == ANYTHING);
        self.have_here(&files, "Take off what is gone, then share this.")?;
        Ok(files.into_iter().map(|row| row.id).collect())
    }

    /// Puts what was cleaned in the place of what was not.
    fn clean_record(&mut self, record: &str, ids: &[DocId], staged: &[StagedFile]) -> Result<(), ApiError> {
        let (whole, preimage) = self.editable(record)?;
        let cleaned = |file: &AttachmentMeta| {
            let id = record_file_id(&whole.row.id, &file.blob);
            ids.iter().position(|of| *of == id).and_then(|at| staged.get(at))
        };
        let mut fields = Vec::new();
        for field in whole.schema.public_fields() {
            let files = files_in(&whole, field.key);
            if !files.iter().any(|file| cleaned(file).is_some()) {
                continue;
            }
            if whole.record.fields.iter().any(|own| own.key == field.key && own.values.len() > 1) {
                // Writing would choose between them.
                return Err(invalid(
                    "Photos of this were changed on two devices, and one holds the place it was taken at. Choose which photos stay, then share it.",
                )
                .into());
            }
            let files = files.iter().map(|file| cleaned(file).map_or(file, |staged| &staged.meta).clone());
            let value = fit_files(field.holds, files.collect())?;
            fields.push(FieldEdit { key: field.key.to_owned(), value });
        }
        if fields.is_empty() {
            return Ok(());
        }
        let edit = Edit::SetFields { kind: whole.schema.kind, fields };
        self.edit_with_files(&whole, &preimage, &edit, staged)
    }

    fn publish_into(&mut self, args: &RecordPublish) -> Result<RecordDetail, ApiError> {
        let (whole, _) = self.editable(&args.record)?;
        let into = self.clients_of(&whole, args)?;
        self.write(Durability::Full, |tx, replica, env| {
            for space in &into {
                match args.on {
                    true => replica.publish(tx, env.now_ms(), &whole, space)?,
                    false => replica.withdraw(tx, env.now_ms(), &whole, space)?,
                }
            }
            Ok(())
        })?;
        self.detail_of(&whole.row.id)
    }

    fn clients_of(&mut self, whole: &Whole, args: &RecordPublish) -> Result<Vec<SpaceId>, ApiError> {
        if copies_of(whole.schema).is_none() {
            return Err(invalid("Records of this kind are not shared.").into());
        }
        if args.clients.is_empty() {
            return Err(invalid("Name at least one client to share it with.").into());
        }
        args.clients.iter().map(|client| self.find_client(client)).collect()
    }
}

/// The files that a field shows.
fn files_in<'w>(whole: &'w Whole, field: &str) -> &'w [AttachmentMeta] {
    match whole.record.value(field) {
        Some(FieldValue::Files(files)) => files,
        _ => &[],
    }
}
