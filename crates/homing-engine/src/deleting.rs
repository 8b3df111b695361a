//! Deleting conversations: for everyone, and for oneself.
//!
//! **For everyone** is what the conversation's document says, for ever. What was written in it leaves the rows of every device
//! with its search words and files, and what was about to be written there goes too; entries that come later are kept as strays,
//! so that logs stay whole and nothing of them is seen.
//!
//! **For oneself** is a mark that follows the person: until where the conversation is deleted. It names what the deleting device
//! had, by the relay's clock for others' messages and by the author's for own ones, so that a message nobody had seen yet is
//! not swallowed, however it comes. What is newer than the mark brings the conversation back, alone; that follows from the
//! mark and the messages, so devices need not tell each other.
//!
//! Either is one short transaction, however much was written: rows that are out of sight are tidied away behind it, and those
//! that come back by an undo fill in from the newest on, in slices between which everything else goes on (`tidy`).

use homing_model::rules::key;
use homing_model::{ChangeInfo, Edit, Preimage, Projection, Registers, Value, limits, project};
use homing_store::cleared::{self, Cleared};
use homing_store::conversations::{self, ConversationRow};
use homing_store::outbox::OutboxState;
use homing_store::tidying::{self, Task};
use homing_store::{Read, Tx, drafts, merging, messages, meta, notices, outbox};
use homing_wire::DocId;
use homing_wire::codec::{decode, encode};
use minicbor::{CborLen, Decode, Encode};

use crate::author::Label;
use crate::belonging::carried_at;
use crate::commands::withdraw;
use crate::docs::read_doc;
use crate::drafts::{comment_place, draft_id};
use crate::fail::{Fail, not_found};
use crate::replica::Replica;

/// Before a conversation's id: the setting that says until where it is deleted.
const CLEARED: &str = "cleared/";
/// What this device knows is marked with it: conversations hidden by versions that had no mark were given one.
const MARKED: &str = "cleared_marked";

/// Until where a person deleted a conversation, as it follows them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, CborLen)]
#[cbor(map)]
struct Mark {
    /// Out of sight until something newer is there.
    #[n(0)]
    hidden: bool,
    /// By the relay's clock, Unix ms.
    #[n(1)]
    received_ms: u64,
    /// By the author's clock, Unix ms.
    #[n(2)]
    author_ms: u64,
}

impl Mark {
    fn of(cleared: &Cleared) -> Self {
        Self {
            hidden: cleared.hidden,
            received_ms: cleared.received_ms.min(limits::TIME_MS),
            author_ms: cleared.author_ms.min(limits::TIME_MS),
        }
    }

    fn read(value: &Value) -> Option<Cleared> {
        let Value::Bytes(bytes) = value else { return None };
        let mark: Self = decode("deletion", bytes, limits::SETTING).ok()?;
        let Self { hidden, received_ms, author_ms } = mark;
        Some(Cleared { hidden, received_ms, author_ms })
    }
}

/// The conversation a setting is about, if it says until where one is deleted.
pub(crate) fn cleared_by(setting: &str) -> Option<DocId> {
    setting.strip_prefix(CLEARED)?.parse().ok()
}

impl Replica {
    fn mark_of(&self, conversation: &DocId) -> Preimage {
        Preimage::setting(self.personal(), &format!("{CLEARED}{conversation}"))
    }

    /// Until where this person deleted a conversation, as their documents say: marks set apart count together. A version
    /// before the mark said only that it is deleted: that means what the relay had received by then.
    fn said_of(&self, db: &Read<'_>, conversation: &DocId) -> Result<Cleared, Fail> {
        let doc = self.mark_of(conversation).doc_id();
        let marks = read_doc(db, &doc)?.accepted;
        let mut said = Registers::of(&marks)
            .all(key::VALUE)
            .iter()
            .filter_map(|candidate| Mark::read(candidate.value))
            .fold(Cleared::default(), Cleared::or);
        let doc = Preimage::conversation_state(self.personal(), conversation).doc_id();
        let state = read_doc(db, &doc)?.accepted;
        if is_hidden(&state) {
            let at_ms = match carried_at(db, &doc, &state, key::HIDDEN)? {
                0 => limits::TIME_MS,
                at_ms => at_ms,
            };
            said = said.or(Cleared { hidden: true, received_ms: at_ms, author_ms: at_ms });
        }
        Ok(said)
    }

    /// Shows of a conversation what this person's documents leave of it.
    pub(crate) fn refresh_cleared(&mut self, tx: &Tx<'_>, conversation: &DocId) -> Result<(), Fail> {
        let before = cleared::get(tx, conversation)?.unwrap_or_default();
        let now = self.said_of(tx, conversation)?;
        if now == before {
            return Ok(());
        }
        cleared::set(tx, conversation, &now)?;
        if !now.within(&before) {
            self.put_aside(tx, conversation)?;
        }
        if !before.within(&now) {
            self.look_again(tx, conversation)?;
        }
        self.touched.conversations.insert(*conversation);
        self.touched.reshaped.insert(merging::shown_in(tx, conversation)?.unwrap_or(*conversation));
        self.touched.read.insert(*conversation);
        self.touched.status = true;
        Ok(())
    }

    /// Conversations that were hidden by a version without marks get theirs, once.
    pub(crate) fn mark_hidden(&mut self, tx: &Tx<'_>) -> Result<(), Fail> {
        for conversation in cleared::unmarked(tx)? {
            self.refresh_cleared(tx, &conversation)?;
        }
        Ok(meta::set(tx, MARKED, &[1])?)
    }

    /// Whether [`Replica::mark_hidden`] has run.
    pub(crate) fn hidden_are_marked(db: &Read<'_>) -> Result<bool, Fail> {
        Ok(meta::get(db, MARKED)?.is_some())
    }

    fn put_aside(&mut self, tx: &Tx<'_>, conversation: &DocId) -> Result<(), Fail> {
        let aside = messages::put_aside(tx, conversation, self.has_relay, self.slice)?;
        self.files_to_remove.extend(aside.files.into_iter().map(Into::into));
        if aside.messages > 0 {
            self.touched.notices = true;
            self.touched.conversations.insert(merging::shown_in(tx, conversation)?.unwrap_or(*conversation));
        }
        self.tidying |= aside.messages > self.slice;
        Ok(())
    }

    /// What was out of sight may be seen again: all that is still in rows at once, and the newest of the rest.
    fn look_again(&mut self, tx: &Tx<'_>, conversation: &DocId) -> Result<(), Fail> {
        let shown = merging::shown_in(tx, conversation)?.unwrap_or(*conversation);
        if messages::come_back(tx, &shown, self.slice)? {
            self.touched.conversations.insert(shown);
            self.touched.reshaped.insert(shown);
            self.touched.notices = true;
        }
        tidying::look_again(tx, conversation)?;
        self.tidying = true;
        self.look(tx, conversation)
    }

    /// A slice of the work that deletions and their undoing left.
    pub(crate) fn tidy(&mut self, tx: &Tx<'_>, task: Task) -> Result<(), Fail> {
        match task {
            Task::ClearAside(n) => {
                let files = messages::clear_aside(tx, n, self.has_relay, self.slice)?;
                self.files_to_remove.extend(files.into_iter().map(Into::into));
            }
            Task::Sweep(conversation) => {
                let aside = messages::sweep(tx, &conversation, self.has_relay, self.slice)?;
                self.files_to_remove.extend(aside.files.into_iter().map(Into::into));
                if aside.messages > 0 {
                    self.touched.notices = true;
                    self.touched.status = true;
                    self.touched.conversations.insert(conversation);
                    let shown = merging::shown_in(tx, &conversation)?.unwrap_or(conversation);
                    self.touched.reshaped.insert(shown);
                }
            }
            Task::Look(conversation) => self.look(tx, &conversation)?,
        }
        Ok(())
    }

    fn look(&mut self, tx: &Tx<'_>, conversation: &DocId) -> Result<(), Fail> {
        let page = tidying::look(tx, conversation, self.slice)?;
        self.project_strays(tx, &page)?;
        Ok(tidying::looked(tx, &page)?)
    }

    /// An own message has arrived: it goes where the others are, if its conversation was deleted while it was on its way.
    pub(crate) fn arrived_in(&mut self, tx: &Tx<'_>, conversation: &DocId) -> Result<(), Fail> {
        if cleared::get(tx, conversation)?.is_some() || conversations::is_deleted(tx, conversation)? {
            self.put_aside(tx, conversation)?;
        }
        Ok(())
    }

    fn set_mark(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        conversation: &DocId,
        cleared: &Cleared,
    ) -> Result<(), Fail> {
        let edit = Edit::SetSetting { value: encode(&Mark::of(cleared)) };
        self.author(tx, now_ms, &self.mark_of(conversation), &edit, Label::OTHER)?;
        Ok(())
    }

    /// Deletes what a conversation shows now, and itself until something newer is there, for this person.
    pub(crate) fn delete_for_me(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        conversation: &DocId,
    ) -> Result<(), Fail> {
        let shown = cleared::all_of(tx, conversation)?;
        // Itself last: all that it shows is covered then, and leaves together.
        for id in whole(tx, conversation)?.into_iter().rev() {
            let before = cleared::get(tx, &id)?.unwrap_or_default();
            self.set_mark(tx, now_ms, &id, &before.or(shown))?;
        }
        Ok(())
    }

    /// Takes the last deletion for oneself back: what was deleted earlier stays deleted.
    pub(crate) fn restore(&mut self, tx: &Tx<'_>, now_ms: u64, conversation: &DocId) -> Result<(), Fail> {
        for id in whole(tx, conversation)? {
            let now = cleared::get(tx, &id)?.unwrap_or_default();
            let all = read_doc(tx, &self.mark_of(&id).doc_id())?.accepted;
            let marks = all.iter().filter_map(|change| change.put(key::VALUE)).filter_map(Mark::read);
            let earlier = marks.filter(|mark| mark.within(&now) && !now.within(mark));
            let before = earlier.fold(Cleared::default(), Cleared::or);
            self.set_mark(tx, now_ms, &id, &Cleared { hidden: false, ..before })?;
            self.unhide(tx, now_ms, &id)?;
        }
        Ok(())
    }

    /// This person writes in a conversation: it is in sight again, with nothing of what they deleted.
    pub(crate) fn show_again(&mut self, tx: &Tx<'_>, now_ms: u64, row: &ConversationRow) -> Result<(), Fail> {
        let Some(cleared) = cleared::get(tx, &row.id)?.filter(|cleared| cleared.hidden) else {
            return Ok(());
        };
        self.set_mark(tx, now_ms, &row.id, &Cleared { hidden: false, ..cleared })?;
        self.unhide(tx, now_ms, &row.id)
    }

    /// Takes back what a version without marks wrote.
    fn unhide(&mut self, tx: &Tx<'_>, now_ms: u64, conversation: &DocId) -> Result<(), Fail> {
        let doc = Preimage::conversation_state(self.personal(), conversation).doc_id();
        if is_hidden(&read_doc(tx, &doc)?.accepted) {
            self.set_state(tx, now_ms, conversation, &Edit::SetHidden(false))?;
        }
        Ok(())
    }

    /// Deletes a conversation for everyone in it, with those that go on in it: they are one to whoever sees it.
    pub(crate) fn delete_for_everyone(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        conversation: &DocId,
    ) -> Result<(), Fail> {
        for id in whole(tx, conversation)?.into_iter().rev() {
            let preimage = self.preimage(tx, &id)?.ok_or_else(|| not_found("conversation"))?;
            self.author(tx, now_ms, &preimage, &Edit::DeleteConversation, Label::conversation(id))?;
        }
        Ok(())
    }

    /// The entry that deleted a conversation for everyone did not hold.
    pub(crate) fn not_deleted(&mut self, tx: &Tx<'_>, conversation: &DocId) -> Result<(), Fail> {
        self.touched.reshaped.insert(*conversation);
        self.touched.read.insert(*conversation);
        self.touched.status = true;
        self.look_again(tx, conversation)
    }

    /// A conversation was deleted for everyone.
    pub(crate) fn deleted_for_everyone(&mut self, tx: &Tx<'_>, conversation: &DocId) -> Result<(), Fail> {
        self.touched.reshaped.insert(*conversation);
        self.touched.read.insert(*conversation);
        self.touched.status = true;
        self.forget_unsent(tx, conversation)?;
        self.put_aside(tx, conversation)?;
        self.forget_drafts(tx, conversation)?;
        self.forget_drafts(tx, &comment_place(conversation))?;
        let told = notices::remove_of(tx, conversation)?;
        self.touched.notices = true;
        self.touched.notices_read.extend(told);
        Ok(())
    }

    /// What waits to be written in a conversation that is gone for everyone is not sent any more.
    fn forget_unsent(&mut self, tx: &Tx<'_>, conversation: &DocId) -> Result<(), Fail> {
        for row in outbox::messages_of(tx, conversation)? {
            let Some(message) = row.doc else { continue };
            let all = outbox::of_doc(tx, &message)?;
            if all.iter().any(|row| row.state == OutboxState::Sealed) {
                continue;
            }
            self.unsend_draft(tx, self.now_ms, &message)?;
            withdraw(tx, self, &row)?;
        }
        Ok(())
    }

    /// What was begun to be written at a place, and what was to be sent at a time.
    pub(crate) fn forget_drafts(&mut self, tx: &Tx<'_>, place: &DocId) -> Result<(), Fail> {
        for row in drafts::of_conversation(tx, place)? {
            self.discard_draft_files(tx, &row)?;
            let revision = self.load_draft(&row)?.revision();
            self.finish_draft(tx, place, &draft_id(&row.id), &revision, self.now_ms)?;
        }
        Ok(())
    }
}

/// Whether a version without marks says that a conversation is deleted for this person.
fn is_hidden(state: &[ChangeInfo]) -> bool {
    matches!(project(state), Ok(Projection::ConversationState(row)) if row.hidden)
}

/// A conversation and those that go on in it.
fn whole(db: &Read<'_>, conversation: &DocId) -> Result<Vec<DocId>, Fail> {
    let mut all = vec![*conversation];
    all.extend(merging::parts(db, conversation)?);
    Ok(all)
}
