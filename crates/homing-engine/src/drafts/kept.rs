//! Words that would be lost with a draft go on as a draft of their own, the same one on every device.

use homing_model::draft::Revision;
use homing_model::{AttachmentMeta, DraftId, MessageContent};
use homing_store::{Tx, drafts, meta};
use homing_wire::DocId;

use super::uuid_of;
use crate::fail::Fail;
use crate::replica::Replica;

/// A differing text that lost the race of two sends was kept as this draft.
const KEPT: &str = "draft_kept/";

impl Replica {
    /// The text of a draft whose message another device had sent already, with other words: it goes on as a new draft.
    pub fn keep_unsent(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        conversation: &DocId,
        (draft, frozen): (&DraftId, &Revision),
        text: &str,
    ) -> Result<(), Fail> {
        let next = self.text_draft(&next_id(draft, frozen, text), conversation, text)?;
        self.typed_here(tx, &next.id())?;
        self.keep_draft(tx, &next, now_ms)?;
        self.draft_gone(tx, conversation, draft, Some(next.id()))?;
        self.publish_drafts(tx, conversation)
    }

    /// Texts that lost the race of two sends are kept as drafts, once each.
    pub fn keep_alternatives(
        &mut self,
        tx: &Tx<'_>,
        conversation: &DocId,
        losers: &[MessageContent],
    ) -> Result<(), Fail> {
        for content in losers {
            let place = self.typing_place(tx, conversation, content.is_internal())?;
            let id = DraftId(cut(blake3::derive_key("homing 2026-11 kept draft v1", &content.encode()?)));
            self.keep_once(tx, &place, &id, (&content.body, content.author_ms), &content.attachments)?;
        }
        Ok(())
    }

    /// Words of a copy that can't be merged are kept as a draft of their own, the same one on every device.
    pub(super) fn keep_apart(
        &mut self,
        tx: &Tx<'_>,
        conversation: &DocId,
        text: &str,
        at_ms: u64,
    ) -> Result<(), Fail> {
        let known = drafts::of_conversation(tx, conversation)?;
        if known.iter().any(|row| row.text == text) {
            return Ok(());
        }
        let mut hasher = blake3::Hasher::new_derive_key("homing 2026-11 draft apart v1");
        hasher.update(conversation.as_bytes());
        hasher.update(text.as_bytes());
        let id = DraftId(cut(*hasher.finalize().as_bytes()));
        self.keep_once(tx, conversation, &id, (text, at_ms), &[])
    }

    fn keep_once(
        &mut self,
        tx: &Tx<'_>,
        conversation: &DocId,
        id: &DraftId,
        (text, at_ms): (&str, u64),
        files: &[AttachmentMeta],
    ) -> Result<(), Fail> {
        let key = format!("{KEPT}{}", uuid_of(id));
        // Another device may have kept it first, and be done with it.
        let done = self.draft_done(tx, conversation, id)?;
        if done || meta::get(tx, &key)?.is_some() || (text.trim().is_empty() && files.is_empty()) {
            return Ok(());
        }
        meta::set(tx, &key, &[1])?;
        let doc = self.text_draft(id, conversation, text)?;
        let row = self.keep_draft(tx, &doc, at_ms)?;
        self.adopt_files(tx, at_ms, &row, files)?;
        self.publish_drafts(tx, conversation)
    }
}

/// The draft that holds what was typed beyond a sent one. Several devices may have typed beyond it, each its own words:
/// each text is its own draft.
pub(super) fn next_id(id: &DraftId, sent: &Revision, text: &str) -> DraftId {
    let mut hasher = blake3::Hasher::new_derive_key("homing 2026-11 draft beyond v2");
    hasher.update(&id.0);
    hasher.update(&sent.encode());
    hasher.update(text.as_bytes());
    DraftId(cut(*hasher.finalize().as_bytes()))
}

fn cut(hash: [u8; 32]) -> [u8; 16] {
    let mut id = [0u8; 16];
    id.copy_from_slice(hash.split_at(16).0);
    id
}
