//! Conversations: lists, beginning, putting away, naming, leaving.

use std::collections::HashMap;

use homing_model::{Edit, Preimage};
use homing_store::changes::ChangeState;
use homing_store::conversations::{self, Cursor, Filter as StoredFilter};
use homing_store::records::made;
use homing_store::{Durability, merging, messages, people, spaces};
use homing_wire::{DocId, Grant, Member, PersonId, Role, SpaceId, SpaceKind, SpaceOrigin};
use rand_core::Rng;

use crate::api::{
    self, ApiError, Colleague, ConversationArchive, ConversationDetail, ConversationPage, ConversationRef,
    ConversationRename, ConversationTitle, Conversations, Done, Filter, MergedPart, NewConversation,
};
use crate::author::Label;
use crate::commands::Outgoing;
use crate::core::Core;
use crate::fail::{Fail, forbidden, invalid, not_found};
use crate::files::StagedFile;
use crate::ops::OpIntent;
use crate::replica::Replica;
use crate::reply::Reply;
use crate::rows::is_shown;
use crate::text::rfc3339;

const PAGE: u32 = 200;

impl From<Filter> for StoredFilter {
    fn from(filter: Filter) -> Self {
        match filter {
            Filter::All => Self::All,
            Filter::Active => Self::Active,
            Filter::Unread => Self::Unread,
            Filter::Archived => Self::Archived,
            Filter::Mentions => Self::Mentions,
            Filter::Snoozed => Self::Snoozed,
            Filter::Drafts => Self::Drafts,
            Filter::Mine => Self::Mine,
            Filter::Unassigned => Self::Unassigned,
            Filter::Blocked => Self::Blocked,
        }
    }
}

impl Core {
    pub(crate) fn conversations(&mut self, args: Conversations) -> Result<ConversationPage, ApiError> {
        let filter = StoredFilter::from(args.filter);
        let after = args
            .after
            .map(|text| {
                text.parse::<Cursor>()
                    .map_err(|_| ApiError::from(invalid("This is not a place in the list.")))
            })
            .transpose()?;
        let limit = args.limit.clamp(1, PAGE);
        let stored = conversations::list(&self.db()?, filter, after.as_ref(), limit)?;
        let full = stored.len() == limit as usize;
        let next = stored.last().filter(|_| full).map(|row| Cursor::of(filter, row).to_string());
        let totals = conversations::totals(&self.db()?)?;
        let rows = self.conversation_rows(stored.into_iter().filter(is_shown).collect())?;
        let unread_total = u32::try_from(totals.messages).unwrap_or(u32::MAX);
        Ok(ConversationPage { rows, next, revision: self.revision(), unread_total })
    }

    pub(crate) fn conversation(&mut self, args: ConversationRef) -> Result<ConversationDetail, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        let stored =
            conversations::get(&self.db()?, &id)?.ok_or_else(|| ApiError::from(not_found("conversation")))?;
        let (space, creator, created_ms) = (stored.space, stored.creator, stored.created_ms);
        let space_name = crate::text::visible(&stored.space_name);
        let kind = stored.space_kind;
        let others: Vec<DocId> = match kind {
            Some(SpaceKind::Talk) => Vec::new(),
            _ => conversations::of_space(&self.db()?, &space)?
                .into_iter()
                .filter(|row| row.id != id && !row.shown_elsewhere)
                .map(|row| row.id)
                .collect(),
        };
        let parts = merging::parts(&self.db()?, &id)?;
        let team = stored.team;
        let titles = self.titles(&[others.as_slice(), parts.as_slice()].concat())?;
        let titled = |ids: Vec<DocId>| -> Vec<ConversationTitle> {
            let title = |id: &DocId| titles.get(id).cloned().unwrap_or_default();
            ids.into_iter().map(|id| ConversationTitle { title: title(&id), id: id.to_string() }).collect()
        };
        let rights = self.rights(&space)?;
        let left = !rights.member && self.left_by_self(&space)?;
        let first_unread = messages::first_unread(&self.db()?, &id)?;
        let row = self.conversation_row_of(&id)?;
        Ok(ConversationDetail {
            row,
            creator: creator.map(|person| person.to_string()).unwrap_or_default(),
            created_at: rfc3339(created_ms),
            first_unread: first_unread.map(|id| id.to_string()),
            space_name,
            siblings: titled(others),
            parts: self.merged(&space, &parts, &titles)?,
            colleagues: self.colleagues(team)?,
            can_invite: rights.manage,
            can_leave: rights.member && !rights.as_team && kind != Some(SpaceKind::Personal),
            member: rights.member,
            left,
        })
    }

    /// Conversations that go on in another one, and since when.
    fn merged(
        &self,
        space: &SpaceId,
        parts: &[DocId],
        titles: &HashMap<DocId, String>,
    ) -> Result<Vec<MergedPart>, ApiError> {
        let db = self.db()?;
        let mut merged = Vec::with_capacity(parts.len());
        for id in parts {
            // What was done to it last is that it was merged: it is out of sight since.
            let last = made(&db, id)?
                .into_iter()
                .filter(|one| one.state != ChangeState::Refused)
                .max_by_key(|one| if one.at_ms == 0 { u64::MAX } else { one.at_ms });
            let by = last.as_ref().and_then(|one| one.by);
            merged.push(MergedPart {
                id: id.to_string(),
                title: titles.get(id).cloned().unwrap_or_default(),
                at: last.filter(|one| one.at_ms > 0).map(|one| rfc3339(one.at_ms)),
                by: match by {
                    Some(by) => crate::text::visible(&people::name_in(&db, space, &by)?),
                    None => String::new(),
                },
            });
        }
        Ok(merged)
    }

    /// Who works in a team.
    fn colleagues(&self, team: Option<SpaceId>) -> Result<Vec<Colleague>, ApiError> {
        let Some(team) = team else { return Ok(Vec::new()) };
        let me = self.replica()?.person();
        let works = |role| matches!(role, Role::Owner | Role::Admin | Role::Member);
        let members = homing_store::members::of(&self.db()?, &[team])?;
        Ok(members
            .into_iter()
            .filter(|row| works(row.role))
            .filter_map(|row| match row.member {
                Member::Person(person) => Some(Colleague {
                    person: person.to_string(),
                    name: crate::text::visible(&row.name),
                    me: person == me,
                }),
                Member::Team(_) => None,
            })
            .collect())
    }

    pub(crate) fn conversation_row_of(&mut self, id: &DocId) -> Result<api::ConversationRow, ApiError> {
        let stored =
            conversations::get(&self.db()?, id)?.ok_or_else(|| ApiError::from(not_found("conversation")))?;
        self.conversation_rows(vec![stored])?.pop().ok_or_else(|| not_found("conversation").into())
    }

    pub(crate) fn conversation_new(&mut self, args: api::ConversationNew, reply: Reply<NewConversation>) {
        let api::ConversationNew { subject, with, message, attachments, about } = args;
        self.with_files(attachments, reply, move |core, staged| {
            core.conversation_new_now(subject, &with, message, &about, staged)
        });
    }

    fn conversation_new_now(
        &mut self,
        subject: Option<String>,
        people: &[String],
        message: Option<String>,
        about: &[String],
        staged: &[StagedFile],
    ) -> Result<NewConversation, ApiError> {
        let subject = subject.unwrap_or_default().trim().to_owned();
        let mut with = Vec::new();
        for person in people {
            let person = self.find_person(person)?;
            if person != self.replica()?.person() && !with.contains(&person) {
                with.push(person);
            }
        }
        let message = message.filter(|text| !text.trim().is_empty());
        let about = about
            .iter()
            .map(|record| Ok(self.find_record(record)?.subject))
            .collect::<Result<Vec<_>, ApiError>>()?;
        let (id, space) = self.write(Durability::Full, |tx, replica, env| {
            let now_ms = env.now_ms();
            let space = match replica.client_space_with(tx, &with)? {
                Some(space) => space,
                None => {
                    let mut nonce = [0u8; 16];
                    env.rng.fill_bytes(&mut nonce);
                    let me = replica.person();
                    let mut members = vec![Grant { member: Member::Person(me), role: Role::Owner }];
                    members.extend(
                        with.iter()
                            .map(|person| Grant { member: Member::Person(*person), role: Role::Member }),
                    );
                    let space = replica.create_space(tx, env, SpaceOrigin::Talk(me, nonce), members)?;
                    let name = replica.me.name.clone();
                    replica.author(
                        tx,
                        now_ms,
                        &Preimage::profile(space, &me),
                        &Edit::SetProfile { name },
                        Label::OTHER,
                    )?;
                    space
                }
            };
            let preimage = match replica.space(&space)?.kind() {
                SpaceKind::Talk => Preimage::talk_conversation(space),
                _ => {
                    let mut nonce = [0u8; 16];
                    env.rng.fill_bytes(&mut nonce);
                    Preimage::conversation(space, replica.person(), nonce)
                }
            };
            let id = preimage.doc_id();
            let creator = replica.person();
            let edit = Edit::CreateConversation { subject, creator, created_ms: now_ms };
            replica.author(tx, now_ms, &preimage, &edit, Label::conversation(id))?;
            for record in about {
                replica.link_record(tx, now_ms, &id, record, true)?;
            }
            if message.is_some() || !staged.is_empty() {
                let text = message.as_deref().unwrap_or_default();
                replica.send_message(tx, env, Outgoing { files: staged, ..Outgoing::text(id, text) })?;
            }
            Ok((id, space))
        })?;
        self.resume_transfers_logged();
        Ok(NewConversation { id: id.to_string(), space: space.to_string() })
    }

    pub(crate) fn state_edit(&mut self, conversation: &str, edit: &Edit) -> Result<DocId, ApiError> {
        let id = self.find_conversation(conversation)?;
        self.write(Durability::Full, |tx, replica, env| replica.set_state(tx, env.now_ms(), &id, edit))?;
        Ok(id)
    }

    pub(crate) fn conversation_archive(
        &mut self,
        args: ConversationArchive,
    ) -> Result<api::ConversationRow, ApiError> {
        let id = self.state_edit(&args.conversation, &Edit::SetArchived(args.archived))?;
        self.conversation_row_of(&id)
    }

    pub(crate) fn conversation_unread(
        &mut self,
        args: ConversationRef,
    ) -> Result<api::ConversationRow, ApiError> {
        let id = self.state_edit(&args.conversation, &Edit::SetMarkedUnread(true))?;
        self.conversation_row_of(&id)
    }

    pub(crate) fn conversation_read(
        &mut self,
        args: ConversationRef,
    ) -> Result<api::ConversationRow, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        let marked = conversations::get(&self.db()?, &id)?.is_some_and(|row| row.marked_unread);
        self.write(Durability::Full, |tx, replica, env| {
            let seen = messages::mark_conversation_read(tx, &id)?;
            replica.note_read(tx, env.now_ms(), &seen)?;
            if marked {
                let preimage = Preimage::conversation_state(replica.personal(), &id);
                replica.author(tx, env.now_ms(), &preimage, &Edit::SetMarkedUnread(false), Label::OTHER)?;
            }
            Ok(())
        })?;
        self.conversation_row_of(&id)
    }

    pub(crate) fn conversation_rename(
        &mut self,
        args: ConversationRename,
    ) -> Result<api::ConversationRow, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        let subject = args.subject.trim().to_owned();
        self.write(Durability::Full, |tx, replica, env| {
            let preimage = replica.preimage(tx, &id)?.ok_or_else(|| not_found("conversation"))?;
            let edit = Edit::RenameConversation { subject };
            replica.author(tx, env.now_ms(), &preimage, &edit, Label::conversation(id))?;
            Ok(())
        })?;
        self.conversation_row_of(&id)
    }

    pub(crate) fn conversation_leave(&mut self, args: ConversationRef) -> Result<Done, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        let space = self.space_of(&id)?;
        let rights = self.rights(&space)?;
        if !rights.member || rights.as_team {
            return Err(forbidden(
                "Only who is a member by themselves can leave here. Staff leave through their team.",
            )
            .into());
        }
        self.write(Durability::Full, |tx, replica, env| {
            replica.load_space(tx, &space)?;
            let state = replica.space(&space)?;
            let me = Member::Person(replica.person());
            let owners = state.members().iter().filter(|(_, role)| **role == Role::Owner).count();
            if state.role(&me) == Some(Role::Owner) && owners == 1 && state.members().len() > 1 {
                return Err(forbidden(
                    "You are the only owner here. Make somebody else an owner first, then leave.",
                ));
            }
            if state.members().len() == 1 {
                return Err(invalid(
                    "You are the only one here. Delete the conversation for yourself instead.",
                ));
            }
            replica.enqueue_op(tx, env.now_ms(), &space, &OpIntent::Leave, Some(id))?;
            Ok(())
        })?;
        Ok(Done { done: true })
    }

    /// Whether this person ended their time in a space themselves, on whichever device.
    fn left_by_self(&mut self, space: &SpaceId) -> Result<bool, ApiError> {
        let (Some(store), Some(replica)) = (&self.store, &mut self.replica) else { return Ok(false) };
        Ok(replica.left_by_self(&store.read(), space)?)
    }

    /// The space a conversation lives in.
    pub(crate) fn space_of(&self, conversation: &DocId) -> Result<SpaceId, ApiError> {
        let row = conversations::get(&self.db()?, conversation)?;
        Ok(row.ok_or_else(|| ApiError::from(not_found("conversation")))?.space)
    }
}

impl Replica {
    /// The client space of exactly this one client, if the person is staff there: a conversation with one client
    /// belongs to that relation.
    fn client_space_with(
        &mut self,
        tx: &homing_store::Tx<'_>,
        with: &[PersonId],
    ) -> Result<Option<SpaceId>, Fail> {
        let [client] = with else { return Ok(None) };
        for row in spaces::list(tx)? {
            if row.kind != SpaceKind::Client
                || row.state == spaces::SpaceState::Gone
                || !self.load_space(tx, &row.space)?
            {
                continue;
            }
            let role = self.space(&row.space)?.role(&Member::Person(*client));
            let staff = matches!(self.writes_as(&row.space), Some((Member::Team(_), _)));
            if staff && role == Some(Role::Client) {
                return Ok(Some(row.space));
            }
        }
        Ok(None)
    }
}
