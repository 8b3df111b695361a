//! Own entries on their way to the relay: in order per space, the same bytes until there is an answer.
//!
//! Each entry names the one before (`prev`), so when one is refused the relay refuses those behind it too, with
//! whatever code; these answers say nothing and are not passed on.

use std::collections::VecDeque;

use homing_wire::{ClientFrame, EntryId, NackCode, PersonId, Placed, SpaceId, Stored};

use crate::backoff::delay_ms;
use crate::client::Client;
use crate::requests::Asked;
use crate::{Effect, Fault};

#[derive(Debug)]
struct Item {
    id: EntryId,
    entry: Vec<u8>,
    /// Sent in this session, and no answer yet. Those that are sent stand before those that are not.
    sent: bool,
}

/// The queue of one space.
#[derive(Debug, Default)]
pub(crate) struct Pushes {
    items: VecDeque<Item>,
    queued: bool,
    retry_at: Option<u64>,
    failures: u32,
    /// Rises when what was sent counts as unsent; refusals from an older one say nothing.
    epoch: u64,
}

impl Pushes {
    pub(crate) fn interrupt(&mut self) {
        self.unsend();
        self.queued = false;
        self.retry_at = None;
    }

    fn unsend(&mut self) {
        for item in &mut self.items {
            item.sent = false;
        }
        self.epoch += 1;
    }

    fn remove(&mut self, id: &EntryId) -> Option<Item> {
        let at = self.items.iter().position(|item| item.id == *id)?;
        self.items.remove(at)
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// Nothing waits to be sent in this session.
    pub(crate) fn all_sent(&self) -> bool {
        self.items.iter().all(|item| item.sent)
    }

    fn due(&self, now: u64) -> bool {
        !self.items.is_empty() && self.retry_at.is_none_or(|at| at <= now)
    }
}

impl Client {
    pub(crate) fn push(&mut self, id: SpaceId, entry_id: EntryId, entry: Vec<u8>, first: bool) {
        let generation = self.generation;
        let space = self
            .spaces
            .entry(id)
            .or_insert_with(|| crate::space::Space::new(crate::SpaceCursor::empty(generation)));
        if !space.pushes.items.iter().any(|item| item.id == entry_id) {
            space.pushes.items.push_back(Item { id: entry_id, entry, sent: false });
        }
        self.queue_push(id, first);
    }

    /// Puts a space in line for pushing.
    pub(crate) fn queue_push(&mut self, id: SpaceId, first: bool) {
        let Some(space) = self.spaces.get_mut(&id) else { return };
        if !space.pushes.due(self.now) {
            return;
        }
        if !std::mem::replace(&mut space.pushes.queued, true) {
            if first { self.push_queue.push_front(id) } else { self.push_queue.push_back(id) }
        } else if first && self.push_queue.front() != Some(&id) {
            self.push_queue.retain(|queued| *queued != id);
            self.push_queue.push_front(id);
        }
    }

    /// Sends what fits into the window. A space that can send no more leaves the line until an answer comes.
    pub(crate) fn pump_pushes(&mut self) {
        let entries = self.config.push_entries.max(1);
        while self.online() {
            let Some(id) = self.push_queue.front().copied() else { return };
            let Some(session) = self.session() else { return };
            let window = match session.push_bytes {
                0 => self.config.push_bytes,
                limit => limit.min(self.config.push_bytes),
            };
            let room = window.saturating_sub(session.requests.push_bytes());
            let idle = session.requests.push_bytes() == 0;
            let Some(space) = self.spaces.get_mut(&id) else {
                self.push_queue.pop_front();
                continue;
            };
            let waiting = space.pushes.items.iter().take_while(|item| item.sent).count();
            let ready = space.pushes.due(self.now) && space.refill.is_none() && waiting < entries;
            let next = space.pushes.items.get_mut(waiting).filter(|_| ready);
            let Some(item) = next else {
                space.pushes.queued = false;
                self.push_queue.pop_front();
                continue;
            };
            let bytes = item.entry.len();
            if bytes > room && !idle {
                return;
            }
            item.sent = true;
            let (entry_id, entry) = (item.id, item.entry.clone());
            let epoch = space.pushes.epoch;
            self.ask(Asked::Push { space: id, id: entry_id, bytes, epoch }, |req| ClientFrame::Push {
                req,
                entry,
            });
        }
    }

    pub(crate) fn push_acked(&mut self, id: SpaceId, entry_id: EntryId, placed: Placed) -> Result<(), Fault> {
        if placed.id != entry_id {
            return Err(Fault::WrongSubject);
        }
        crate::page::check_head(&id, &placed.head)?;
        let Some(space) = self.spaces.get_mut(&id) else { return Ok(()) };
        space.pushes.failures = 0;
        // Sent twice, acknowledged twice: the second says nothing new.
        let Some(item) = space.pushes.remove(&entry_id) else { return Ok(()) };
        let head = placed.head.clone();
        space.told(head.head.sequence, 0);
        let stored = Stored {
            sequence: placed.sequence,
            received_ms: placed.received_ms,
            generation: head.head.generation,
            entry: item.entry,
        };
        self.out.push(Effect::Acked { space: id, id: entry_id, placed });
        self.queue_push(id, false);
        // The head is the one after this entry, so its generation is the entry's.
        if stored.sequence == head.head.sequence {
            return self.accept(id, stored, head);
        }
        self.touch(id);
        Ok(())
    }

    pub(crate) fn push_refused(
        &mut self,
        (id, entry_id, epoch): (SpaceId, EntryId, u64),
        code: NackCode,
        people: Vec<PersonId>,
        retry_after_ms: Option<u64>,
    ) {
        let max = self.config.max_backoff_ms;
        let Some(space) = self.spaces.get_mut(&id) else { return };
        let pushes = &mut space.pushes;
        let Some(at) = pushes.items.iter().position(|item| item.id == entry_id) else { return };
        if epoch != pushes.epoch {
            return;
        }
        let retry = code.retry();
        self.out.push(Effect::Refused { space: id, id: entry_id, code, people, retry });
        if retry {
            pushes.unsend();
            pushes.failures = pushes.failures.saturating_add(1);
            let wait = delay_ms(self.config.initial_backoff_ms, max, pushes.failures - 1, self.config.seed);
            let at =
                self.now.saturating_add(wait.max(retry_after_ms.unwrap_or(0).min(max.saturating_mul(15))));
            pushes.retry_at = Some(at);
            self.timers.insert((at, id));
        } else {
            let behind = pushes.items.split_off(at);
            pushes.unsend();
            let ids: Vec<_> = behind.into_iter().skip(1).map(|item| item.id).collect();
            if !ids.is_empty() {
                self.out.push(Effect::Dropped { space: id, ids });
            }
            self.behind(id, code);
            self.queue_push(id, false);
        }
        self.touch(id);
    }

    /// A waiting time is over.
    pub(crate) fn rested(&mut self, id: SpaceId) {
        let now = self.now;
        let Some(space) = self.spaces.get_mut(&id) else { return };
        if space.retry_at.is_some_and(|at| at <= now) {
            space.retry_at = None;
        }
        if space.pushes.retry_at.is_some_and(|at| at <= now) {
            space.pushes.retry_at = None;
        }
        self.queue_push(id, false);
        self.rested_refill(id);
        self.touch(id);
    }
}
