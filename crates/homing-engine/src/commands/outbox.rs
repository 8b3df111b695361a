//! What waits for the relay, and taking it back.

use std::collections::HashMap;

use homing_model::{DraftId, Edit, Extras, Preimage};
use homing_store::drafts::DraftRow;
use homing_store::messages::{self, MessageState};
use homing_store::outbox::{self, OutboxRow as StoredRow, OutboxState as StoredState};
use homing_store::{Durability, Read, Tx, changes, drafts, merging};
use homing_wire::{DocId, Hash, SpaceId};

use super::Outgoing;
use super::drafts::back_to_draft;
use crate::api::{
    ApiError, Code, Done, Draft, ItemRef, Nothing, NoticeKind, OutboxItems, OutboxMove, OutboxResult,
    OutboxRow, OutboxState,
};
use crate::author::Label;
use crate::core::Core;
use crate::drafts::{Typed, Which, comment_place, draft_id, row_id};
use crate::fail::{Fail, not_found};
use crate::files::{in_words, said_of};
use crate::ops::OpIntent;
use crate::replica::Replica;
use crate::text::rfc3339;

const LIST: u32 = 1_000;
/// Characters of a message that its row shows.
const PREVIEW: usize = 100;

fn frozen() -> Fail {
    Fail::new(Code::AlreadySent, "It is already on its way and can't be taken back any more.")
}

impl Core {
    pub(crate) fn outbox(&mut self, _: Nothing) -> Result<Vec<OutboxRow>, ApiError> {
        let items = outbox::list(&self.db()?, LIST)?;
        let ids: Vec<DocId> = items.iter().filter_map(|item| item.row.conversation).collect();
        let titles = self.titles(&ids)?;
        let mut intents = HashMap::new();
        let mut movable: HashMap<DocId, usize> = HashMap::new();
        for item in &items {
            if let (Some(doc), Some(hash), Some(edit)) =
                (item.row.doc, item.row.hash, self.intent_of(&item.row)?)
            {
                if let Edit::CreateMessage { conversation, .. } = &edit
                    && item.row.state == StoredState::Queued
                {
                    *movable.entry(*conversation).or_default() += 1;
                }
                intents.insert((doc, hash), edit);
            }
        }
        Ok(items
            .into_iter()
            .map(|item| {
                let row = item.row;
                let edit = row.doc.and_then(|doc| intents.get(&(doc, row.hash?)));
                let kind = kind_of(&row, edit);
                let open = row.state != StoredState::Sealed;
                let alike = row.conversation.map_or(0, |id| movable.get(&id).copied().unwrap_or(0));
                let message = kind == "message";
                let files = match edit {
                    Some(Edit::CreateMessage { attachments, .. }) if item.body.is_empty() => {
                        said_of(attachments)
                    }
                    _ => None,
                };
                OutboxRow {
                    // A message keeps its name when its place among the others changes.
                    id: match row.doc.filter(|_| message) {
                        Some(doc) => doc.to_string(),
                        None => row.id.to_string(),
                    },
                    title: row.conversation.and_then(|id| titles.get(&id).cloned()).unwrap_or(item.subject),
                    conversation: row.conversation.map(|id| id.to_string()),
                    preview: match &files {
                        Some(files) => in_words(files),
                        None => homing_model::preview(&item.body, PREVIEW),
                    },
                    files,
                    state: match row.state {
                        StoredState::Queued => OutboxState::Queued,
                        StoredState::Sealed => OutboxState::Sealed,
                        StoredState::Refused => OutboxState::Refused,
                    },
                    since: rfc3339(row.created_ms),
                    error: match row.error.is_empty() {
                        true => open.then(|| self.held_in(&row.space)).flatten(),
                        false => Some(ApiError::new(Code::RelayRefused, row.message.clone())),
                    },
                    can_cancel: open && kind != "other",
                    can_edit: open && message,
                    can_move: row.state == StoredState::Queued && message && alike > 1,
                    kind: kind.to_owned(),
                }
            })
            .collect())
    }

    /// A waiting change by its own number, or by the message it brings: the conversation knows only that.
    fn row_number(&self, text: &str) -> Result<i64, ApiError> {
        if let Ok(number) = text.parse() {
            return Ok(number);
        }
        let doc: DocId = text.parse().map_err(|_| ApiError::from(not_found("waiting change")))?;
        let first = outbox::of_doc(&self.db()?, &doc)?.first().map(|row| row.id);
        first.ok_or_else(|| not_found("waiting change").into())
    }

    fn open_row(&self, id: &str) -> Result<StoredRow, ApiError> {
        let row = outbox::get(&self.db()?, self.row_number(id)?)?
            .ok_or_else(|| ApiError::from(not_found("waiting change")))?;
        if row.state == StoredState::Sealed { Err(frozen().into()) } else { Ok(row) }
    }

    fn intent_of(&self, row: &StoredRow) -> Result<Option<Edit>, ApiError> {
        Ok(intent_of(&self.db()?, row)?)
    }

    /// Cancelled text is never thrown away: it is a draft again.
    pub(crate) fn outbox_cancel(&mut self, args: ItemRef) -> Result<Done, ApiError> {
        if self.is_scheduled(&args.id) {
            return self.scheduled_cancel(args);
        }
        let row = self.open_row(&args.id)?;
        self.take_back(&row, false)?;
        Ok(Done { done: true })
    }

    pub(crate) fn outbox_edit(&mut self, args: ItemRef) -> Result<Draft, ApiError> {
        if self.is_scheduled(&args.id) {
            return self.scheduled_edit(args);
        }
        let row = self.open_row(&args.id)?;
        let message = matches!(self.intent_of(&row)?, Some(Edit::CreateMessage { .. }));
        let Some(conversation) = row.conversation.filter(|_| message) else {
            return Err(ApiError::new(Code::InvalidArgument, "Only messages can be edited while they wait."));
        };
        let conversation = merging::shown_in(&self.db()?, &conversation)?.unwrap_or(conversation);
        match self.take_back(&row, true)? {
            TakenBack::Message { place, .. } if place == comment_place(&conversation) => {
                self.comment_draft_of(&conversation)
            }
            _ => self.draft_of(&conversation),
        }
    }

    /// Takes a row out, with the change it stands for and what was made on it, in one go with what keeps it.
    fn take_back(&mut self, row: &StoredRow, to_change: bool) -> Result<TakenBack, ApiError> {
        self.write(Durability::Full, |tx, replica, env| {
            let edit = intent_of(tx, row)?;
            let taken = match (row.doc, &edit) {
                (Some(_), Some(Edit::CreateMessage { .. })) | (Some(_), None) => None,
                (Some(doc), Some(edit)) => replica.preimage(tx, &doc)?.map(|preimage| TakenBack::Change {
                    preimage,
                    edit: Box::new(edit.clone()),
                    conversation: row.conversation,
                }),
                (None, _) => OpIntent::load(tx, row.id)?.map(|intent| TakenBack::Op {
                    space: row.space,
                    intent,
                    conversation: row.conversation,
                }),
            };
            // As it reads now: it may have got other words while it waited.
            let shown = row.doc.map(|doc| messages::get(tx, &doc)).transpose()?.flatten();
            withdraw(tx, replica, row)?;
            if let (Some(doc), Some(content)) = (row.doc, edit.and_then(|edit| edit.message_content())) {
                let written = content.conversation;
                let conversation = merging::shown_in(tx, &written)?.unwrap_or(written);
                // A comment never goes into the composer that answers the client.
                let place = replica.typing_place(tx, &conversation, content.is_internal())?;
                let text = shown.map_or(content.body, |shown| shown.body);
                let words = (text.as_str(), content.reply_to, content.attachments.as_slice());
                let draft = back_to_draft(tx, replica, env, (&doc, &place), words, to_change)?;
                let extras = content.extras.unwrap_or_default();
                return Ok(TakenBack::Message { place, draft, text, extras });
            }
            taken.ok_or(Fail::Internal("nothing to take back"))
        })
    }

    /// Takes several back; what can't be taken back any more says so, and the others are taken back all the same.
    pub(crate) fn outbox_take_back(&mut self, args: OutboxItems) -> Result<Vec<OutboxResult>, ApiError> {
        self.taken_back.clear();
        let mut results = Vec::with_capacity(args.ids.len());
        for id in args.ids.into_iter().take(LIST as usize) {
            let taken = self.open_row(&id).and_then(|row| Ok((row.id, self.take_back(&row, false)?)));
            let error = match taken {
                Ok(taken) => {
                    self.taken_back.insert(id.clone(), taken);
                    None
                }
                Err(error) => Some(error),
            };
            results.push(OutboxResult { id, error });
        }
        Ok(results)
    }

    /// Undoes the last taking back, in the order in which things waited.
    pub(crate) fn outbox_put_back(&mut self, args: OutboxItems) -> Result<Vec<OutboxResult>, ApiError> {
        let mut taken: Vec<_> = args.ids.into_iter().map(|id| (self.taken_back.remove(&id), id)).collect();
        taken.sort_by_key(|(taken, _)| taken.as_ref().map(|(number, _)| *number));
        let mut results = Vec::with_capacity(taken.len());
        for (taken, id) in taken {
            let again = match taken {
                Some((_, taken)) => self.put_back(taken),
                None => Err(not_found("waiting change").into()),
            };
            results.push(OutboxResult { id, error: again.err() });
        }
        Ok(results)
    }

    fn put_back(&mut self, taken: TakenBack) -> Result<(), ApiError> {
        match taken {
            TakenBack::Message { place, draft, text, extras } => {
                let id = draft.ok_or_else(|| ApiError::from(not_found("draft")))?;
                let row = drafts::get(&self.db()?, &row_id(&id))?;
                let row = row.ok_or_else(|| ApiError::from(not_found("draft")))?;
                // Other words than came from somebody else are one's own.
                let extras = Extras { forwarded: extras.forwarded && row.text == text, ..extras };
                self.send_again(place, &row, &extras)
            }
            TakenBack::Change { preimage, edit, conversation } => {
                let label = conversation.map_or(Label::OTHER, Label::conversation);
                self.write(Durability::Full, |tx, replica, env| {
                    replica.author(tx, env.now_ms(), &preimage, &edit, label).map(drop)
                })
            }
            TakenBack::Op { space, intent, conversation } => {
                self.write(Durability::Full, |tx, replica, env| {
                    replica.enqueue_op(tx, env.now_ms(), &space, &intent, conversation).map(drop)
                })
            }
        }
    }

    fn send_again(&mut self, place: DocId, row: &DraftRow, extras: &Extras) -> Result<(), ApiError> {
        let beside = drafts::comment_beside(&self.db()?, &place)?;
        let (space, hold_ms) = match &beside {
            Some(conversation) => (self.team_of(conversation)?, 0),
            None => (self.space_of(&place)?, u64::from(self.stored_settings()?.undo_send_seconds) * 1_000),
        };
        self.write_and_seal(&space, |tx, replica, env| {
            let typed = Typed { which: Which::Known(draft_id(&row.id)), ..Typed::text(&row.text) };
            let conversation = beside.unwrap_or(place);
            let extras = extras.clone();
            let outgoing = Outgoing { hold_ms, extras, ..Outgoing::text(conversation, &row.text) };
            replica.send_typed(tx, env, &place, typed, outgoing)
        })?;
        self.note_holds()?;
        self.resume_transfers_logged();
        Ok(())
    }

    /// Puts a waiting message elsewhere among those of its conversation that wait.
    pub(crate) fn outbox_move(&mut self, args: OutboxMove) -> Result<Done, ApiError> {
        let row = self.open_row(&args.id)?;
        let before = args.before.as_deref().map(|id| self.open_row(id)).transpose()?.map(|row| row.id);
        let done = self.write(Durability::Full, |tx, replica, env| {
            replica.move_waiting(tx, env.now_ms(), &row, before)
        })?;
        Ok(Done { done })
    }

    pub(crate) fn outbox_retry(&mut self, args: ItemRef) -> Result<Done, ApiError> {
        let id = self.row_number(&args.id)?;
        let done = self.write(Durability::Full, |tx, replica, _| {
            let row = outbox::get(tx, id)?.ok_or_else(|| not_found("waiting change"))?;
            let again = outbox::retry(tx, id)?;
            if let Some(doc) = row.doc
                && let Some(message) = messages::get(tx, &doc)?
                && message.state == MessageState::Failed
            {
                messages::set_state(tx, &doc, MessageState::Pending, "", "")?;
                replica.notice_settled(tx, NoticeKind::NotSent, doc.as_bytes())?;
                replica.touched.message(message.conversation, doc);
            }
            replica.touched.outbox = true;
            replica.touched.work.insert(row.space);
            Ok(again)
        })?;
        Ok(Done { done })
    }
}

/// Something that was taken back, for as long as that can be undone.
pub(crate) enum TakenBack {
    /// It is a draft, where messages or comments are typed.
    Message {
        place: DocId,
        draft: Option<DraftId>,
        /// Its words, and what else it said.
        text: String,
        extras: Extras,
    },
    Change {
        preimage: Preimage,
        edit: Box<Edit>,
        conversation: Option<DocId>,
    },
    Op {
        space: SpaceId,
        intent: OpIntent,
        conversation: Option<DocId>,
    },
}

fn intent_of(db: &Read<'_>, row: &StoredRow) -> Result<Option<Edit>, Fail> {
    let (Some(doc), Some(hash)): (Option<DocId>, Option<Hash>) = (row.doc, row.hash) else {
        return Ok(None);
    };
    let change = changes::get(db, &doc, &hash)?;
    Ok(change.and_then(|change| change.intent).and_then(|bytes| Edit::decode(&bytes).ok()))
}

/// What a row is to a person.
fn kind_of(row: &StoredRow, edit: Option<&Edit>) -> &'static str {
    match edit {
        None if row.doc.is_none() => "membership",
        Some(Edit::CreateMessage { .. }) => "message",
        Some(Edit::EditMessage(_)) => "edit",
        Some(Edit::DeleteMessage) => "deletion",
        Some(Edit::React { .. }) => "reaction",
        Some(
            Edit::CreateConversation { .. } | Edit::RenameConversation { .. } | Edit::DeleteConversation,
        ) => "conversation",
        Some(Edit::CreateRecord { .. } | Edit::SetFields { .. } | Edit::DeleteRecord { .. }) => "record",
        _ => "other",
    }
}

/// Takes a row out, with the change it stands for and what was made on it.
pub(crate) fn withdraw(tx: &Tx<'_>, replica: &mut Replica, row: &StoredRow) -> Result<(), Fail> {
    match row.doc {
        None => {
            let intent = OpIntent::load(tx, row.id)?;
            outbox::cancel(tx, row.id)?;
            OpIntent::remove(tx, row.id)?;
            replica.touched.people = true;
            if intent == Some(OpIntent::Leave) {
                replica.say_left(tx, replica.now_ms, &row.space, false)?;
            }
        }
        Some(doc) => {
            let all = outbox::of_doc(tx, &doc)?;
            let later: Vec<&StoredRow> = all.iter().filter(|other| other.id >= row.id).collect();
            if later.iter().any(|other| other.state == StoredState::Sealed) {
                return Err(frozen());
            }
            for other in later.iter().rev() {
                if let Some(hash) = other.hash {
                    changes::delete(tx, &doc, &hash)?;
                }
                outbox::cancel(tx, other.id)?;
            }
            replica.notice_settled(tx, NoticeKind::NotSent, doc.as_bytes())?;
            replica.project(tx, &doc)?;
        }
    }
    replica.touched.outbox = true;
    replica.touched.status = true;
    if let Some(conversation) = row.conversation {
        replica.touched.conversations.insert(conversation);
    }
    Ok(())
}
