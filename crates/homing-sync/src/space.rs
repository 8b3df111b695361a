//! What the client knows of one space, and what it needs next.

use std::collections::VecDeque;

use homing_wire::SignedHead;

use crate::chain::Link;
use crate::push::Pushes;
use crate::refill::Refill;
use crate::requests::Part;
use crate::{LogCursor, SpaceCursor, Ticket};

/// What the log of a space is waiting for. One thing at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LogWork {
    Idle,
    /// The relay, for a page.
    Asked {
        req: u64,
    },
    /// The store, to apply.
    Delivered {
        ticket: Ticket,
        cursor: LogCursor,
    },
    /// The store, for lines of the chain; walked up to here.
    Walking {
        at: homing_wire::Head,
    },
}

/// The same for slots.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SlotWork {
    Idle,
    Asked { req: u64 },
    Delivered { ticket: Ticket, cursor: u64 },
}

/// Why a space is left alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Halt {
    /// The relay won't let it be read, until it speaks of it again.
    Refused,
    /// The relay contradicts itself, for this session.
    Diverged,
}

/// How soon something is due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Tier {
    /// On the screen.
    Open,
    /// Moved.
    Moved,
    /// Older history.
    Behind,
}

/// The next thing to ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Need {
    Page(Part),
    Slots {
        since: u64,
    },
    /// Walk the chain through a hole that closed.
    Walk,
}

#[derive(Debug)]
pub(crate) struct Space {
    /// Applied.
    pub(crate) cursor: SpaceCursor,
    /// Highest sequence the relay told of.
    pub(crate) target: u64,
    /// Highest slot sequence the relay told of.
    pub(crate) slots_target: u64,
    /// Ask for a page even if nothing is known to be new.
    pub(crate) check: bool,
    /// On the screen.
    pub(crate) open: bool,
    /// `Sub` was sent in this session.
    pub(crate) live: bool,
    /// The relay ended live mode so often in a row, and is not asked for it again before then.
    pub(crate) overflows: u32,
    pub(crate) live_not_before: u64,
    pub(crate) log: LogWork,
    pub(crate) slots: SlotWork,
    /// Live entries that follow each other and wait for their delivery.
    pub(crate) events: VecDeque<(Link, SignedHead)>,
    pub(crate) event_bytes: usize,
    /// Why it is left alone.
    pub(crate) halt: Option<Halt>,
    /// Not before.
    pub(crate) retry_at: Option<u64>,
    pub(crate) failures: u32,
    /// The queue it stands in.
    pub(crate) queued: Option<Tier>,
    pub(crate) pushes: Pushes,
    pub(crate) refill: Option<Refill>,
}

impl Space {
    pub(crate) fn new(cursor: SpaceCursor) -> Self {
        Self {
            cursor,
            target: cursor.log.tip().sequence,
            slots_target: cursor.slots,
            check: false,
            open: false,
            live: false,
            overflows: 0,
            live_not_before: 0,
            log: LogWork::Idle,
            slots: SlotWork::Idle,
            events: VecDeque::new(),
            event_bytes: 0,
            halt: None,
            retry_at: None,
            failures: 0,
            queued: None,
            pushes: Pushes::default(),
            refill: None,
        }
    }

    /// The relay has it. A space that was begun here is unknown there until its first op is acknowledged.
    pub(crate) fn known(&self) -> bool {
        self.target > 0 || self.cursor.log.tip().sequence > 0
    }

    /// The relay spoke of the space.
    pub(crate) fn told(&mut self, sequence: u64, slots: u64) {
        self.target = self.target.max(sequence);
        self.slots_target = self.slots_target.max(slots);
        if self.halt == Some(Halt::Refused) {
            self.halt = None;
            self.check |= self.open;
        }
    }

    /// Everything the relay told of is applied, but for older history.
    pub(crate) fn caught_up(&self) -> bool {
        self.halt.is_some()
            || self.refill.as_ref().is_some_and(Refill::waits)
            || (self.refill.is_none()
                && !(self.check && self.known())
                && self.cursor.log.tip().sequence >= self.target
                && self.cursor.slots >= self.slots_target)
    }

    /// What to do next, and how soon. `near`: see [`crate::Config::near`].
    pub(crate) fn need(&self, near: u64) -> Option<(Tier, Need)> {
        if self.halt.is_some() || self.refill.is_some() || self.retry_at.is_some() {
            return None;
        }
        let soon = if self.open { Tier::Open } else { Tier::Moved };
        let log = (self.log == LogWork::Idle).then(|| self.log_need(near)).flatten();
        if let Some(part @ (Part::Ops { .. } | Part::Newest | Part::Forward { .. })) = log {
            return Some((soon, Need::Page(part)));
        }
        if self.slots == SlotWork::Idle && self.cursor.slots < self.slots_target {
            return Some((soon, Need::Slots { since: self.cursor.slots }));
        }
        if let Some(part) = log {
            return Some((Tier::Behind, Need::Page(part)));
        }
        (self.log == LogWork::Idle && self.cursor.log.gap.is_some()).then_some((Tier::Behind, Need::Walk))
    }

    fn log_need(&self, near: u64) -> Option<Part> {
        let log = &self.cursor.log;
        let tip = log.tip().sequence;
        match log.gap {
            // Ops that came between the ops lane and the newest page.
            Some(gap) if log.ops_from() + 1 < gap.low => Some(Part::Ops { from: log.ops_from() }),
            None if self.target.saturating_sub(tip) > near => Some(if log.ops_from() < self.target {
                Part::Ops { from: log.ops_from() }
            } else {
                Part::Newest
            }),
            _ if tip < self.target || (self.check && self.known()) => Some(Part::Forward { from: tip }),
            Some(gap) if gap.low > log.head.sequence + 1 => Some(Part::Older { from: gap.low }),
            _ => None,
        }
    }

    /// The session is over: what was asked is not, and is asked anew.
    pub(crate) fn interrupt(&mut self) {
        if matches!(self.log, LogWork::Asked { .. }) {
            self.log = LogWork::Idle;
        }
        if matches!(self.slots, SlotWork::Asked { .. }) {
            self.slots = SlotWork::Idle;
        }
        (self.live, self.overflows, self.live_not_before) = (false, 0, 0);
        self.halt = None;
        self.queued = None;
        self.retry_at = None;
        self.clear_events();
        self.pushes.interrupt();
        if let Some(refill) = &mut self.refill {
            refill.interrupt();
        }
    }

    pub(crate) fn clear_events(&mut self) {
        self.events.clear();
        self.event_bytes = 0;
    }

    /// The newest sequence that is held, delivered or waiting for delivery.
    pub(crate) fn expected(&self) -> u64 {
        match (self.events.back(), &self.log) {
            (Some((link, _)), _) => link.stored.sequence,
            (None, LogWork::Delivered { cursor, .. }) => cursor.tip().sequence,
            (None, _) => self.cursor.log.tip().sequence,
        }
    }
}
