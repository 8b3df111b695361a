//! People who exist in this profile only, and the logs a relay would keep for them: real accounts, real keys, real
//! entries, which this device then takes in the way it takes everybody's.

use std::collections::BTreeMap;

use homing_access::build::{self, Author};
use homing_crypto::{DeviceSecret, EpochKey, RecoverySecret, Seed32, random_nonce};
use homing_model::{Actor, Edit, Preimage, author_from, rules};
use homing_store::entries::{self, Place};
use homing_store::{IntervalSet, Tx, spaces};
use homing_sync::{LogCursor, SpaceCursor};
use homing_wire::{
    AccountOp, Changes, DeviceId, DocChange, Entry, EntryId, EpochId, Head, Member, PersonId, Salt,
    SlotHeader, SpaceId, Stored, limits,
};
use minicbor::bytes::ByteVec;
use rand_core::{CryptoRng, Rng};

use crate::content;
use crate::env::Env;
use crate::fail::Fail;
use crate::link::store_cursor;
use crate::replica::Replica;
use crate::slot_content::{Advance, Receipts, SlotContent, receipts_slot};

/// The generation of a relay that never was restored.
const GENERATION: u64 = 1;

/// A device that writes.
pub(super) struct Hand {
    pub person: PersonId,
    device: DeviceSecret,
    salt: Salt,
    /// What it wrote last, by space.
    last: BTreeMap<SpaceId, (u64, EntryId)>,
}

/// Where and under which key something is written.
#[derive(Clone)]
pub(super) struct Desk {
    pub space: SpaceId,
    op_head: EntryId,
    epoch: EpochId,
    key: EpochKey,
}

impl Desk {
    pub fn at(tx: &Tx<'_>, replica: &mut Replica, space: &SpaceId) -> Result<Self, Fail> {
        let key = replica.current_key(tx, space)?;
        let state = replica.space(space)?;
        Ok(Self { space: *space, op_head: state.head(), epoch: state.epoch(), key })
    }
}

impl Hand {
    /// A new person with one device, and the first op of their account.
    pub fn new(rng: &mut impl CryptoRng) -> Result<(Self, AccountOp), Fail> {
        let device = DeviceSecret::from_seed(&Seed32::random(rng));
        let recovery = RecoverySecret::from_seed(&Seed32::random(rng));
        let (op, _) = build::new_account(rng, &device, &recovery)?;
        let mut salt = [0u8; 16];
        rng.fill_bytes(&mut salt);
        let hand = Self { person: PersonId(op.id().0), device, salt: Salt(salt), last: BTreeMap::new() };
        Ok((hand, op))
    }

    /// This very device, for what it wrote in the past.
    pub fn own(tx: &Tx<'_>, replica: &Replica) -> Result<Self, Fail> {
        let mut last = BTreeMap::new();
        for row in spaces::list(tx)? {
            if let Some(prev) = row.my_prev {
                last.insert(row.space, (row.my_dseq, prev));
            }
        }
        Ok(Self { person: replica.person(), device: replica.me.device().clone(), salt: replica.salt, last })
    }

    pub fn id(&self) -> DeviceId {
        DeviceId(self.device.signing().public())
    }

    /// Number and id of the last entry in a space.
    pub fn last(&self, space: &SpaceId) -> Option<(u64, EntryId)> {
        self.last.get(space).copied()
    }

    /// Begins documents; answers the entry that carries them.
    pub fn begin(
        &mut self,
        rng: &mut impl CryptoRng,
        desk: &Desk,
        written_as: Member,
        documents: &[(Preimage, Edit)],
    ) -> Result<Entry, Fail> {
        let actor = Actor::derive(&self.id(), &self.salt);
        let mut changes = Vec::with_capacity(documents.len());
        for (preimage, edit) in documents {
            let change = author_from([], actor, preimage, edit)?;
            changes.push(DocChange { doc: preimage.doc_id(), change: change.bytes });
        }
        let last = self.last(&desk.space);
        let author = Author {
            key: self.device.signing(),
            person: self.person,
            written_as,
            dseq: last.map_or(1, |(dseq, _)| dseq + 1),
            prev: last.map(|(_, id)| id),
            salt: self.salt,
            rules: rules::CURRENT,
            seen: None,
        };
        let header = author.data_header(desk.space, desk.op_head, desk.epoch, random_nonce(rng));
        let content =
            content::seal_changes(&desk.key, &header, &Changes { changes }).ok_or(Fail::Internal("seal"))?;
        let dseq = header.dseq;
        let entry = build::sign_entry(header, content, self.device.signing());
        self.last.insert(desk.space, (dseq, entry.id()));
        Ok(entry)
    }

    /// A sealed slot that says what of another device's entries in a space was delivered here, and read.
    pub fn receipt(
        &self,
        rng: &mut impl CryptoRng,
        desk: &Desk,
        (device, delivered, read): (DeviceId, &IntervalSet, &IntervalSet),
        at_ms: u64,
    ) -> Result<Vec<u8>, Fail> {
        let steps = |set: &IntervalSet, read: bool| -> Vec<Advance> {
            set.runs()
                .iter()
                .map(|(from, to)| Advance { device, from: *from, to: *to, at_ms, read })
                .collect()
        };
        let receipts = Receipts {
            delivered: vec![(device, ByteVec::from(delivered.encode()))],
            read: vec![(device, ByteVec::from(read.encode()))],
            advances: [steps(delivered, false), steps(read, true)].concat(),
        };
        let header = SlotHeader {
            version: limits::VERSION,
            space: desk.space,
            device: self.id(),
            person: self.person,
            written_as: Member::Person(self.person),
            slot: receipts_slot(),
            counter: 1,
            op_head: desk.op_head,
            epoch: desk.epoch,
            nonce: random_nonce(rng),
        };
        let plain = SlotContent::Receipts(receipts).encode();
        let content = content::seal_slot(&desk.key, &header, &plain).ok_or(Fail::Internal("seal slot"))?;
        Ok(build::sign_slot(header, content, self.device.signing()).encode())
    }
}

struct Log {
    head: Head,
    last_ms: u64,
}

impl Default for Log {
    fn default() -> Self {
        Self { head: Head::empty(GENERATION), last_ms: 0 }
    }
}

/// The logs of spaces, as a relay keeps them: gapless, with receive times that rise strictly.
#[derive(Default)]
pub(super) struct Logs(BTreeMap<SpaceId, Log>);

impl Logs {
    /// Gives an entry the next place.
    pub fn place(&mut self, space: &SpaceId, id: &EntryId, at_ms: u64) -> Place {
        let log = self.0.entry(*space).or_default();
        let received_ms = at_ms.max(log.last_ms + 1);
        log.last_ms = received_ms;
        log.head = log.head.next(GENERATION, id, received_ms);
        Place { generation: GENERATION, sequence: log.head.sequence, received_ms }
    }

    /// Appends an entry; answers it as a page brings it.
    pub fn append(&mut self, entry: &Entry, at_ms: u64) -> Stored {
        let place = self.place(&entry.header().space, &entry.id(), at_ms);
        Stored {
            sequence: place.sequence,
            received_ms: place.received_ms,
            generation: place.generation,
            entry: entry.encode(),
        }
    }

    /// Acknowledges everything this device has to hand in for a space, round by round.
    pub fn take_own(
        &mut self,
        tx: &Tx<'_>,
        replica: &mut Replica,
        env: &mut Env,
        space: &SpaceId,
    ) -> Result<(), Fail> {
        self.take_first(tx, replica, space, env.now_ms())?;
        loop {
            let frozen = replica.hand_in(tx, env, space)?;
            if frozen.is_empty() {
                return store_cursor(tx, space, &self.cursor(space));
            }
            for one in frozen {
                self.acknowledge(tx, replica, &one.id, space, env.now_ms())?;
            }
        }
    }

    /// Acknowledges the first op of a space begun here.
    pub fn take_first(
        &mut self,
        tx: &Tx<'_>,
        replica: &mut Replica,
        space: &SpaceId,
        at_ms: u64,
    ) -> Result<(), Fail> {
        for op in entries::ops(tx, space)?.into_iter().filter(|op| op.place.is_none()) {
            self.acknowledge(tx, replica, &op.id, space, at_ms)?;
        }
        Ok(())
    }

    fn acknowledge(
        &mut self,
        tx: &Tx<'_>,
        replica: &mut Replica,
        id: &EntryId,
        space: &SpaceId,
        at_ms: u64,
    ) -> Result<(), Fail> {
        let place = self.place(space, id, at_ms);
        replica.acknowledge(tx, id, place)
    }

    /// How far a device that has everything holds a space.
    pub fn cursor(&self, space: &SpaceId) -> SpaceCursor {
        let head = self.0.get(space).map_or_else(|| Head::empty(GENERATION), |log| log.head);
        SpaceCursor {
            log: LogCursor { generation: GENERATION, head, gap: None, ops: head.sequence },
            slots: 0,
        }
    }
}

/// A nonce that tells documents or spaces apart.
pub(super) fn nonce(rng: &mut impl Rng) -> [u8; 16] {
    let mut bytes = [0u8; 16];
    rng.fill_bytes(&mut bytes);
    bytes
}
