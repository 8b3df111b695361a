//! Drafts: typed on any of a person's devices, merged, sent once, never lost.
//!
//! Each device keeps the merged copy of every draft it knows and publishes its copies in one slot per conversation.
//! A sent or discarded draft leaves a mark (draft, revision): copies within the revision are dropped; text typed beyond
//! it lives on as a new draft, made by the device it was typed on.

use homing_model::draft::{Containment, DraftDoc, Revision};
use homing_model::{Actor, AttachmentMeta, DraftId, Edit, MessageContent, Preimage};
use homing_store::drafts::{self, DraftRow};
use homing_store::outbox::{self, OutboxState};
use homing_store::{Read, Tx, changes, conversations, entries, meta, scheduled, slots};
use homing_wire::codec::{decode, encode};
use homing_wire::{DocId, Entry, EntryId, limits};
use minicbor::bytes::ByteVec;
use rand_core::Rng;

use crate::draft_choice::Which;
use crate::env::Env;
use crate::fail::Fail;
use crate::replica::Replica;
use crate::slot_content::{DoneMark, DraftCopy, Drafts, SendingMark, SlotContent, drafts_slot};

/// Marks of finished drafts, by conversation.
const DONE: &str = "draft_done/";
/// The draft's text was typed on this device since it was begun or sent.
const TYPED: &str = "draft_typed/";
/// The draft a message being sent came from.
const SENT_FROM: &str = "sent_from/";
/// A differing text that lost the race of two sends was kept as this draft.
const KEPT: &str = "draft_kept/";
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
        meta::set(tx, &format!("{TYPED}{}", uuid_of(&doc.id())), &[1])?;
        let row = self.keep_draft(tx, &doc, env.now_ms())?;
        self.publish_drafts(tx, conversation)?;
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
        self.touched.conversations.insert(row.conversation);
        self.touched.drafts.insert(row.conversation);
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
        let content = Drafts { conversation: *conversation, copies, done: done_marks(tx, conversation)? };
        slots::set(tx, &self.personal(), &drafts_slot(conversation), &SlotContent::Drafts(content).encode())?;
        self.touched.work.insert(self.personal());
        Ok(())
    }

    /// A draft's document changed here: it is kept and told to the other devices, with what describes its files.
    pub fn draft_changed(&mut self, tx: &Tx<'_>, now_ms: u64, doc: &DraftDoc) -> Result<(), Fail> {
        meta::set(tx, &format!("{TYPED}{}", uuid_of(&doc.id())), &[1])?;
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
                meta::set(tx, &format!("{TYPED}{}", uuid_of(&next.id())), &[1])?;
                let row = self.keep_draft(tx, &next, at_ms)?;
                if !files.is_empty() {
                    self.add_draft_files(tx, at_ms, &row, &files)?;
                }
                after = Some(next.id());
            }
            self.publish_draft_files(tx, conversation)?;
        }
        self.draft_gone(tx, conversation, id, after)?;
        self.touched.conversations.insert(*conversation);
        self.touched.drafts.insert(*conversation);
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

    /// Freezes a conversation's draft for sending: answers its id and text.
    pub fn freeze_draft(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        row: &DraftRow,
    ) -> Result<(DraftId, Revision), Fail> {
        let mut doc = self.load_draft(row)?;
        let frozen = doc.revision();
        doc.mark_sending(&self.device(), &frozen)?;
        self.draft_files_wait(tx, &row.id, false)?;
        self.typed_no_more(tx, &doc.id())?;
        self.keep_draft(tx, &doc, now_ms)?;
        self.publish_drafts(tx, &row.conversation)?;
        Ok((doc.id(), frozen))
    }

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
        meta::set(tx, &format!("{TYPED}{}", uuid_of(&next.id())), &[1])?;
        self.keep_draft(tx, &next, now_ms)?;
        self.draft_gone(tx, conversation, draft, Some(next.id()))?;
        self.publish_drafts(tx, conversation)
    }

    /// Remembers which draft a message came from until the relay has it.
    pub fn sends_draft(
        &self,
        tx: &Tx<'_>,
        message: &DocId,
        draft: &DraftId,
        sent: &Revision,
    ) -> Result<(), Fail> {
        Ok(meta::set(tx, &format!("{SENT_FROM}{message}"), &encode(&(*draft, ByteVec::from(sent.encode()))))?)
    }

    /// A message got other words while it waits: the draft it came from holds them too, so that taking it back brings
    /// those. Not if somebody typed on in the draft, which is kept as it is.
    pub fn draft_was_edited(
        &mut self,
        tx: &Tx<'_>,
        message: &DocId,
        text: &str,
        now_ms: u64,
    ) -> Result<(), Fail> {
        let Some(stored) = meta::get(tx, &format!("{SENT_FROM}{message}"))? else { return Ok(()) };
        let Ok((draft, sent)) = decode::<(DraftId, ByteVec)>("sent draft", &stored, limits::SLOT) else {
            return Ok(());
        };
        let (Ok(sent), Some(row)) = (Revision::decode(&sent), drafts::get(tx, &row_id(&draft))?) else {
            return Ok(());
        };
        let mut doc = self.load_draft(&row)?;
        if !matches!(doc.compare(&sent)?, Containment::Within) {
            return Ok(());
        }
        doc.set_text(None, text)?;
        let frozen = doc.revision();
        doc.mark_sending(&self.device(), &frozen)?;
        self.keep_draft(tx, &doc, now_ms)?;
        self.sends_draft(tx, message, &draft, &frozen)?;
        self.publish_drafts(tx, &row.conversation)
    }

    /// The relay has an own message: its draft is finished.
    pub fn draft_became_message(
        &mut self,
        tx: &Tx<'_>,
        message: &DocId,
        conversation: &DocId,
    ) -> Result<(), Fail> {
        let key = format!("{SENT_FROM}{message}");
        let Some(stored) = meta::get(tx, &key)? else { return Ok(()) };
        meta::delete(tx, &key)?;
        let Ok((draft, sent)) = decode::<(DraftId, ByteVec)>("sent draft", &stored, limits::SLOT) else {
            return Ok(());
        };
        let Ok(sent) = Revision::decode(&sent) else { return Ok(()) };
        self.finish_draft(tx, conversation, &draft, &sent, 0)
    }

    /// A message that was being sent is a draft again: its sending mark is taken back.
    pub fn unsend_draft(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        message: &DocId,
    ) -> Result<Option<DraftId>, Fail> {
        let key = format!("{SENT_FROM}{message}");
        let Some(stored) = meta::get(tx, &key)? else { return Ok(None) };
        meta::delete(tx, &key)?;
        let Ok((draft, _)) = decode::<(DraftId, ByteVec)>("sent draft", &stored, limits::SLOT) else {
            return Ok(None);
        };
        let Some(row) = drafts::get(tx, &row_id(&draft))? else { return Ok(None) };
        let mut doc = self.load_draft(&row)?;
        doc.clear_sending(&self.device())?;
        self.draft_files_wait(tx, &row.id, true)?;
        meta::set(tx, &format!("{TYPED}{}", uuid_of(&draft)), &[1])?;
        self.keep_draft(tx, &doc, now_ms)?;
        self.publish_drafts(tx, &row.conversation)?;
        Ok(Some(draft))
    }

    /// Another device of this person sent the same draft first: this device's own send is withdrawn while it still
    /// waits. A text that differs is kept.
    pub fn withdraw_own_send(&mut self, tx: &Tx<'_>, message: &DocId) -> Result<(), Fail> {
        let rows = outbox::of_doc(tx, message)?;
        let Some(row) = rows.iter().find(|row| row.kind == "message" && row.state == OutboxState::Queued)
        else {
            return Ok(());
        };
        let Some(hash) = row.hash else { return Ok(()) };
        let Some(change) = changes::get(tx, message, &hash)? else { return Ok(()) };
        if !change.deps.is_empty() {
            return Ok(());
        }
        if let Some(entry) = &change.entry {
            // It is this very send, by a copy of this profile: it is done.
            outbox::cancel(tx, row.id)?;
            self.touched.outbox = true;
            return self.sent_by_copy(tx, message, entry);
        }
        if let Some(conversation) = row.conversation
            && let Some(Ok(edit)) = change.intent.as_deref().map(Edit::decode)
            && let Some(content) = edit.message_content()
        {
            let shown = self.first_content(tx, message, &hash)?;
            if shown.as_ref().is_some_and(|shown| !same_words(shown, &content)) {
                self.keep_alternatives(tx, &conversation, &[content])?;
            }
        }
        changes::delete(tx, message, &hash)?;
        outbox::cancel(tx, row.id)?;
        if let Some(row) = homing_store::messages::get(tx, message)? {
            // Its row showed this device's own words; it is made anew from what was sent.
            self.files_to_remove
                .extend(homing_store::messages::remove(tx, message)?.into_iter().map(Into::into));
            self.touched.message(row.conversation, *message);
        }
        self.touched.outbox = true;
        // Reactions and other words given to it here stand on what was sent now.
        self.author_rest_again(tx, &change.space, message)
    }

    /// A copy of this profile sent a message that waited here too; its entry is stored.
    pub fn sent_by_copy(&mut self, tx: &Tx<'_>, message: &DocId, entry: &EntryId) -> Result<(), Fail> {
        let Some(row) = entries::get(tx, entry)? else { return Ok(()) };
        let Some(place) = row.place else { return Ok(()) };
        let entry = Entry::decode(&row.bytes).map_err(|_| Fail::Internal("stored entry"))?;
        self.message_confirmed(tx, message, entry.header(), place)
    }

    fn first_content(
        &self,
        tx: &Tx<'_>,
        message: &DocId,
        except: &homing_wire::Hash,
    ) -> Result<Option<MessageContent>, Fail> {
        for row in changes::of_doc(tx, message)? {
            if row.hash == *except {
                continue;
            }
            let info = homing_model::inspect(&row.bytes)?;
            if let Some(homing_model::Value::Bytes(bytes)) = info.put(homing_model::rules::key::CONTENT) {
                return Ok(MessageContent::decode(bytes).ok());
            }
        }
        Ok(None)
    }

    /// Texts that lost the race of two sends are kept as drafts, once each.
    pub fn keep_alternatives(
        &mut self,
        tx: &Tx<'_>,
        conversation: &DocId,
        losers: &[MessageContent],
    ) -> Result<(), Fail> {
        for content in losers {
            if content.is_internal() {
                self.keep_comment(tx, conversation, &content.body)?;
                continue;
            }
            let id = DraftId(cut(blake3::derive_key("homing 2026-11 kept draft v1", &content.encode()?)));
            self.keep_once(tx, conversation, &id, (&content.body, content.author_ms), &content.attachments)?;
        }
        Ok(())
    }

    /// Words of a copy that can't be merged are kept as a draft of their own, the same one on every device.
    fn keep_apart(&mut self, tx: &Tx<'_>, conversation: &DocId, text: &str, at_ms: u64) -> Result<(), Fail> {
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

    /// Whether a draft was sent or discarded, here or elsewhere.
    pub fn draft_done(&self, db: &Read<'_>, conversation: &DocId, id: &DraftId) -> Result<bool, Fail> {
        Ok(done_marks(db, conversation)?.iter().any(|mark| mark.id == *id))
    }

    /// The preimage of the message a draft becomes.
    pub fn message_of(&self, db: &Read<'_>, conversation: &DocId, draft: &DraftId) -> Result<Preimage, Fail> {
        let row =
            conversations::get(db, conversation)?.ok_or_else(|| crate::fail::not_found("conversation"))?;
        Ok(Preimage::message(row.space, self.person(), draft))
    }
}

/// Two sends of one draft that say the same: nothing of either is lost with the other.
pub(crate) fn same_words(one: &MessageContent, other: &MessageContent) -> bool {
    let files =
        |content: &MessageContent| content.attachments.iter().map(|file| file.blob).collect::<Vec<_>>();
    one.body == other.body && files(one) == files(other)
}

fn done_marks(db: &Read<'_>, conversation: &DocId) -> Result<Vec<DoneMark>, Fail> {
    let stored = meta::get(db, &format!("{DONE}{conversation}"))?;
    Ok(stored.and_then(|bytes| decode("done drafts", &bytes, limits::PLAINTEXT).ok()).unwrap_or_default())
}

/// The draft that holds what was typed beyond a sent one. Several devices may have typed beyond it, each its own words:
/// each text is its own draft.
fn next_id(id: &DraftId, sent: &Revision, text: &str) -> DraftId {
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
