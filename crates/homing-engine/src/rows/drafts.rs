//! Drafts, as the composer and the list of drafts show them.

use std::collections::HashMap;

use homing_store::drafts::{self, DraftRow as StoredDraft};
use homing_store::{Read, messages};
use homing_wire::DocId;

use super::device_name;
use super::files::draft_file;
use crate::api::{ApiError, Draft, DraftRow, Quote, Sending};
use crate::core::Core;
use crate::files::said;
use crate::text::{rfc3339, visible};

const PREVIEW: usize = 100;

impl Core {
    /// The composer's draft of a conversation.
    pub(crate) fn draft_of(&self, conversation: &DocId) -> Result<Draft, ApiError> {
        let db = self.db()?;
        let replica = self.replica()?;
        let all = drafts::shown_in(&db, conversation)?;
        let current = replica.current_draft(&db, conversation).map_err(ApiError::from)?;
        let shown = current.as_ref().map(|row| row.id);
        let others = all
            .into_iter()
            .filter(|other| Some(other.id) != shown && (!other.text.is_empty() || other.files > 0))
            .collect();
        let others = self.draft_rows(others)?;
        let Some(row) = current else {
            return Ok(Draft {
                id: String::new(),
                conversation: conversation.to_string(),
                text: String::new(),
                revision: String::new(),
                reply_to: None,
                sending: None,
                updated_at: None,
                template: None,
                others,
                files: Vec::new(),
                files_coming: 0,
            });
        };
        let doc = replica.load_draft(&row).map_err(ApiError::from)?;
        let (files, coming) = replica.files_of_draft(&db, &doc).map_err(ApiError::from)?;
        Ok(Draft {
            id: row.id.to_string(),
            conversation: conversation.to_string(),
            text: row.text.clone(),
            revision: doc.revision().to_string(),
            reply_to: self.quote(&db, row.reply_to)?,
            sending: self.sending(&db, &row)?,
            updated_at: Some(rfc3339(row.updated_ms)),
            template: doc.template().map(|id| id.to_string()),
            others,
            files: files.iter().map(|(row, meta)| draft_file(row, meta)).collect(),
            files_coming: u32::try_from(coming).unwrap_or(u32::MAX),
        })
    }

    pub(crate) fn draft_rows(&self, stored: Vec<StoredDraft>) -> Result<Vec<DraftRow>, ApiError> {
        let db = self.db()?;
        let ids: Vec<DocId> = stored.iter().map(|row| row.conversation).collect();
        let titles: HashMap<DocId, String> = self.titles(&ids)?;
        let mut rows = Vec::with_capacity(stored.len());
        for row in stored {
            rows.push(DraftRow {
                id: row.id.to_string(),
                conversation: row.conversation.to_string(),
                title: titles.get(&row.conversation).cloned().unwrap_or_default(),
                sending: self.sending(&db, &row)?,
                updated_at: rfc3339(row.updated_ms),
                text: row.text,
                files: row.files,
            });
        }
        Ok(rows)
    }

    fn sending(&self, db: &Read<'_>, row: &StoredDraft) -> Result<Option<Sending>, ApiError> {
        let Some(device) = row.sending_device else { return Ok(None) };
        let here = device == self.replica()?.device();
        Ok(Some(Sending { device: device.to_string(), device_name: device_name(db, &device)?, here }))
    }

    fn quote(&self, db: &Read<'_>, message: Option<DocId>) -> Result<Option<Quote>, ApiError> {
        let Some(id) = message else { return Ok(None) };
        Ok(messages::get(db, &id)?.map(|row| Quote {
            id: id.to_string(),
            author_name: visible(&row.author_name),
            preview: homing_model::preview(&row.body, PREVIEW),
            files: said(&row.attachments).filter(|_| row.body.is_empty() && !row.deleted),
            deleted: row.deleted,
        }))
    }
}
