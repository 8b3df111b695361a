//! What a person chooses for conversations: any number at once, in one transaction, with what takes it back.

use chrono::{DateTime, Utc};
use homing_model::{Edit, Preimage, limits};
use homing_store::conversations::{self, ConversationRow};
use homing_store::{Durability, Tx, messages};
use homing_wire::{DocId, PersonId, Role};

use crate::api::{
    self, ApiError, ConversationChange, ConversationMerge, ConversationsChange, ConversationsChanged,
    OneChange,
};
use crate::author::Label;
use crate::core::Core;
use crate::fail::{Fail, invalid, not_found};
use crate::replica::Replica;
use crate::text::rfc3339;

/// Conversations changed at once.
const AT_ONCE: usize = 10_000;

/// Nobody means more than so many at once.
pub(super) fn at_once<T>(all: &[T]) -> Result<(), ApiError> {
    match all.len() {
        ..=AT_ONCE => Ok(()),
        _ => Err(invalid("Change at most 10,000 conversations at once.").into()),
    }
}

/// Until when, in Unix ms; nothing: not at all.
fn until(text: Option<&str>, now_ms: u64) -> Result<u64, ApiError> {
    match text {
        None => Ok(0),
        Some("forever") => Ok(limits::TIME_MS),
        Some(text) => {
            let at = DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc));
            let ms = at.and_then(|at| u64::try_from(at.timestamp_millis()).ok());
            match ms.filter(|ms| *ms <= limits::TIME_MS) {
                Some(ms) if ms > now_ms => Ok(ms),
                Some(_) => Err(invalid("This time is over. Choose one that is still to come.").into()),
                None => Err(invalid("Give a time such as 2026-11-22T08:00:00Z.").into()),
            }
        }
    }
}

/// A change whose words were understood.
enum Wanted {
    Own(Edit),
    Read,
    Assign(Option<PersonId>),
}

impl Core {
    pub(crate) fn conversations_change(
        &mut self,
        args: ConversationsChange,
    ) -> Result<ConversationsChanged, ApiError> {
        at_once(&args.changes)?;
        let now_ms = self.env.now_ms();
        let mut wanted = Vec::with_capacity(args.changes.len());
        for OneChange { conversation, change } in &args.changes {
            let id = self.find_conversation(conversation)?;
            let what = match change {
                ConversationChange::Archive { on } => Wanted::Own(Edit::SetArchived(*on)),
                ConversationChange::Mark { on } => Wanted::Own(Edit::SetMarkedUnread(*on)),
                ConversationChange::Pin { on } => Wanted::Own(Edit::SetPinned(*on)),
                ConversationChange::KeepFiles { on } => Wanted::Own(Edit::SetKeepFiles(*on)),
                ConversationChange::Mute { until: at } => {
                    Wanted::Own(Edit::SetMutedUntil(until(at.as_deref(), now_ms)?))
                }
                ConversationChange::Snooze { until: at } => {
                    Wanted::Own(Edit::SetSnoozedUntil(until(at.as_deref(), now_ms)?))
                }
                ConversationChange::Read {} => Wanted::Read,
                ConversationChange::Assign { person } => {
                    Wanted::Assign(person.as_deref().map(|text| self.find_person(text)).transpose()?)
                }
            };
            wanted.push((id, what));
        }
        let undo = self.write(Durability::Full, |tx, replica, env| {
            let mut undo = Vec::with_capacity(wanted.len());
            for (id, what) in &wanted {
                let before = conversations::get(tx, id)?.ok_or_else(|| not_found("conversation"))?;
                undo.extend(replica.change_conversation(tx, env.now_ms(), &before, what)?);
            }
            undo.reverse();
            Ok(undo)
        })?;
        let ids: Vec<DocId> = wanted.into_iter().map(|(id, _)| id).collect();
        let stored = conversations::of(&self.db()?, &ids)?;
        Ok(ConversationsChanged { rows: self.conversation_rows(stored)?, undo })
    }

    pub(crate) fn conversation_merge(
        &mut self,
        args: ConversationMerge,
    ) -> Result<api::ConversationRow, ApiError> {
        // The one that is meant by itself, not where it is shown.
        let id = self.find_written(&args.conversation)?;
        let into = args.into.as_deref().map(|text| self.find_conversation(text)).transpose()?;
        let space = self.space_of(&id)?;
        if let Some(into) = &into {
            if *into == id {
                return Err(invalid("A conversation can't go on in itself.").into());
            }
            if self.space_of(into)? != space {
                return Err(invalid(
                    "Only conversations with the same client can be put together: any other has members and keys of its own.",
                )
                .into());
            }
        }
        self.write(Durability::Full, |tx, replica, env| {
            let preimage = replica.preimage(tx, &id)?.ok_or_else(|| not_found("conversation"))?;
            let edit = Edit::MergeInto { conversation: into };
            replica.author(tx, env.now_ms(), &preimage, &edit, Label::conversation(id))?;
            Ok(())
        })?;
        self.conversation_row_of(&into.unwrap_or(id))
    }
}

impl Replica {
    /// Does one thing with one conversation; answers what takes it back, if it changed anything.
    fn change_conversation(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        before: &ConversationRow,
        what: &Wanted,
    ) -> Result<Option<OneChange>, Fail> {
        let id = before.id;
        let time = |ms: u64| (ms > now_ms).then(|| rfc3339(ms));
        let (done, back) = match what {
            Wanted::Own(edit) => {
                let back = match edit {
                    Edit::SetArchived(_) => ConversationChange::Archive { on: before.archived },
                    Edit::SetMarkedUnread(_) => ConversationChange::Mark { on: before.marked_unread },
                    Edit::SetPinned(_) => ConversationChange::Pin { on: before.own.pinned },
                    Edit::SetKeepFiles(_) => ConversationChange::KeepFiles { on: before.own.keep_files },
                    Edit::SetMutedUntil(_) => {
                        ConversationChange::Mute { until: time(before.own.muted_until_ms) }
                    }
                    _ => ConversationChange::Snooze { until: time(before.own.snoozed_until_ms) },
                };
                (self.set_state(tx, now_ms, &id, edit)?, back)
            }
            Wanted::Read => {
                let seen = messages::mark_conversation_read(tx, &id)?;
                self.note_read(tx, now_ms, &seen)?;
                let marked =
                    before.marked_unread && self.set_state(tx, now_ms, &id, &Edit::SetMarkedUnread(false))?;
                (marked || !seen.is_empty(), ConversationChange::Mark { on: true })
            }
            Wanted::Assign(person) => {
                let back = before.assignee.map(|person| person.to_string());
                (self.assign(tx, now_ms, before, *person)?, ConversationChange::Assign { person: back })
            }
        };
        Ok(done.then(|| OneChange { conversation: id.to_string(), change: back }))
    }

    /// Writes what a person set for themselves; false: it was so already.
    pub(crate) fn set_state(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        conversation: &DocId,
        edit: &Edit,
    ) -> Result<bool, Fail> {
        let preimage = Preimage::conversation_state(self.personal(), conversation);
        Ok(self.author(tx, now_ms, &preimage, edit, Label::OTHER)?.is_some())
    }

    /// Says in the team's space who looks after a client's conversation.
    fn assign(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        conversation: &ConversationRow,
        person: Option<PersonId>,
    ) -> Result<bool, Fail> {
        let Some(team) = conversation.team else {
            return Err(invalid("Only conversations with your team's clients can be assigned."));
        };
        self.load_space(tx, &team)?;
        if let Some(person) = person {
            let role = self.space(&team)?.role(&homing_wire::Member::Person(person));
            if !matches!(role, Some(Role::Owner | Role::Admin | Role::Member)) {
                return Err(invalid("This person does not work in your team."));
            }
        }
        let preimage = Preimage::handling(team, &conversation.id);
        let edit = Edit::SetAssignee { person };
        Ok(self.author(tx, now_ms, &preimage, &edit, Label::OTHER)?.is_some())
    }
}
