//! Notices: kept when something happens, announced once per device, read once per person.
//!
//! A notice is a projection: every device of a person makes it from the same op or document, under the same key. What
//! is read of messages follows from the read positions; what is read of everything else is a set of keys that each
//! device says in a slot of the personal space, so devices that were offline merge by union.

mod announce;
mod ends;
mod prefs;

use std::collections::BTreeSet;

use homing_access::AccountState;
use homing_model::record::{INTEREST, RecordProjection};
use homing_model::{ChangeInfo, HandlingProjection};
use homing_store::messages::{MessageRow, NewMessage};
use homing_store::notices::{self, NoticeKey, NoticeRow, ReadMark};
use homing_store::{Read, Tx, changes, conversations, entries, slots};
use homing_wire::{
    DeviceId, DocId, EntryHeader, EntryId, Hash, Member, PersonId, Role, SpaceId, SpaceKind, SpaceOp,
};

use crate::api::NoticeKind;
use crate::fail::Fail;
use crate::replica::Replica;
use crate::rows::is_listed;
use crate::slot_content::{NoticesRead, SlotContent, notices_slot};

pub(crate) use prefs::{Prefs, QUIET, Quiet, SETTING, announce_of, channels_setting};

/// What is older is not told of any more.
pub(crate) const RETAIN_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// Something to tell the person of.
pub(crate) struct Notice<'a> {
    pub kind: NoticeKind,
    /// What it is about, the same on all devices: it is told of once.
    pub subject: &'a [u8],
    pub at_ms: u64,
    pub space: Option<SpaceId>,
    /// Who did it.
    pub person: Option<PersonId>,
    pub conversation: Option<DocId>,
    pub message: Option<DocId>,
    pub record: Option<DocId>,
    pub text: &'a str,
}

impl<'a> Notice<'a> {
    pub fn new(kind: NoticeKind, subject: &'a [u8], at_ms: u64) -> Self {
        Self {
            kind,
            subject,
            at_ms,
            space: None,
            person: None,
            conversation: None,
            message: None,
            record: None,
            text: "",
        }
    }

    fn of_message(
        kind: NoticeKind,
        message: &'a DocId,
        (conversation, space): (DocId, SpaceId),
        author: PersonId,
        at_ms: u64,
    ) -> Self {
        Self {
            space: Some(space),
            person: Some(author),
            conversation: Some(conversation),
            message: Some(*message),
            ..Self::new(kind, message.as_bytes(), at_ms)
        }
    }
}

/// The name of a notice on all of a person's devices.
pub(crate) fn key_of(kind: NoticeKind, subject: &[u8]) -> NoticeKey {
    let mut hasher = blake3::Hasher::new_derive_key("homing 2026-11 notice key v1");
    hasher.update(&[kind.number()]).update(subject);
    let mut key = [0; 16];
    key.copy_from_slice(hasher.finalize().as_bytes().split_at(16).0);
    NoticeKey(key)
}

impl Replica {
    /// Tells the person of something, unless they were told of it before.
    pub fn notice(&mut self, tx: &Tx<'_>, notice: &Notice<'_>) -> Result<(), Fail> {
        // Of what was deleted for everyone nobody is told any more.
        if let Some(conversation) = &notice.conversation
            && conversations::is_deleted(tx, conversation)?
        {
            return Ok(());
        }
        let key = key_of(notice.kind, notice.subject);
        let follows = matches!(notice.kind, NoticeKind::Mention | NoticeKind::Late);
        let row = NoticeRow {
            key,
            kind: notice.kind.number(),
            at_ms: notice.at_ms,
            space: notice.space,
            person: notice.person,
            conversation: notice.conversation,
            message: notice.message,
            record: notice.record,
            text: crate::text::visible(notice.text),
            follows,
            unread: true,
        };
        if notices::add(tx, &row)? {
            // What follows a message is announced as that message.
            if !follows {
                self.touched.told.push(key);
            }
            self.touched.notices = true;
        }
        Ok(())
    }

    /// What a notice told of is settled.
    pub fn notice_settled(&mut self, tx: &Tx<'_>, kind: NoticeKind, subject: &[u8]) -> Result<(), Fail> {
        let key = key_of(kind, subject);
        if notices::remove(tx, &key)? {
            self.touched.notices = true;
            self.touched.notices_read.push(key);
        }
        Ok(())
    }

    /// A message that names this person, or that came late.
    pub fn notice_message(
        &mut self,
        tx: &Tx<'_>,
        kind: NoticeKind,
        message: &NewMessage,
    ) -> Result<(), Fail> {
        let place = (message.conversation, message.space);
        self.notice(tx, &Notice::of_message(kind, &message.id, place, message.author, message.at_ms))
    }

    /// The same for one that is here already: other words may name somebody else.
    pub fn notice_row_of(&mut self, tx: &Tx<'_>, kind: NoticeKind, message: &MessageRow) -> Result<(), Fail> {
        let place = (message.conversation, message.space);
        self.notice(tx, &Notice::of_message(kind, &message.id, place, message.author, message.at_ms))
    }

    /// Somebody gave this person a conversation to look after.
    pub fn notice_assignment(
        &mut self,
        tx: &Tx<'_>,
        doc: &DocId,
        handling: &HandlingProjection,
        all: &[ChangeInfo],
    ) -> Result<(), Fail> {
        let Some(last) = all.iter().max_by_key(|change| (change.max_op(), change.hash)) else {
            return Ok(());
        };
        let hash = Hash(last.hash.0);
        let Some(id) = changes::get(tx, doc, &hash)?.and_then(|row| row.entry) else { return Ok(()) };
        let Some(entry) = entries::get(tx, &id)?.filter(|entry| entry.person != self.person()) else {
            return Ok(());
        };
        let notice = Notice {
            space: Some(handling.team),
            person: Some(entry.person),
            conversation: Some(handling.conversation),
            ..Notice::new(NoticeKind::Assignment, &hash.0, entry.received_ms)
        };
        self.notice(tx, &notice)
    }

    /// What members of a space are told of an op.
    pub fn notice_op(
        &mut self,
        tx: &Tx<'_>,
        header: &EntryHeader,
        id: &EntryId,
        op: &SpaceOp,
        received_ms: u64,
    ) -> Result<(), Fail> {
        let me = self.person();
        let by_me = header.person == me;
        if let SpaceOp::Join { invite, .. }
        | SpaceOp::Request { invite, .. }
        | SpaceOp::CancelInvite { invite, .. } = op
        {
            self.notice_settled(tx, NoticeKind::InviteEnds, &invite.0)?;
        }
        let (kind, person) = match op {
            SpaceOp::Join { .. } if !by_me => (NoticeKind::Joined, header.person),
            SpaceOp::Add { grant, .. } if !by_me && grant.member == Member::Person(me) => {
                (NoticeKind::Joined, me)
            }
            SpaceOp::Leave { .. } if !by_me => (NoticeKind::Left, header.person),
            SpaceOp::Remove { member: Member::Person(gone), .. } if !by_me && *gone != me => {
                (NoticeKind::Left, *gone)
            }
            SpaceOp::Request { .. } if !by_me && self.manages(&header.space) => {
                (NoticeKind::Request, header.person)
            }
            _ => {
                if let SpaceOp::Add { request: Some(request), .. } | SpaceOp::Decline { request } = op {
                    self.notice_settled(tx, NoticeKind::Request, &request.0)?;
                }
                return Ok(());
            }
        };
        let notice = Notice {
            space: Some(header.space),
            person: Some(person),
            conversation: self.talk_of(&header.space)?,
            ..Notice::new(kind, &id.0, received_ms)
        };
        self.notice(tx, &notice)
    }

    /// The relay says that this person is not in a space any more: who is taken out gets no op that tells so. Who left on another
    /// device is not told of it.
    pub fn notice_gone(&mut self, tx: &Tx<'_>, space: &SpaceId, now_ms: u64) -> Result<(), Fail> {
        if !self.load_space(tx, space)? || self.left_by_self(tx, space)? {
            return Ok(());
        }
        let subject = self.gone_subject(space)?;
        let notice = Notice {
            space: Some(*space),
            person: Some(self.person()),
            conversation: self.talk_of(space)?,
            ..Notice::new(NoticeKind::Left, &subject, now_ms)
        };
        self.notice(tx, &notice)
    }

    /// Names the notice of the end of a membership.
    pub(crate) fn gone_subject(&self, space: &SpaceId) -> Result<Vec<u8>, Fail> {
        Ok([space.0.as_slice(), &(self.space(space)?.len() as u64).to_be_bytes()].concat())
    }

    /// The conversation that is all of a talk.
    fn talk_of(&self, space: &SpaceId) -> Result<Option<DocId>, Fail> {
        let talk = self.space(space)?.kind() == SpaceKind::Talk;
        Ok(talk.then(|| homing_model::Preimage::talk_conversation(*space).doc_id()))
    }

    /// A conversation that this person had put out of sight is back at its time.
    pub fn notice_back(&mut self, tx: &Tx<'_>, id: &DocId) -> Result<(), Fail> {
        let Some(row) = conversations::get(tx, id)?.filter(|row| is_listed(row) && !row.blocked) else {
            return Ok(());
        };
        let until = row.own.snoozed_until_ms;
        let subject = [id.as_bytes().as_slice(), &until.to_be_bytes()].concat();
        let notice = Notice {
            space: Some(row.space),
            conversation: Some(*id),
            ..Notice::new(NoticeKind::Back, &subject, until)
        };
        self.notice(tx, &notice)
    }

    /// Another of this person's devices let new ones in, besides those that were known `before`.
    pub fn notice_devices(
        &mut self,
        tx: &Tx<'_>,
        before: &BTreeSet<DeviceId>,
        now_ms: u64,
    ) -> Result<(), Fail> {
        // A device that learns its account is told of none of the others.
        if !before.contains(&self.device()) {
            return Ok(());
        }
        for device in self.own_devices(tx)?.difference(before) {
            let text = device.to_string();
            let notice = Notice {
                person: Some(self.person()),
                text: &text,
                ..Notice::new(NoticeKind::Device, &device.0, now_ms)
            };
            self.notice(tx, &notice)?;
        }
        Ok(())
    }

    /// The devices of this person that were not shut out, as far as this one knows.
    pub fn own_devices(&mut self, db: &Read<'_>) -> Result<BTreeSet<DeviceId>, Fail> {
        let me = self.person();
        self.load_account(db, &me)?;
        Ok(self.known.accounts.get(&me).map(AccountState::active_devices).unwrap_or_default())
    }

    /// What happened to a record on the other side of a client's space: an interest was noted, changed or taken back, or
    /// a client got something to look at.
    pub fn notice_record(
        &mut self,
        tx: &Tx<'_>,
        doc: &DocId,
        record: &RecordProjection,
        all: &[ChangeInfo],
    ) -> Result<(), Fail> {
        let copy = record.kind.schema().is_some_and(|schema| schema.copy_of.is_some());
        if !copy && record.kind != INTEREST {
            return Ok(());
        }
        let told: Vec<&ChangeInfo> = match copy {
            // That it came; it follows by itself then.
            true => all.iter().min_by_key(|change| (change.max_op(), change.hash)).into_iter().collect(),
            false => all.iter().collect(),
        };
        for change in told {
            let hash = Hash(change.hash.0);
            let Some(id) = changes::get(tx, doc, &hash)?.and_then(|row| row.entry) else { continue };
            let Some(entry) = entries::get(tx, &id)? else { continue };
            if !self.is_across(tx, &record.space, &entry.person)? {
                continue;
            }
            let (kind, subject) = match copy {
                true => (NoticeKind::Portal, doc.as_bytes().as_slice()),
                false => (NoticeKind::Interest, hash.0.as_slice()),
            };
            let notice = Notice {
                space: Some(record.space),
                person: Some(entry.person),
                record: record.about,
                ..Notice::new(kind, subject, entry.received_ms)
            };
            self.notice(tx, &notice)?;
        }
        Ok(())
    }

    /// Whether somebody is on the other side of a client's space: staff for a client, a client for staff.
    fn is_across(&mut self, tx: &Tx<'_>, space: &SpaceId, person: &PersonId) -> Result<bool, Fail> {
        let me = self.person();
        if !self.load_space(tx, space)? {
            return Ok(false);
        }
        let state = self.space(space)?;
        let client = |who: PersonId| state.role(&Member::Person(who)) == Some(Role::Client);
        Ok(client(*person) != client(me))
    }

    fn manages(&self, space: &SpaceId) -> bool {
        self.writes_as(space).is_some_and(|(_, role)| role.manages())
    }

    /// The person read notices here: the other devices hear of it.
    pub fn notices_were_read(&mut self, tx: &Tx<'_>, marks: &[ReadMark]) -> Result<(), Fail> {
        if marks.is_empty() {
            return Ok(());
        }
        let read = notices::mark_read(tx, marks)?;
        self.touched.notices = true;
        self.touched.notices_read.extend(read);
        // All that is known to be read, so that what a device said outlives it.
        let content = NoticesRead::of(&notices::read_marks(tx)?);
        slots::set(tx, &self.personal(), &notices_slot(), &SlotContent::Notices(content).encode())?;
        Ok(())
    }

    /// Another of this person's devices read notices.
    pub fn notices_read_came(&mut self, tx: &Tx<'_>, came: &NoticesRead) -> Result<(), Fail> {
        let read = notices::mark_read(tx, &came.marks())?;
        if !read.is_empty() {
            self.touched.notices = true;
            self.touched.notices_read.extend(read);
        }
        Ok(())
    }
}
