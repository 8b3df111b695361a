//! What is typed of comments, the remarks colleagues write beside a client's conversation.
//!
//! They are drafts in everything: they follow the person, merge, and are sent once. But they stand at a place of their own, an
//! id cut from the conversation's that no conversation has, and travel in slots of their own. Whoever asks for the drafts of
//! a conversation, its composer above all, can't come across them, and what is sent goes where its place says: the team's space.
//! Versions that know of no such drafts can't read those slots, and leave them alone.

use homing_store::{Read, Tx, drafts, meta, slots};
use homing_wire::DocId;

use super::{Typed, Which};
use crate::env::Env;
use crate::fail::Fail;
use crate::replica::Replica;
use crate::slot_content::{Drafts, SlotContent};

/// Before a conversation's id: what versions that kept it on its device had typed of a comment.
const KEPT_HERE: &str = "comment/";
/// This device has looked through what was there before comments had drafts.
const TAKEN_OVER: &str = "comments_taken_over";

/// Where what is typed of comments beside a conversation stands among the drafts.
pub(crate) fn comment_place(conversation: &DocId) -> DocId {
    DocId::from_hash(&blake3::derive_key("homing 2026-11 comment place v1", conversation.as_bytes()))
}

impl Replica {
    /// The same, for what writes there.
    pub fn comment_place(&self, tx: &Tx<'_>, conversation: &DocId) -> Result<DocId, Fail> {
        let place = comment_place(conversation);
        drafts::note_comment_place(tx, &place, conversation)?;
        Ok(place)
    }

    /// Where what is typed in a conversation stands, or of a comment beside it, for what writes there.
    pub fn typing_place(&self, tx: &Tx<'_>, conversation: &DocId, comment: bool) -> Result<DocId, Fail> {
        if comment { self.comment_place(tx, conversation) } else { Ok(*conversation) }
    }

    /// What is typed of comments on another of this person's devices.
    pub fn comments_came(&mut self, tx: &Tx<'_>, came: Drafts) -> Result<(), Fail> {
        let conversation = self.comment_place(tx, &came.conversation)?;
        self.drafts_came(tx, Drafts { conversation, ..came })
    }

    /// Whether [`Replica::take_over_comments`] has run.
    pub fn comments_are_taken_over(db: &Read<'_>) -> Result<bool, Fail> {
        Ok(meta::get(db, TAKEN_OVER)?.is_some())
    }

    /// What was typed when it stayed on its device becomes drafts; and what other devices told of theirs to a version that
    /// could not read it is read.
    pub fn take_over_comments(&mut self, tx: &Tx<'_>, env: &mut Env) -> Result<(), Fail> {
        for (key, typed) in meta::with_prefix(tx, KEPT_HERE)? {
            if let Some(conversation) = key.strip_prefix(KEPT_HERE).and_then(|id| id.parse().ok()) {
                let place = self.comment_place(tx, &conversation)?;
                let text = String::from_utf8_lossy(&typed);
                self.set_draft(tx, env, &place, Typed { which: Which::New, ..Typed::text(&text) })?;
            }
            meta::delete(tx, &key)?;
        }
        for slot in slots::received_in(tx, &self.personal())? {
            let content = slot.plaintext.as_deref().map(SlotContent::decode);
            if let Some(Ok(SlotContent::Comments(comments))) = content {
                self.comments_came(tx, comments)?;
            }
        }
        Ok(meta::set(tx, TAKEN_OVER, &[1])?)
    }
}
