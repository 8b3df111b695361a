//! From documents to the rows the screens read.

use std::collections::{HashMap, HashSet};

use homing_model::{
    AttachmentMeta, ChangeInfo, Kind, MessageProjection, ModelError, Projection, Registers, project,
};
use homing_store::attachments::{AttachmentRow, FileState};
use homing_store::entries::{self, Place};
use homing_store::messages::{MessageState, NewMessage, Placed};
use homing_store::{Tx, changes, conversations, messages, meta, people, receipts, spaces, strays};
use homing_wire::{DeviceId, DocId, EntryHeader, Hash, SpaceId};

use crate::api::NoticeKind;
use crate::author::kind_of;
use crate::deleting::cleared_by;
use crate::docs::read_doc;
use crate::fail::Fail;
use crate::leaving::tells_of_leaving;
use crate::marks;
use crate::notices::Notice;
use crate::replica::Replica;
use crate::rows::described;

/// Where names of own devices lie, by device.
pub(crate) const DEVICE_NAME: &str = "device_name/";
/// Where names and notes of contacts lie, by contact document.
pub(crate) const CONTACT: &str = "contact/";

/// Where a message's carrying entry stands.
pub(crate) struct Carried {
    pub device: DeviceId,
    pub dseq: u64,
    pub place: Option<Place>,
}

impl Replica {
    /// Refreshes the row of a document from its accepted and pending changes; without any, the row goes.
    pub fn project(&mut self, tx: &Tx<'_>, doc: &DocId) -> Result<(), Fail> {
        self.leave_aside(tx, doc)?;
        let read = read_doc(tx, doc)?;
        match project(&read.accepted) {
            Ok(row) => self.project_row(tx, doc, row, &read.accepted),
            Err(ModelError::Missing) => self.project_nothing(tx, doc),
            // A later version's kind: kept, not shown.
            Err(ModelError::Unknown) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn project_row(
        &mut self,
        tx: &Tx<'_>,
        doc: &DocId,
        row: Projection,
        all: &[ChangeInfo],
    ) -> Result<(), Fail> {
        match row {
            Projection::Message(message) => self.project_message(tx, doc, message, all)?,
            Projection::Conversation(row) => self.project_conversation(tx, doc, row)?,
            Projection::Profile(row) => {
                if row.person == self.person() && self.me.name.is_empty() {
                    // A device that came by the recovery words learns its person's name here.
                    self.me.name = crate::text::visible(&row.name);
                    self.save_identity(tx)?;
                    self.touched.status = true;
                }
                people::set_name(tx, &row.space, &row.person, &crate::text::visible(&row.name), now_of(all))?;
                self.touched.people = true;
                self.touch_conversations_of(tx, &row.space)?;
            }
            Projection::SpaceInfo(row) => self.name_by_info(tx, &row.space, &row.name)?,
            Projection::Contact(row) => {
                meta::set(tx, &format!("{CONTACT}{}", row.contact), row.name.as_bytes())?;
                for space in spaces::list(tx)?.iter().filter(|space| space.contact == Some(row.contact)) {
                    self.name_space(tx, &space.space, &row.name)?;
                }
                self.touched.people = true;
            }
            Projection::ConversationState(row) => self.project_state(tx, doc, row, all)?,
            Projection::PersonState(row) => {
                self.project_person_state(tx, &row.person, row.blocked, &row.local_name)?;
            }
            Projection::Handling(row) => {
                self.project_handling(tx, &row.team, &row.conversation, row.assignee)?;
                if row.assignee == Some(self.person()) {
                    self.notice_assignment(tx, doc, &row, all)?;
                }
            }
            // Their own views follow.
            Projection::Setting(row) if let Some(conversation) = cleared_by(&row.name) => {
                self.refresh_cleared(tx, &conversation)?;
            }
            Projection::Setting(row) => {
                meta::set(tx, &format!("{}{}", crate::notices::SETTING, row.name), &row.value)?;
                if tells_of_leaving(&row.name) {
                    self.leaving_came(tx, &row.name)?;
                }
                self.touched.settings = true;
            }
            Projection::Record(row) => {
                self.project_record(tx, doc, &row)?;
                self.notice_record(tx, doc, &row, all)?;
            }
            Projection::DeviceName(row) => {
                meta::set(tx, &format!("{DEVICE_NAME}{}", row.device), row.name.as_bytes())?;
                self.touched.people = true;
            }
        }
        Ok(())
    }

    /// In a client's space the name is the team's, for those who see no more of the team; staff go by the contact's.
    fn name_by_info(&mut self, tx: &Tx<'_>, space: &SpaceId, name: &str) -> Result<(), Fail> {
        let team = spaces::get(tx, space)?.and_then(|row| row.team);
        let Some(team) = team else { return self.name_space(tx, space, name) };
        let staff = spaces::get(tx, &team)?
            .is_some_and(|row| matches!(row.state, spaces::SpaceState::Joined | spaces::SpaceState::Local));
        if !staff {
            self.name_space(tx, &team, name)?;
            self.name_space(tx, space, name)?;
        }
        Ok(())
    }

    fn name_space(&mut self, tx: &Tx<'_>, space: &SpaceId, name: &str) -> Result<(), Fail> {
        if spaces::get(tx, space)?.is_some() {
            spaces::update(tx, space, |row| row.name = crate::text::visible(name))?;
            self.touched.people = true;
            self.touch_conversations_of(tx, space)?;
        }
        Ok(())
    }

    /// A document none of whose changes count any more.
    fn project_nothing(&mut self, tx: &Tx<'_>, doc: &DocId) -> Result<(), Fail> {
        if let Some(row) = messages::get(tx, doc)? {
            for path in messages::remove(tx, doc)? {
                self.files_to_remove.push(path.into());
            }
            self.touched.message(row.conversation, *doc);
            self.touched.status = true;
        } else if homing_store::records::get(tx, doc)?.is_some() {
            self.project_no_record(tx, doc)?;
        } else if strays::forget(tx, doc)? {
            return Ok(());
        } else if conversations::get(tx, doc)?.is_some() && messages::before(tx, doc, None, 1)?.is_empty() {
            conversations::remove(tx, doc)?;
            self.touched.conversations.insert(*doc);
        }
        Ok(())
    }

    fn project_message(
        &mut self,
        tx: &Tx<'_>,
        doc: &DocId,
        message: MessageProjection,
        all: &[ChangeInfo],
    ) -> Result<(), Fail> {
        let conversation = message.content.conversation;
        self.touched.message(conversation, *doc);
        self.keep_other_words(tx, &message)?;
        if let Some(known) = messages::get(tx, doc)? {
            let marks = marks::of(&message, &self.person());
            if message.deleted && !known.deleted {
                self.files_to_remove.extend(messages::delete(tx, doc)?.into_iter().map(Into::into));
                self.touched.read.insert(conversation);
            } else if !message.deleted && known.body != message.content.body {
                messages::set_body(tx, doc, &message.content.body)?;
            }
            if marks != known.marks || message.deleted {
                messages::set_marks(tx, doc, &marks)?;
                if marks.mentions_me && !known.marks.mentions_me && known.unread {
                    self.notice_row_of(tx, NoticeKind::Mention, &known)?;
                }
            }
            if contents(all) > 1 {
                self.place_by_winner(tx, doc, &message, all)?;
            }
            for reply in messages::replies_to(tx, doc)? {
                self.touched.message(conversation, reply);
            }
            return Ok(());
        }
        let new = self.unseen_message(tx, doc, message, all)?;
        self.insert_messages(tx, vec![new])
    }

    /// The same words sent twice are one message, whatever the two clocks said; others are kept.
    fn keep_other_words(&mut self, tx: &Tx<'_>, message: &MessageProjection) -> Result<(), Fail> {
        if message.author != self.person() {
            return Ok(());
        }
        let others =
            message.alternatives.iter().filter(|other| !crate::drafts::same_words(other, &message.content));
        let others: Vec<_> = others.cloned().collect();
        self.keep_alternatives(tx, &message.content.conversation, &others)
    }

    /// Projects messages that have no row, and puts those that get one into their conversations all at once.
    pub(crate) fn project_strays(&mut self, tx: &Tx<'_>, messages: &[DocId]) -> Result<(), Fail> {
        let mut new = Vec::with_capacity(messages.len());
        for doc in messages {
            let all = read_doc(tx, doc)?.accepted;
            match project(&all) {
                Ok(Projection::Message(message)) if messages::order_of(tx, doc)?.is_none() => {
                    self.touched.message(message.content.conversation, *doc);
                    self.keep_other_words(tx, &message)?;
                    new.push(self.unseen_message(tx, doc, message, &all)?);
                }
                _ => self.project(tx, doc)?,
            }
        }
        self.insert_messages(tx, new)
    }

    /// A message of a conversation that was deleted is to be seen, or changed, before its row was tidied away: it becomes a
    /// stray like the rest of it, and is judged as one.
    fn leave_aside(&mut self, tx: &Tx<'_>, doc: &DocId) -> Result<(), Fail> {
        if let Some(files) = messages::leave_aside(tx, doc, self.has_relay)? {
            self.files_to_remove.extend(files.into_iter().map(Into::into));
        }
        Ok(())
    }

    /// Two devices sent one draft: the entry that carries what is shown gives the message its place, whichever came
    /// first here. Who has read the one has read the other.
    fn place_by_winner(
        &mut self,
        tx: &Tx<'_>,
        doc: &DocId,
        message: &MessageProjection,
        all: &[ChangeInfo],
    ) -> Result<(), Fail> {
        let Some(known) = messages::get(tx, doc)? else { return Ok(()) };
        let carried = self.carried(tx, doc, all)?;
        let Some(place) = carried.place else { return Ok(()) };
        let at_ms = message.content.author_ms.min(place.received_ms);
        if (known.device, known.dseq, known.at_ms) == (carried.device, carried.dseq, at_ms) {
            return Ok(());
        }
        let (device, dseq) = (carried.device, carried.dseq);
        messages::place(tx, doc, &Placed { at_ms, received_ms: place.received_ms, device, dseq })?;
        if known.mine {
            return Ok(());
        }
        let me = self.person();
        let read = receipts::get(tx, &message.space, &me, &device)?.read.contains(dseq);
        // What was not told of the entry it was read in is not told of this one.
        let told = receipts::told(tx, &message.space, &me, &known.device)?.contains(known.dseq);
        let seen = match (known.unread, read) {
            (true, true) => messages::mark_read(tx, &[*doc])?,
            (false, false) => {
                let (message, conversation, space) = (*doc, known.conversation, message.space);
                vec![messages::Seen { message, conversation, space, device, dseq }]
            }
            _ => return Ok(()),
        };
        self.note_read_as(tx, place.received_ms, &seen, told)
    }

    /// The row of a message that has none, as what is known of its entry and of the own read positions make it.
    fn unseen_message(
        &self,
        tx: &Tx<'_>,
        doc: &DocId,
        message: MessageProjection,
        all: &[ChangeInfo],
    ) -> Result<NewMessage, Fail> {
        let carried = self.carried(tx, doc, all)?;
        let position = receipts::get(tx, &message.space, &self.person(), &carried.device)?;
        Ok(self.new_message(doc, message, &carried, position.read.contains(carried.dseq)))
    }

    /// The row of a message; `read`: this person has read it already, on whichever device.
    pub fn new_message(
        &self,
        doc: &DocId,
        message: MessageProjection,
        carried: &Carried,
        read: bool,
    ) -> NewMessage {
        let mine = message.author == self.person();
        let received_ms = carried.place.map_or(0, |place| place.received_ms);
        let author_ms = message.content.author_ms;
        let marks = marks::of(&message, &self.person());
        let attachments =
            self.attachment_rows(doc, mine && carried.place.is_none(), &message.content.attachments);
        NewMessage {
            id: *doc,
            conversation: message.content.conversation,
            space: message.space,
            internal: message.content.is_internal(),
            author: message.author,
            mine,
            at_ms: if received_ms == 0 { author_ms } else { author_ms.min(received_ms) },
            author_ms,
            received_ms,
            body: message.content.body,
            reply_to: message.content.reply_to,
            deleted: message.deleted,
            unread: !mine && !message.deleted && !read,
            device: carried.device,
            dseq: carried.dseq,
            state: self.state_of_new(mine, carried.place.is_some()),
            attachments,
            marks,
        }
    }

    /// Puts new messages into their conversations, all at once.
    pub fn insert_messages(&mut self, tx: &Tx<'_>, new: Vec<NewMessage>) -> Result<(), Fail> {
        if new.is_empty() {
            return Ok(());
        }
        let places: HashMap<DocId, (DocId, u64)> = new
            .iter()
            .filter(|message| message.unread)
            .map(|message| (message.id, (message.conversation, message.received_ms)))
            .collect();
        // Those rows say how many answer them.
        let answered: Vec<DocId> = new.iter().filter_map(|message| message.reply_to).collect();
        let sent: Vec<DocId> = new
            .iter()
            .filter(|message| message.mine && message.received_ms > 0)
            .map(|message| message.id)
            .collect();
        let named: Vec<NewMessage> =
            new.iter().filter(|message| message.marks.mentions_me && message.unread).cloned().collect();
        let with_files: Vec<DocId> =
            new.iter().filter(|message| !message.attachments.is_empty()).map(|message| message.id).collect();
        let inserted = messages::insert(tx, new)?;
        let added: HashSet<DocId> = inserted.added.into_iter().collect();
        for message in named.iter().filter(|message| added.contains(&message.id)) {
            self.notice_message(tx, NoticeKind::Mention, message)?;
        }
        for message in &inserted.late {
            self.notice_message(tx, NoticeKind::Late, message)?;
        }
        for message in inserted.unread {
            if let Some((conversation, received_ms)) = places.get(&message) {
                self.touched.arrived.push((*conversation, message));
                self.news.push((*conversation, *received_ms));
            }
        }
        for id in answered {
            if let Some(conversation) = messages::conversation_of(tx, &id)? {
                self.touched.message(conversation, id);
            }
        }
        for message in &sent {
            self.take_over_files(tx, message)?;
            self.draft_became_message(tx, message)?;
            self.scheduled_sent(tx, message)?;
        }
        for message in with_files.iter().filter(|message| added.contains(message)) {
            self.want_files(tx, message)?;
        }
        self.touched.status = true;
        Ok(())
    }

    fn state_of_new(&self, mine: bool, placed: bool) -> MessageState {
        match (mine, placed, self.has_relay) {
            (true, false, true) => MessageState::Pending,
            (true, false, false) => MessageState::Local,
            _ => MessageState::Sent,
        }
    }

    /// The entry that carries the content that is shown; own pending messages have none yet.
    fn carried(&self, tx: &Tx<'_>, doc: &DocId, all: &[ChangeInfo]) -> Result<Carried, Fail> {
        // As it was sent: what it says now may be an edit, or nothing.
        let registers = Registers::of(all);
        let shown = registers.get(homing_model::rules::key::CONTENT);
        let shows = |change: &&ChangeInfo| change.put(homing_model::rules::key::CONTENT) == shown;
        let mut carriers: Vec<&ChangeInfo> =
            all.iter().filter(|change| change.is_first()).filter(shows).collect();
        // Two devices may have sent the same words: what is at the relay counts, then the lower hash.
        carriers.sort_by_key(|change| change.hash);
        let mut entry = None;
        for change in carriers {
            if let Some(id) = changes::get(tx, doc, &Hash(change.hash.0))?.and_then(|row| row.entry) {
                entry = entries::get(tx, &id)?;
                break;
            }
        }
        Ok(match entry {
            Some(entry) => Carried { device: entry.device, dseq: entry.dseq, place: entry.place },
            None => Carried { device: self.device(), dseq: 0, place: None },
        })
    }

    fn attachment_rows(
        &self,
        message: &DocId,
        own_new: bool,
        files: &[AttachmentMeta],
    ) -> Vec<AttachmentRow> {
        let state = if own_new { FileState::Waiting } else { FileState::Remote };
        files
            .iter()
            .enumerate()
            .map(|(position, file)| {
                let place = u32::try_from(position).unwrap_or(u32::MAX);
                described(attachment_id(message, position), message, place, state, file)
            })
            .collect()
    }

    /// An own message has its place at the relay.
    pub fn message_confirmed(
        &mut self,
        tx: &Tx<'_>,
        doc: &DocId,
        header: &EntryHeader,
        place: Place,
    ) -> Result<(), Fail> {
        self.leave_aside(tx, doc)?;
        let Some(row) = messages::get(tx, doc)? else {
            // Its conversation was deleted while it was on its way.
            if strays::conversation_of(tx, doc)?.is_none() {
                return Ok(());
            }
            self.draft_became_message(tx, doc)?;
            return self.scheduled_sent(tx, doc);
        };
        if row.dseq == 0 {
            let placed = Placed {
                at_ms: row.author_ms.min(place.received_ms),
                received_ms: place.received_ms,
                device: header.device,
                dseq: header.dseq,
            };
            messages::place(tx, doc, &placed)?;
        }
        self.touched.message(row.conversation, *doc);
        self.draft_became_message(tx, doc)?;
        self.scheduled_sent(tx, doc)?;
        self.arrived_in(tx, &row.conversation)
    }

    /// An own message will not be taken as it is.
    pub fn message_failed(&mut self, tx: &Tx<'_>, doc: &DocId, code: &str, words: &str) -> Result<(), Fail> {
        let Some(row) = messages::get(tx, doc)? else { return Ok(()) };
        messages::set_state(tx, doc, MessageState::Failed, code, words)?;
        let notice = Notice {
            space: Some(row.space),
            conversation: Some(row.conversation),
            message: Some(*doc),
            ..Notice::new(NoticeKind::NotSent, doc.as_bytes(), row.author_ms)
        };
        self.notice(tx, &notice)?;
        self.touched.message(row.conversation, *doc);
        Ok(())
    }

    /// The rows of all conversations of a space change with its members and names.
    pub fn touch_conversations_of(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
        self.touched.conversations.extend(conversations::of_space(tx, space)?.into_iter().map(|row| row.id));
        Ok(())
    }

    /// Builds all rows anew from the documents, for `doctor`.
    pub fn project_all(&mut self, tx: &Tx<'_>) -> Result<(), Fail> {
        homing_store::projections::clear(tx)?;
        let mut after: Option<DocId> = None;
        loop {
            let page = changes::docs(tx, after.as_ref(), 1_000)?;
            let Some((last, ..)) = page.last() else { return Ok(()) };
            after = Some(*last);
            for (doc, ..) in &page {
                let read = read_doc(tx, doc)?;
                if kind_of(&read.accepted) != Some(Kind::Unknown(0)) {
                    self.project(tx, doc)?;
                }
            }
        }
    }
}

/// The id of a message's file: cut from the message and its place.
pub(crate) fn attachment_id(message: &DocId, position: usize) -> DocId {
    let mut hasher = blake3::Hasher::new_derive_key("homing 2026-11 attachment id v1");
    hasher.update(message.as_bytes());
    hasher.update(&(position as u64).to_be_bytes());
    DocId::from_hash(hasher.finalize().as_bytes())
}

/// How many changes bring a message's content: more than one if two devices sent one draft.
fn contents(all: &[ChangeInfo]) -> usize {
    all.iter().filter(|change| change.put(homing_model::rules::key::CONTENT).is_some()).count()
}

/// Names have no clock of their own; the number of changes grows with each, which is all that is compared.
fn now_of(all: &[ChangeInfo]) -> u64 {
    all.iter().map(ChangeInfo::max_op).max().unwrap_or(0)
}
