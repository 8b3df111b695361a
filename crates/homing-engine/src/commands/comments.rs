//! Remarks among colleagues beside a client's conversation. They are messages in the team's space: no client holds a key
//! to it, so what is written here can't reach one, whatever the screen shows. What is typed of them are drafts of their own.

use homing_model::Extras;
use homing_store::{Durability, conversations};
use homing_wire::{DocId, SpaceId};

use super::drafts::{base_of, check_typed, known, which_of};
use crate::api::{
    ApiError, Comment, CommentDraft, Commented, ConversationRef, Done, Draft, DraftChoose, Event,
};
use crate::commands::Outgoing;
use crate::commands::messages::check_body;
use crate::core::Core;
use crate::drafts::{Typed, comment_place};
use crate::fail::invalid;

impl Core {
    pub(crate) fn comment(&mut self, args: Comment) -> Result<Commented, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        self.comment_beside(id, &args)
    }

    /// Writes a remark beside this very conversation, wherever that goes on.
    pub(super) fn comment_beside(&mut self, id: DocId, args: &Comment) -> Result<Commented, ApiError> {
        check_body(&args.text, 0)?;
        let team = self.team_of(&id)?;
        let mut mentions = Vec::new();
        for person in &args.mentions {
            let person = self.find_person(person)?;
            if !mentions.contains(&person) {
                mentions.push(person);
            }
        }
        let from = args.draft.as_ref().map(|draft| which_of(Some(draft))).transpose()?;
        let base = base_of(args.base.as_ref());
        let message = self.write_and_seal(&team, |tx, replica, env| {
            let extras = Extras { internal: true, mentions: mentions.clone(), ..Extras::default() };
            let outgoing = Outgoing { extras, ..Outgoing::text(id, &args.text) };
            let Some(which) = from else { return replica.send_message(tx, env, outgoing) };
            let place = replica.comment_place(tx, &id)?;
            let typed = Typed { which, base: base.as_ref(), ..Typed::text(&args.text) };
            replica.send_typed(tx, env, &place, typed, outgoing)
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
    pub(crate) fn comment_draft(&mut self, args: CommentDraft) -> Result<Draft, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        let Some(text) = args.text else { return self.comment_draft_of(&id) };
        check_typed(&text)?;
        self.team_of(&id)?;
        let base = base_of(args.base.as_ref());
        let which = which_of(args.draft.as_ref())?;
        self.write(Durability::Full, |tx, replica, env| {
            let place = replica.comment_place(tx, &id)?;
            let typed = Typed { which, base: base.as_ref(), ..Typed::text(&text) };
            replica.set_draft(tx, env, &place, typed)?;
            Ok(())
        })?;
        // The screen that typed knows.
        self.touched.drafts.remove(&comment_place(&id));
        self.comment_draft_of(&id)
    }

    /// Makes another of the remarks that are typed the one that is shown, or lets the next begin with nothing.
    pub(crate) fn comment_choose(&mut self, args: DraftChoose) -> Result<Draft, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        let draft = args.draft.as_deref().map(known).transpose()?;
        self.write(Durability::Full, |tx, replica, _| {
            let place = replica.comment_place(tx, &id)?;
            replica.choose(tx, &place, draft.as_ref())
        })?;
        self.comment_draft_of(&id)
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
