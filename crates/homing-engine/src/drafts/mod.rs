//! Drafts: typed on any of a person's devices, merged, sent once, never lost.
//!
//! Each device keeps the merged copy of every draft it knows and publishes its copies in one slot per conversation.
//! A sent or discarded draft leaves a mark (draft, revision): copies within the revision are dropped; text typed beyond
//! it lives on as a new draft, made by the device it was typed on.
//!
//! A draft stands at a place: the conversation it is for, or one of its own for what is typed of comments (`comments`).

mod choice;
mod comments;
mod files;
mod kept;
mod sending;

use homing_model::draft::{Containment, DraftDoc, Revision};
use homing_model::{Actor, DraftId};
use homing_store::drafts::{self, DraftRow};
use homing_store::{Read, Tx, conversations, meta, scheduled, slots};
use homing_wire::codec::{decode, encode};
use homing_wire::{DocId, limits};
use minicbor::bytes::ByteVec;
use rand_core::Rng;

use crate::env::Env;
use crate::fail::Fail;
use crate::replica::Replica;
use crate::slot_content::{
    DoneMark, DraftCopy, Drafts, SendingMark, SlotContent, comments_slot, drafts_slot,
};
pub(crate) use choice::{Which, typed_at};
pub(crate) use comments::comment_place;
pub(crate) use files::{draft_of_file, file_id};
use kept::next_id;
pub(crate) use sending::same_words;

/// Marks of finished drafts, by conversation.
const DONE: &str = "draft_done/";
/// The draft's text was typed on this device since it was begun or sent.
const TYPED: &str = "draft_typed/";
/// Marks kept per conversation; the oldest go, long after every device has seen them.
const MARKS: usize = 64;

/// What somebody typed, and into which draft.
pub(crate) struct Typed<'a> {
    pub which: Which,
    /// What they saw when they began.
    pub base: Option<&'a Revision>,
    pub text: &'a str,
    /// The message it answers; none leaves that as it is.
    pub reply_to: Option<Option<DocId>>,
    /// The quick reply it began as; none leaves that as it is.
    pub template: Option<Option<DocId>>,
}

impl<'a> Typed<'a> {
    /// Words for the current draft, whatever it holds.
    pub fn text(text: &'a str) -> Self {
        Self { which: Which::Current, base: None, text, reply_to: None, template: None }
    }
}

/// The store keys drafts by 16 bytes in the form of a document's id.
pub(crate) fn row_id(draft: &DraftId) -> DocId {
    DocId(uuid_of(draft))
}

fn uuid_of(draft: &DraftId) -> uuid::Uuid {
    uuid::Uuid::from_bytes(draft.0)
}

pub(crate) fn draft_id(row: &DocId) -> DraftId {
    DraftId(*row.as_bytes())
}

impl Replica {
    pub fn load_draft(&self, row: &DraftRow) -> Result<DraftDoc, Fail> {
        Ok(DraftDoc::load(&row.doc, self.actor())?)
    }

    /// Sets the text of a draft as seen from its base, beginning one if there is none.
    pub fn set_draft(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        conversation: &DocId,
        typed: Typed<'_>,
    ) -> Result<Option<DraftRow>, Fail> {
        let Typed { which, base, text, reply_to, template } = typed;
        let known = self.draft_meant(tx, conversation, which)?;
        if known.is_none() && text.is_empty() && reply_to.flatten().is_none() {
            return Ok(None);
        }
        let mut doc = match &known {
            Some(row) => self.load_draft(row)?,
            None => {
                let mut id = [0u8; 16];
                env.rng.fill_bytes(&mut id);
                DraftDoc::new(self.actor(), DraftId(id), *conversation)?
            }
        };
        let mut changed = match doc.set_text(base, text) {
            // The base is of a draft that was sent meanwhile: the text is what counts.
            Err(homing_model::ModelError::UnknownRevision) => doc.set_text(None, text)?,
            other => other?,
        };
        if let Some(reply_to) = reply_to
            && doc.reply_to() != reply_to
        {
            doc.set_reply_to(reply_to.as_ref())?;
            changed = true;
        }
        // What says nothing any more did not begin as anything.
        let template = if text.is_empty() { Some(None) } else { template };
        if let Some(template) = template
            && doc.template() != template
        {
            doc.set_template(template.as_ref())?;
            changed = true;
        }
        self.choose_draft(tx, conversation, Some(doc.id()))?;
        if !changed && let Some(row) = known {
            return Ok(Some(row));
        }
        self.typed_here(tx, &doc.id())?;
        let row = self.keep_draft(tx, &doc, env.now_ms())?;
        self.publish_drafts(tx, &row.conversation)?;
        Ok(Some(row))
    }

    pub(crate) fn keep_draft(&mut self, tx: &Tx<'_>, doc: &DraftDoc, now_ms: u64) -> Result<DraftRow, Fail> {
        let me = self.device();
        let planned = self.note_scheduling(tx, doc)?;
        let mut sending = doc.sending();
        sending.sort_by_key(|mark| mark.device != me);
        let sending = sending.into_iter().next();
        // What this device is sending stands in its message, and what waits for its time among what is scheduled; the lists
        // don't show it twice.
        let leaves = planned || sending.as_ref().is_some_and(|mark| mark.device == me);
        let shown = if leaves { String::new() } else { doc.text()? };
        let files = if leaves { 0 } else { u32::try_from(doc.files().len()).unwrap_or(u32::MAX) };
        let row = DraftRow {
            id: row_id(&doc.id()),
            conversation: doc.conversation(),
            doc: doc.save(),
            text: shown,
            files,
            reply_to: doc.reply_to(),
            sending_device: sending.as_ref().map(|mark| mark.device),
            sending_heads: sending.map(|mark| mark.revision.encode()),
            done: false,
            updated_ms: now_ms,
        };
        drafts::put(tx, &row)?;
        self.touch_drafts(tx, &row.conversation)?;
        Ok(row)
    }

    /// Puts this device's copies and marks of a conversation into its slot.
    pub fn publish_drafts(&mut self, tx: &Tx<'_>, conversation: &DocId) -> Result<(), Fail> {
        let mut copies = Vec::new();
        for row in drafts::of_conversation(tx, conversation)? {
            let sending = match (row.sending_device, row.sending_heads) {
                (Some(device), Some(heads)) => Some(SendingMark { device, heads: ByteVec::from(heads) }),
                _ => None,
            };
            copies.push(DraftCopy {
                id: draft_id(&row.id),
                doc: ByteVec::from(row.doc),
                updated_ms: row.updated_ms,
                reply_to: row.reply_to,
                sending,
            });
        }
        let done = done_marks(tx, conversation)?;
        let (slot, content) = match drafts::comment_beside(tx, conversation)? {
            Some(beside) => {
                (comments_slot(&beside), SlotContent::Comments(Drafts { conversation: beside, copies, done }))
            }
            None => {
                let conversation = *conversation;
                (drafts_slot(&conversation), SlotContent::Drafts(Drafts { conversation, copies, done }))
            }
        };
        slots::set(tx, &self.personal(), &slot, &content.encode())?;
        self.touched.work.insert(self.personal());
        Ok(())
    }

    /// A draft's document changed here: it is kept and told to the other devices, with what describes its files.
    pub fn draft_changed(&mut self, tx: &Tx<'_>, now_ms: u64, doc: &DraftDoc) -> Result<(), Fail> {
        self.typed_here(tx, &doc.id())?;
        self.keep_draft(tx, doc, now_ms)?;
        self.publish_draft_files(tx, &doc.conversation())?;
        self.publish_drafts(tx, &doc.conversation())
    }

    /// The draft somebody adds to, begun if there is none.
    pub fn draft_to_fill(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        conversation: &DocId,
        which: Which,
    ) -> Result<DraftRow, Fail> {
        if let Some(row) = self.draft_meant(tx, conversation, which)? {
            return Ok(row);
        }
        let mut id = [0u8; 16];
        env.rng.fill_bytes(&mut id);
        let doc = DraftDoc::new(self.actor(), DraftId(id), *conversation)?;
        self.choose_draft(tx, conversation, Some(doc.id()))?;
        self.keep_draft(tx, &doc, env.now_ms())
    }

    /// Copies and marks of another of this person's devices.
    pub fn drafts_came(&mut self, tx: &Tx<'_>, came: Drafts) -> Result<(), Fail> {
        let conversation = came.conversation;
        for mark in &came.done {
            if let Ok(sent) = Revision::decode(&mark.heads) {
                self.finish_draft(tx, &conversation, &mark.id, &sent, 0)?;
            }
        }
        let done = done_marks(tx, &conversation)?;
        for copy in &came.copies {
            let Ok(theirs) = DraftDoc::load(&copy.doc, self.actor()) else { continue };
            if theirs.id() != copy.id || theirs.conversation() != conversation {
                continue;
            }
            // Finished here already; what was typed beyond that, its own device keeps.
            if done.iter().any(|mark| mark.id == copy.id) {
                continue;
            }
            match drafts::get(tx, &row_id(&copy.id))? {
                Some(row) => {
                    let mut mine = self.load_draft(&row)?;
                    let before = mine.revision();
                    if mine.merge(&theirs).is_err() {
                        // Two histories that can't be one: the other words are kept beside.
                        self.keep_apart(tx, &conversation, &theirs.text()?, copy.updated_ms)?;
                    } else if mine.revision() != before {
                        self.drop_unnamed_files(tx, &mine)?;
                        self.keep_draft(tx, &mine, row.updated_ms.max(copy.updated_ms))?;
                    }
                }
                None if theirs.text()?.is_empty()
                    && theirs.reply_to().is_none()
                    && theirs.files().is_empty() => {}
                None => {
                    self.keep_draft(tx, &theirs, copy.updated_ms)?;
                }
            }
        }
        let written_in = drafts::comment_beside(tx, &conversation)?.unwrap_or(conversation);
        if conversations::is_deleted(tx, &written_in)? {
            self.forget_drafts(tx, &conversation)?;
        }
        Ok(())
    }

    /// Drafts at a place changed: whoever shows them is told.
    fn touch_drafts(&mut self, tx: &Tx<'_>, place: &DocId) -> Result<(), Fail> {
        if drafts::comment_beside(tx, place)?.is_none() {
            self.touched.conversations.insert(*place);
        }
        self.touch_composer(tx, place)
    }

    /// What the composer shows of drafts that stand at a place changed.
    fn touch_composer(&mut self, tx: &Tx<'_>, place: &DocId) -> Result<(), Fail> {
        let (conversation, comment) = choice::typed_in(tx, place)?;
        let composer = self.typing_place(tx, &conversation, comment)?;
        self.touched.drafts.insert(composer);
        Ok(())
    }

    /// A draft was sent or discarded at a revision: its copy goes; text typed here beyond it becomes a new draft.
    pub fn finish_draft(
        &mut self,
        tx: &Tx<'_>,
        conversation: &DocId,
        id: &DraftId,
        sent: &Revision,
        now_ms: u64,
    ) -> Result<(), Fail> {
        let mut done = done_marks(tx, conversation)?;
        if done.iter().any(|mark| mark.id == *id) {
            return Ok(());
        }
        done.push(DoneMark { id: *id, heads: ByteVec::from(sent.encode()) });
        let surplus = done.len().saturating_sub(MARKS);
        done.drain(..surplus);
        meta::set(tx, &format!("{DONE}{conversation}"), &encode(&done))?;
        let typed_here = meta::delete(tx, &format!("{TYPED}{}", uuid_of(id)))?;
        let mut after = None;
        if let Some(row) = drafts::get(tx, &row_id(id))? {
            let doc = self.load_draft(&row)?;
            drafts::delete(tx, &row.id)?;
            if let Some(planned) = scheduled::of_draft(tx, &row.id)? {
                self.not_planned(tx, planned)?;
            }
            let files = self.finish_draft_files(tx, &doc, sent, typed_here)?;
            let beyond = match doc.compare(sent)? {
                Containment::Beyond { now, .. } if typed_here && !now.trim().is_empty() => now,
                _ => String::new(),
            };
            if !beyond.is_empty() || !files.is_empty() {
                let next = self.text_draft(&next_id(id, sent, &beyond), conversation, &beyond)?;
                let at_ms = row.updated_ms.max(now_ms);
                self.typed_here(tx, &next.id())?;
                let row = self.keep_draft(tx, &next, at_ms)?;
                if !files.is_empty() {
                    self.add_draft_files(tx, at_ms, &row, &files)?;
                }
                after = Some(next.id());
            }
            self.publish_draft_files(tx, conversation)?;
        }
        self.draft_gone(tx, conversation, id, after)?;
        self.touch_drafts(tx, conversation)?;
        self.publish_drafts(tx, conversation)
    }

    /// What is typed from now on, here, belongs to a new draft.
    pub(crate) fn typed_no_more(&self, tx: &Tx<'_>, draft: &DraftId) -> Result<(), Fail> {
        meta::delete(tx, &format!("{TYPED}{}", uuid_of(draft)))?;
        Ok(())
    }

    /// This device goes on with a draft.
    pub(crate) fn typed_here(&self, tx: &Tx<'_>, draft: &DraftId) -> Result<(), Fail> {
        Ok(meta::set(tx, &format!("{TYPED}{}", uuid_of(draft)), &[1])?)
    }

    /// A new draft with a text, the same bytes on whichever device makes it.
    pub(crate) fn text_draft(
        &self,
        id: &DraftId,
        conversation: &DocId,
        text: &str,
    ) -> Result<DraftDoc, Fail> {
        let mut doc = DraftDoc::new(Actor(id.0), *id, *conversation)?;
        doc.set_text(None, text)?;
        Ok(DraftDoc::load(&doc.save(), self.actor())?)
    }

    /// Whether a draft that is typed at a place was sent or discarded, here or elsewhere.
    pub fn typed_draft_done(&self, db: &Read<'_>, place: &DocId, id: &DraftId) -> Result<bool, Fail> {
        for place in choice::places_at(db, place)? {
            if self.draft_done(db, &place, id)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a draft was sent or discarded, here or elsewhere.
    pub fn draft_done(&self, db: &Read<'_>, conversation: &DocId, id: &DraftId) -> Result<bool, Fail> {
        Ok(done_marks(db, conversation)?.iter().any(|mark| mark.id == *id))
    }
}

fn done_marks(db: &Read<'_>, conversation: &DocId) -> Result<Vec<DoneMark>, Fail> {
    let stored = meta::get(db, &format!("{DONE}{conversation}"))?;
    Ok(stored.and_then(|bytes| decode("done drafts", &bytes, limits::PLAINTEXT).ok()).unwrap_or_default())
}
