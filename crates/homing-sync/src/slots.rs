//! Slots, both ways. Only the newest value of a slot is ever worth sending.

use std::collections::{BTreeMap, BTreeSet};

use homing_wire::{ClientFrame, NackCode, PersonId, SlotId, SpaceId, limits};

use crate::client::Client;
use crate::page::MAX_SEQUENCE;
use crate::requests::Asked;
use crate::space::SlotWork;
use crate::{Effect, Fault};

/// Slots on their way without an answer.
const IN_FLIGHT: usize = 16;

#[derive(Debug)]
struct Waiting {
    counter: u64,
    bytes: Vec<u8>,
    /// The counter that is on its way.
    sent: Option<u64>,
    not_before: u64,
    failures: u32,
}

/// Own slots that wait for their acknowledgement.
#[derive(Debug, Default)]
pub(crate) struct SlotOutbox {
    waiting: BTreeMap<(SpaceId, SlotId), Waiting>,
    ready: BTreeSet<(SpaceId, SlotId)>,
    resting: BTreeSet<(u64, SpaceId, SlotId)>,
    in_flight: usize,
}

impl SlotOutbox {
    pub(crate) fn interrupt(&mut self) {
        self.in_flight = 0;
        self.resting.clear();
        self.ready = self.waiting.keys().copied().collect();
        for slot in self.waiting.values_mut() {
            (slot.sent, slot.not_before) = (None, 0);
        }
    }

    pub(crate) fn forget(&mut self, space: &SpaceId) {
        self.waiting.retain(|(s, _), _| s != space);
        self.ready.retain(|(s, _)| s != space);
    }

    pub(crate) fn next_wake(&self) -> Option<u64> {
        self.resting.first().map(|(at, ..)| *at)
    }

    fn wake(&mut self, now: u64) {
        while let Some((_, space, slot)) = self.resting.first().copied().filter(|(at, ..)| *at <= now) {
            self.resting.pop_first();
            self.ready.insert((space, slot));
        }
    }
}

impl Client {
    pub(crate) fn push_slot(&mut self, space: SpaceId, slot: SlotId, counter: u64, bytes: Vec<u8>) {
        let key = (space, slot);
        match self.slots.waiting.get_mut(&key) {
            Some(old) if old.counter >= counter => return,
            Some(old) => (old.counter, old.bytes) = (counter, bytes),
            None => {
                let fresh = Waiting { counter, bytes, sent: None, not_before: 0, failures: 0 };
                self.slots.waiting.insert(key, fresh);
            }
        }
        self.slots.ready.insert(key);
    }

    pub(crate) fn pump_slots(&mut self) {
        self.slots.wake(self.now);
        while self.online() && self.slots.in_flight < IN_FLIGHT {
            let Some(key) = self.slots.ready.pop_first() else { return };
            let refilling = self.spaces.get(&key.0).is_some_and(|space| space.refill.is_some());
            let Some(slot) = self.slots.waiting.get_mut(&key) else { continue };
            if refilling || slot.sent.is_some() || slot.not_before > self.now {
                // It comes back with the answer, the end of the refill or of the wait.
                continue;
            }
            slot.sent = Some(slot.counter);
            self.slots.in_flight += 1;
            let (space, counter, bytes) = (key.0, slot.counter, slot.bytes.clone());
            self.ask(Asked::PushSlot { space, slot: key.1, counter }, |req| ClientFrame::PushSlot {
                req,
                slot: bytes,
            });
        }
    }

    /// Slots of a space may go again.
    pub(crate) fn queue_slots(&mut self, space: SpaceId) {
        self.slots.ready.extend(self.slots.waiting.keys().filter(|(s, _)| *s == space));
    }

    pub(crate) fn slot_acked(
        &mut self,
        space: SpaceId,
        slot: SlotId,
        counter: u64,
        sequence: u64,
    ) -> Result<(), Fault> {
        if sequence > MAX_SEQUENCE {
            return Err(Fault::TooMuch);
        }
        self.slots.in_flight = self.slots.in_flight.saturating_sub(1);
        let key = (space, slot);
        let mut own = None;
        if let Some(waiting) = self.slots.waiting.get_mut(&key) {
            (waiting.sent, waiting.failures) = (None, 0);
            if waiting.counter == counter {
                own = self.slots.waiting.remove(&key);
            } else {
                self.slots.ready.insert(key);
            }
        }
        self.out.push(Effect::SlotAcked { space, slot, counter, sequence });
        if let Some(own) = own {
            self.accept_slots(space, vec![(sequence, own.bytes)]);
        } else if let Some(state) = self.spaces.get_mut(&space) {
            state.slots_target = state.slots_target.max(sequence);
            self.touch(space);
        }
        Ok(())
    }

    pub(crate) fn slot_refused(
        &mut self,
        (space, slot, counter): (SpaceId, SlotId, u64),
        code: NackCode,
        people: Vec<PersonId>,
        retry_after_ms: Option<u64>,
    ) {
        self.slots.in_flight = self.slots.in_flight.saturating_sub(1);
        let key = (space, slot);
        let Some(waiting) = self.slots.waiting.get_mut(&key) else { return };
        waiting.sent = None;
        if code.retry() {
            waiting.failures = waiting.failures.saturating_add(1);
            let (initial, max) = (self.config.initial_backoff_ms, self.config.max_backoff_ms);
            let wait =
                crate::backoff::delay_ms(initial, max, waiting.failures - 1, self.config.seed ^ counter);
            waiting.not_before = self.now.saturating_add(wait.max(retry_after_ms.unwrap_or(0).min(max)));
            self.slots.resting.insert((waiting.not_before, space, slot));
            return;
        }
        if waiting.counter == counter {
            self.slots.waiting.remove(&key);
        } else {
            self.slots.ready.insert(key);
        }
        self.out.push(Effect::SlotRefused { space, slot, counter, code, people });
        self.behind(space, code);
        self.touch(space);
    }

    /// A page of slots.
    pub(crate) fn slot_page(
        &mut self,
        (space, req, since, floor): (SpaceId, u64, u64, u64),
        slots: Vec<(u64, Vec<u8>)>,
        more: bool,
    ) -> Result<(), Fault> {
        check_slots(&slots)?;
        if slots.first().is_some_and(|(sequence, _)| *sequence <= since) {
            return Err(Fault::OutOfOrder);
        }
        let Some(state) = self.spaces.get_mut(&space).filter(|state| state.slots == SlotWork::Asked { req })
        else {
            return Ok(());
        };
        state.slots = SlotWork::Idle;
        let last = slots.last().map_or(since, |(sequence, _)| *sequence);
        if more && slots.is_empty() {
            return Err(Fault::OutOfOrder);
        }
        // Without more, everything up to what was known when asking is held: overwritten values leave holes.
        let cursor = if more { last } else { last.max(floor) };
        if more {
            state.slots_target = state.slots_target.max(last + 1);
        }
        self.deliver_slots(space, slots, cursor, false);
        Ok(())
    }

    pub(crate) fn live_slots(&mut self, space: SpaceId, slots: Vec<(u64, Vec<u8>)>) -> Result<(), Fault> {
        check_slots(&slots)?;
        if self.spaces.get(&space).is_some_and(|state| state.live) {
            self.accept_slots(space, slots);
        }
        Ok(())
    }

    /// Slots that may be the next ones; what does not follow is fetched.
    fn accept_slots(&mut self, space: SpaceId, mut slots: Vec<(u64, Vec<u8>)>) {
        let Some(state) = self.spaces.get_mut(&space) else { return };
        let held = state.cursor.slots;
        slots.retain(|(sequence, _)| *sequence > held);
        let Some(last) = slots.last().map(|(sequence, _)| *sequence) else { return };
        state.slots_target = state.slots_target.max(last);
        let follows = last - held == slots.len() as u64;
        if follows && state.slots == SlotWork::Idle && state.halt.is_none() && state.refill.is_none() {
            self.deliver_slots(space, slots, last, true);
        } else {
            self.touch(space);
        }
    }

    fn deliver_slots(&mut self, space: SpaceId, slots: Vec<(u64, Vec<u8>)>, cursor: u64, live: bool) {
        let ticket = self.ticket(space);
        if let Some(state) = self.spaces.get_mut(&space) {
            state.slots = SlotWork::Delivered { ticket, cursor };
        }
        self.out.push(Effect::Slots { space, ticket, slots, cursor, live });
        self.touch(space);
    }
}

fn check_slots(slots: &[(u64, Vec<u8>)]) -> Result<(), Fault> {
    let mut last = 0;
    for (sequence, bytes) in slots {
        if bytes.len() > limits::SLOT || *sequence > MAX_SEQUENCE {
            return Err(Fault::TooMuch);
        }
        if *sequence <= last {
            return Err(Fault::OutOfOrder);
        }
        last = *sequence;
    }
    Ok(())
}
