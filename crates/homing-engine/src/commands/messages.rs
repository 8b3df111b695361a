//! Messages: pages, sending, reading, deleting.

use std::collections::BTreeSet;

use homing_model::{AttachmentMeta, DraftId, Edit, Extras, Preimage};
use homing_store::messages::{self, MessageRow as StoredMessage, Order};
use homing_store::{Durability, Tx, conversations};
use homing_wire::DocId;
use rand_core::Rng;

use crate::api::{
    ApiError, Code, ConversationRef, Done, Focus, ItemRef, MESSAGE_BYTES, MessagePage, Messages, Send, Sent,
    Shown, State,
};
use crate::author::Label;
use crate::core::Core;
use crate::env::Env;
use crate::fail::{Fail, invalid, not_found};
use crate::files::{StagedFile, fit_together};
use crate::replica::Replica;
use crate::reply::Reply;

pub(super) const PAGE: u32 = 200;

impl Core {
    pub(crate) fn messages(&mut self, args: Messages) -> Result<MessagePage, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        let limit = args.limit.clamp(1, PAGE);
        let db = self.db()?;
        let place = |text: &Option<String>| -> Result<Option<Order>, ApiError> {
            let Some(text) = text else { return Ok(None) };
            if let Ok(order) = text.parse::<Order>() {
                return Ok(Some(order));
            }
            Ok(messages::order_of(&db, &self.find_message(text)?)?)
        };
        let stored = if let Some(message) = &args.around {
            messages::around(&db, &id, &self.find_message(message)?, limit)?
        } else if args.unread {
            messages::unread(&db, &id, place(&args.after)?.as_ref(), limit)?
        } else if args.after.is_some() {
            messages::after(&db, &id, place(&args.after)?.as_ref(), limit)?
        } else {
            messages::before(&db, &id, place(&args.before)?.as_ref(), limit)?
        };
        let (older, newer) = match (args.unread, stored.first(), stored.last()) {
            (false, Some(first), Some(last)) => (
                messages::before(&db, &id, Some(&first.order()), 1)?
                    .first()
                    .map(|_| first.order().to_string()),
                messages::after(&db, &id, Some(&last.order()), 1)?.first().map(|_| last.order().to_string()),
            ),
            _ => (None, None),
        };
        let rows = self.message_rows(stored)?;
        Ok(MessagePage { rows, older, newer, revision: self.revision() })
    }

    pub(crate) fn send(&mut self, args: Send, reply: Reply<Sent>) {
        let prepared = || -> Result<_, ApiError> {
            let id = self.find_conversation(&args.conversation)?;
            let reply_to = args.reply_to.as_deref().map(|text| self.find_message(text)).transpose()?;
            let about = args.about.as_deref().map(str::parse::<DocId>).transpose();
            let about = about.map_err(|_| ApiError::from(not_found("record")))?;
            check_body(&args.text, args.attachments.len())?;
            Ok((id, reply_to, Extras { about, ..Extras::default() }))
        };
        match prepared() {
            Err(error) => self.settle(reply, Err(error)),
            Ok((id, reply_to, extras)) => self.with_files(args.attachments, reply, move |core, files| {
                let outgoing = Outgoing { reply_to, files, extras, ..Outgoing::text(id, &args.text) };
                match &args.at {
                    Some(at) => core.send_later(&outgoing, at),
                    None => core.send_now(&outgoing),
                }
            }),
        }
    }

    fn send_now(&mut self, outgoing: &Outgoing<'_>) -> Result<Sent, ApiError> {
        let id = outgoing.conversation;
        let space = self.space_of(&id)?;
        let message =
            self.write_and_seal(&space, |tx, replica, env| replica.send_message(tx, env, outgoing.clone()))?;
        if !outgoing.files.is_empty() {
            self.resume_transfers_logged();
        }
        self.sent(&message, &id)
    }

    /// What a call that sent a message answers.
    pub(crate) fn sent(&self, message: &DocId, conversation: &DocId) -> Result<Sent, ApiError> {
        let state = match messages::get(&self.db()?, message)?.map(|row| row.state) {
            Some(messages::MessageState::Local) => State::Local,
            Some(messages::MessageState::Sent) => State::Sent,
            Some(messages::MessageState::Failed) => State::Failed,
            _ => State::Pending,
        };
        Ok(Sent { id: message.to_string(), conversation: conversation.to_string(), state })
    }

    pub(crate) fn message_delete(&mut self, args: ItemRef) -> Result<Done, ApiError> {
        let id = self.find_message(&args.id)?;
        let row: StoredMessage =
            messages::get(&self.db()?, &id)?.ok_or_else(|| ApiError::from(not_found("message")))?;
        self.write(Durability::Full, |tx, replica, env| {
            let preimage = replica.preimage(tx, &id)?.ok_or_else(|| not_found("message"))?;
            replica.author(
                tx,
                env.now_ms(),
                &preimage,
                &Edit::DeleteMessage,
                Label::conversation(row.conversation),
            )?;
            Ok(())
        })?;
        Ok(Done { done: true })
    }

    pub(crate) fn shown(&mut self, args: Shown) -> Result<Done, ApiError> {
        let mut ids = Vec::with_capacity(args.messages.len());
        for id in &args.messages {
            if let Ok(id) = id.parse::<DocId>() {
                ids.push(id);
            }
        }
        let conversation = self.find_conversation(&args.conversation)?;
        let marked = conversations::get(&self.db()?, &conversation)?.is_some_and(|row| row.marked_unread);
        self.write(Durability::Full, |tx, replica, env| {
            let seen = messages::mark_read(tx, &ids)?;
            replica.note_read(tx, env.now_ms(), &seen)?;
            if marked && !seen.is_empty() {
                let preimage = Preimage::conversation_state(replica.personal(), &conversation);
                replica.author(tx, env.now_ms(), &preimage, &Edit::SetMarkedUnread(false), Label::OTHER)?;
            }
            Ok(())
        })?;
        Ok(Done { done: true })
    }

    pub(crate) fn focus(&mut self, args: Focus) -> Result<Done, ApiError> {
        self.attended = args.attended || args.conversation.is_some();
        self.focus = args.conversation.as_deref().map(|id| self.find_conversation(id)).transpose()?;
        let mut live = BTreeSet::new();
        if let Some(id) = &self.focus {
            live.insert(self.space_of(id)?);
            // Colleagues tell each other in their own space that they answer a client.
            live.extend(conversations::get(&self.db()?, id)?.and_then(|row| row.team));
        }
        let before = std::mem::replace(&mut self.live, live.clone());
        for space in before.difference(&live) {
            self.say_presence(*space, false);
            self.protocol(homing_sync::Event::CloseSpace(*space));
        }
        for space in live.difference(&before) {
            self.protocol(homing_sync::Event::OpenSpace(*space));
            self.say_presence(*space, true);
        }
        Ok(Done { done: true })
    }

    /// Tells members who have the conversation open that this person is typing. Not stored, lost without a word.
    pub(crate) fn typing(&mut self, args: ConversationRef) -> Result<Done, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        let space = self.space_of(&id)?;
        if !self.online() {
            return Ok(Done { done: false });
        }
        let content =
            self.write(Durability::Normal, |tx, replica, env| replica.seal_typing(tx, env, &space, &id))?;
        if let Some(content) = content {
            self.protocol(homing_sync::Event::Ephemeral { space, content });
        }
        Ok(Done { done: true })
    }
}

/// A message to write.
#[derive(Clone)]
pub(crate) struct Outgoing<'a> {
    pub conversation: DocId,
    pub text: &'a str,
    pub reply_to: Option<DocId>,
    pub files: &'a [StagedFile],
    /// The draft it is: whichever device sends that, it is this message.
    pub draft: Option<DraftId>,
    pub extras: Extras,
    /// Not handed over before that long, ms, so that it can be undone.
    pub hold_ms: u64,
}

impl<'a> Outgoing<'a> {
    /// Words and nothing else.
    pub fn text(conversation: DocId, text: &'a str) -> Self {
        Self {
            conversation,
            text,
            reply_to: None,
            files: &[],
            draft: None,
            extras: Extras::default(),
            hold_ms: 0,
        }
    }
}

/// A message says something, and not too much of it.
pub(crate) fn check_body(text: &str, files: usize) -> Result<(), ApiError> {
    if text.trim().is_empty() && files == 0 {
        return Err(invalid("The message is empty.").into());
    }
    if text.len() > MESSAGE_BYTES {
        return Err(ApiError::new(
            Code::TooLarge,
            "The message is longer than 32 KiB. Send the text as a file; your draft is kept.",
        ));
    }
    Ok(())
}

/// What a message says of its files; small pictures as far as there is room.
fn described(files: &[StagedFile]) -> Vec<AttachmentMeta> {
    let mut metas: Vec<AttachmentMeta> = files.iter().map(|file| file.meta.clone()).collect();
    fit_together(metas.iter_mut().map(|meta| &mut meta.thumbnail));
    metas
}

impl Replica {
    /// Writes a message.
    pub fn send_message(&mut self, tx: &Tx<'_>, env: &mut Env, message: Outgoing<'_>) -> Result<DocId, Fail> {
        let conversation = message.conversation;
        let row = conversations::get(tx, &conversation)?.ok_or_else(|| not_found("conversation"))?;
        self.show_again(tx, env.now_ms(), &row)?;
        let draft = message.draft.unwrap_or_else(|| {
            let mut id = [0u8; 16];
            env.rng.fill_bytes(&mut id);
            DraftId(id)
        });
        // A remark among colleagues lies in their space, where no client reads.
        let space = match (message.extras.internal, row.team) {
            (false, _) => row.space,
            (true, Some(team)) => team,
            (true, None) => return Err(Fail::Internal("a comment without a team")),
        };
        let preimage = Preimage::message(space, self.person(), &draft);
        // An answer sorts after what it answers, whatever the clocks say.
        let newest = messages::newest_at(tx, &conversation)?.unwrap_or(0);
        let author_ms = env.now_ms().max(newest + 1);
        let mut extras = message.extras;
        if !extras.forwarded {
            // Whoever writes a comment may name colleagues beside its words too.
            for person in self.mentioned(tx, &row.space, message.text)? {
                if !extras.mentions.contains(&person) {
                    extras.mentions.push(person);
                }
            }
        }
        let template = extras.template;
        let edit = Edit::CreateMessage {
            conversation,
            body: message.text.to_owned(),
            author_ms,
            reply_to: message.reply_to,
            attachments: described(message.files),
            extras: extras.or_none(),
        };
        let now_ms = env.now_ms();
        // Without a relay nothing leaves, so there is nothing to undo.
        let hold_until = if message.hold_ms > 0 && self.has_relay { now_ms + message.hold_ms } else { 0 };
        let id = self
            .author(tx, now_ms, &preimage, &edit, Label { hold_until, ..Label::message(conversation) })?
            .ok_or(Fail::Internal("message"))?;
        for (position, file) in message.files.iter().enumerate() {
            self.keep_staged(tx, &id, position, file)?;
        }
        if let Some(template) = &template {
            self.count_use(tx, now_ms, template)?;
        }
        Ok(id)
    }
}
