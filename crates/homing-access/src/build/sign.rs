//! Signing entries and slots.

use homing_crypto::{Domain, SigningKey};
use homing_wire::{
    DeviceId, Entry, EntryBody, EntryHeader, EntryId, EntryKind, EpochId, Head, Member, PersonId, Salt,
    Signature, Slot, SlotBody, SlotHeader, SpaceId, SpaceOp, limits,
};

/// Who writes the next entry, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Author<'a> {
    /// The device's key.
    pub key: &'a SigningKey,
    /// Its person.
    pub person: PersonId,
    /// The member it writes as.
    pub written_as: Member,
    /// Number of this entry among the device's entries in the space, from 1.
    pub dseq: u64,
    /// The device's entry before this one in the space.
    pub prev: Option<EntryId>,
    /// The process's salt.
    pub salt: Salt,
    /// Version of the rules the author applies.
    pub rules: u32,
    /// The newest head of the space the author has seen.
    pub seen: Option<Head>,
}

impl Author<'_> {
    fn header(&self, space: SpaceId, kind: EntryKind, op_head: Option<EntryId>) -> EntryHeader {
        EntryHeader {
            version: limits::VERSION,
            space,
            kind,
            device: DeviceId(self.key.public()),
            person: self.person,
            written_as: self.written_as,
            dseq: self.dseq,
            prev: self.prev,
            op_head,
            rules: self.rules,
            epoch: None,
            salt: self.salt,
            seen: self.seen,
            nonce: [0; 24],
        }
    }

    /// Signs an op that follows `op_head`; a genesis follows none.
    pub fn sign_op(&self, space: SpaceId, op_head: Option<EntryId>, op: &SpaceOp) -> Entry {
        sign_entry(self.header(space, EntryKind::Op, op_head), op.encode(), self.key)
    }

    /// The header of a data entry, to be sealed with it as associated data and then signed with [`sign_entry`].
    pub fn data_header(
        &self,
        space: SpaceId,
        op_head: EntryId,
        epoch: EpochId,
        nonce: [u8; 24],
    ) -> EntryHeader {
        EntryHeader { epoch: Some(epoch), nonce, ..self.header(space, EntryKind::Data, Some(op_head)) }
    }
}

/// Signs an entry.
pub fn sign_entry(header: EntryHeader, content: Vec<u8>, key: &SigningKey) -> Entry {
    let mut entry = Entry { body: EntryBody { header, content }, signature: Signature([0; 64]) };
    entry.signature = Signature(key.sign(Domain::Entry, &entry.signed_bytes()));
    entry
}

/// Signs a slot.
pub fn sign_slot(header: SlotHeader, content: Vec<u8>, key: &SigningKey) -> Slot {
    let mut slot = Slot { body: SlotBody { header, content }, signature: Signature([0; 64]) };
    slot.signature = Signature(key.sign(Domain::Slot, &slot.signed_bytes()));
    slot
}
