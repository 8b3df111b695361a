//! What a transaction changed, so that the screens get rows and not "something changed".

use std::collections::{BTreeMap, BTreeSet};

use homing_store::notices::NoticeKey;
use homing_wire::{DocId, SpaceId};

/// Things whose rows are sent to the screens after the commit.
#[derive(Default)]
pub(crate) struct Touched {
    pub conversations: BTreeSet<DocId>,
    /// Messages by conversation.
    pub messages: BTreeMap<DocId, BTreeSet<DocId>>,
    /// Drafts, by where they stand: their conversation, or where comments beside one are typed.
    pub drafts: BTreeSet<DocId>,
    pub records: BTreeSet<DocId>,
    pub people: bool,
    pub outbox: bool,
    /// Conversations whose scheduled messages changed.
    pub scheduled: BTreeSet<DocId>,
    pub settings: bool,
    pub status: bool,
    /// Conversations that show other messages than before: screens ask for them again.
    pub reshaped: BTreeSet<DocId>,
    /// When the next snoozed conversation comes back may have changed.
    pub snoozes: bool,
    /// When the next invitation is about to end may have changed.
    pub invites: bool,
    /// New unread messages of others, for notifications: (conversation, message).
    pub arrived: Vec<(DocId, DocId)>,
    /// New notices besides messages.
    pub told: Vec<NoticeKey>,
    /// The centre has something else to show.
    pub notices: bool,
    /// Notices read here or elsewhere, or settled.
    pub notices_read: Vec<NoticeKey>,
    /// Conversations read here or elsewhere.
    pub read: BTreeSet<DocId>,
    /// Spaces that have something to hand to the relay.
    pub work: BTreeSet<SpaceId>,
    /// Spaces this person came into.
    pub joined: BTreeSet<SpaceId>,
}

impl Touched {
    pub fn message(&mut self, conversation: DocId, message: DocId) {
        self.messages.entry(conversation).or_default().insert(message);
        self.conversations.insert(conversation);
    }

    /// Adds what a committed transaction touched.
    pub fn merge(&mut self, other: Touched) {
        self.conversations.extend(other.conversations);
        for (conversation, messages) in other.messages {
            self.messages.entry(conversation).or_default().extend(messages);
        }
        self.drafts.extend(other.drafts);
        self.records.extend(other.records);
        self.reshaped.extend(other.reshaped);
        self.snoozes |= other.snoozes;
        self.invites |= other.invites;
        self.people |= other.people;
        self.outbox |= other.outbox;
        self.scheduled.extend(other.scheduled);
        self.settings |= other.settings;
        self.status |= other.status;
        self.arrived.extend(other.arrived);
        self.told.extend(other.told);
        self.notices |= other.notices;
        self.notices_read.extend(other.notices_read);
        self.read.extend(other.read);
        self.work.extend(other.work);
        self.joined.extend(other.joined);
    }

    pub fn is_empty(&self) -> bool {
        self.conversations.is_empty()
            && self.messages.is_empty()
            && self.drafts.is_empty()
            && self.records.is_empty()
            && !self.people
            && !self.outbox
            && self.scheduled.is_empty()
            && !self.settings
            && !self.status
            && !self.notices
            && self.arrived.is_empty()
            && self.read.is_empty()
            && self.reshaped.is_empty()
    }
}
