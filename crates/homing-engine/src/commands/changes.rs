//! What is done with a message that is there: other words, reactions, its history, what answers it.

use homing_model::{Edit, EditedText, Projection, project};
use homing_store::messages::{self, MessageRow as StoredMessage, MessageState};
use homing_store::outbox::{self, OutboxState};
use homing_store::{Tx, changes};
use homing_wire::DocId;

use crate::api::{
    ApiError, Code, ConversationRef, Done, History, ItemRef, MessageEdit, Named, React, ThreadPage, Wording,
};
use crate::author::Label;
use crate::commands::messages::check_body;
use crate::core::Core;
use crate::docs::read_doc;
use crate::env::Env;
use crate::fail::{Fail, forbidden, invalid, not_found};
use crate::replica::Replica;
use crate::text::{rfc3339, visible};

/// Messages of one thread that are shown.
const THREAD: u32 = 500;

impl Core {
    fn message_row(&self, text: &str) -> Result<StoredMessage, ApiError> {
        let id = self.find_message(text)?;
        messages::get(&self.db()?, &id)?.ok_or_else(|| not_found("message").into())
    }

    pub(crate) fn message_edit(&mut self, args: MessageEdit) -> Result<Done, ApiError> {
        let row = self.message_row(&args.message)?;
        if !row.mine {
            return Err(forbidden("Only who wrote a message can give it other words.").into());
        }
        check_present(&row)?;
        if args.text.trim().is_empty() {
            return Err(invalid("A message can't be edited to nothing. Delete it instead.").into());
        }
        check_body(&args.text, 0)?;
        self.write_and_seal(&row.space, |tx, replica, env| replica.edit_message(tx, env, &row, &args.text))?;
        Ok(Done { done: true })
    }

    pub(crate) fn react(&mut self, args: React) -> Result<Done, ApiError> {
        let row = self.message_row(&args.message)?;
        check_present(&row)?;
        if row.state == MessageState::Failed {
            return Err(invalid("This message was not sent. Send it again first.").into());
        }
        self.write_and_seal(&row.space, |tx, replica, env| {
            let preimage = replica.preimage(tx, &row.id)?.ok_or_else(|| not_found("message"))?;
            let edit = Edit::React { person: replica.person(), emoji: args.emoji.clone(), on: args.on };
            if args.on || replica.reacted(&row, &args.emoji) {
                replica.author(tx, env.now_ms(), &preimage, &edit, Label::reaction(row.conversation))?;
            }
            Ok(())
        })?;
        Ok(Done { done: true })
    }

    pub(crate) fn message_history(&mut self, args: ItemRef) -> Result<History, ApiError> {
        let row = self.message_row(&args.id)?;
        let read = read_doc(&self.db()?, &row.id).map_err(ApiError::from)?;
        let Ok(Projection::Message(message)) = project(&read.accepted) else {
            return Err(not_found("message").into());
        };
        let mut wordings: Vec<Wording> = message
            .former
            .into_iter()
            .map(|wording| Wording { body: wording.body, since: rfc3339(wording.since_ms), current: false })
            .collect();
        if !message.deleted {
            let since = rfc3339(message.edited_ms.unwrap_or(message.content.author_ms));
            wordings.push(Wording { body: message.content.body, since, current: true });
        }
        Ok(History {
            message: row.id.to_string(),
            author: row.author.to_string(),
            author_name: visible(&row.author_name),
            wordings,
        })
    }

    pub(crate) fn thread(&mut self, args: ItemRef) -> Result<ThreadPage, ApiError> {
        let id = self.find_message(&args.id)?;
        let db = self.db()?;
        let root = messages::thread_root(&db, &id)?;
        let ids = messages::thread(&db, &root, THREAD)?;
        let mut stored = messages::of(&db, &ids)?;
        stored.sort_by_key(StoredMessage::order);
        let rows = self.message_rows(stored)?;
        Ok(ThreadPage { root: root.to_string(), rows, revision: self.revision() })
    }

    /// Whom a message here can name.
    pub(crate) fn mentionable(&mut self, args: ConversationRef) -> Result<Vec<Named>, ApiError> {
        let space = self.space_of(&self.find_conversation(&args.conversation)?)?;
        let store =
            self.store.as_ref().ok_or_else(|| ApiError::new(Code::Locked, "The profile is locked."))?;
        let replica = self.replica.as_mut().ok_or_else(crate::core::not_initialised)?;
        let me = replica.person();
        let readers = replica.readers(&store.read(), &space).map_err(ApiError::from)?;
        Ok(readers
            .into_iter()
            .map(|(person, name)| Named { person: person.to_string(), name, me: person == me })
            .collect())
    }
}

/// What was deleted has nothing left to change.
fn check_present(row: &StoredMessage) -> Result<(), ApiError> {
    if row.deleted {
        Err(ApiError::new(Code::NotFound, "This message was deleted for everyone."))
    } else {
        Ok(())
    }
}

impl Replica {
    fn reacted(&self, row: &StoredMessage, emoji: &str) -> bool {
        let me = self.person();
        crate::marks::reactions(&row.marks).iter().any(|(person, with)| *person == me && with == emoji)
    }

    fn edit_message(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        row: &StoredMessage,
        text: &str,
    ) -> Result<(), Fail> {
        let text = text.replace('\0', "");
        let mentions = self.mentioned(tx, &row.space, &text)?;
        let rework = |edit: &mut Edit| {
            if let Edit::CreateMessage { body, extras, .. } = edit {
                body.clone_from(&text);
                let mut kept = extras.take().unwrap_or_default();
                kept.mentions.clone_from(&mentions);
                kept.previews.retain(|preview| text.contains(&preview.url));
                *extras = kept.or_none();
            }
        };
        if self.author_queued_anew(tx, &row.id, rework)? {
            self.draft_was_edited(tx, &row.id, &text, env.now_ms())?;
            return self.retry_message(tx, row);
        }
        self.withdraw_queued_edit(tx, &row.id)?;
        let edited_ms = env.now_ms().max(row.author_ms + 1).max(row.marks.edited_ms + 1);
        let edit = Edit::EditMessage(EditedText { body: text, edited_ms, mentions });
        let preimage = self.preimage(tx, &row.id)?.ok_or_else(|| not_found("message"))?;
        self.author(tx, env.now_ms(), &preimage, &edit, Label::edit(row.conversation))?;
        Ok(())
    }

    /// Words that were given offline and given again are no former words: nobody saw them.
    fn withdraw_queued_edit(&mut self, tx: &Tx<'_>, message: &DocId) -> Result<(), Fail> {
        let Some(last) = outbox::of_doc(tx, message)?.pop() else { return Ok(()) };
        let (Some(hash), "edit", OutboxState::Queued | OutboxState::Refused) =
            (last.hash, last.kind.as_str(), last.state)
        else {
            return Ok(());
        };
        changes::delete(tx, message, &hash)?;
        outbox::cancel(tx, last.id)?;
        Ok(())
    }

    /// A refused message that got other words is tried again with them.
    fn retry_message(&mut self, tx: &Tx<'_>, row: &StoredMessage) -> Result<(), Fail> {
        if row.state != MessageState::Failed {
            return Ok(());
        }
        for waiting in outbox::of_doc(tx, &row.id)? {
            outbox::retry(tx, waiting.id)?;
        }
        messages::set_state(tx, &row.id, MessageState::Pending, "", "")?;
        self.touched.message(row.conversation, row.id);
        Ok(())
    }
}
