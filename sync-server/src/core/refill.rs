//! After a restore or a wipe: devices bring back what the relay lost, with what it once signed as their proof.
//!
//! Who was removed may come first, with a chain that ends before the removal. So ops need proof, whatever comes
//! with proof extends or replaces what came without, and until an owner confirms, or the hold has passed, a
//! space takes no fresh op. After that a branch with proof replaces one without only if it removes the author
//! of the other's first op: everybody else's fresh ops stand.

use std::collections::HashMap;

use homing_access::{SpaceState, Verdict, verify_entry};
use homing_wire::{
    ChainProof, Entry, EntryId, EntryKind, Head, Member, NackCode, PersonId, RelayFrame, Repush, Role,
    SignedHead, SpaceId, SpaceOp,
};

use super::directory::{Space, named};
use super::push::{Incoming, decode_entry, next_time};
use super::session::{SessionId, Who};
use super::{RelayCore, Stop};
use crate::metrics::add;

/// Ids in one frame.
const IDS: usize = 20_000;

/// An entry that a device brings back.
struct Brought<'a> {
    entry: Entry,
    bytes: &'a [u8],
    id: EntryId,
    /// Its receive time, if the session has proven it.
    proven: Option<u64>,
}

/// What stays of a log that is written anew: (entry, its bytes, receive time, covered by an older head).
struct Survivors {
    state: SpaceState,
    entries: Vec<(Entry, Vec<u8>, u64, bool)>,
}

/// A run of a space's chain whose signed end has not come yet: where it stands, and (id, receive time) of its items.
type Run = (SpaceId, Head, Vec<(EntryId, u64)>);

/// What a session has proven to have been in logs that this relay signed.
#[derive(Debug, Default)]
pub struct Proofs {
    pending: Option<Run>,
    /// Receive times of proven entries that this relay misses.
    proven: HashMap<EntryId, u64>,
}

impl Proofs {
    /// Ids held.
    pub fn len(&self) -> usize {
        self.proven.len().saturating_add(self.pending.as_ref().map_or(0, |(_, _, items)| items.len()))
    }
}

impl RelayCore {
    pub(super) fn ids(
        &mut self,
        session: SessionId,
        who: &Who,
        req: u64,
        space: SpaceId,
        from: u64,
        now_ms: u64,
    ) -> Result<(), Stop> {
        // A refilling device may be a member only by ops that this relay lost: for it, as for a stranger, the log
        // is empty, and what it brings in excess is known and skipped.
        let row = match self.row(&space)? {
            Some(row) if self.store.reads(row.number, &who.person)? => Some(row),
            _ => None,
        };
        let (mut ids, head, held) = match row {
            Some(row) => (self.store.ids(row.number, from, IDS + 1)?, row.head, self.held(&row, now_ms)),
            None => (Vec::new(), Head::empty(self.identity.generation()), self.identity.generation() > 1),
        };
        let more = ids.len() > IDS;
        ids.truncate(IDS);
        let head = self.identity.sign_head(space, head);
        self.send(session, &RelayFrame::Ids { req, space, ids, more, head, held });
        Ok(())
    }

    pub(super) fn prove(
        &mut self,
        session: SessionId,
        req: u64,
        space: SpaceId,
        proof: ChainProof,
        now_ms: u64,
    ) -> Result<(), Stop> {
        let room = self.limits.proof_items;
        if self.proof_items.saturating_add(proof.items.len()) > room.saturating_mul(4)
            || i64::try_from(proof.from.sequence).is_err()
        {
            return Err(NackCode::Quota.into());
        }
        let Some(open) = self.sessions.get_mut(&session) else { return Ok(()) };
        let proofs = open.proofs.get_or_insert_default();
        let before = proofs.len();
        let (mut head, mut items) = match proofs.pending.take() {
            Some((pending, head, items)) if pending == space && head == proof.from => (head, items),
            _ => (proof.from, Vec::new()),
        };
        for (id, received_ms, generation) in proof.items {
            head = head.next(generation, &id, received_ms);
            items.push((id, received_ms));
        }
        let fits = items.len().saturating_add(proofs.proven.len()) <= room;
        if fits && proof.until.is_none() {
            proofs.pending = Some((space, head, items));
            self.count_proofs(session, before);
            self.send(session, &RelayFrame::Ack { req, placed: None });
            return Ok(());
        }
        self.count_proofs(session, before);
        if !fits {
            return Err(NackCode::Quota.into());
        }
        let until = proof.until.filter(|until| until.space == space && until.head == head);
        let until = until.filter(|until| self.identity.signed(until)).ok_or(NackCode::BadSignature)?;
        if self.is_rollback(&until)? {
            return self.begin_generation(until.head.generation, now_ms);
        }
        let mut missing = Vec::new();
        for (id, received_ms) in items {
            if self.store.place(&id, self.identity.generation())?.is_none() {
                missing.push((id, received_ms));
            } else if until.head.generation < self.identity.generation() {
                self.store.mark_proven(&id)?;
            }
        }
        let before = self.proofs_of(session);
        if let Some(proofs) = self.sessions.get_mut(&session).and_then(|open| open.proofs.as_mut()) {
            proofs.proven.extend(missing);
        }
        self.count_proofs(session, before);
        self.send(session, &RelayFrame::Ack { req, placed: None });
        Ok(())
    }

    fn proofs_of(&self, session: SessionId) -> usize {
        self.sessions.get(&session).and_then(|open| open.proofs.as_ref()).map_or(0, |proofs| proofs.len())
    }

    fn count_proofs(&mut self, session: SessionId, before: usize) {
        let now = self.proofs_of(session);
        self.proof_items = self.proof_items.saturating_add(now).saturating_sub(before);
    }

    /// True if this relay signed a head of the present generation, or a later one, that its log doesn't have:
    /// the whole data folder was put back to an older copy.
    fn is_rollback(&mut self, until: &SignedHead) -> Result<bool, Stop> {
        let head = until.head;
        if head.generation < self.identity.generation() || head.sequence == 0 {
            return Ok(false);
        }
        let Some(row) = self.row(&until.space)? else { return Ok(true) };
        Ok(self.store.chain_at(row.number, head.sequence)? != Some((head.generation, head.chain)))
    }

    pub(super) fn repush(
        &mut self,
        session: SessionId,
        who: &Who,
        req: u64,
        space: SpaceId,
        entries: &[Repush],
        now_ms: u64,
    ) -> Result<(), Stop> {
        self.check_disk()?;
        let mut brought = Vec::with_capacity(entries.len());
        for repush in entries {
            let bytes = repush.stored.entry.as_slice();
            let entry = decode_entry(bytes)?;
            if entry.header().space != space {
                return Err(NackCode::Malformed.into());
            }
            let id = entry.id();
            let proven = self.proven_at(session, &id);
            brought.push(Brought { entry, bytes, id, proven });
        }
        for one in &brought {
            if self.store.place(&one.id, self.identity.generation())?.is_some() {
                continue;
            }
            self.know(named(&one.entry))?;
            let exists = self.load_space(&space)?;
            match one.entry.header().kind {
                EntryKind::Op if !self.bring_back_op(who, one, exists, &brought, now_ms)? => {
                    // The log was written anew in a new generation; every session, this one too, begins again.
                    return Ok(());
                }
                EntryKind::Op => {}
                EntryKind::Data if exists => self.bring_back_data(who, one, now_ms)?,
                EntryKind::Data => return Err(NackCode::NotFound.into()),
            }
            add(&self.metrics.refilled, 1);
            if let Some(proofs) = self.sessions.get_mut(&session).and_then(|open| open.proofs.as_mut())
                && proofs.proven.remove(&one.id).is_some()
            {
                self.proof_items = self.proof_items.saturating_sub(1);
            }
        }
        self.send(session, &RelayFrame::Ack { req, placed: None });
        Ok(())
    }

    /// The receive time of an entry that the session has proven.
    fn proven_at(&self, session: SessionId, id: &EntryId) -> Option<u64> {
        self.sessions.get(&session)?.proofs.as_ref()?.proven.get(id).copied()
    }

    /// Takes an op, which must be proven. False if it replaced another branch, which closes all sessions.
    fn bring_back_op(
        &mut self,
        who: &Who,
        one: &Brought<'_>,
        exists: bool,
        request: &[Brought<'_>],
        now_ms: u64,
    ) -> Result<bool, Stop> {
        let header = one.entry.header();
        let received_ms = one.proven.ok_or(NackCode::NotFound)?;
        let incoming = Incoming {
            entry: &one.entry,
            bytes: one.bytes,
            id: one.id,
            received_ms,
            proven: true,
            released: false,
        };
        if !exists {
            self.check_space_quota(who, one.bytes.len())?;
            let state = SpaceState::genesis(&one.entry, &self.known())?;
            self.add_space(state, who, &incoming, 0)?;
            self.append(&incoming)?;
            self.begin_rights(&header.space, header)?;
            return Ok(true);
        }
        let space = self.spaces.peek(&header.space).ok_or(NackCode::Unavailable)?;
        let number = space.row.number;
        if header.op_head != Some(space.state.head()) {
            if header.op_head.is_some_and(|op_head| !space.state.contains(&op_head)) {
                return Err(NackCode::NotFound.into());
            }
            return self.replace_branch(&incoming, request, now_ms).map(|()| false);
        }
        let step = space.state.judge(&one.entry, received_ms, &self.known())?;
        let space = self.spaces.get(&header.space).ok_or(NackCode::Unavailable)?;
        let applied = space.state.commit(step)?;
        space.row.op_head = applied.id;
        let stored = self.append(&incoming)?;
        self.take_rights(&header.space, number, header, &applied.roles)?;
        self.publish_entry(None, &header.space, stored);
        Ok(true)
    }

    fn bring_back_data(&mut self, who: &Who, one: &Brought<'_>, now_ms: u64) -> Result<(), Stop> {
        verify_entry(&one.entry)?;
        let header = one.entry.header();
        let space = self.spaces.peek(&header.space).ok_or(NackCode::Unavailable)?;
        let received_ms = match one.proven {
            Some(received_ms) => received_ms,
            None => {
                if !self.store.reads(space.row.number, &who.person)? {
                    return Err(NackCode::NotAMember.into());
                }
                self.check_room(&header.space, who, one.bytes.len())?;
                // Without proof nobody can tell whether it stood before a pin, so it must not need to.
                match space.state.verdict(header, &one.id, &self.known(), &|_, _| None) {
                    Verdict::Accept { .. } => next_time(space.row.received_ms, now_ms),
                    Verdict::Park(missing) => return Err(homing_access::AccessError::from(missing).into()),
                    Verdict::Refuse(error) => return Err(error.into()),
                }
            }
        };
        let proven = one.proven.is_some();
        let incoming = Incoming {
            entry: &one.entry,
            bytes: one.bytes,
            id: one.id,
            received_ms,
            proven,
            released: false,
        };
        let stored = self.append(&incoming)?;
        self.publish_entry(None, &header.space, stored);
        Ok(())
    }

    /// A proven op meets another op in its place. One with proof stays, and so does one without that was written
    /// after an owner confirmed, unless its author is the one whom the proven branch removes. (Ops of one request
    /// stand behind each other, so a proven removal among them belongs to that branch.)
    fn replace_branch(
        &mut self,
        incoming: &Incoming<'_>,
        request: &[Brought<'_>],
        now_ms: u64,
    ) -> Result<(), Stop> {
        let header = incoming.entry.header();
        let id = header.space;
        let space = self.spaces.peek(&id).ok_or(NackCode::Unavailable)?;
        let (number, confirmed) = (space.row.number, space.row.confirmed);
        let generation = self.identity.generation();
        let rival = self.store.op_after(number, header.op_head.as_ref())?.ok_or(NackCode::Unavailable)?;
        let rival = decode_entry(&rival)?;
        if self.store.place(&rival.id(), generation)?.is_none_or(|place| place.proven) {
            return Err(NackCode::Exists.into());
        }
        let author = rival.header().person;
        let removed = request.iter().any(|one| one.proven.is_some() && removes(&one.entry, &author));
        if confirmed >= generation && !removed {
            return Err(NackCode::Exists.into());
        }
        let survivors = self.survivors(number, incoming)?;
        self.identity.raise(0, now_ms)?;
        self.write_log_anew(&id, number, survivors)?;
        self.begin_sessions_anew()
    }

    /// What stays of a log in which a proven op takes another's place: the ops it follows, which its hash covers,
    /// further ones with proof, and the data written under all those.
    fn survivors(&self, number: i64, incoming: &Incoming<'_>) -> Result<Survivors, Stop> {
        let mut log: Vec<(Entry, Vec<u8>, u64, bool)> = Vec::new();
        let fork = incoming.entry.header().op_head;
        if fork.is_none() {
            log.push((incoming.entry.clone(), incoming.bytes.to_vec(), incoming.received_ms, true));
        }
        for (bytes, received_ms, proven) in self.store.log(number, self.identity.generation())? {
            log.push((decode_entry(&bytes)?, bytes, received_ms, proven));
        }
        let mut before_fork = fork.is_some();
        let mut state: Option<SpaceState> = None;
        let mut entries = Vec::new();
        for (entry, bytes, received_ms, proven) in log {
            let header = entry.header();
            let covered = before_fork || proven;
            if header.kind == EntryKind::Op && fork == Some(entry.id()) {
                before_fork = false;
            }
            let stands = match (&mut state, header.kind) {
                (None, EntryKind::Op) if covered => {
                    state = SpaceState::genesis(&entry, &self.known()).ok();
                    state.is_some()
                }
                (Some(state), EntryKind::Op) => {
                    covered && state.apply(&entry, received_ms, &self.known()).is_ok()
                }
                (Some(state), EntryKind::Data) => {
                    header.op_head.is_some_and(|op_head| state.contains(&op_head))
                }
                (None, _) => false,
            };
            if stands {
                entries.push((entry, bytes, received_ms, proven));
            }
        }
        let state = state.ok_or(NackCode::Unavailable)?;
        Ok(Survivors { state, entries })
    }

    /// Writes a space's log anew under the new generation.
    fn write_log_anew(&mut self, id: &SpaceId, number: i64, survivors: Survivors) -> Result<(), Stop> {
        let Survivors { state, entries } = survivors;
        let members: Vec<(Member, Role)> =
            state.members().iter().map(|(member, role)| (*member, *role)).collect();
        self.store.clear_log(number)?;
        self.ahead.forget(number);
        self.store.put_members(number, &members)?;
        let generation = self.identity.generation();
        if let Some(space) = self.spaces.get(id) {
            space.row.head = Head::empty(generation);
            space.row.received_ms = 0;
            space.row.stored_bytes = 0;
            space.row.op_head = state.head();
            space.row.confirmed = 0;
            space.state = state;
        }
        for (entry, bytes, received_ms, proven) in &entries {
            let incoming = Incoming {
                entry,
                bytes,
                id: entry.id(),
                received_ms: *received_ms,
                proven: *proven,
                released: false,
            };
            self.append(&incoming)?;
        }
        Ok(())
    }

    pub(super) fn confirm_generation(
        &mut self,
        session: SessionId,
        who: &Who,
        req: u64,
        space: SpaceId,
        generation: u64,
        op_head: EntryId,
    ) -> Result<(), Stop> {
        if !self.load_space(&space)? {
            return Err(NackCode::NotFound.into());
        }
        let known = self.spaces.peek(&space).ok_or(NackCode::Unavailable)?;
        match known.state.access(&self.known(), &who.person) {
            Some(Role::Owner) => {}
            Some(_) => return Err(NackCode::RoleForbids.into()),
            None => return Err(NackCode::NotFound.into()),
        }
        if generation != self.identity.generation() || !self.proven_after(known, &op_head)? {
            return Err(NackCode::StaleOps.into());
        }
        if let Some(known) = self.spaces.get(&space) {
            known.row.confirmed = generation;
            self.batch.spaces.insert(space);
        }
        self.send(session, &RelayFrame::Ack { req, placed: None });
        Ok(())
    }
}

impl RelayCore {
    /// Whether a space's chain is what an owner who knows it up to `op_head` confirms: it has that op, and what follows came
    /// with proof, while they were away.
    fn proven_after(&self, space: &Space, op_head: &EntryId) -> Result<bool, Stop> {
        if !space.state.contains(op_head) {
            return Ok(false);
        }
        let mut at = *op_head;
        while at != space.state.head() {
            let Some(next) = self.store.op_after(space.row.number, Some(&at))? else { return Ok(false) };
            at = decode_entry(&next)?.id();
            if self.store.place(&at, self.identity.generation())?.is_none_or(|place| !place.proven) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// True for an op that removes a person.
fn removes(entry: &Entry, person: &PersonId) -> bool {
    matches!(
        SpaceOp::decode(&entry.body.content),
        Ok(SpaceOp::Remove { member: Member::Person(removed), .. }) if removed == *person
    )
}
