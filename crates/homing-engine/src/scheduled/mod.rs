//! Messages that are sent at a time: chosen on one device, kept by the relay, released while all devices are off.
//!
//! Until its time such a message is its draft, with a mark of when (`homing_model::draft::Scheduling`). The mark follows
//! the draft to the person's other devices, so each of them shows it, can take it back, and can bring it to the relay
//! if the one that did can't any more. The row here is what the mark says, with what the relay keeps of it. Whatever
//! races (released while taken back, sent by two devices), a draft becomes one message, because the message's id is cut
//! from the draft's.

mod files;
mod lane;
mod news;

use std::collections::{BTreeMap, BTreeSet};

use homing_model::draft::{DraftDoc, Revision, Scheduling};
use homing_model::{Edit, MessageContent, ModelError, Preimage};
use homing_store::drafts::{self, DraftRow};
use homing_store::scheduled::{self, Held, ScheduledRow, ScheduledState};
use homing_store::{Tx, messages};
use homing_wire::{DocId, EntryId, Hash, Member, ScheduleTag, SpaceId, Timed, codec, limits};

use crate::api::NoticeKind;
use crate::author::Label;
use crate::drafts::{draft_id, row_id};
use crate::env::Env;
use crate::fail::{Fail, not_found};
use crate::notices::Notice;
use crate::replica::Replica;

pub(crate) use news::News;

/// Milliseconds behind its time from which on a message says that it is late.
pub(crate) const LATE_MS: u64 = 60_000;
/// Characters of a message that stand for it.
const PREVIEW: usize = 100;

/// What is known of scheduled messages only while the process runs.
#[derive(Default)]
pub(crate) struct Lanes {
    /// The relay of this session keeps entries until their time, has told what it keeps, and what other devices took back
    /// is known here.
    pub open: bool,
    /// What the relay keeps is known, or there is no relay that would.
    pub told: bool,
    /// Spaces in which all is here that the relay has: who their members are is known.
    pub current: BTreeSet<SpaceId>,
    /// Kept by the relay; their drafts have not come yet.
    pub heard: BTreeMap<ScheduleTag, Held>,
    /// Sealed in this transaction, to be handed over after it.
    pub ready: BTreeMap<SpaceId, Vec<Timed>>,
    /// On their way: the relay keeps these once it has answered.
    pub pending: BTreeMap<DocId, (EntryId, u64)>,
    /// Other devices' that can't be released as they are, for this device to bring.
    pub take_over: BTreeSet<DocId>,
    /// Spaces whose relay did not take them: not before something else happens.
    pub resting: BTreeSet<SpaceId>,
    /// Said to be late already.
    late: BTreeSet<DocId>,
    /// Spaces with scheduled messages, once read.
    spaces: Option<BTreeSet<SpaceId>>,
}

impl Lanes {
    /// A transaction failed.
    pub fn forget(&mut self) {
        self.ready.clear();
        self.pending.clear();
        self.spaces = None;
    }

    /// The session ended.
    pub fn offline(&mut self) {
        self.open = false;
        self.told = false;
        self.current.clear();
        self.heard.clear();
        self.pending.clear();
        self.resting.clear();
    }
}

/// What the author is told of once: this message, for this time and these people.
fn told_of(row: &ScheduledRow) -> Vec<u8> {
    [row.message.as_bytes().as_slice(), &row.at_ms.to_be_bytes(), &row.members.0].concat()
}

/// What the relay knows a message by until its time.
pub(crate) fn tag_of(space: &SpaceId, message: &DocId) -> ScheduleTag {
    let mut hasher = blake3::Hasher::new_derive_key("homing 2026-11 schedule tag v1");
    hasher.update(&space.0);
    hasher.update(message.as_bytes());
    ScheduleTag(*hasher.finalize().as_bytes())
}

fn decode_content(row: &ScheduledRow) -> Result<MessageContent, Fail> {
    codec::decode("scheduled content", &row.content, limits::PLAINTEXT)
        .map_err(|_| Fail::Internal("scheduled content"))
}

fn edit_of(content: MessageContent, author_ms: u64) -> Edit {
    Edit::CreateMessage {
        conversation: content.conversation,
        body: content.body,
        author_ms,
        reply_to: content.reply_to,
        attachments: content.attachments,
        extras: content.extras,
    }
}

/// What is due, what no relay will release and of what it is known who gets it.
pub(crate) struct Due {
    /// In the order of their times; each with whether it is late.
    pub messages: Vec<(DocId, bool)>,
    /// When to look again, Unix ms.
    pub again_ms: Option<u64>,
}

impl Replica {
    /// Names the members of a space as they are now.
    pub fn members_seen(&self, space: &SpaceId) -> Result<Hash, Fail> {
        let members: Vec<&Member> = self.space(space)?.members().keys().collect();
        Ok(Hash(blake3::derive_key("homing 2026-11 members seen v1", &codec::encode(&members))))
    }

    /// Freezes a draft as it is, to be sent at a time. Answers the message it becomes.
    pub fn schedule_draft(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        row: &DraftRow,
        space: &SpaceId,
        (at_ms, content): (u64, MessageContent),
    ) -> Result<DocId, Fail> {
        let mut doc = self.load_draft(row)?;
        let mark = Scheduling {
            device: self.device(),
            revision: doc.revision(),
            at_ms,
            space: *space,
            members: self.members_seen(space)?,
            content: files::without_pictures(&content),
        };
        doc.mark_scheduled(&mark).map_err(|error| match error {
            ModelError::Limit(_) => files::too_large_to_plan(),
            other => other.into(),
        })?;
        self.typed_no_more(tx, &doc.id())?;
        self.keep_draft(tx, &doc, now_ms)?;
        self.publish_drafts(tx, &row.conversation)?;
        if !content.attachments.is_empty() {
            self.check_told(tx, &row.conversation)?;
            self.try_files_again(tx, &row.id)?;
        }
        Ok(Preimage::message(*space, self.person(), &doc.id()).doc_id())
    }

    /// Brings the row of a draft in line with what the draft says now. Answers whether all of its text waits for its time.
    pub fn note_scheduling(&mut self, tx: &Tx<'_>, doc: &DraftDoc) -> Result<bool, Fail> {
        let draft = row_id(&doc.id());
        let known = scheduled::of_draft(tx, &draft)?;
        let Some(mark) = doc.scheduled() else {
            if let Some(row) = known {
                self.not_planned(tx, row)?;
            }
            return Ok(false);
        };
        let message = Preimage::message(mark.space, self.person(), &doc.id()).doc_id();
        let tag = tag_of(&mark.space, &message);
        let planned =
            known.as_ref().filter(|row| row.state == ScheduledState::Lost && row.at_ms == mark.at_ms);
        let new = ScheduledRow {
            message,
            tag,
            draft,
            conversation: doc.conversation(),
            space: mark.space,
            device: mark.device,
            at_ms: mark.at_ms,
            content: codec::encode(&mark.content),
            revision: mark.revision.encode(),
            members: mark.members,
            state: planned.map_or(ScheduledState::Planned, |row| row.state),
            held: known.as_ref().and_then(|row| row.held.clone()).or_else(|| self.lanes.heard.remove(&tag)),
            sealed: known.as_ref().and_then(|row| row.sealed),
            sent_ms: 0,
        };
        if known.as_ref() != Some(&new) {
            if let Some(known) = known.filter(|known| told_of(known) != told_of(&new)) {
                self.notice_settled(tx, NoticeKind::Planned, &told_of(&known))?;
            }
            self.put_scheduled(tx, &new)?;
        }
        Ok(doc.within(&mark.revision)?)
    }

    pub(crate) fn put_scheduled(&mut self, tx: &Tx<'_>, row: &ScheduledRow) -> Result<(), Fail> {
        scheduled::put(tx, row)?;
        self.scheduled_moved(row);
        Ok(())
    }

    fn delete_scheduled(&mut self, tx: &Tx<'_>, row: &ScheduledRow) -> Result<(), Fail> {
        scheduled::delete(tx, &row.message)?;
        self.notice_settled(tx, NoticeKind::Planned, &told_of(row))?;
        self.lanes.take_over.remove(&row.message);
        self.lanes.pending.remove(&row.message);
        self.scheduled_moved(row);
        Ok(())
    }

    fn scheduled_moved(&mut self, row: &ScheduledRow) {
        self.lanes.spaces = None;
        self.touched.scheduled.insert(row.conversation);
        self.touched.outbox = true;
        self.touched.status = true;
        self.touched.work.insert(row.space);
    }

    /// The mark is gone: the relay must not release it any more.
    pub(crate) fn not_planned(&mut self, tx: &Tx<'_>, mut row: ScheduledRow) -> Result<(), Fail> {
        self.notice_settled(tx, NoticeKind::Planned, &told_of(&row))?;
        match row.state {
            ScheduledState::Planned | ScheduledState::Lost if row.held.is_none() && row.sealed.is_none() => {
                self.delete_scheduled(tx, &row)
            }
            ScheduledState::Planned | ScheduledState::Lost => {
                row.state = ScheduledState::TakenBack;
                self.put_scheduled(tx, &row)
            }
            ScheduledState::TakenBack | ScheduledState::SentLate => Ok(()),
        }
    }

    /// The message is in the log, however it came there: its draft is done.
    pub fn scheduled_sent(&mut self, tx: &Tx<'_>, message: &DocId) -> Result<(), Fail> {
        let Some(row) = scheduled::get(tx, message)? else { return Ok(()) };
        if let Ok(revision) = Revision::decode(&row.revision) {
            self.finish_draft(tx, &row.conversation, &draft_id(&row.draft), &revision, 0)?;
        }
        // Finishing the draft took the mark away.
        match scheduled::get(tx, message)? {
            Some(row) if row.held.is_none() && row.state != ScheduledState::SentLate => {
                self.delete_scheduled(tx, &row)
            }
            _ => Ok(()),
        }
    }

    /// Takes a scheduled message back: it is a draft again, on this device in the composer.
    pub fn take_back(&mut self, tx: &Tx<'_>, now_ms: u64, message: &DocId) -> Result<DocId, Fail> {
        let row = scheduled::get(tx, message)?.ok_or_else(|| not_found("scheduled message"))?;
        if matches!(row.state, ScheduledState::SentLate) {
            self.delete_scheduled(tx, &row)?;
            return Ok(row.conversation);
        }
        let Some(mut doc) = self.scheduled_draft(tx, &row)? else {
            self.not_planned(tx, row.clone())?;
            return Ok(row.conversation);
        };
        doc.clear_scheduled()?;
        self.files_of_draft_again(tx, &row.draft)?;
        self.typed_here(tx, &doc.id())?;
        self.keep_draft(tx, &doc, now_ms)?;
        self.publish_drafts(tx, &row.conversation)?;
        Ok(row.conversation)
    }

    /// Chooses another time, or the same one again after its members changed or the relay lost it.
    pub fn plan_again(&mut self, tx: &Tx<'_>, now_ms: u64, message: &DocId, at_ms: u64) -> Result<(), Fail> {
        let mut row = scheduled::get(tx, message)?.ok_or_else(|| not_found("scheduled message"))?;
        let Some(mut doc) = self.scheduled_draft(tx, &row)? else {
            return Err(not_found("scheduled message"));
        };
        let Some(mut mark) = doc.scheduled() else { return Err(not_found("scheduled message")) };
        if !self.load_space(tx, &mark.space)? || !self.is_member(&mark.space) {
            return Err(crate::fail::forbidden(
                "You are not a member here any more, so nothing can be sent. Take the message back to keep its text.",
            ));
        }
        if row.state == ScheduledState::Lost {
            row.state = ScheduledState::Planned;
            self.put_scheduled(tx, &row)?;
        }
        self.lanes.take_over.insert(*message);
        self.lanes.resting.remove(&row.space);
        self.lanes.late.remove(message);
        self.try_files_again(tx, &row.draft)?;
        mark.at_ms = at_ms;
        mark.device = self.device();
        mark.members = self.members_seen(&mark.space)?;
        doc.mark_scheduled(&mark)?;
        self.keep_draft(tx, &doc, now_ms)?;
        self.publish_drafts(tx, &row.conversation)
    }

    fn scheduled_draft(&self, tx: &Tx<'_>, row: &ScheduledRow) -> Result<Option<DraftDoc>, Fail> {
        drafts::get(tx, &row.draft)?.map(|draft| self.load_draft(&draft)).transpose()
    }

    /// Sends a scheduled message now, as any other; with `late` it says that it should have gone before.
    pub fn send_scheduled(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        message: &DocId,
        late: bool,
    ) -> Result<DocId, Fail> {
        let row = scheduled::get(tx, message)?.ok_or_else(|| not_found("scheduled message"))?;
        if messages::order_of(tx, message)?.is_some() {
            // The relay was faster.
            self.scheduled_sent(tx, message)?;
            return Ok(row.conversation);
        }
        let Some(mut doc) = self.scheduled_draft(tx, &row)? else {
            return Err(not_found("scheduled message"));
        };
        let now_ms = env.now_ms();
        let content = self.whole_content(tx, &row)?;
        let files = self.planned_files(tx, &content)?;
        let revision = Revision::decode(&row.revision)?;
        let draft = draft_id(&row.draft);
        doc.clear_scheduled()?;
        doc.mark_sending(&self.device(), &revision)?;
        self.draft_files_wait(tx, &row.draft, false)?;
        self.keep_draft(tx, &doc, now_ms)?;
        self.publish_drafts(tx, &row.conversation)?;
        self.sends_draft(tx, message, &draft, &revision)?;
        let newest = messages::newest_at(tx, &row.conversation)?.unwrap_or(0);
        let edit = edit_of(content, now_ms.max(newest + 1));
        let preimage = Preimage::message(row.space, self.person(), &draft);
        self.author(tx, now_ms, &preimage, &edit, Label::message(row.conversation))?;
        for (position, file) in files.iter().enumerate() {
            self.keep_staged(tx, message, position, file)?;
        }
        if late {
            let held = scheduled::get(tx, message)?.and_then(|row| row.held);
            let note = ScheduledRow { state: ScheduledState::SentLate, sent_ms: now_ms, held, ..row.clone() };
            self.put_scheduled(tx, &note)?;
        }
        Ok(row.conversation)
    }

    /// What is to be sent by this device now.
    pub fn due(&mut self, tx: &Tx<'_>, now_ms: u64) -> Result<Due, Fail> {
        let mut due = Vec::new();
        let mut next: Option<u64> = None;
        for row in scheduled::list(tx)? {
            if let Some(at_ms) = self.look_at_planned(tx, &row, now_ms)? {
                next = Some(next.map_or(at_ms, |next| next.min(at_ms)));
            }
            if row.state != ScheduledState::Planned || !self.is_ours_to_send(&row) {
                continue;
            }
            if row.at_ms > now_ms {
                next = Some(next.map_or(row.at_ms, |next| next.min(row.at_ms)));
                continue;
            }
            if self.has_relay && !self.lanes.current.contains(&row.space)
                || !self.lacking_files(tx, &row)?.is_empty()
            {
                let says_so = row.at_ms + LATE_MS;
                if now_ms < says_so {
                    next = Some(next.map_or(says_so, |next| next.min(says_so)));
                } else if self.lanes.late.insert(row.message) {
                    self.touched.scheduled.insert(row.conversation);
                }
                continue;
            }
            // Whom its author did not see does not get it unasked.
            if self.load_space(tx, &row.space)? && self.members_seen(&row.space)? == row.members {
                due.push((row.message, now_ms > row.at_ms + LATE_MS));
            }
        }
        Ok(Due { messages: due, again_ms: next })
    }

    /// Tells the author of a planned message that does not go out as planned: who gets it has changed, or its time is over.
    /// Answers when to look again, Unix ms.
    fn look_at_planned(&mut self, tx: &Tx<'_>, row: &ScheduledRow, now_ms: u64) -> Result<Option<u64>, Fail> {
        let kept = row.held.as_ref().is_some_and(|held| held.stuck.is_empty());
        // What the relay keeps may have gone out while nothing is heard of it, and so may what another device has.
        let known = !self.has_relay || self.lanes.current.contains(&row.space);
        let ours = row.device == self.device();
        let waits = match row.state {
            ScheduledState::Planned => !kept && (ours || known),
            ScheduledState::Lost => known,
            ScheduledState::TakenBack | ScheduledState::SentLate => return Ok(None),
        };
        let changed = row.state == ScheduledState::Planned
            && known
            && self.load_space(tx, &row.space)?
            && self.members_seen(&row.space)? != row.members;
        let late_ms = row.at_ms.saturating_add(LATE_MS);
        if !changed && (!waits || now_ms < late_ms) {
            return Ok((waits && now_ms < late_ms).then_some(late_ms));
        }
        let body = decode_content(row).map(|content| content.body).unwrap_or_default();
        let (text, subject) = (homing_model::preview(&body, PREVIEW), told_of(row));
        let notice = Notice {
            space: Some(row.space),
            conversation: Some(row.conversation),
            text: &text,
            ..Notice::new(NoticeKind::Planned, &subject, now_ms)
        };
        self.notice(tx, &notice)?;
        Ok(None)
    }

    /// The members of a space may be others now, which its planned messages wait for.
    pub fn look_at_planned_of(&mut self, tx: &Tx<'_>, space: &SpaceId, now_ms: u64) -> Result<(), Fail> {
        if self.has_scheduled(tx, space)? {
            for row in scheduled::of_space(tx, space)? {
                self.look_at_planned(tx, &row, now_ms)?;
                self.touched.scheduled.insert(row.conversation);
            }
        }
        Ok(())
    }

    fn is_ours_to_send(&self, row: &ScheduledRow) -> bool {
        match &row.held {
            Some(held) if held.stuck.is_empty() => false,
            Some(held) => held.device == self.device() || self.lanes.take_over.contains(&row.message),
            // What may have reached the relay is known once it says what it keeps.
            None => row.device == self.device() && (row.sealed.is_none() || self.lanes.told),
        }
    }

    /// Whether something is scheduled in a space.
    pub fn has_scheduled(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<bool, Fail> {
        if self.lanes.spaces.is_none() {
            self.lanes.spaces = Some(scheduled::spaces(tx)?.into_iter().collect());
        }
        Ok(self.lanes.spaces.as_ref().is_some_and(|spaces| spaces.contains(space)))
    }
}
