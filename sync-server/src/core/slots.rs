//! Slots: one stored value each, rising counters.

use homing_wire::{CodecError, Member, NackCode, RelayFrame, Slot, SpaceId};

use super::session::{SessionId, Who};
use super::{RelayCore, Stop};
use crate::metrics::add;
use crate::store::{SlotKey, SlotRow};

impl RelayCore {
    pub(super) fn push_slot(
        &mut self,
        session: SessionId,
        who: &Who,
        req: u64,
        bytes: &[u8],
        now_ms: u64,
    ) -> Result<(), Stop> {
        let slot = Slot::decode(bytes).map_err(|error| match error {
            CodecError::TooLong { .. } => NackCode::TooLarge,
            _ => NackCode::Malformed,
        })?;
        let header = slot.header();
        if header.device != who.device || header.person != who.person {
            return Err(NackCode::BadSignature.into());
        }
        if i64::try_from(header.counter).is_err() || header.counter == 0 {
            return Err(NackCode::Malformed.into());
        }
        if !self.load_space(&header.space)? {
            return Err(NackCode::NotFound.into());
        }
        let known = self.spaces.peek(&header.space).ok_or(NackCode::Unavailable)?;
        let number = known.row.number;
        let present = self.store.slot(number, &header.device, &header.slot)?;
        if let Some(present) = &present
            && present.counter == header.counter
            && present.value == bytes
        {
            let sequence = present.sequence;
            self.send(session, &RelayFrame::SlotAck { req, sequence });
            return Ok(());
        }
        self.check_disk()?;
        if let Member::Team(team) = header.written_as {
            self.know([Member::Team(team)])?;
        }
        let known = self.spaces.peek(&header.space).ok_or(NackCode::Unavailable)?;
        if let Err(error) = known.state.admit_slot(header, &self.known(), now_ms) {
            return Err(self.refusal(known, error.nack(), now_ms));
        }
        if present.as_ref().is_some_and(|present| present.counter >= header.counter) {
            return Err(NackCode::Cloned.into());
        }
        let others = self
            .store
            .slot_bytes(number, &header.device)?
            .saturating_sub(length(present.as_ref().map_or(0, |present| present.value.len())));
        if others.saturating_add(length(bytes.len())) > self.limits.device_slot_bytes {
            return Err(NackCode::Quota.into());
        }
        let space = self.spaces.get(&header.space).ok_or(NackCode::Unavailable)?;
        let sequence = space.row.slot_sequence.saturating_add(1);
        space.row.slot_sequence = sequence;
        self.batch.spaces.insert(header.space);
        let key = SlotKey {
            space: number,
            device: &header.device,
            slot: &header.slot,
            person: &header.person,
            written_as: &header.written_as,
        };
        self.store.put_slot(&key, &SlotRow { counter: header.counter, sequence, value: bytes.to_vec() })?;
        add(&self.metrics.slots, 1);
        self.moved(&header.space)?;
        self.publish_slot(session, &header.space, sequence, bytes);
        self.send(session, &RelayFrame::SlotAck { req, sequence });
        Ok(())
    }

    pub(super) fn pull_slots(
        &mut self,
        session: SessionId,
        who: &Who,
        req: u64,
        space: SpaceId,
        since: u64,
    ) -> Result<(), Stop> {
        let row = self.store.space(&space)?.ok_or(NackCode::NotFound)?;
        if !self.store.reads(row.number, &who.person)? {
            return Err(NackCode::NotFound.into());
        }
        let (slots, more) = self.store.slots_since(row.number, since, self.limits.page_bytes)?;
        let slots = slots.into_iter().map(|(sequence, value)| (sequence, value.into())).collect();
        self.send(session, &RelayFrame::Slots { req, space, slots, more });
        Ok(())
    }
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
