//! Which space is asked next: those on the screen, then those that moved, then older history.

use std::collections::VecDeque;

use homing_wire::{ClientFrame, FeedItem, Lane, Moved, NackCode, SpaceId};

use crate::backoff::delay_ms;
use crate::client::Client;
use crate::feeds::{Thing, Until};
use crate::page::MAX_SEQUENCE;
use crate::requests::{Asked, Part};
use crate::session::Link;
use crate::space::{Halt, LogWork, Need, SlotWork, Space, Tier};
use crate::{Divergence, Effect, Fault, SpaceCursor, Ticket};

/// Spaces a relay may make a device follow.
const MAX_SPACES: usize = 100_000;
/// Lines of feeds that may wait to be applied.
const MAX_UNSETTLED: usize = 200_000;
/// Lines of a held log read at once to walk the chain.
const WALK: usize = 4096;

/// The spaces that wait, by how soon they are due. An id may stand in several; [`Space::queued`] says which counts.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    open: VecDeque<SpaceId>,
    moved: VecDeque<SpaceId>,
    behind: VecDeque<SpaceId>,
}

impl Queues {
    fn of(&mut self, tier: Tier) -> &mut VecDeque<SpaceId> {
        match tier {
            Tier::Open => &mut self.open,
            Tier::Moved => &mut self.moved,
            Tier::Behind => &mut self.behind,
        }
    }

    fn pop(&mut self) -> Option<(Tier, SpaceId)> {
        [Tier::Open, Tier::Moved, Tier::Behind]
            .into_iter()
            .find_map(|tier| self.of(tier).pop_front().map(|space| (tier, space)))
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Client {
    pub(crate) fn feed(&mut self, items: Vec<FeedItem>, caught_up: bool) -> Result<(), Fault> {
        for item in items {
            match item.moved {
                Moved::Space { space, head, slots } => {
                    if head.sequence > MAX_SEQUENCE || slots > MAX_SEQUENCE {
                        return Err(Fault::TooMuch);
                    }
                    let until = Until::Log { sequence: head.sequence, slots };
                    if !self.feeds.note(&item.feed, item.sequence, Some((Thing::Space(space), until))) {
                        continue;
                    }
                    let generation = self.generation;
                    if !self.spaces.contains_key(&space) && self.spaces.len() >= MAX_SPACES {
                        return Err(Fault::TooMuch);
                    }
                    let state = self
                        .spaces
                        .entry(space)
                        .or_insert_with(|| Space::new(SpaceCursor::empty(generation)));
                    let tip = state.cursor.log.tip();
                    // Its own head contradicts ours: a page with a signed head will tell.
                    state.check |= state.log == LogWork::Idle
                        && (head.sequence < tip.sequence
                            || (head.sequence == tip.sequence && head.chain != tip.chain));
                    state.told(head.sequence, slots);
                    self.refill_soon(space);
                    self.touch(space);
                }
                Moved::Account { person, head } => {
                    let what = Some((Thing::Account(person), Until::Account(head)));
                    if self.feeds.note(&item.feed, item.sequence, what) {
                        self.out.push(Effect::AccountMoved { person, head });
                    }
                }
                Moved::Gone { space } => {
                    if self.feeds.note(&item.feed, item.sequence, None) {
                        self.feeds.drop_thing(&item.feed, &Thing::Space(space));
                        self.out.push(Effect::Gone { space, feed: item.feed });
                    }
                }
            }
            if self.feeds.unsettled() > MAX_UNSETTLED {
                return Err(Fault::TooMuch);
            }
        }
        let deadline = self.deadline();
        if let Link::Up(session) = &mut self.link {
            session.feed_caught_up |= caught_up;
            session.deadline = (!session.feed_caught_up).then_some(deadline);
        }
        Ok(())
    }

    /// A session begins: every space that lacks something stands in line.
    pub(crate) fn begin_spaces(&mut self) {
        let generation = self.generation;
        for id in self.spaces.keys().copied().collect::<Vec<_>>() {
            if let Some(space) = self.spaces.get_mut(&id) {
                if space.cursor.log.generation == 0 {
                    space.cursor.log.generation = generation;
                }
                space.check |= space.open;
            }
            self.touch(id);
            self.queue_push(id, false);
        }
    }

    /// Something about a space changed: settle, report, queue. Cheap, and right to call once too often.
    pub(crate) fn touch(&mut self, id: SpaceId) {
        self.deliver_events(id);
        let near = self.config.near;
        let Some(space) = self.spaces.get_mut(&id) else { return };
        let (halted, tip, slots) =
            (space.halt.is_some(), space.cursor.log.tip().sequence, space.cursor.slots);
        if space.refill.is_none() {
            self.feeds.settle(&Thing::Space(id), |until| {
                halted
                    || matches!(until, Until::Log { sequence, slots: s } if *sequence <= tip && *s <= slots)
            });
        }
        if !space.caught_up() {
            self.lagging.insert(id);
        } else if self.lagging.remove(&id) && !halted {
            self.out.push(Effect::CaughtUp { space: id });
        }
        let wanted = space.need(near).map(|(tier, _)| tier);
        if let Some(tier) = wanted.filter(|tier| space.queued.is_none_or(|queued| *tier < queued)) {
            space.queued = Some(tier);
            self.queues.of(tier).push_back(id);
        }
    }

    /// Asks as much as may be on its way at once.
    pub(crate) fn pump_pulls(&mut self) {
        let near = self.config.near;
        while self.online() && self.session().is_some_and(|s| s.requests.pulls() < self.config.parallel_pulls)
        {
            let Some((tier, id)) = self.queues.pop() else { return };
            let Some(space) = self.spaces.get_mut(&id).filter(|space| space.queued == Some(tier)) else {
                continue;
            };
            space.queued = None;
            let Some((_, need)) = space.need(near) else { continue };
            match need {
                Need::Walk => {
                    let at = space.cursor.log.head;
                    space.log = LogWork::Walking { at };
                    self.out.push(Effect::ReadChain { space: id, after: at.sequence, limit: WALK });
                }
                Need::Slots { since } => {
                    let floor = space.slots_target;
                    let req = self.ask(Asked::Slots { space: id, since, floor }, |req| {
                        ClientFrame::PullSlots { req, space: id, since }
                    });
                    if let Some(space) = self.spaces.get_mut(&id) {
                        space.slots = SlotWork::Asked { req };
                    }
                }
                Need::Page(part) => {
                    let floor = space.target.max(space.cursor.log.tip().sequence);
                    let bytes = self.config.page_bytes;
                    let (from, backwards, lane) = match part {
                        Part::Ops { from } => (from, false, Lane::Ops),
                        Part::Forward { from } => (from, false, Lane::All),
                        Part::Newest => (0, true, Lane::All),
                        Part::Older { from } => (from, true, Lane::All),
                    };
                    let req = self.ask(Asked::Page { space: id, part, floor }, |req| ClientFrame::Pull {
                        req,
                        space: id,
                        from,
                        backwards,
                        lane,
                        bytes,
                    });
                    if let Some(space) = self.spaces.get_mut(&id) {
                        space.log = LogWork::Asked { req };
                    }
                }
            }
            self.touch(id);
        }
    }

    pub(crate) fn pull_refused(
        &mut self,
        id: SpaceId,
        req: u64,
        code: NackCode,
        retry_after_ms: Option<u64>,
    ) {
        let Some(space) = self.spaces.get_mut(&id) else { return };
        if space.log == (LogWork::Asked { req }) {
            space.log = LogWork::Idle;
        } else if space.slots == (SlotWork::Asked { req }) {
            space.slots = SlotWork::Idle;
        } else {
            return;
        }
        if code.retry() {
            self.rest(id, retry_after_ms);
        } else {
            space.halt = Some(Halt::Refused);
            (space.live, space.check) = (false, false);
            space.clear_events();
            self.out.push(Effect::SpaceRefused { space: id, code });
        }
        self.touch(id);
    }

    /// The relay contradicts itself about this space.
    pub(crate) fn diverged(&mut self, id: SpaceId, what: Divergence, head: Option<homing_wire::SignedHead>) {
        if let Some(space) = self.spaces.get_mut(&id) {
            if space.halt.replace(Halt::Diverged) != Some(Halt::Diverged) {
                self.out.push(Effect::Diverged { space: id, what, head });
            }
            space.clear_events();
        }
        self.touch(id);
    }

    /// Lets a space rest before the same thing is tried again.
    fn rest(&mut self, id: SpaceId, least_ms: Option<u64>) {
        let Some(space) = self.spaces.get_mut(&id) else { return };
        space.failures = space.failures.saturating_add(1);
        let (initial, max) = (self.config.initial_backoff_ms, self.config.max_backoff_ms);
        let wait = delay_ms(initial, max, space.failures - 1, self.config.seed);
        let at = self.now.saturating_add(wait.max(least_ms.unwrap_or(0).min(max)));
        space.retry_at = Some(at);
        self.timers.insert((at, id));
    }

    pub(crate) fn ticket(&mut self, space: SpaceId) -> Ticket {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        self.tickets.insert(ticket, space);
        ticket
    }

    pub(crate) fn applied(&mut self, ticket: Ticket) {
        let Some(id) = self.tickets.remove(&ticket) else { return };
        let Some(space) = self.spaces.get_mut(&id) else { return };
        match (space.log, space.slots) {
            (LogWork::Delivered { ticket: t, cursor }, _) if t == ticket => {
                space.cursor.log = cursor;
                space.log = LogWork::Idle;
            }
            (_, SlotWork::Delivered { ticket: t, cursor }) if t == ticket => {
                space.cursor.slots = cursor;
                space.slots = SlotWork::Idle;
            }
            _ => return,
        }
        space.failures = 0;
        self.touch(id);
    }

    pub(crate) fn storage_failed(&mut self, ticket: Ticket) {
        let Some(id) = self.tickets.remove(&ticket) else { return };
        let Some(space) = self.spaces.get_mut(&id) else { return };
        match (space.log, space.slots) {
            (LogWork::Delivered { ticket: t, cursor }, _) if t == ticket => {
                space.log = LogWork::Idle;
                // What waits behind it no longer follows what is held.
                space.clear_events();
                space.target = space.target.max(cursor.tip().sequence);
            }
            (_, SlotWork::Delivered { ticket: t, cursor }) if t == ticket => {
                space.slots = SlotWork::Idle;
                space.slots_target = space.slots_target.max(cursor);
            }
            _ => return,
        }
        self.rest(id, None);
        self.touch(id);
    }

    /// More lines of the held log, up a hole that closed.
    pub(crate) fn walked(&mut self, id: SpaceId, items: Vec<crate::ChainItem>) {
        let Some(space) = self.spaces.get_mut(&id) else { return };
        let (LogWork::Walking { mut at }, Some(gap)) = (space.log, space.cursor.log.gap) else { return };
        let before = at.sequence;
        for item in items {
            if at.sequence == gap.tip.sequence || item.sequence != at.sequence.saturating_add(1) {
                break;
            }
            at = at.next(item.generation, &item.id, item.received_ms);
        }
        if at.sequence < gap.tip.sequence {
            if at.sequence == before {
                // The store could not read.
                space.log = LogWork::Idle;
                self.rest(id, None);
                self.touch(id);
                return;
            }
            space.log = LogWork::Walking { at };
            self.out.push(Effect::ReadChain { space: id, after: at.sequence, limit: WALK });
        } else if crate::chain::same(&at, &gap.tip) {
            let cursor = crate::LogCursor { head: at, gap: None, ..space.cursor.log };
            let ticket = self.ticket(id);
            if let Some(space) = self.spaces.get_mut(&id) {
                space.log = LogWork::Delivered { ticket, cursor };
            }
            self.out.push(Effect::Verified { space: id, ticket, cursor });
        } else {
            space.log = LogWork::Idle;
            self.diverged(id, Divergence::Fork, None);
        }
    }
}
