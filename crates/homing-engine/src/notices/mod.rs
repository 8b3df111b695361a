//! Notices: kept when something happens, announced once per device, read once per person.
//!
//! A notice is a projection: every device of a person makes it from the same op or document, under the same key. What
//! is read of messages follows from the read positions; what is read of everything else is a set of keys that each
//! device says in a slot of the personal space, so devices that were offline merge by union.

mod announce;
mod prefs;

use homing_model::{ChangeInfo, HandlingProjection};
use homing_store::messages::{MessageRow, NewMessage};
use homing_store::notices::{self, NoticeKey, NoticeRow, ReadMark};
use homing_store::{Tx, changes, entries, slots};
use homing_wire::{DocId, EntryHeader, EntryId, Hash, Member, PersonId, SpaceId, SpaceKind, SpaceOp};

use crate::api::NoticeKind;
use crate::fail::Fail;
use crate::replica::Replica;
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
        let notice = Notice {
            space: Some(message.space),
            person: Some(message.author),
            conversation: Some(message.conversation),
            message: Some(message.id),
            ..Notice::new(kind, message.id.as_bytes(), message.at_ms)
        };
        self.notice(tx, &notice)
    }

    /// The same for one that is here already: other words may name somebody else.
    pub fn notice_row_of(&mut self, tx: &Tx<'_>, kind: NoticeKind, message: &MessageRow) -> Result<(), Fail> {
        let notice = Notice {
            space: Some(message.space),
            person: Some(message.author),
            conversation: Some(message.conversation),
            message: Some(message.id),
            ..Notice::new(kind, message.id.as_bytes(), message.at_ms)
        };
        self.notice(tx, &notice)
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
        let (kind, person) = match op {
            SpaceOp::Join { .. } if !by_me => (NoticeKind::Joined, header.person),
            SpaceOp::Add { grant, .. } if !by_me && grant.member == Member::Person(me) => {
                (NoticeKind::Joined, me)
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
        let talk = self.space(&header.space)?.kind() == SpaceKind::Talk;
        let conversation = talk.then(|| homing_model::Preimage::talk_conversation(header.space).doc_id());
        let notice = Notice {
            space: Some(header.space),
            person: Some(person),
            conversation,
            ..Notice::new(kind, &id.0, received_ms)
        };
        self.notice(tx, &notice)
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
