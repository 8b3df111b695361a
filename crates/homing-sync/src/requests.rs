//! Requests on their way: what each number stands for, and by when it must be answered.

use std::collections::BTreeMap;

use homing_wire::{AccountOpId, BlobId, EntryId, MailboxId, PersonId, ScheduleTag, SlotId, SpaceId};

use crate::Fault;

/// Which part of a log a page was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    /// Ops after a sequence.
    Ops { from: u64 },
    /// All after the tip.
    Forward { from: u64 },
    /// The newest page.
    Newest,
    /// The page below the hole's upper end.
    Older { from: u64 },
}

/// What was asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Asked {
    Register,
    OwnAccount,
    AccountOp(AccountOpId),
    /// `floor`: the relay had shown a head at least this high before it was asked.
    Page {
        space: SpaceId,
        part: Part,
        floor: u64,
    },
    /// `floor`: the relay had shown this slot sequence before it was asked.
    Slots {
        space: SpaceId,
        since: u64,
        floor: u64,
    },
    Push {
        space: SpaceId,
        id: EntryId,
        bytes: usize,
        /// Of the queue: a refusal from an older one says nothing.
        epoch: u64,
    },
    PushSlot {
        space: SpaceId,
        slot: SlotId,
        counter: u64,
    },
    Account(PersonId),
    Recover,
    Peek {
        space: SpaceId,
        from: u64,
    },
    /// `seen`: as told; `put`: it brings a message.
    Mail {
        mailbox: MailboxId,
        seen: u32,
        put: bool,
    },
    Grant {
        space: SpaceId,
        blob: BlobId,
    },
    Ids {
        space: SpaceId,
        from: u64,
    },
    Refill(SpaceId),
    Scheduled,
    Schedule {
        space: SpaceId,
    },
    Unschedule {
        space: SpaceId,
        tag: ScheduleTag,
    },
    Rollback,
    RefillAccounts,
}

/// All open requests of a session. Numbers rise, all have the same patience, so the first one times out first.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    last: u64,
    open: BTreeMap<u64, (u64, Asked)>,
    pulls: usize,
    push_bytes: usize,
}

impl Requests {
    pub(crate) fn add(&mut self, asked: Asked, deadline_ms: u64) -> u64 {
        self.last += 1;
        self.count(&asked, true);
        self.open.insert(self.last, (deadline_ms, asked));
        self.last
    }

    pub(crate) fn take(&mut self, req: u64) -> Result<Asked, Fault> {
        let (_, asked) = self.open.remove(&req).ok_or(Fault::UnknownRequest)?;
        self.count(&asked, false);
        Ok(asked)
    }

    pub(crate) fn deadline(&self) -> Option<u64> {
        self.open.first_key_value().map(|(_, (deadline, _))| *deadline)
    }

    /// Whether something like that is on its way.
    pub(crate) fn any(&self, mut like: impl FnMut(&Asked) -> bool) -> bool {
        self.open.values().any(|(_, asked)| like(asked))
    }

    /// Pages on their way.
    pub(crate) fn pulls(&self) -> usize {
        self.pulls
    }

    /// Bytes of pushed entries without an answer.
    pub(crate) fn push_bytes(&self) -> usize {
        self.push_bytes
    }

    fn count(&mut self, asked: &Asked, up: bool) {
        let step = |n: usize, by: usize| if up { n.saturating_add(by) } else { n.saturating_sub(by) };
        match asked {
            Asked::Page { .. } | Asked::Slots { .. } => self.pulls = step(self.pulls, 1),
            Asked::Push { bytes, .. } => self.push_bytes = step(self.push_bytes, *bytes),
            _ => {}
        }
    }
}
