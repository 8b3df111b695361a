//! A draft on its way: frozen for its message, finished once the relay has that, a draft again if it is taken back.

use homing_model::draft::{Containment, Revision};
use homing_model::{DraftId, Edit, MessageContent, Preimage};
use homing_store::drafts::{self, DraftRow};
use homing_store::outbox::{self, OutboxState};
use homing_store::{Read, Tx, changes, conversations, entries, meta};
use homing_wire::codec::{decode, encode};
use homing_wire::{DocId, Entry, EntryId, limits};
use minicbor::bytes::ByteVec;

use super::row_id;
use crate::fail::{Fail, not_found};
use crate::replica::Replica;

/// The draft a message being sent came from.
const SENT_FROM: &str = "sent_from/";

impl Replica {
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
        let Some((draft, sent)) = sent_from(tx, message)? else { return Ok(()) };
        let Some(row) = drafts::get(tx, &row_id(&draft))? else { return Ok(()) };
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
    pub fn draft_became_message(&mut self, tx: &Tx<'_>, message: &DocId) -> Result<(), Fail> {
        let Some((draft, sent)) = sent_from(tx, message)? else { return Ok(()) };
        meta::delete(tx, &format!("{SENT_FROM}{message}"))?;
        // Without a row another device's word that it is finished came first.
        let Some(row) = drafts::get(tx, &row_id(&draft))? else { return Ok(()) };
        self.finish_draft(tx, &row.conversation, &draft, &sent, 0)
    }

    /// A message that was being sent is a draft again: its sending mark is taken back.
    pub fn unsend_draft(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        message: &DocId,
    ) -> Result<Option<DraftId>, Fail> {
        let Some((draft, _)) = sent_from(tx, message)? else { return Ok(None) };
        meta::delete(tx, &format!("{SENT_FROM}{message}"))?;
        let Some(row) = drafts::get(tx, &row_id(&draft))? else { return Ok(None) };
        let mut doc = self.load_draft(&row)?;
        doc.clear_sending(&self.device())?;
        self.draft_files_wait(tx, &row.id, true)?;
        self.typed_here(tx, &draft)?;
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

    /// The preimage of the message a draft at a place becomes: a comment's lies in the team's space.
    pub fn message_of(&self, db: &Read<'_>, place: &DocId, draft: &DraftId) -> Result<Preimage, Fail> {
        let beside = drafts::comment_beside(db, place)?;
        let row = conversations::get(db, beside.as_ref().unwrap_or(place))?;
        let row = row.ok_or_else(|| not_found("conversation"))?;
        let space = match beside {
            Some(_) => row.team.ok_or(Fail::Internal("a comment without a team"))?,
            None => row.space,
        };
        Ok(Preimage::message(space, self.person(), draft))
    }
}

/// Two sends of one draft that say the same: nothing of either is lost with the other.
pub(crate) fn same_words(one: &MessageContent, other: &MessageContent) -> bool {
    let files =
        |content: &MessageContent| content.attachments.iter().map(|file| file.blob).collect::<Vec<_>>();
    one.body == other.body && files(one) == files(other)
}

/// The draft a message came from, and what of it was frozen.
fn sent_from(db: &Read<'_>, message: &DocId) -> Result<Option<(DraftId, Revision)>, Fail> {
    let Some(stored) = meta::get(db, &format!("{SENT_FROM}{message}"))? else { return Ok(None) };
    let Ok((draft, sent)) = decode::<(DraftId, ByteVec)>("sent draft", &stored, limits::SLOT) else {
        return Ok(None);
    };
    Ok(Revision::decode(&sent).ok().map(|sent| (draft, sent)))
}
