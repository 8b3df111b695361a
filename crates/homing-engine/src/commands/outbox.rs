//! What waits for the relay, and taking it back.

use homing_model::Edit;
use homing_store::messages::{self, MessageState};
use homing_store::outbox::{self, OutboxRow as StoredRow, OutboxState as StoredState};
use homing_store::{Durability, changes};
use homing_wire::{DocId, Hash};

use crate::api::{ApiError, Code, Done, Draft, ItemRef, Nothing, OutboxRow, OutboxState};
use crate::core::Core;
use crate::fail::{Fail, not_found};
use crate::ops::OpIntent;
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
        Ok(items
            .into_iter()
            .filter(|item| item.row.kind != "other")
            .map(|item| {
                let row = item.row;
                let message = row.kind == "message";
                let open = row.state != StoredState::Sealed;
                OutboxRow {
                    id: row.id.to_string(),
                    title: row.conversation.and_then(|id| titles.get(&id).cloned()).unwrap_or(item.subject),
                    conversation: row.conversation.map(|id| id.to_string()),
                    preview: homing_model::preview(&item.body, PREVIEW),
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
                    can_cancel: open,
                    can_edit: open && message,
                    kind: row.kind,
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

    /// Takes a row out, with the change it stands for and what was made on it.
    fn withdraw(&mut self, row: &StoredRow) -> Result<(), ApiError> {
        self.write(Durability::Full, |tx, replica, _| {
            match row.doc {
                None => {
                    outbox::cancel(tx, row.id)?;
                    OpIntent::remove(tx, row.id)?;
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
                    replica.project(tx, &doc)?;
                }
            }
            replica.touched.outbox = true;
            replica.touched.status = true;
            if let Some(conversation) = row.conversation {
                replica.touched.conversations.insert(conversation);
            }
            Ok(())
        })
    }

    fn intent_of(&self, row: &StoredRow) -> Result<Option<Edit>, ApiError> {
        let (Some(doc), Some(hash)): (Option<DocId>, Option<Hash>) = (row.doc, row.hash) else {
            return Ok(None);
        };
        let change = changes::get(&self.db()?, &doc, &hash)?;
        Ok(change.and_then(|change| change.intent).and_then(|bytes| Edit::decode(&bytes).ok()))
    }

    /// Cancelled text is never thrown away: it goes back into the composer.
    pub(crate) fn outbox_cancel(&mut self, args: ItemRef) -> Result<Done, ApiError> {
        let row = self.open_row(&args.id)?;
        self.back_to_composer(&row, false)?;
        Ok(Done { done: true })
    }

    pub(crate) fn outbox_edit(&mut self, args: ItemRef) -> Result<Draft, ApiError> {
        let row = self.open_row(&args.id)?;
        let conversation = row.conversation.filter(|_| row.kind == "message");
        let Some(conversation) = conversation else {
            return Err(ApiError::new(Code::InvalidArgument, "Only messages can be edited while they wait."));
        };
        self.back_to_composer(&row, true)?;
        self.draft_of(&conversation)
    }

    fn back_to_composer(&mut self, row: &StoredRow, to_change: bool) -> Result<(), ApiError> {
        let edit = self.intent_of(row)?;
        self.withdraw(row)?;
        if let (Some(doc), Some(conversation), Some(edit)) = (row.doc, row.conversation, edit)
            && row.kind == "message"
            && edit.message_content().is_some()
        {
            self.back_to_draft(&doc, &conversation, &edit, to_change)?;
        }
        Ok(())
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
                replica.touched.message(message.conversation, doc);
            }
            replica.touched.outbox = true;
            replica.touched.work.insert(row.space);
            Ok(again)
        })?;
        Ok(Done { done })
    }
}
