//! Slots on their way out and in: receipts, read positions, drafts, settings.

use std::collections::{BTreeMap, BTreeSet};

use homing_access::Verdict;
use homing_crypto::{EpochKey, random_nonce};
use homing_store::receipts::{self, Advance as StoredAdvance, AdvanceKind};
use homing_store::slots::{self, OwnSlot, ReceivedSlot};
use homing_store::{IntervalSet, Read, Tx, messages, meta, spaces};
use homing_wire::{DeviceId, EntryId, EpochId, Member, NackCode, Slot, SlotHeader, SlotId, SpaceId, limits};
use minicbor::bytes::ByteVec;

use crate::commands::tells_read;
use crate::content;
use crate::core::Core;
use crate::deliver::sealed_anew_helps;
use crate::env::Env;
use crate::fail::Fail;
use crate::link::REST_MS;
use crate::replica::Replica;
use crate::slot_content::{
    ADVANCES, Advance, Marks, Position, Receipts, SlotContent, position_slot, receipts_slot,
};

/// At most so many own slots are sealed in one go.
const BATCH: u32 = 256;
/// Marks of spaces whose receipts were not said yet.
const OWED: &str = "receipts_owed/";
/// What was told is kept apart from what was read.
const TOLD_APART: &str = "told_apart";
/// Messages whose ticks one receipt can move on the screen; older ones are read anew when they are shown.
const TICKS: u32 = 500;

/// The last slot of a space, in their order.
const LAST: SlotId = SlotId([0xff; 16]);

/// What slots of a space are sealed with.
struct SlotSealing {
    written_as: Member,
    epoch: EpochId,
    op_head: EntryId,
    key: EpochKey,
}

/// A sealed slot to hand to the socket.
pub(crate) struct FrozenSlot {
    pub space: SpaceId,
    pub slot: SlotId,
    pub counter: u64,
    pub bytes: Vec<u8>,
}

impl Core {
    /// The relay does not take a slot of this device. What may pass sealed anew is tried again after a rest, in which what
    /// is missing can come; the rest stays until the next session.
    pub(crate) fn slot_refused(&mut self, space: SpaceId, slot: &SlotId, code: NackCode) {
        if code == NackCode::Cloned {
            self.cloned();
        }
        if !sealed_anew_helps(code) {
            tracing::debug!(?code, "a slot was refused");
            return;
        }
        self.resting.insert(space, self.env.steady_ms() + REST_MS);
        self.try_write("slot refused", |tx, replica, _| {
            slots::mark_dirty(tx, &space, slot)?;
            if code == NackCode::NeedsRotation {
                replica.want_teams_of(tx, &space)?;
            }
            replica.touched.work.insert(space);
            Ok(())
        });
    }
}

impl Replica {
    /// Seals own slots that say something new. With `again`, also those sealed for an earlier session.
    pub fn hand_in_slots(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        again: bool,
        resting: &BTreeSet<SpaceId>,
    ) -> Result<Vec<FrozenSlot>, Fail> {
        let (mut frozen, mut after) = (Vec::new(), None);
        let mut spaces: BTreeMap<SpaceId, Option<SlotSealing>> = BTreeMap::new();
        loop {
            let place = after.as_ref().map(|(space, slot)| (space, slot));
            let page = slots::dirty(tx, place, again, BATCH)?;
            let Some(last) = page.last() else { break };
            let mut next = (last.space, last.slot);
            for own in page {
                let space = own.space;
                if !spaces.contains_key(&space) && !resting.contains(&space) {
                    let sealing = self.slot_sealing(tx, env, &space)?;
                    spaces.insert(space, sealing);
                }
                // Where nothing can be sealed yet, however much waits, others go on.
                let Some(Some(sealing)) = spaces.get(&space) else {
                    if next.0 == space {
                        next = (space, LAST);
                    }
                    continue;
                };
                match own.bytes {
                    Some(bytes) => {
                        let (slot, counter) = (own.slot, own.counter);
                        frozen.push(FrozenSlot { space, slot, counter, bytes });
                    }
                    None => frozen.extend(self.seal_slot(tx, env, &own, sealing)?),
                }
            }
            if frozen.len() >= BATCH as usize && !again {
                break;
            }
            after = Some(next);
        }
        Ok(frozen)
    }

    /// What slots of a space are sealed with; nothing if they can't be now.
    fn slot_sealing(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        space: &SpaceId,
    ) -> Result<Option<SlotSealing>, Fail> {
        let Some(row) = spaces::get(tx, space)? else { return Ok(None) };
        // A space the relay does not know yet, or that must rotate first, takes its slots after that.
        if row.state != spaces::SpaceState::Joined || !self.load_space(tx, space)? {
            return Ok(None);
        }
        let Some((written_as, _)) = self.writes_as(space) else { return Ok(None) };
        let state = self.space(space)?;
        if !state.needs_rotation(&self.known, env.now_ms()).is_empty() {
            if !self.held.contains(space) {
                self.touched.work.insert(*space);
            }
            return Ok(None);
        }
        let (epoch, op_head) = (state.epoch(), state.head());
        let key = self.key(tx, space, &epoch)?;
        Ok(key.map(|key| SlotSealing { written_as, epoch, op_head, key }))
    }

    fn seal_slot(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        own: &OwnSlot,
        with: &SlotSealing,
    ) -> Result<Option<FrozenSlot>, Fail> {
        let header = SlotHeader {
            version: limits::VERSION,
            space: own.space,
            device: self.device(),
            person: self.person(),
            written_as: with.written_as,
            slot: own.slot,
            counter: own.counter + 1,
            op_head: with.op_head,
            epoch: with.epoch,
            nonce: random_nonce(&mut env.rng),
        };
        let counter = header.counter;
        let content =
            content::seal_slot(&with.key, &header, &own.plaintext).ok_or(Fail::Internal("seal slot"))?;
        let bytes = homing_access::build::sign_slot(header, content, self.me.device().signing()).encode();
        if bytes.len() > limits::SLOT {
            tracing::warn!("an own slot is too large to be shared");
            return Ok(None);
        }
        slots::seal(tx, &own.space, &own.slot, counter, &bytes)?;
        Ok(Some(FrozenSlot { space: own.space, slot: own.slot, counter, bytes }))
    }

    /// Takes in slots of other devices.
    pub fn ingest_slots(&mut self, tx: &Tx<'_>, received: &[(u64, Vec<u8>)]) -> Result<(), Fail> {
        for (_, bytes) in received {
            let Ok(slot) = Slot::decode(bytes) else { continue };
            let header = slot.header();
            if header.device == self.device() || homing_access::verify_slot(&slot).is_err() {
                continue;
            }
            let row = ReceivedSlot {
                space: header.space,
                device: header.device,
                slot: header.slot,
                counter: header.counter,
                bytes: bytes.clone(),
                plaintext: None,
            };
            if slots::receive(tx, &row)? {
                self.open_slot(tx, &slot)?;
            }
        }
        Ok(())
    }

    /// Opens slots that came before their keys or accounts.
    pub fn open_waiting_slots(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
        for row in slots::unopened(tx, space)? {
            if let Ok(slot) = Slot::decode(&row.bytes) {
                self.open_slot(tx, &slot)?;
            }
        }
        Ok(())
    }

    fn open_slot(&mut self, tx: &Tx<'_>, slot: &Slot) -> Result<(), Fail> {
        let header = slot.header();
        if !self.load_space(tx, &header.space)? {
            return Ok(());
        }
        self.load_account(tx, &header.person)?;
        match self.space(&header.space)?.slot_verdict(header, &self.known) {
            Verdict::Accept { .. } => {}
            Verdict::Park(
                homing_access::Missing::Account(person) | homing_access::Missing::Device(person, _),
            ) => {
                self.wants.accounts.insert(person);
                return Ok(());
            }
            Verdict::Park(_) => return Ok(()),
            Verdict::Refuse(error) => {
                tracing::debug!(code = error.code(), "a slot was passed over");
                return Ok(());
            }
        }
        let Some(key) = self.key(tx, &header.space, &header.epoch)? else { return Ok(()) };
        let Ok(plain) = content::open_slot(&key, header, &slot.body.content) else { return Ok(()) };
        slots::opened(tx, &header.space, &header.device, &header.slot, &plain)?;
        // A slot of a later version stays as it is.
        let Ok(content) = SlotContent::decode(&plain) else { return Ok(()) };
        let own = header.space == self.personal() && header.person == self.person();
        match content {
            SlotContent::Receipts(receipts) => self.receipts_came(tx, header, &receipts),
            SlotContent::Position(position) if own => self.position_came(tx, &position),
            SlotContent::Drafts(drafts) if own => self.drafts_came(tx, drafts),
            SlotContent::Comments(comments) if own => self.comments_came(tx, comments),
            SlotContent::DraftFiles(files) if own => self.draft_files_came(tx, &files),
            SlotContent::Settings(settings) if own => self.settings_came(tx, &settings),
            SlotContent::WordsKept(kept) if own => self.words_kept_came(tx, &kept),
            SlotContent::Notices(read) if own => self.notices_read_came(tx, &read),
            _ => Ok(()),
        }
    }

    /// Slots of a person who has no access any more are of no use.
    pub fn drop_slots_of(
        &mut self,
        tx: &Tx<'_>,
        space: &SpaceId,
        person: &homing_wire::PersonId,
    ) -> Result<(), Fail> {
        self.load_account(tx, person)?;
        let Some(account) = self.known.accounts.get(person) else { return Ok(()) };
        for device in account.devices().keys() {
            slots::delete_device(tx, space, device)?;
        }
        Ok(())
    }

    fn receipts_came(&mut self, tx: &Tx<'_>, header: &SlotHeader, content: &Receipts) -> Result<(), Fail> {
        let space = header.space;
        if header.person == self.person() {
            // Another own device said it: this one may say it too, also when that one is gone.
            for (device, _) in &content.read {
                receipts::tell(tx, &space, &header.person, device, &marks_of(&content.read, device))?;
            }
            return Ok(());
        }
        let mut devices: Vec<DeviceId> = Vec::new();
        devices.extend(content.delivered.iter().chain(&content.read).map(|(device, _)| *device));
        devices.sort_unstable();
        devices.dedup();
        for device in devices {
            let delivered = marks_of(&content.delivered, &device);
            let read = marks_of(&content.read, &device);
            let (more_delivered, more_read) =
                receipts::merge(tx, &space, &header.person, &device, &delivered, &read)?;
            for (first, last) in more_delivered.runs().iter().chain(more_read.runs()) {
                for message in messages::own_in_range(tx, &space, &device, *first, *last, TICKS)? {
                    if let Some(row) = messages::get(tx, &message)? {
                        self.touched.message(row.conversation, message);
                    }
                }
            }
        }
        for step in content.advances.iter().take(ADVANCES) {
            let kind = if step.read { AdvanceKind::Read } else { AdvanceKind::Delivered };
            let (device, first, last, at_ms) = (step.device, step.from, step.to, step.at_ms);
            receipts::advance(
                tx,
                &space,
                &StoredAdvance { person: header.person, device, kind, first, last, at_ms },
            )?;
        }
        receipts::keep_newest_advances(tx, &space, &header.person)?;
        Ok(())
    }

    fn position_came(&mut self, tx: &Tx<'_>, position: &Position) -> Result<(), Fail> {
        let me = self.person();
        for (device, bytes) in &position.read {
            let Some(read) = IntervalSet::decode(bytes) else { continue };
            let (_, more) = receipts::merge(tx, &position.space, &me, device, &IntervalSet::new(), &read)?;
            for seen in messages::mark_read_ranges(tx, &position.space, device, &more)? {
                self.touched.message(seen.conversation, seen.message);
                self.touched.read.insert(seen.conversation);
                self.touched.status = true;
            }
        }
        Ok(())
    }

    /// Keeps what is told apart from what was read, once: versions before told all of it while this person let them.
    pub fn keep_told_apart(&mut self, tx: &Tx<'_>) -> Result<(), Fail> {
        receipts::keep_told_apart(tx, &self.person(), tells_read(tx)?)?;
        Ok(meta::set(tx, TOLD_APART, &[1])?)
    }

    /// Whether [`Replica::keep_told_apart`] has run.
    pub fn told_is_apart(db: &Read<'_>) -> Result<bool, Fail> {
        Ok(meta::get(db, TOLD_APART)?.is_some())
    }

    /// Entries of others that are stored here now: delivered, and, unless they hold a message, nothing to be read.
    pub fn note_delivered(&mut self, space: SpaceId, device: DeviceId, dseq: u64, message: bool) {
        if device == self.device() {
            return;
        }
        let (delivered, read) = self.delivered.entry((space, device)).or_default();
        delivered.insert(dseq, dseq);
        if !message {
            read.insert(dseq, dseq);
        }
    }

    /// Writes what was noted; at the end of a transaction, so that a page costs one write per sending device.
    pub fn flush_delivered(&mut self, tx: &Tx<'_>, now_ms: u64) -> Result<(), Fail> {
        let me = self.person();
        for ((space, device), (delivered, read)) in std::mem::take(&mut self.delivered) {
            let (more, _) = receipts::merge(tx, &space, &me, &device, &delivered, &read)?;
            receipts::tell(tx, &space, &me, &device, &read)?;
            for (first, last) in more.runs() {
                let step = StoredAdvance {
                    person: me,
                    device,
                    kind: AdvanceKind::Delivered,
                    first: *first,
                    last: *last,
                    at_ms: now_ms,
                };
                receipts::advance(tx, &space, &step)?;
            }
            self.owe_receipts(tx, &space)?;
        }
        Ok(())
    }

    /// Messages this person has read now.
    pub fn note_read(&mut self, tx: &Tx<'_>, now_ms: u64, seen: &[messages::Seen]) -> Result<(), Fail> {
        let tell = tells_read(tx)?;
        self.note_read_as(tx, now_ms, seen, tell)
    }

    /// The same; others are told of it now or later only with `tell`.
    pub fn note_read_as(
        &mut self,
        tx: &Tx<'_>,
        now_ms: u64,
        seen: &[messages::Seen],
        tell: bool,
    ) -> Result<(), Fail> {
        let me = self.person();
        let mut changed = std::collections::BTreeSet::new();
        for one in seen {
            self.touched.message(one.conversation, one.message);
            self.touched.read.insert(one.conversation);
            self.touched.status = true;
            let read = IntervalSet::of(one.dseq, one.dseq);
            receipts::merge(tx, &one.space, &me, &one.device, &IntervalSet::new(), &read)?;
            changed.insert(one.space);
            if !tell {
                continue;
            }
            receipts::tell(tx, &one.space, &me, &one.device, &read)?;
            let step = StoredAdvance {
                person: me,
                device: one.device,
                kind: AdvanceKind::Read,
                first: one.dseq,
                last: one.dseq,
                at_ms: now_ms,
            };
            receipts::advance(tx, &one.space, &step)?;
        }
        for space in changed {
            let read = self.own_marks(tx, &space)?.1;
            let content = SlotContent::Position(Position { space, read });
            slots::set(tx, &self.personal(), &position_slot(&space), &content.encode())?;
            self.owe_receipts(tx, &space)?;
        }
        Ok(())
    }

    fn own_marks(&self, db: &Read<'_>, space: &SpaceId) -> Result<(Marks, Marks), Fail> {
        let rows = receipts::of_person(db, space, &self.person())?;
        let marks = |set: &IntervalSet| ByteVec::from(set.encode());
        let delivered = rows.iter().map(|row| (row.device, marks(&row.delivered))).collect();
        let read = rows.iter().map(|row| (row.device, marks(&row.read))).collect();
        Ok((delivered, read))
    }

    /// Receipts of a space have to be said; also after a crash.
    pub fn owe_receipts(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
        if self.owed.insert(*space) {
            meta::set(tx, &format!("{OWED}{space}"), &space.0)?;
        }
        self.receipts_due.insert(*space);
        Ok(())
    }

    /// Spaces whose receipts were not said yet.
    pub fn owed_receipts(db: &Read<'_>) -> Result<Vec<SpaceId>, Fail> {
        let owed = meta::with_prefix(db, OWED)?;
        Ok(owed.into_iter().filter_map(|(_, id)| id.as_slice().try_into().ok().map(SpaceId)).collect())
    }

    /// Says in a space what this device stored and, if the person allows it, read.
    pub fn publish_receipts(&mut self, tx: &Tx<'_>, space: &SpaceId, with_read: bool) -> Result<(), Fail> {
        self.owed.remove(space);
        meta::delete(tx, &format!("{OWED}{space}"))?;
        let Some(row) = spaces::get(tx, space)? else { return Ok(()) };
        if row.kind == homing_wire::SpaceKind::Personal {
            return Ok(());
        }
        let (delivered, _) = self.own_marks(tx, space)?;
        receipts::keep_newest_advances(tx, space, &self.person())?;
        let advances: Vec<Advance> = receipts::advances_of(tx, space, &self.person())?
            .into_iter()
            .filter(|step| with_read || step.kind == AdvanceKind::Delivered)
            .map(|step| Advance {
                device: step.device,
                from: step.first,
                to: step.last,
                at_ms: step.at_ms,
                read: step.kind == AdvanceKind::Read,
            })
            .collect();
        // What was read while nothing was told stays untold, and so does what other own devices say they have read: they
        // tell it themselves if it is to be told.
        let read = match with_read {
            true => receipts::told_in(tx, space, &self.person())?
                .iter()
                .map(|(device, told)| (*device, ByteVec::from(told.encode())))
                .collect(),
            false => Marks::new(),
        };
        let content = SlotContent::Receipts(Receipts { delivered, read, advances });
        slots::set(tx, space, &receipts_slot(), &content.encode())?;
        Ok(())
    }
}

fn marks_of(marks: &Marks, device: &DeviceId) -> IntervalSet {
    marks
        .iter()
        .find(|(of, _)| of == device)
        .and_then(|(_, bytes)| IntervalSet::decode(bytes))
        .unwrap_or_default()
}
