//! Drafts, as the composer and the list of drafts show them.

use std::collections::{HashMap, HashSet};

use homing_store::drafts::{self, DraftRow as StoredDraft};
use homing_store::{Read, merging, messages};
use homing_wire::DocId;

use super::device_name;
use super::files::draft_file;
use crate::api::{ApiError, Draft, DraftRow, Quote, Sending};
use crate::core::Core;
use crate::drafts::comment_place;
use crate::files::said;
use crate::text::{rfc3339, visible};

const PREVIEW: usize = 100;

impl Core {
    /// The composer's draft of a conversation.
    pub(crate) fn draft_of(&self, conversation: &DocId) -> Result<Draft, ApiError> {
        let all = drafts::shown_in(&self.db()?, conversation)?;
        self.draft_at(conversation, conversation, all)
    }

    /// What is typed of a comment beside a conversation.
    pub(crate) fn comment_draft_of(&self, conversation: &DocId) -> Result<Draft, ApiError> {
        let db = self.db()?;
        let place = comment_place(conversation);
        let mut all = drafts::of_conversation(&db, &place)?;
        for part in merging::parts(&db, conversation)? {
            all.extend(drafts::of_conversation(&db, &comment_place(&part))?);
        }
        self.draft_at(conversation, &place, all)
    }

    fn draft_at(
        &self,
        conversation: &DocId,
        place: &DocId,
        all: Vec<StoredDraft>,
    ) -> Result<Draft, ApiError> {
        let db = self.db()?;
        let replica = self.replica()?;
        let comment = place != conversation;
        let current = replica.current_draft(&db, place).map_err(ApiError::from)?;
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
                comment,
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
            comment,
            text: row.text.clone(),
            revision: doc.revision().to_string(),
            reply_to: self.quote(&db, row.reply_to)?,
            sending: self.sending(&db, &row)?,
            updated_at: Some(rfc3339(row.updated_ms)),
            template: doc.template().map(|id| id.to_string()),
            others,
            files: files.iter().map(|(row, meta)| draft_file(row, meta, &self.files_held)).collect(),
            files_coming: u32::try_from(coming).unwrap_or(u32::MAX),
        })
    }

    pub(crate) fn draft_rows(&self, mut stored: Vec<StoredDraft>) -> Result<Vec<DraftRow>, ApiError> {
        let db = self.db()?;
        let mut comments = HashSet::new();
        for row in &mut stored {
            if let Some(beside) = drafts::comment_beside(&db, &row.conversation)? {
                comments.insert(row.id);
                row.conversation = beside;
            }
            // Where it is gone on with.
            if let Some(whole) = merging::shown_in(&db, &row.conversation)? {
                row.conversation = whole;
            }
        }
        let ids: Vec<DocId> = stored.iter().map(|row| row.conversation).collect();
        let titles: HashMap<DocId, String> = self.titles(&ids)?;
        let mut rows = Vec::with_capacity(stored.len());
        for row in stored {
            rows.push(DraftRow {
                id: row.id.to_string(),
                conversation: row.conversation.to_string(),
                comment: comments.contains(&row.id),
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
