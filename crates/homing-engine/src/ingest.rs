//! Entries from the relay: verified, judged, applied, or parked until what they need has come.
//!
//! Nothing here depends on the order in which entries arrive. What can't be judged yet is kept and says what it
//! waits for; whatever arrives wakes what waited for it.

use std::collections::VecDeque;

use homing_access::{AccessError, Cut, Missing, SpaceState, Verdict};
use homing_crypto::{Domain, SignedBytes, verify_batch};
use homing_store::entries::{self, Ancestry, NewEntry, Place, Status};
use homing_store::parked::{self, Wait};
use homing_store::spaces::{self, SpaceRow};
use homing_store::{Tx, accounts, members};
use homing_wire::{
    AccountOp, Entry, EntryBody, EntryId, EntryKind, Member, PersonId, SpaceId, SpaceOp, Stored,
};

use crate::content::{self, OpenError};
use crate::docs::{Author, Judged, judge_changes};
use crate::fail::Fail;
use crate::replica::Replica;

/// At most so many entries are woken by one thing in one transaction; the rest by the next.
const WAKE: u32 = 10_000;

impl Replica {
    /// Takes in a page of a space's log. The caller has checked the relay's signature under its head.
    pub fn ingest(&mut self, tx: &Tx<'_>, stored: &[Stored]) -> Result<(), Fail> {
        let mut decoded = Vec::with_capacity(stored.len());
        for one in stored {
            match Entry::decode(&one.entry) {
                Ok(entry) => decoded.push((one, entry.signed_bytes(), entry)),
                // The relay counts it; we can't keep what has no header. The log's cursor passes over it.
                Err(_) => tracing::warn!("an entry of an unknown form was passed over"),
            }
        }
        // Signatures are most of the work, and independent of each other: all processors check them.
        let signed: Vec<SignedBytes<'_>> = decoded
            .iter()
            .map(|(_, signed, entry)| (&entry.header().device.0, signed.as_slice(), &entry.signature.0))
            .collect();
        let forged = verify_batch(Domain::Entry, &signed).err().unwrap_or_default();
        for (index, (one, signed, entry)) in decoded.iter().enumerate() {
            self.ingest_one(tx, one, entry, EntryBody::id_of(signed), !forged.contains(&index))?;
        }
        Ok(())
    }

    fn ingest_one(
        &mut self,
        tx: &Tx<'_>,
        stored: &Stored,
        entry: &Entry,
        id: EntryId,
        verified: bool,
    ) -> Result<(), Fail> {
        let place = Place {
            generation: stored.generation,
            sequence: stored.sequence,
            received_ms: stored.received_ms,
        };
        if let Some((status, known)) = entries::status(tx, &id)? {
            if known
                .is_none_or(|known| known.sequence != place.sequence || known.generation != place.generation)
            {
                entries::place(tx, &id, place)?;
            }
            if status == Status::Sealed {
                self.acknowledge(tx, &id, place)?;
            }
            return Ok(());
        }
        self.received += 1;
        let status = if verified { Status::Parked } else { Status::Refused };
        let reason = if verified { "" } else { "bad_signature" };
        let header = entry.header();
        entries::insert(
            tx,
            &NewEntry { id: &id, header, place: Some(place), status, reason, bytes: &stored.entry },
        )?;
        if verified {
            self.judge_from(tx, id)?;
        } else {
            self.touched.status = true;
        }
        Ok(())
    }

    /// Judges an entry that is stored, then everything that waited for what it brought.
    pub fn judge_from(&mut self, tx: &Tx<'_>, first: EntryId) -> Result<(), Fail> {
        let mut queue = VecDeque::from([first]);
        while let Some(id) = queue.pop_front() {
            let Some(row) = entries::get(tx, &id)? else { continue };
            if row.status != Status::Parked {
                continue;
            }
            let Ok(entry) = Entry::decode(&row.bytes) else { continue };
            let received_ms = row.received_ms;
            let judged = match row.kind {
                EntryKind::Op => self.judge_op(tx, &entry, id, received_ms)?,
                EntryKind::Data => self.judge_data(tx, &entry, id, row.place)?,
            };
            match judged {
                Judged::Accept(woken) => {
                    for wait in woken.into_iter().chain([Wait::Entry(id)]) {
                        queue.extend(parked::waiting_for(tx, &wait, WAKE)?);
                    }
                }
                Judged::Park(reason, waits) => {
                    parked::park(tx, &id, reason, &waits)?;
                    self.touched.status = true;
                }
                Judged::Refuse(reason) => {
                    tracing::warn!(reason, "an entry was refused");
                    parked::unpark(tx, &id, Status::Refused, reason)?;
                    self.touched.status = true;
                    queue.extend(parked::waiting_for(tx, &Wait::Entry(id), WAKE)?);
                }
            }
        }
        Ok(())
    }

    /// Judges everything that waited for something.
    pub fn wake(&mut self, tx: &Tx<'_>, wait: &Wait) -> Result<(), Fail> {
        for id in parked::waiting_for(tx, wait, WAKE)? {
            self.judge_from(tx, id)?;
        }
        Ok(())
    }

    fn judge_op(
        &mut self,
        tx: &Tx<'_>,
        entry: &Entry,
        id: EntryId,
        received_ms: u64,
    ) -> Result<Judged<Vec<Wait>>, Fail> {
        let space = entry.header().space;
        if entry.header().op_head.is_none() {
            // Another device began the same space, and the relay has that one.
            self.genesis_lost(tx, &space)?;
        }
        self.load_named(tx, entry)?;
        let applied = if self.load_space(tx, &space)? {
            let step = self.space(&space)?.judge(entry, received_ms, &self.known);
            match (step, self.known.spaces.get_mut(&space)) {
                (Ok(step), Some(state)) => state.commit(step).map(|applied| applied.cuts),
                (Err(error), _) => Err(error),
                (_, None) => return Err(Fail::Internal("space not loaded")),
            }
        } else if let Some(op_head) = entry.header().op_head {
            Err(AccessError::Missing(Missing::OpHead(op_head)))
        } else {
            SpaceState::genesis(entry, &self.known).map(|state| {
                self.known.spaces.insert(space, state);
                Vec::new()
            })
        };
        match applied {
            Ok(cuts) => {
                parked::unpark(tx, &id, Status::Accepted, "")?;
                self.op_applied(tx, entry, &cuts).map(Judged::Accept)
            }
            Err(AccessError::Missing(missing)) => Ok(self.missing(missing)),
            Err(error) => Ok(Judged::Refuse(error.code())),
        }
    }

    fn missing<T>(&mut self, missing: Missing) -> Judged<T> {
        match missing {
            Missing::OpHead(op) => Judged::Park("waiting_for_op", vec![Wait::Entry(op)]),
            Missing::Prev(entry) => Judged::Park("waiting_for_entry", vec![Wait::Entry(entry)]),
            Missing::Account(person) | Missing::Device(person, _) => {
                self.wants.accounts.insert(person);
                Judged::Park("waiting_for_account", vec![Wait::Person(person)])
            }
            Missing::Team(team) => {
                self.wants.ops.insert(team);
                // A team's first op carries the team's id as its space; whatever op of it comes wakes us.
                Judged::Park("waiting_for_team", vec![team_wait(&team)])
            }
        }
    }

    /// What follows from an op that holds: keys, membership rows, entries behind pins.
    /// Returns what it wakes.
    pub fn op_applied(&mut self, tx: &Tx<'_>, entry: &Entry, cuts: &[Cut]) -> Result<Vec<Wait>, Fail> {
        let space = entry.header().space;
        let op = SpaceOp::decode(&entry.body.content).map_err(|_| Fail::Internal("applied op"))?;
        let mut woken = vec![team_wait(&space)];
        self.note_delivered(space, entry.header().device, entry.header().dseq, false);
        self.update_space_row(tx, &space)?;
        woken.extend(self.open_seeds(tx, &space)?);
        self.project_members(tx, &space)?;
        self.mark_open(tx, &space)?;
        self.open_waiting_slots(tx, &space)?;
        if !cuts.is_empty() {
            for (person, device) in entries::devices(tx, &space)? {
                self.load_account(tx, &person)?;
                self.judge_again(tx, &space, &device)?;
            }
        }
        if let SpaceOp::Remove { member, .. } = &op
            && let Member::Person(person) = member
        {
            self.drop_slots_of(tx, &space, person)?;
        }
        self.touched.people = true;
        self.touched.status = true;
        self.touched.work.insert(space);
        self.release_held();
        Ok(woken)
    }

    /// Writes op head, epoch and membership of a space into its row.
    pub fn update_space_row(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
        let member = self.is_member(space);
        let state = self.space(space)?;
        let origin = *state.origin();
        let mut row = match spaces::get(tx, space)? {
            Some(row) => row,
            None => SpaceRow::new(
                *space,
                origin.kind(),
                homing_wire::codec::encode(&origin),
                spaces::SpaceState::Known,
            ),
        };
        if let homing_wire::SpaceOrigin::Client(team, contact) = origin {
            row.team = Some(team);
            row.contact = Some(contact);
        }
        let before = row.state;
        row.op_head = Some(state.head());
        row.epoch = Some(state.epoch());
        row.state = match (member, row.state) {
            (true, spaces::SpaceState::Local) => spaces::SpaceState::Local,
            (true, _) => spaces::SpaceState::Joined,
            (false, spaces::SpaceState::Known) => spaces::SpaceState::Known,
            (false, _) => spaces::SpaceState::Gone,
        };
        if row.state == spaces::SpaceState::Joined
            && !matches!(before, spaces::SpaceState::Joined | spaces::SpaceState::Local)
        {
            self.greet_later(tx, space)?;
        }
        Ok(spaces::put(tx, &row)?)
    }

    fn project_members(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
        let list: Vec<(Member, homing_wire::Role)> =
            self.space(space)?.members().iter().map(|(m, r)| (*m, *r)).collect();
        members::set(tx, space, &list)?;
        self.touch_conversations_of(tx, space)
    }

    /// Judges the entries of a device in a space again, after a pin.
    fn judge_again(
        &mut self,
        tx: &Tx<'_>,
        space: &SpaceId,
        device: &homing_wire::DeviceId,
    ) -> Result<(), Fail> {
        let Some((_, last)) = entries::last_of_device(tx, space, device)? else { return Ok(()) };
        for dseq in (1..=last).rev() {
            let mut all_valid = true;
            for row in entries::by_dseq(tx, space, device, dseq)? {
                if row.kind != EntryKind::Data || row.status != Status::Accepted {
                    continue;
                }
                let entry = Entry::decode(&row.bytes).map_err(|_| Fail::Internal("stored entry"))?;
                match self.verdict_of(tx, &entry, row.id)? {
                    Verdict::Accept { .. } => {}
                    Verdict::Park(missing) => {
                        all_valid = false;
                        self.unapply(tx, &row.id)?;
                        if let Judged::Park(reason, waits) = self.missing::<()>(missing) {
                            parked::park(tx, &row.id, reason, &waits)?;
                        }
                    }
                    Verdict::Refuse(error) => {
                        all_valid = false;
                        self.unapply(tx, &row.id)?;
                        entries::set_status(tx, &row.id, Status::Refused, error.code())?;
                    }
                }
            }
            // Everything before a valid entry is its ancestor, and valid too.
            if all_valid {
                break;
            }
        }
        Ok(())
    }

    fn verdict_of(&mut self, tx: &Tx<'_>, entry: &Entry, id: EntryId) -> Result<Verdict, Fail> {
        let header = entry.header();
        if !self.load_space(tx, &header.space)? {
            let missing = header.op_head.map_or(Missing::Account(header.person), Missing::OpHead);
            return Ok(Verdict::Park(missing));
        }
        self.load_account(tx, &header.person)?;
        if let Member::Team(team) = &header.written_as {
            self.load_space(tx, team)?;
        }
        let state = self.space(&header.space)?;
        let is_ancestor = |entry: &EntryId, pin: &EntryId| match entries::ancestry(tx, entry, pin) {
            Ok(Ancestry::Ancestor) => Some(true),
            Ok(Ancestry::Apart) => Some(false),
            Ok(Ancestry::Unknown(_)) | Err(_) => None,
        };
        Ok(state.verdict(header, &id, &self.known, &is_ancestor))
    }

    fn judge_data(
        &mut self,
        tx: &Tx<'_>,
        entry: &Entry,
        id: EntryId,
        place: Option<Place>,
    ) -> Result<Judged<Vec<Wait>>, Fail> {
        let header = entry.header();
        let role = match self.verdict_of(tx, entry, id)? {
            Verdict::Accept { role, .. } => role,
            Verdict::Park(missing) => return Ok(self.missing(missing)),
            Verdict::Refuse(error) => return Ok(Judged::Refuse(error.code())),
        };
        let Some(epoch) = header.epoch else { return Ok(Judged::Refuse("no_epoch")) };
        let Some(key) = self.key(tx, &header.space, &epoch)? else {
            return Ok(Judged::Park("waiting_for_key", vec![Wait::Epoch(epoch)]));
        };
        let changes = match content::open_changes(&key, header, &entry.body.content) {
            Ok(changes) => changes,
            Err(OpenError::Sealed) => return Ok(Judged::Refuse("does_not_open")),
            Err(OpenError::Malformed) => return Ok(Judged::Refuse("malformed_content")),
        };
        let author = Author { header, space_kind: self.space(&header.space)?.kind(), role };
        match judge_changes(tx, &author, &changes)? {
            Judged::Accept(passed) => {
                parked::unpark(tx, &id, Status::Accepted, "")?;
                self.apply(tx, header, &id, place, &passed)?;
                let message = passed.iter().any(|change| change.kind == homing_model::Kind::Message);
                self.note_delivered(header.space, header.device, header.dseq, message);
                let woken = passed.iter().flat_map(|change| {
                    [Wait::Doc(change.doc), Wait::Change(homing_wire::Hash(change.info.hash.0))]
                });
                Ok(Judged::Accept(woken.collect()))
            }
            Judged::Park(reason, waits) => Ok(Judged::Park(reason, waits)),
            Judged::Refuse(reason) => Ok(Judged::Refuse(reason)),
        }
    }

    /// Takes in ops of an account log, which continue what is known or begin it.
    pub fn ingest_account(&mut self, tx: &Tx<'_>, person: &PersonId, ops: &[Vec<u8>]) -> Result<(), Fail> {
        self.load_account(tx, person)?;
        let mut moved = false;
        for bytes in ops {
            let Ok(op) = AccountOp::decode(bytes) else {
                tracing::warn!("an account op of an unknown form was passed over");
                break;
            };
            let id = op.id();
            let place = match self.known.accounts.get_mut(person) {
                Some(state) if state.contains(&id) => continue,
                Some(state) => {
                    let place = state.len();
                    if state.apply(&op).is_err() {
                        tracing::warn!("an account op was refused");
                        break;
                    }
                    place
                }
                None => {
                    let Ok(state) = homing_access::AccountState::genesis(&op) else { break };
                    if state.person() != *person {
                        break;
                    }
                    self.known.accounts.insert(*person, state);
                    0
                }
            };
            accounts::append(tx, person, place as u64, &id, bytes)?;
            moved = true;
        }
        self.wants.accounts.remove(person);
        if moved {
            if *person == self.person() {
                self.open_person_seeds(tx)?;
                self.settle_words(tx)?;
            }
            self.touched.people = true;
            self.wake(tx, &Wait::Person(*person))?;
        }
        Ok(())
    }
}

/// What waits for a team's op chain waits under the team's id.
pub(crate) fn team_wait(team: &SpaceId) -> Wait {
    Wait::Entry(EntryId(team.0))
}
