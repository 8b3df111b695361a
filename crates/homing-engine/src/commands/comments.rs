//! Remarks among colleagues beside a client's conversation. They are messages in the team's space: no client holds a key
//! to it, so what is written here can't reach one, whatever the screen shows.

use homing_model::Extras;
use homing_store::{Durability, Tx, conversations, meta};
use homing_wire::{DocId, SpaceId};

use crate::api::{ApiError, Comment, CommentDraft, CommentText, Commented, ConversationRef, Done, Event};
use crate::commands::Outgoing;
use crate::commands::messages::check_body;
use crate::core::Core;
use crate::fail::{Fail, invalid};
use crate::replica::Replica;

/// Where what is typed of a remark lies, by conversation.
const TYPED: &str = "comment/";

impl Core {
    pub(crate) fn comment(&mut self, args: Comment) -> Result<Commented, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        check_body(&args.text, 0)?;
        let team = self.team_of(&id)?;
        let mut mentions = Vec::new();
        for person in &args.mentions {
            let person = self.find_person(person)?;
            if !mentions.contains(&person) {
                mentions.push(person);
            }
        }
        let message = self.write_and_seal(&team, |tx, replica, env| {
            let extras = Extras { internal: true, mentions: mentions.clone(), ..Extras::default() };
            replica.forget_comment(tx, &id)?;
            replica.send_message(tx, env, Outgoing { extras, ..Outgoing::text(id, &args.text) })
        })?;
        let sent = self.sent(&message, &id)?;
        Ok(Commented { id: sent.id, conversation: sent.conversation, state: sent.state })
    }

    /// The team this person works in, whose client's conversation it is.
    pub(crate) fn team_of(&self, conversation: &DocId) -> Result<SpaceId, ApiError> {
        let row = conversations::get(&self.db()?, conversation)?;
        row.and_then(|row| row.team).ok_or_else(|| {
            invalid("Comments stand beside conversations with your team's clients. This is none.").into()
        })
    }

    /// Keeps what is typed of a remark, or answers what was kept.
    pub(crate) fn comment_draft(&mut self, args: CommentDraft) -> Result<CommentText, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        let key = format!("{TYPED}{id}");
        let Some(text) = args.text else {
            let kept = meta::get(&self.db()?, &key)?;
            let text = kept.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            return Ok(CommentText { text: text.unwrap_or_default() });
        };
        check_length(&text)?;
        self.write(Durability::Full, |tx, _, _| {
            if text.is_empty() {
                meta::delete(tx, &key)?;
            } else {
                meta::set(tx, &key, text.as_bytes())?;
            }
            Ok(())
        })?;
        Ok(CommentText { text })
    }

    /// Tells colleagues who have the conversation open that this person answers the client. Not stored.
    pub(crate) fn replying(&mut self, args: ConversationRef) -> Result<Done, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        let team = conversations::get(&self.db()?, &id)?.and_then(|row| row.team);
        let Some(team) = team.filter(|_| self.online()) else { return Ok(Done { done: false }) };
        let content =
            self.write(Durability::Normal, |tx, replica, env| replica.seal_typing(tx, env, &team, &id))?;
        if let Some(content) = content {
            self.protocol(homing_sync::Event::Ephemeral { space: team, content });
        }
        Ok(Done { done: true })
    }

    /// Somebody types: in the conversation's own space for all to see, in its team's for colleagues.
    pub(crate) fn typing_came(&mut self, space: SpaceId, person: homing_wire::PersonId, id: DocId) {
        let row = self.db().and_then(|db| Ok(conversations::get(&db, &id)?)).ok().flatten();
        let (Some(row), Ok(name)) = (row, self.name_of(&space, &person)) else { return };
        let (conversation, person) = (id.to_string(), person.to_string());
        // Nobody types in a conversation of a space that is not its own.
        let event = if row.space == space {
            Event::Typing { conversation, person, name }
        } else if row.team == Some(space) {
            Event::Replying { conversation, person, name }
        } else {
            return;
        };
        self.push(crate::port::Output::Event(event));
    }
}

impl Replica {
    /// Words of a remark that will not be written as it is: kept beside what is typed, and nowhere near the client.
    pub(crate) fn keep_comment(&self, tx: &Tx<'_>, conversation: &DocId, text: &str) -> Result<(), Fail> {
        let key = format!("{TYPED}{conversation}");
        let typed = meta::get(tx, &key)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let all = match typed {
            Some(typed) if typed.contains(text) => typed,
            Some(typed) if !typed.is_empty() => format!("{typed}\n\n{text}"),
            _ => text.to_owned(),
        };
        Ok(meta::set(tx, &key, all.as_bytes())?)
    }

    /// Nothing of a remark is typed any more.
    pub(crate) fn forget_comment(&self, tx: &Tx<'_>, conversation: &DocId) -> Result<(), Fail> {
        meta::delete(tx, &format!("{TYPED}{conversation}"))?;
        Ok(())
    }
}

fn check_length(text: &str) -> Result<(), ApiError> {
    if text.len() > homing_model::limits::DRAFT_TEXT {
        return Err(invalid("This is too long for a comment.").into());
    }
    Ok(())
}
