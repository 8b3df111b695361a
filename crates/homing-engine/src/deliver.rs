//! From the outbox to the relay: sealing, freezing, acknowledging, and what follows when the relay says no.
//!
//! An outbox row is sealed when it is handed to the socket, under the op head and epoch of that moment, and frozen
//! durably before it leaves: a lost connection sends the same bytes again. A definite refusal takes all frozen rows of
//! the space back to the queue, where they are sealed anew, in order. Membership ops are built at that moment from
//! what the person meant; while one is on its way, nothing else of its space leaves.

use homing_access::RotationReason;
use homing_crypto::{Domain, random_nonce};
use homing_model::{Kind, inspect, rules};
use homing_store::entries::{self, NewEntry, Place, Status};
use homing_store::outbox::{self, OutboxRow, OutboxState};
use homing_store::spaces::{self, SpaceRow};
use homing_store::{Tx, changes};
use homing_wire::{
    Changes, DocChange, Entry, EntryBody, EntryHeader, EntryId, EntryKind, Head, Member, NackCode, Salt,
    Signature, SpaceId, SpaceKind, limits,
};

use crate::content;
use crate::env::Env;
use crate::fail::Fail;
use crate::ops::OpIntent;
use crate::replica::Replica;

/// Entries of one space on their way at once; more waits in the queue, where it can still be edited.
const IN_FLIGHT: u32 = 16;

/// The longest time that a send can be undone; a hold that says more is of another clock.
pub(crate) const HOLD_MS: u64 = 10_000;

/// A frozen entry to hand to the socket.
pub(crate) struct Frozen {
    pub space: SpaceId,
    pub id: EntryId,
    pub op: bool,
    pub bytes: Vec<u8>,
}

impl Replica {
    /// Seals what waits in a space, as much as may be on its way. Nothing if a membership op is on its way already,
    /// or the keys are not here.
    pub fn hand_in(&mut self, tx: &Tx<'_>, env: &mut Env, space: &SpaceId) -> Result<Vec<Frozen>, Fail> {
        let Some(mut row) = spaces::get(tx, space)? else { return Ok(Vec::new()) };
        if !self.load_space(tx, space)? || !self.is_member(space) {
            return Ok(Vec::new());
        }
        self.greet(tx, env.now_ms(), &row)?;
        if self.has_scheduled(tx, space)? {
            self.forget_taken_back(tx, space)?;
        }
        let lane = self.lane_is_open(tx, space)?;
        let sealed = outbox::in_state(tx, space, OutboxState::Sealed, IN_FLIGHT)?;
        if sealed.iter().any(|row| row.doc.is_none()) || self.op_in_flight(tx, space)? {
            return Ok(Vec::new());
        }
        let queued = outbox::ready(tx, space, env.now_ms(), HOLD_MS, IN_FLIGHT)?;
        let dirty = !homing_store::slots::own_of(tx, space)?.iter().all(|slot| !slot.dirty);
        // What only few people read rotates as soon as somebody lost access; the other spaces when somebody writes.
        let at_once = matches!(row.kind, SpaceKind::Personal | SpaceKind::Team);
        if queued.is_empty() && !dirty && !at_once && !lane {
            return Ok(Vec::new());
        }
        if row.kind == SpaceKind::Client && self.held_for_team(tx, env.now_ms(), space)? {
            return Ok(Vec::new());
        }
        // The rotation changes the op head: what is on its way must arrive first.
        let reasons = self.rotation_reasons(tx, space, env.now_ms())?;
        let idle = queued.is_empty() && !dirty && !lane;
        if !reasons.is_empty() || (!idle && self.staff_unanchored(space).is_some()) {
            if !sealed.is_empty() {
                return Ok(Vec::new());
            }
            return Ok(self.freeze_rotation(tx, env, &mut row, &reasons)?.into_iter().collect());
        }
        let mut frozen = Vec::new();
        let free = (IN_FLIGHT as usize).saturating_sub(sealed.len());
        for item in queued.into_iter().take(free) {
            if item.doc.is_none() {
                // An op changes the op head under which everything before it was written.
                if frozen.is_empty() && sealed.is_empty() {
                    frozen.extend(self.freeze_op(tx, env, &mut row, &item)?);
                }
                break;
            }
            let Some(one) = self.freeze_data(tx, env, &mut row, &item)? else { break };
            frozen.push(one);
        }
        if !frozen.is_empty() {
            spaces::put(tx, &row)?;
        }
        if lane && !frozen.iter().any(|one| one.op) {
            self.seal_lane(tx, env, &row)?;
        }
        Ok(frozen)
    }

    /// An op of this device that no outbox row carries (a rotation, a join) is frozen and not yet acknowledged.
    fn op_in_flight(&self, tx: &Tx<'_>, space: &SpaceId) -> Result<bool, Fail> {
        let sealed = entries::with_status(tx, Status::Sealed, Some(space), 2 * IN_FLIGHT)?;
        Ok(sealed.iter().any(|row| row.kind == EntryKind::Op))
    }

    /// Loads whatever the space's members may have lost, and asks why it must rotate first.
    pub fn rotation_reasons(
        &mut self,
        tx: &Tx<'_>,
        space: &SpaceId,
        now_ms: u64,
    ) -> Result<Vec<RotationReason>, Fail> {
        let members: Vec<Member> = self.space(space)?.members().keys().copied().collect();
        for member in members {
            match member {
                Member::Person(person) => self.load_account(tx, &person)?,
                Member::Team(team) => self.load_space(tx, &team)?,
            };
        }
        Ok(self.space(space)?.needs_rotation(&self.known, now_ms))
    }

    /// The header of this device's next entry in a space.
    pub fn next_header(&self, row: &SpaceRow, kind: EntryKind, salt: Salt) -> Result<EntryHeader, Fail> {
        let (written_as, _) = self.writes_as(&row.space).ok_or(Fail::Internal("not a member"))?;
        let state = self.space(&row.space)?;
        let seen = (row.sequence > 0).then_some(Head {
            generation: row.generation,
            sequence: row.sequence,
            chain: row.chain,
        });
        Ok(EntryHeader {
            version: limits::VERSION,
            space: row.space,
            kind,
            device: self.device(),
            person: self.person(),
            written_as,
            dseq: row.my_dseq + 1,
            prev: row.my_prev,
            op_head: Some(state.head()),
            rules: rules::CURRENT,
            epoch: (kind == EntryKind::Data).then(|| state.epoch()),
            salt,
            seen,
            nonce: [0; 24],
        })
    }

    fn freeze_data(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        row: &mut SpaceRow,
        item: &OutboxRow,
    ) -> Result<Option<Frozen>, Fail> {
        let (Some(doc), Some(hash)) = (item.doc, item.hash) else { return Ok(None) };
        let Some(change) = changes::get(tx, &doc, &hash)? else {
            return Err(Fail::Internal("queued change"));
        };
        if let Some(entry) = &change.entry {
            // A copy of this profile sent it; under this device it would be a forgery.
            outbox::cancel(tx, item.id)?;
            self.sent_by_copy(tx, &doc, entry)?;
            self.touched.outbox = true;
            self.touched.status = true;
            self.touched.work.insert(row.space);
            return Ok(None);
        }
        let mut header = self.next_header(row, EntryKind::Data, item.salt)?;
        // As old a version as can judge it: who has not upgraded yet still reads it.
        let version = rules::version_for(Kind::from_number(change.kind), &inspect(&change.bytes)?);
        header.rules = version.max(self.space(&row.space)?.minimum_rules());
        header.nonce = random_nonce(&mut env.rng);
        let Some(epoch) = header.epoch else { return Ok(None) };
        let Some(key) = self.key(tx, &row.space, &epoch)? else { return Ok(None) };
        let all = Changes { changes: vec![DocChange { doc, change: change.bytes }] };
        let content = content::seal_changes(&key, &header, &all).ok_or(Fail::Internal("seal"))?;
        let frozen = self.freeze(tx, row, EntryBody { header, content })?;
        outbox::seal(tx, &[item.id], &frozen.id)?;
        Ok(Some(frozen))
    }

    /// Builds and freezes the op an outbox row stands for. One that can't be built any more is refused with its reason.
    fn freeze_op(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        row: &mut SpaceRow,
        item: &OutboxRow,
    ) -> Result<Option<Frozen>, Fail> {
        let intent = OpIntent::load(tx, item.id)?.ok_or(Fail::Internal("queued op"))?;
        let header = self.next_header(row, EntryKind::Op, item.salt)?;
        match self.build_op(tx, env, &intent, header) {
            Ok(Some(entry)) => {
                let frozen = self.freeze(tx, row, entry.body)?;
                outbox::seal(tx, &[item.id], &frozen.id)?;
                Ok(Some(frozen))
            }
            Ok(None) => {
                // Somebody else did it already.
                outbox::cancel(tx, item.id)?;
                OpIntent::remove(tx, item.id)?;
                self.touched.outbox = true;
                self.touched.work.insert(row.space);
                Ok(None)
            }
            Err(Fail::Store(error)) => Err(error.into()),
            Err(other) => {
                let error = crate::api::ApiError::from(other);
                outbox::refuse(tx, item.id, "op_refused", &error.message)?;
                self.touched.outbox = true;
                self.touched.work.insert(row.space);
                Ok(None)
            }
        }
    }

    fn freeze_rotation(
        &mut self,
        tx: &Tx<'_>,
        env: &mut Env,
        row: &mut SpaceRow,
        reasons: &[RotationReason],
    ) -> Result<Option<Frozen>, Fail> {
        let header = self.next_header(row, EntryKind::Op, self.salt)?;
        let entry = self.build_rotation(tx, env, header, reasons)?;
        let frozen = self.freeze(tx, row, entry.body)?;
        spaces::put(tx, row)?;
        Ok(Some(frozen))
    }

    /// Signs and stores an entry of this device; from here on these bytes and no others are sent.
    pub fn freeze(&mut self, tx: &Tx<'_>, row: &mut SpaceRow, body: EntryBody) -> Result<Frozen, Fail> {
        let signed = homing_wire::codec::encode(&body);
        let signature = Signature(self.me.device().signing().sign(Domain::Entry, &signed));
        let id = EntryBody::id_of(&signed);
        let entry = Entry { body, signature };
        let bytes = entry.encode();
        let header = entry.header();
        let op = header.kind == EntryKind::Op;
        let new =
            NewEntry { id: &id, header, place: None, status: Status::Sealed, reason: "", bytes: &bytes };
        entries::insert(tx, &new)?;
        row.my_dseq = header.dseq;
        row.my_prev = Some(id);
        Ok(Frozen { space: row.space, id, op, bytes })
    }

    /// Everything frozen and not acknowledged, to be handed to a new session, per space in the order it was frozen.
    pub fn frozen(&self, tx: &homing_store::Read<'_>) -> Result<Vec<Frozen>, Fail> {
        let mut frozen: Vec<_> = entries::with_status(tx, Status::Sealed, None, u32::MAX)?;
        frozen.sort_by_key(|row| (row.space, row.dseq));
        Ok(frozen
            .into_iter()
            .map(|row| Frozen {
                space: row.space,
                id: row.id,
                op: row.kind == EntryKind::Op,
                bytes: row.bytes,
            })
            .collect())
    }

    /// The relay has an own entry durably.
    pub fn acknowledge(&mut self, tx: &Tx<'_>, id: &EntryId, place: Place) -> Result<(), Fail> {
        let Some(row) = entries::get(tx, id)? else { return Ok(()) };
        entries::place(tx, id, place)?;
        if row.status != Status::Sealed {
            return Ok(());
        }
        let entry = Entry::decode(&row.bytes).map_err(|_| Fail::Internal("stored entry"))?;
        let begun_here = row.kind == EntryKind::Op
            && self.load_space(tx, &row.space)?
            && self.space(&row.space)?.contains(id);
        if begun_here {
            // The first op of a space made here: it holds already, now the relay knows it too.
            entries::set_status(tx, id, Status::Accepted, "")?;
            spaces::update(tx, &row.space, |row| row.state = spaces::SpaceState::Joined)?;
            self.touched.joined.insert(row.space);
            self.touch_conversations_of(tx, &row.space)?;
        } else if row.kind == EntryKind::Op {
            entries::set_status(tx, id, Status::Parked, "")?;
            self.judge_from(tx, *id)?;
        } else {
            entries::set_status(tx, id, Status::Accepted, "")?;
        }
        for item in outbox::acknowledged(tx, id)? {
            match (item.doc, item.hash) {
                (Some(doc), Some(hash)) => {
                    changes::confirm(tx, &doc, &hash, id)?;
                    self.message_confirmed(tx, &doc, entry.header(), place)?;
                    self.project(tx, &doc)?;
                }
                _ => OpIntent::remove(tx, item.id)?,
            }
        }
        self.wake(tx, &homing_store::parked::Wait::Entry(*id))?;
        self.touched.outbox = true;
        self.touched.status = true;
        self.touched.work.insert(row.space);
        Ok(())
    }

    /// The relay does not take an entry: it and everything frozen behind it is taken back and sealed anew, unless the
    /// entry itself can never be taken.
    pub fn refused(
        &mut self,
        tx: &Tx<'_>,
        space: &SpaceId,
        id: &EntryId,
        code: NackCode,
    ) -> Result<(), Fail> {
        let items = outbox::of_entry(tx, id)?;
        self.thaw(tx, space)?;
        if !sealed_anew_helps(code) {
            for item in items {
                outbox::refuse(tx, item.id, nack_name(code), nack_sentence(code))?;
                if let Some(doc) = item.doc.filter(|_| item.kind == "message") {
                    self.message_failed(tx, &doc, nack_name(code), nack_sentence(code))?;
                }
            }
        }
        self.touched.outbox = true;
        self.touched.status = true;
        self.touched.work.insert(*space);
        Ok(())
    }

    /// Nothing that waits in a space can leave any more: said with the reason; the texts stay.
    pub fn refuse_waiting(&mut self, tx: &Tx<'_>, space: &SpaceId, code: NackCode) -> Result<(), Fail> {
        self.thaw(tx, space)?;
        for item in outbox::in_state(tx, space, OutboxState::Queued, u32::MAX)? {
            outbox::refuse(tx, item.id, nack_name(code), nack_sentence(code))?;
            if let Some(doc) = item.doc.filter(|_| item.kind == "message") {
                self.message_failed(tx, &doc, nack_name(code), nack_sentence(code))?;
            }
        }
        self.touched.outbox = true;
        self.touched.status = true;
        Ok(())
    }

    /// Takes everything frozen in a space back to the queue, and this device's numbers with it.
    pub fn thaw(&mut self, tx: &Tx<'_>, space: &SpaceId) -> Result<(), Fail> {
        if spaces::get(tx, space)?.is_none_or(|row| row.state == spaces::SpaceState::Local) {
            // Nothing but its first op is frozen in a space that the relay does not know yet; it stays as it is.
            return Ok(());
        }
        outbox::unseal(tx, space)?;
        let device = self.device();
        let last = entries::last_of_device(tx, space, &device)?;
        spaces::update(tx, space, |row| {
            row.my_dseq = last.map_or(0, |(_, dseq)| dseq);
            row.my_prev = last.map(|(id, _)| id);
        })?;
        Ok(())
    }
}

/// Whether the same changes, sealed under what the relay has now, may pass.
pub(crate) fn sealed_anew_helps(code: NackCode) -> bool {
    matches!(
        code,
        NackCode::StaleOps
            | NackCode::StaleEpoch
            | NackCode::NeedsRotation
            | NackCode::PinMismatch
            | NackCode::Cloned
            | NackCode::OldRules
    )
}

/// Stable names for scripts.
pub(crate) fn nack_name(code: NackCode) -> &'static str {
    match code {
        NackCode::Malformed => "malformed",
        NackCode::TooLarge => "too_large",
        NackCode::BadSignature => "bad_signature",
        NackCode::NotFound => "not_found",
        NackCode::NotAMember => "not_a_member",
        NackCode::RoleForbids => "role_forbids",
        NackCode::StaleOps => "stale_ops",
        NackCode::StaleEpoch => "stale_epoch",
        NackCode::NeedsRotation => "needs_rotation",
        NackCode::Cloned => "profile_cloned",
        NackCode::PinMismatch => "pin_mismatch",
        NackCode::Revoked => "device_revoked",
        NackCode::Exists => "exists",
        NackCode::Quota => "quota",
        NackCode::DiskFull => "relay_disk_full",
        NackCode::RateLimited => "rate_limited",
        NackCode::Held => "held",
        NackCode::Expired => "invite_expired",
        NackCode::OldRules => "old_rules",
        NackCode::Unavailable => "relay_unavailable",
    }
}

/// What a person reads.
pub(crate) fn nack_sentence(code: NackCode) -> &'static str {
    match code {
        NackCode::TooLarge => "It is too large for the relay. Shorten it, or send it as a file.",
        NackCode::NotAMember => "You are not a member of this conversation any more. Your text is kept here.",
        NackCode::RoleForbids => "Your role here doesn't allow this. Your text is kept here.",
        NackCode::Revoked => "This device was revoked and can't send any more. Your text is kept here.",
        NackCode::Quota => "The relay's storage for you is full. Ask whoever runs it for more.",
        NackCode::Expired => "The invitation has expired. Ask for a new one.",
        _ => "The relay didn't take it. Your text is kept here; try again.",
    }
}
