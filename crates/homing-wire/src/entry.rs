//! Entries of a space's log: what is stored for ever, in order, by the relay.

use minicbor::{CborLen, Decode, Encode};

use crate::codec::{CodecError, decode, encode};
use crate::{DeviceId, DocId, EntryId, EpochId, Hash, Member, PersonId, Salt, Signature, SpaceId, limits};

/// The clear kind of an entry; nothing finer is visible to the relay.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(index_only)]
pub enum EntryKind {
    /// A membership op ([`crate::SpaceOp`]) in the clear.
    #[n(0)]
    Op,
    /// Document changes, sealed under the epoch.
    #[n(1)]
    Data,
}

/// A point of a space's log as a relay stored it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Head {
    /// Raised when the relay was restored or wiped.
    #[n(0)]
    pub generation: u64,
    /// 1 for the first entry; 0 = nothing yet.
    #[n(1)]
    pub sequence: u64,
    /// See [`Head::next`].
    #[n(2)]
    pub chain: Hash,
}

impl Head {
    /// The head of an empty log.
    pub fn empty(generation: u64) -> Self {
        Self { generation, sequence: 0, chain: Hash([0; 32]) }
    }

    /// `chain_n = BLAKE3(chain_{n-1}, generation, n, id, receive ms)`, integers as 8 bytes big-endian.
    pub fn next(&self, generation: u64, id: &EntryId, received_ms: u64) -> Self {
        let sequence = self.sequence + 1;
        let mut hasher = blake3::Hasher::new_derive_key("homing 2026-11 log chain v1");
        hasher.update(&self.chain.0);
        hasher.update(&generation.to_be_bytes());
        hasher.update(&sequence.to_be_bytes());
        hasher.update(&id.0);
        hasher.update(&received_ms.to_be_bytes());
        Self { generation, sequence, chain: Hash(*hasher.finalize().as_bytes()) }
    }
}

/// The part of an entry that is authenticated together with its content.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct EntryHeader {
    /// Format version, [`limits::VERSION`].
    #[n(0)]
    pub version: u32,
    /// The space it belongs to.
    #[n(1)]
    pub space: SpaceId,
    /// Op or data.
    #[n(2)]
    pub kind: EntryKind,
    /// The signing device.
    #[n(3)]
    pub device: DeviceId,
    /// The person whose account log holds the device.
    #[n(4)]
    pub person: PersonId,
    /// The member it is written as: the person, or a team the person is part of.
    #[n(5)]
    pub written_as: Member,
    /// Rises by one per (space, device), from 1.
    #[n(6)]
    pub dseq: u64,
    /// The previous entry of this device in this space.
    #[n(7)]
    pub prev: Option<EntryId>,
    /// Head of the op chain it was written under; absent only in a genesis.
    #[n(8)]
    pub op_head: Option<EntryId>,
    /// Version of the rules its author applied.
    #[n(9)]
    pub rules: u32,
    /// The epoch that seals the content; absent in ops.
    #[n(10)]
    pub epoch: Option<EpochId>,
    /// The author's process salt: with the device it makes the automerge actor.
    #[n(11)]
    pub salt: Salt,
    /// The newest head of this space its author had seen.
    #[n(12)]
    pub seen: Option<Head>,
    /// XChaCha20-Poly1305 nonce; zeros in ops.
    #[cbor(n(13), with = "minicbor::bytes")]
    pub nonce: [u8; 24],
}

impl EntryHeader {
    /// The associated data of the sealed content: the header's canonical form.
    pub fn associated_data(&self) -> Vec<u8> {
        encode(self)
    }
}

/// What is signed: header and content.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct EntryBody {
    /// The header.
    #[n(0)]
    pub header: EntryHeader,
    /// Ciphertext of a [`Changes`] frame, or the canonical form of a [`crate::SpaceOp`].
    #[cbor(n(1), with = "minicbor::bytes")]
    pub content: Vec<u8>,
}

/// An entry with its signature.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Entry {
    /// What is signed.
    #[n(0)]
    pub body: EntryBody,
    /// Ed25519 by the device over the body's canonical form (domain `Entry`).
    #[n(1)]
    pub signature: Signature,
}

impl Entry {
    /// The bytes that are signed and hashed.
    pub fn signed_bytes(&self) -> Vec<u8> {
        encode(&self.body)
    }

    /// BLAKE3 of the signed bytes.
    pub fn id(&self) -> EntryId {
        EntryBody::id_of(&self.signed_bytes())
    }

    /// Checks size, form and version; not the signature.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let entry: Self = decode("entry", bytes, limits::ENTRY)?;
        match entry.body.header.version {
            limits::VERSION => Ok(entry),
            other => Err(CodecError::UnknownVersion(other)),
        }
    }

    /// The canonical form.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// The header.
    pub fn header(&self) -> &EntryHeader {
        &self.body.header
    }
}

impl EntryBody {
    /// The id of an entry with these signed bytes.
    pub fn id_of(signed: &[u8]) -> EntryId {
        EntryId(*blake3::hash(signed).as_bytes())
    }
}

/// One automerge change of one document.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct DocChange {
    /// The document.
    #[n(0)]
    pub doc: DocId,
    /// Raw bytes of the change as automerge writes them, uncompressed.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub change: Vec<u8>,
}

/// Plaintext of a data entry before compression, padding and sealing: one author's changes, one salt.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Changes {
    /// In the order they were made.
    #[n(0)]
    pub changes: Vec<DocChange>,
}

impl Changes {
    /// Decodes a plaintext, checking size and count.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let all: Self = decode("changes", bytes, limits::PLAINTEXT)?;
        if all.changes.is_empty() || all.changes.len() > limits::CHANGES {
            return Err(CodecError::Malformed("changes"));
        }
        Ok(all)
    }

    /// The canonical form.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

/// An entry as a relay hands it out.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Stored {
    /// Place in the space's log, gapless from 1.
    #[n(0)]
    pub sequence: u64,
    /// When the relay first received it, Unix ms, strictly rising per space for fresh pushes.
    #[n(1)]
    pub received_ms: u64,
    /// Generation it was appended under.
    #[n(2)]
    pub generation: u64,
    /// The encoded [`Entry`].
    #[cbor(n(3), with = "minicbor::bytes")]
    pub entry: Vec<u8>,
}

/// A head with the relay's signature: what a relay can be held to.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct SignedHead {
    /// The space.
    #[n(0)]
    pub space: SpaceId,
    /// Its head.
    #[n(1)]
    pub head: Head,
    /// Ed25519 by the relay key over [`SignedHead::signed_bytes`] (domain `RelayHead`).
    #[n(2)]
    pub signature: Signature,
}

impl SignedHead {
    /// The bytes the relay signs.
    pub fn signed_bytes(space: &SpaceId, head: &Head) -> Vec<u8> {
        encode(&(*space, *head))
    }
}
