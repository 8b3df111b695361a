//! Fresh entries: the session's own device writes, at the head, under the current keys.

use homing_access::{Cut, RotationReason, SpaceState};
use homing_wire::{
    CodecError, Entry, EntryHeader, EntryId, EntryKind, NackCode, Placed, RelayFrame, SignedHead, SpaceId,
    SpaceKind, Stored, limits,
};

use super::directory::{Space, named};
use super::session::{SessionId, Who};
use super::{Refusal, RelayCore, Stop};
use crate::metrics::add;
use crate::store::EntryRow;

/// An entry on its way into a log.
pub(super) struct Incoming<'a> {
    pub entry: &'a Entry,
    pub bytes: &'a [u8],
    pub id: EntryId,
    pub received_ms: u64,
    /// A head of an older generation covers it.
    pub proven: bool,
    /// Its time had come; its device did not push it.
    pub released: bool,
}

/// What an unproven time may be ahead of the relay's: an author's clock counts for nothing here.
pub(super) fn next_time(last_ms: u64, now_ms: u64) -> u64 {
    now_ms.max(last_ms.saturating_add(1))
}

pub(super) fn decode_entry(bytes: &[u8]) -> Result<Entry, NackCode> {
    let entry = Entry::decode(bytes).map_err(|error| match error {
        CodecError::TooLong { .. } => NackCode::TooLarge,
        CodecError::Malformed(_) | CodecError::NotCanonical(_) | CodecError::UnknownVersion(_) => {
            NackCode::Malformed
        }
    })?;
    // The database's integers are signed; nobody gets there by counting.
    if i64::try_from(entry.header().dseq).is_err() || entry.header().dseq == 0 {
        return Err(NackCode::Malformed);
    }
    Ok(entry)
}

impl RelayCore {
    pub(super) fn push(
        &mut self,
        session: SessionId,
        who: &Who,
        req: u64,
        bytes: &[u8],
        now_ms: u64,
    ) -> Result<(), Stop> {
        let entry = decode_entry(bytes)?;
        let header = entry.header();
        if header.device != who.device || header.person != who.person {
            return Err(NackCode::BadSignature.into());
        }
        let id = entry.id();
        if let Some(placed) = self.place_of(&header.space, &id)? {
            add(&self.metrics.duplicates, 1);
            self.send(session, &RelayFrame::Ack { req, placed: Some(placed) });
            return Ok(());
        }
        self.check_disk()?;
        self.know(named(&entry))?;
        if !self.load_space(&header.space)? {
            return self.register(session, who, req, &entry, bytes, now_ms);
        }
        let received_ms = {
            let space = self.spaces.peek(&header.space).ok_or(NackCode::Unavailable)?;
            if header.op_head.is_none() {
                return Err(NackCode::Exists.into());
            }
            next_time(space.row.received_ms, now_ms)
        };
        self.check_room(&header.space, who, bytes.len())?;
        let incoming = Incoming { entry: &entry, bytes, id, received_ms, proven: false, released: false };
        let stored = match header.kind {
            EntryKind::Op => self.push_op(&incoming, now_ms)?,
            EntryKind::Data => {
                let space = self.spaces.peek(&header.space).ok_or(NackCode::Unavailable)?;
                if let Err(error) = space.state.admit_data(header, &self.known(), now_ms) {
                    return Err(self.refusal(space, error.nack(), now_ms));
                }
                self.check_continues(space.row.number, header)?;
                self.append(&incoming)?
            }
        };
        self.publish_entry(Some(session), &header.space, stored);
        self.acknowledge(session, req, &header.space, id, received_ms)
    }

    fn push_op(&mut self, incoming: &Incoming<'_>, now_ms: u64) -> Result<Stored, Stop> {
        let header = incoming.entry.header();
        let space = self.spaces.peek(&header.space).ok_or(NackCode::Unavailable)?;
        let step = space
            .state
            .admit_op(incoming.entry, incoming.received_ms, &self.known())
            .map_err(|error| self.refusal(space, error.nack(), now_ms))?;
        self.check_continues(space.row.number, header)?;
        if self.held(&space.row, now_ms) {
            return Err(NackCode::Held.into());
        }
        self.check_pins(space.row.number, step.cuts())?;
        let number = space.row.number;
        let space = self.spaces.get(&header.space).ok_or(NackCode::Unavailable)?;
        let applied = space.state.commit(step)?;
        space.row.op_head = applied.id;
        let stored = self.append(incoming)?;
        self.take_rights(&header.space, number, header, &applied.roles)?;
        self.review_scheduled(&header.space, now_ms)?;
        Ok(stored)
    }

    /// A first op registers its space.
    fn register(
        &mut self,
        session: SessionId,
        who: &Who,
        req: u64,
        entry: &Entry,
        bytes: &[u8],
        now_ms: u64,
    ) -> Result<(), Stop> {
        let header = entry.header();
        if header.op_head.is_some() || header.kind != EntryKind::Op {
            return Err(NackCode::NotFound.into());
        }
        if header.dseq != 1 {
            return Err(NackCode::Malformed.into());
        }
        self.check_space_quota(who, bytes.len())?;
        let state = SpaceState::genesis(entry, &self.known())?;
        // Staff who left, a revoked device: the anchored heads don't know yet, this relay does.
        if state.access(&self.known(), &who.person).is_none() {
            return Err(NackCode::NotAMember.into());
        }
        let received_ms = now_ms.max(1);
        let incoming = Incoming { entry, bytes, id: entry.id(), received_ms, proven: false, released: false };
        self.add_space(state, who, &incoming, self.identity.generation())?;
        self.append(&incoming)?;
        self.begin_rights(&header.space, header)?;
        self.acknowledge(session, req, &header.space, incoming.id, incoming.received_ms)
    }

    /// Puts a space with a judged first op into the database and into memory, its log still empty.
    pub(super) fn add_space(
        &mut self,
        state: SpaceState,
        who: &Who,
        genesis: &Incoming<'_>,
        confirmed: u64,
    ) -> Result<(), Stop> {
        let team = state.kind() == SpaceKind::Team;
        let id = state.id();
        let generation = self.identity.generation();
        let row = self.store.add_space((&id, team), &genesis.id, generation, confirmed)?;
        self.spaces.put(id, Space { row, state, signed: None });
        if let Some(account) = self.accounts.get(&who.person) {
            account.row.spaces = account.row.spaces.saturating_add(1);
            self.batch.accounts.insert(who.person);
        }
        Ok(())
    }

    /// Appends a judged entry: the log, the chain, what it costs, the feeds. An op's rights are taken before it is
    /// published: whom it removes doesn't hear it.
    pub(super) fn append(&mut self, incoming: &Incoming<'_>) -> Result<Stored, Stop> {
        let header = incoming.entry.header();
        let generation = self.identity.generation();
        let bytes = u64::try_from(incoming.bytes.len()).unwrap_or(u64::MAX);
        let space = self.spaces.get(&header.space).ok_or(NackCode::Unavailable)?;
        let head = space.row.head.next(generation, &incoming.id, incoming.received_ms);
        space.row.head = head;
        space.row.received_ms = space.row.received_ms.max(incoming.received_ms);
        space.row.stored_bytes = space.row.stored_bytes.saturating_add(bytes);
        let number = space.row.number;
        self.store.append(&EntryRow {
            space: number,
            id: incoming.id,
            device: header.device,
            person: header.person,
            written_as: &header.written_as,
            dseq: header.dseq,
            kind: header.kind,
            sequence: head.sequence,
            received_ms: incoming.received_ms,
            generation,
            chain: head.chain,
            proven: incoming.proven,
            released: incoming.released,
            entry: incoming.bytes,
        })?;
        if let Some(account) = self.accounts.get(&header.person) {
            account.row.stored_bytes = account.row.stored_bytes.saturating_add(bytes);
            self.batch.accounts.insert(header.person);
        }
        self.batch.spaces.insert(header.space);
        add(&self.metrics.entries, 1);
        add(&self.metrics.entry_bytes, incoming.bytes.len());
        self.moved(&header.space)?;
        Ok(Stored {
            sequence: head.sequence,
            received_ms: incoming.received_ms,
            generation,
            entry: incoming.bytes.to_vec(),
        })
    }

    fn acknowledge(
        &mut self,
        session: SessionId,
        req: u64,
        space: &SpaceId,
        id: EntryId,
        received_ms: u64,
    ) -> Result<(), Stop> {
        let head = self.signed_head(space).ok_or(NackCode::Unavailable)?;
        let placed = Placed { id, sequence: head.head.sequence, received_ms, head };
        self.send(session, &RelayFrame::Ack { req, placed: Some(placed) });
        Ok(())
    }

    /// A space's head, signed once for all who hear of it.
    pub(super) fn signed_head(&mut self, id: &SpaceId) -> Option<SignedHead> {
        let space = self.spaces.get(id)?;
        let head = space.row.head;
        match &space.signed {
            Some(signed) if signed.head == head => Some(signed.clone()),
            _ => {
                let signed = self.identity.sign_head(*id, head);
                space.signed = Some(signed.clone());
                Some(signed)
            }
        }
    }

    /// Where an entry of a space stands, with the space's head now.
    fn place_of(&mut self, space: &SpaceId, id: &EntryId) -> Result<Option<Placed>, Stop> {
        let Some(place) = self.store.place(id, self.identity.generation())? else { return Ok(None) };
        if !self.load_space(space)? {
            return Ok(None);
        }
        if self.spaces.peek(space).is_none_or(|known| known.row.number != place.space) {
            return Ok(None);
        }
        let head = self.signed_head(space).ok_or(NackCode::Unavailable)?;
        Ok(Some(Placed { id: *id, sequence: place.sequence, received_ms: place.received_ms, head }))
    }

    /// A device's entries form one chain. An older entry of the device as `prev` means that a copy of its profile
    /// is in use, unless only what it had scheduled has come since (then it catches up); an unknown one that an earlier push of it was refused (then it seals anew) or that this relay
    /// lost entries (then the device sees that from the head).
    pub(super) fn check_continues(&self, space: i64, header: &EntryHeader) -> Result<(), Stop> {
        let tail = self.store.tail(space, &header.device)?;
        match (&header.prev, tail) {
            (None, None) if header.dseq == 1 => Ok(()),
            (Some(prev), Some(tail)) if *prev == tail.last => match tail.dseq.checked_add(1) {
                Some(next) if next == header.dseq => Ok(()),
                _ => Err(NackCode::Malformed.into()),
            },
            (None, Some(tail)) if header.dseq <= tail.pushed => Err(NackCode::Cloned.into()),
            (Some(prev), Some(tail)) if header.dseq <= tail.pushed => {
                let place = self.store.place(prev, self.identity.generation())?;
                let older = place.is_some_and(|place| place.space == space);
                Err(if older { NackCode::Cloned } else { NackCode::StaleOps }.into())
            }
            (_, Some(_)) => Err(NackCode::StaleOps.into()),
            (Some(_), None) => Err(NackCode::StaleOps.into()),
            (None, None) => Err(NackCode::Malformed.into()),
        }
    }

    /// Pins must name the last entry held of each device: nobody cuts more, or less, than there is.
    fn check_pins(&self, space: i64, cuts: &[Cut]) -> Result<(), Stop> {
        if cuts.is_empty() {
            return Ok(());
        }
        let writers = self.store.writers(space)?;
        for cut in cuts {
            cut.check_pins(&writers)?;
        }
        Ok(())
    }

    /// Room in the account and in the space.
    pub(super) fn check_room(&self, space: &SpaceId, who: &Who, bytes: usize) -> Result<(), Stop> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let in_account = self.accounts.peek(&who.person).map_or(0, |account| account.row.stored_bytes);
        let in_space = self.spaces.peek(space).map_or(0, |space| space.row.stored_bytes);
        if in_account.saturating_add(bytes) > self.limits.account_bytes
            || in_space.saturating_add(bytes) > self.limits.space_bytes
        {
            return Err(NackCode::Quota.into());
        }
        Ok(())
    }

    pub(super) fn check_space_quota(&self, who: &Who, bytes: usize) -> Result<(), Stop> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let Some(account) = self.accounts.peek(&who.person) else { return Err(NackCode::NotFound.into()) };
        if account.row.spaces >= self.limits.account_spaces
            || account.row.stored_bytes.saturating_add(bytes) > self.limits.account_bytes
        {
            return Err(NackCode::Quota.into());
        }
        Ok(())
    }

    /// A refusal that says, where a rotation is needed, whose accounts moved.
    pub(super) fn refusal(&self, space: &Space, code: NackCode, now_ms: u64) -> Stop {
        let people = match code {
            NackCode::NeedsRotation => space
                .state
                .needs_rotation(&self.known(), now_ms)
                .into_iter()
                .filter_map(|reason| match reason {
                    RotationReason::Account(person) => Some(person),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        Stop::Refused(Refusal { code: Some(code), people, retry_after_ms: None })
    }

    /// True while a space waits for an owner after a restore.
    pub(super) fn held(&self, row: &crate::store::SpaceRow, now_ms: u64) -> bool {
        row.confirmed < self.identity.generation()
            && now_ms < self.identity.since_ms().saturating_add(limits::GENERATION_HOLD_MS)
    }
}
