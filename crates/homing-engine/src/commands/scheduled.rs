//! Messages that are sent at a time: planned, seen, planned anew, taken back, sent now.

use homing_model::{DraftId, Extras, MessageContent};
use homing_store::drafts::DraftRow;
use homing_store::scheduled::{self, ScheduledRow as Stored, ScheduledState as StoredState};
use homing_store::{Durability, Read, Tx, conversations, drafts, merging, messages};
use homing_wire::{DocId, SpaceId, codec, limits};
use rand_core::Rng;

use crate::api::{
    ApiError, Attachment, AttachmentState, Code, Done, Draft, DraftSend, ItemRef, ScheduledQuery,
    ScheduledRow, ScheduledState, ScheduledTime, Sent, State,
};
use crate::commands::Outgoing;
use crate::commands::messages::check_body;
use crate::core::Core;
use crate::drafts::{Typed, draft_id};
use crate::env::Env;
use crate::fail::{Fail, invalid, not_found};
use crate::files::StagedFile;
use crate::pages::named_in;
use crate::replica::Replica;
use crate::rows::device_name;
use crate::scheduled::LATE_MS;
use crate::text::{parse_rfc3339, rfc3339};

/// What is closer than this is sent, not planned.
const LEAST_AHEAD_MS: u64 = 1_000;

/// A time to come, as somebody chose it.
fn time_of(text: &str, now_ms: u64) -> Result<u64, ApiError> {
    let at_ms = parse_rfc3339(text)
        .ok_or_else(|| invalid("The time is not of the form 2026-11-22T08:00:00+01:00."))?;
    if at_ms < now_ms + LEAST_AHEAD_MS {
        return Err(invalid("That time has passed. Choose a later one, or send the message now.").into());
    }
    if at_ms > now_ms + limits::SCHEDULED_AHEAD_MS {
        return Err(invalid("A message can be planned at most 400 days ahead.").into());
    }
    Ok(at_ms)
}

/// Room for one more.
fn check_room(db: &Read<'_>, space: &SpaceId) -> Result<(), Fail> {
    let full = scheduled::of_space(db, space)?.len() >= limits::SCHEDULED_LANE
        || scheduled::list(db)?.len() >= limits::SCHEDULED;
    if full {
        return Err(Fail::new(
            Code::ScheduleFull,
            "Too many messages are planned already: at most 50 for the people of one conversation, and 500 in all. Your text is kept as a draft.",
        ));
    }
    Ok(())
}

fn content(
    conversation: &DocId,
    text: String,
    reply_to: Option<DocId>,
    files: Vec<StagedFile>,
) -> MessageContent {
    MessageContent {
        conversation: *conversation,
        body: text,
        author_ms: 0,
        reply_to,
        attachments: files.into_iter().map(|file| file.meta).collect(),
        extras: None,
    }
}

impl Core {
    /// `send` with a time.
    pub(crate) fn send_later(&mut self, outgoing: &Outgoing<'_>, at: &str) -> Result<Sent, ApiError> {
        let id = outgoing.conversation;
        let at_ms = time_of(at, self.env.now_ms())?;
        let space = self.space_of(&id)?;
        let message = self.write_and_seal(&space, |tx, replica, env| {
            check_room(tx, &space)?;
            let row = replica.new_draft(tx, env, &id, outgoing.text)?;
            let row = replica.with_more_files(tx, env, row, outgoing.files)?;
            let (text, files) = (outgoing.text.to_owned(), outgoing.files.to_vec());
            let mut content = content(&id, text, outgoing.reply_to, files);
            content.extras = outgoing.extras.clone().or_none();
            replica.plan(tx, env, &row, &space, (at_ms, content))
        })?;
        Ok(planned(&message, &id))
    }

    /// `draft_send` with a time.
    pub(crate) fn draft_send_later(
        &mut self,
        args: &DraftSend,
        at: &str,
        staged: &[StagedFile],
    ) -> Result<Sent, ApiError> {
        let id = self.find_conversation(&args.conversation)?;
        let at_ms = time_of(at, self.env.now_ms())?;
        let files = staged.len() + self.files_with(&id, args.draft.as_ref())?;
        check_body(&args.text, files)?;
        let base = super::drafts::base_of(args.base.as_ref());
        let which = super::drafts::which_of(args.draft.as_ref())?;
        let space = self.space_of(&id)?;
        let previews = self.previews_of(&args.previews, &args.text, files)?;
        let message = self.write_and_seal(&space, |tx, replica, env| {
            check_room(tx, &space)?;
            let (base, text) = (base.as_ref(), args.text.as_str());
            let typed = Typed { which, base, text, reply_to: None, template: None };
            let row = match replica.set_draft(tx, env, &id, typed)? {
                Some(row) => row,
                // Files that were given with the call, without a text.
                None => replica.draft_to_fill(tx, env, &id, which)?,
            };
            let row = replica.with_more_files(tx, env, row, staged)?;
            let message = replica.message_of(tx, &id, &draft_id(&row.id))?.doc_id();
            if messages::order_of(tx, &message)?.is_some() {
                return Err(Fail::new(
                    Code::AlreadySent,
                    "Another of your devices has sent this draft already. What you typed is kept.",
                ));
            }
            let doc = replica.load_draft(&row)?;
            let files = replica.ready_files(tx, &row)?.files;
            let mut content = content(&id, doc.text()?, row.reply_to, files);
            let previews = named_in(&previews, &content.body);
            content.extras = Extras { template: doc.template(), previews, ..Extras::default() }.or_none();
            replica.plan(tx, env, &row, &space, (at_ms, content))
        })?;
        Ok(planned(&message, &id))
    }

    pub(crate) fn scheduled(&mut self, args: ScheduledQuery) -> Result<Vec<ScheduledRow>, ApiError> {
        let conversation = args.conversation.map(|text| self.find_conversation(&text)).transpose()?;
        let stored = match &conversation {
            Some(id) => scheduled::of_conversation(&self.db()?, id)?,
            None => scheduled::list(&self.db()?)?,
        };
        let mut shown = Vec::with_capacity(stored.len());
        for row in &stored {
            shown.push(self.shown_in(&row.conversation)?);
        }
        let titles = self.titles(&shown)?;
        let mut rows = Vec::with_capacity(stored.len());
        for (row, conversation) in stored.into_iter().zip(shown) {
            let title = titles.get(&conversation).cloned().unwrap_or_default();
            rows.extend(self.scheduled_row(row, conversation, title)?);
        }
        Ok(rows)
    }

    fn scheduled_row(
        &mut self,
        row: Stored,
        conversation: DocId,
        title: String,
    ) -> Result<Option<ScheduledRow>, ApiError> {
        let members = self.write(Durability::Normal, |tx, replica, _| {
            Ok(match replica.load_space(tx, &row.space)? {
                true => Some(replica.members_seen(&row.space)?),
                false => None,
            })
        })?;
        let may_write = self.rights(&row.space)?.write;
        let db = self.db()?;
        // It was released before it could be taken back: it is in the conversation.
        if row.state != StoredState::SentLate && messages::order_of(&db, &row.message)?.is_some() {
            return Ok(None);
        }
        let content: MessageContent = codec::decode("scheduled content", &row.content, limits::PLAINTEXT)
            .map_err(|_| ApiError::from(Fail::Internal("scheduled content")))?;
        let (replica, now_ms) = (self.replica()?, self.env.now_ms());
        let me = replica.device();
        let caught_up = self.link.as_ref().is_some_and(|link| link.client.is_caught_up(&row.space));
        let state = match row.state {
            StoredState::TakenBack if row.held.is_none() => return Ok(None),
            StoredState::TakenBack if conversations::is_deleted(&db, &row.conversation)? => return Ok(None),
            StoredState::TakenBack => ScheduledState::TakingBack,
            StoredState::SentLate => ScheduledState::SentLate,
            // What was released is on its way to here.
            StoredState::Lost if !caught_up => ScheduledState::Held,
            StoredState::Lost => ScheduledState::Lost,
            StoredState::Planned if members.is_some_and(|now| now != row.members) => {
                ScheduledState::MembersChanged
            }
            StoredState::Planned if row.held.as_ref().is_some_and(|held| held.stuck.is_empty()) => {
                ScheduledState::Held
            }
            StoredState::Planned if row.device == me && !replica.lacking_files(&db, &row)?.is_empty() => {
                ScheduledState::Files
            }
            StoredState::Planned => ScheduledState::Waiting,
        };
        let elsewhere = state == ScheduledState::Waiting && row.device != me && row.held.is_none();
        let device_name = match elsewhere {
            true => Some(device_name(&db, &row.device)?),
            false => None,
        };
        let error = match state {
            ScheduledState::Waiting | ScheduledState::Files if !elsewhere => {
                self.why_it_waits(&row, may_write)
            }
            _ => None,
        };
        let files = self.planned_attachments(&db, &content)?;
        let held = || files.iter().find_map(|file| file.held.clone());
        let error = error.or_else(|| refused_file(&files)).or_else(held);
        let waits = matches!(state, ScheduledState::Waiting | ScheduledState::Files);
        Ok(Some(ScheduledRow {
            id: row.message.to_string(),
            conversation: conversation.to_string(),
            title,
            text: content.body,
            reply_to: content.reply_to.map(|id| id.to_string()),
            files,
            at: rfc3339(row.at_ms),
            state,
            late: waits && now_ms >= row.at_ms.saturating_add(LATE_MS),
            device_name,
            sent_at: (row.sent_ms > 0).then(|| rfc3339(row.sent_ms)),
            error,
        }))
    }

    fn why_it_waits(&self, row: &Stored, may_write: bool) -> Option<ApiError> {
        if self.relay_is_too_old() {
            return Some(ApiError::new(
                Code::RelayTooOld,
                "The relay is of an older version and keeps no messages until their time. This device sends it then, if it is on.",
            ));
        }
        let stuck = row.held.as_ref().map(|held| held.stuck.as_str());
        let refused = matches!(stuck, Some("not_a_member" | "role_forbids" | "device_revoked"));
        if refused || !may_write {
            return Some(ApiError::new(
                Code::RoleForbids,
                "You may not write in this conversation any more, so it will not be sent. Take it back to keep the text.",
            ));
        }
        self.held_in(&row.space).or_else(|| self.schedule_refusal(&row.space))
    }

    fn scheduled_id(&self, id: &str) -> Result<Stored, ApiError> {
        let message: DocId = id.parse().map_err(|_| ApiError::from(not_found("scheduled message")))?;
        let row = scheduled::get(&self.db()?, &message)?;
        row.ok_or_else(|| not_found("scheduled message").into())
    }

    /// True if this names a scheduled message.
    pub(crate) fn is_scheduled(&self, id: &str) -> bool {
        self.scheduled_id(id).is_ok()
    }

    pub(crate) fn scheduled_cancel(&mut self, args: ItemRef) -> Result<Done, ApiError> {
        self.back_from_schedule(&args.id, false)?;
        Ok(Done { done: true })
    }

    pub(crate) fn scheduled_edit(&mut self, args: ItemRef) -> Result<Draft, ApiError> {
        let conversation = self.back_from_schedule(&args.id, true)?;
        self.draft_of(&conversation)
    }

    /// It is a draft again, beside those that are there. The composer shows it if it has nothing of its own, or if somebody
    /// wants to change it.
    fn back_from_schedule(&mut self, id: &str, to_change: bool) -> Result<DocId, ApiError> {
        let row = self.scheduled_id(id)?;
        self.write(Durability::Full, |tx, replica, env| {
            let composer = merging::shown_in(tx, &row.conversation)?.unwrap_or(row.conversation);
            let before = replica.current_draft(tx, &composer)?;
            let busy = before.filter(|draft| !draft.text.is_empty() || draft.files > 0);
            let busy = busy.map(|draft| draft_id(&draft.id));
            replica.take_back(tx, env.now_ms(), &row.message)?;
            if row.state == StoredState::SentLate {
                return Ok(());
            }
            let chosen = busy.filter(|_| !to_change).unwrap_or_else(|| draft_id(&row.draft));
            replica.choose_draft(tx, &composer, Some(chosen))
        })?;
        self.resume_transfers_logged();
        self.shown_in(&row.conversation)
    }

    fn shown_in(&self, written: &DocId) -> Result<DocId, ApiError> {
        Ok(merging::shown_in(&self.db()?, written)?.unwrap_or(*written))
    }

    pub(crate) fn scheduled_time(&mut self, args: ScheduledTime) -> Result<ScheduledRow, ApiError> {
        let row = self.scheduled_id(&args.id)?;
        let now_ms = self.env.now_ms();
        let at_ms = time_of(&args.at, now_ms)?;
        let changeable = matches!(row.state, StoredState::Planned | StoredState::Lost);
        if !changeable {
            return Err(ApiError::new(Code::AlreadySent, "It was sent, or taken back, already."));
        }
        self.write_and_seal(&row.space, |tx, replica, env| {
            replica.plan_again(tx, env.now_ms(), &row.message, at_ms)
        })?;
        let again = self.scheduled_id(&args.id)?;
        let conversation = self.shown_in(&row.conversation)?;
        let title = self.titles(&[conversation])?.remove(&conversation).unwrap_or_default();
        self.scheduled_row(again, conversation, title)?.ok_or_else(|| not_found("scheduled message").into())
    }

    pub(crate) fn scheduled_send(&mut self, args: ItemRef) -> Result<Sent, ApiError> {
        let row = self.scheduled_id(&args.id)?;
        if !matches!(row.state, StoredState::Planned | StoredState::Lost) {
            return Err(ApiError::new(Code::AlreadySent, "It was sent, or taken back, already."));
        }
        self.write_and_seal(&row.space, |tx, replica, env| {
            replica.send_scheduled(tx, env, &row.message, false)
        })?;
        self.resume_transfers_logged();
        self.sent(&row.message, &row.conversation)
    }
}

/// A file that the relay does not take.
fn refused_file(files: &[Attachment]) -> Option<ApiError> {
    let refused = files.iter().find(|file| file.state == AttachmentState::Failed)?;
    Some(ApiError::new(
        Code::RelayRefused,
        format!(
            "{} could not be brought to the relay. Choose the time again to try once more, or edit the message and take the file out.",
            refused.name
        ),
    ))
}

fn planned(message: &DocId, conversation: &DocId) -> Sent {
    Sent { id: message.to_string(), conversation: conversation.to_string(), state: State::Scheduled }
}

impl Replica {
    /// A draft with files that were given with the call that plans it.
    fn with_more_files(
        &mut self,
        tx: &Tx<'_>,
        env: &Env,
        row: DraftRow,
        files: &[StagedFile],
    ) -> Result<DraftRow, Fail> {
        if files.is_empty() {
            return Ok(row);
        }
        self.add_draft_files(tx, env.now_ms(), &row, files)?;
        drafts::get(tx, &row.id)?.ok_or_else(|| not_found("draft"))
    }

    /// A draft apart from the composer's.
    fn new_draft(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        conversation: &DocId,
        text: &str,
    ) -> Result<DraftRow, Fail> {
        let mut id = [0u8; 16];
        env.rng.fill_bytes(&mut id);
        let doc = self.text_draft(&DraftId(id), conversation, text)?;
        self.keep_draft(tx, &doc, env.now_ms())
    }

    fn plan(
        &mut self,
        tx: &Tx<'_>,
        env: &Env,
        row: &DraftRow,
        space: &SpaceId,
        (at_ms, mut content): (u64, MessageContent),
    ) -> Result<DocId, Fail> {
        if !self.load_space(tx, space)? || self.writes_as(space).is_none_or(|(_, role)| !role.writes()) {
            return Err(crate::fail::forbidden("You can't write in this conversation."));
        }
        let mut extras = content.extras();
        extras.mentions = self.mentioned(tx, space, &content.body)?;
        content.extras = extras.or_none();
        self.schedule_draft(tx, env.now_ms(), row, space, (at_ms, content))
    }
}
