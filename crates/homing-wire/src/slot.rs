//! Slots: the present state of something that has no history worth keeping (drafts, receipts, positions).

use minicbor::{CborLen, Decode, Encode};

use crate::codec::{CodecError, decode, encode};
use crate::{DeviceId, EntryId, EpochId, Member, PersonId, Signature, SlotId, SpaceId, limits};

/// What is authenticated together with a slot's content.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct SlotHeader {
    /// Format version.
    #[n(0)]
    pub version: u32,
    /// The space.
    #[n(1)]
    pub space: SpaceId,
    /// The writing device: the only one that may.
    #[n(2)]
    pub device: DeviceId,
    /// Its person.
    #[n(3)]
    pub person: PersonId,
    /// The member it is written as.
    #[n(4)]
    pub written_as: Member,
    /// Which slot.
    #[n(5)]
    pub slot: SlotId,
    /// Rises with every write of this slot, from 1. A used counter means a cloned profile.
    #[n(6)]
    pub counter: u64,
    /// Head of the op chain it was written under.
    #[n(7)]
    pub op_head: EntryId,
    /// The epoch that seals it.
    #[n(8)]
    pub epoch: EpochId,
    /// XChaCha20-Poly1305 nonce.
    #[cbor(n(9), with = "minicbor::bytes")]
    pub nonce: [u8; 24],
}

impl SlotHeader {
    /// The associated data of the content.
    pub fn associated_data(&self) -> Vec<u8> {
        encode(self)
    }
}

/// What is signed.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct SlotBody {
    /// The header.
    #[n(0)]
    pub header: SlotHeader,
    /// Ciphertext, padded inside.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub content: Vec<u8>,
}

/// The latest value of a slot.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Slot {
    /// What is signed.
    #[n(0)]
    pub body: SlotBody,
    /// Ed25519 by the device (domain `Slot`).
    #[n(1)]
    pub signature: Signature,
}

impl Slot {
    /// The bytes that are signed.
    pub fn signed_bytes(&self) -> Vec<u8> {
        encode(&self.body)
    }

    /// Checks size, form and version; not the signature.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let slot: Self = decode("slot", bytes, limits::SLOT)?;
        match slot.body.header.version {
            limits::VERSION => Ok(slot),
            other => Err(CodecError::UnknownVersion(other)),
        }
    }

    /// The canonical form.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// The header.
    pub fn header(&self) -> &SlotHeader {
        &self.body.header
    }
}
