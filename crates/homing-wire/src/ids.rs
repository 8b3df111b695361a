//! Identifiers. What can be derived is derived, so that nobody can claim another's.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use minicbor::{CborLen, Decode, Encode};
use uuid::Uuid;

/// A string that is not the text form of an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct BadId;

macro_rules! byte_id {
    ($($(#[$doc:meta])* $name:ident [$n:literal];)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, CborLen)]
        #[cbor(transparent)]
        pub struct $name(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; $n]);

        impl $name {
            /// The bytes.
            pub fn as_bytes(&self) -> &[u8; $n] { &self.0 }

            /// From exactly as many bytes as the id has.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> { bytes.try_into().ok().map(Self) }
        }

        impl fmt::Display for $name {
            /// Lower-case base 32 (RFC 4648) without padding.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&BASE32_NOPAD.encode(&self.0).to_ascii_lowercase())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let text = self.to_string();
                write!(f, concat!(stringify!($name), "({})"), text.get(..8).unwrap_or(&text))
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let bytes = BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).map_err(|_| BadId)?;
                Self::from_slice(&bytes).ok_or(BadId)
            }
        }
    )*};
}

byte_id! {
    /// A person (an account): BLAKE3 of the signed bytes of the account log's first op.
    PersonId[32];
    /// A device: its Ed25519 public key.
    DeviceId[32];
    /// A space, see [`SpaceId::derive`].
    SpaceId[32];
    /// Names what is scheduled over all devices of its author, however often it is sealed anew. To others it says nothing.
    ScheduleTag[32];
    /// An entry of a space's log: BLAKE3 of its signed bytes. Ops are entries too.
    EntryId[32];
    /// An op of an account log: BLAKE3 of its signed bytes.
    AccountOpId[32];
    /// An invitation: the Ed25519 public half of its secret.
    InviteId[32];
    /// A file: BLAKE3 over the hashes of its encrypted chunks, see [`BlobId::of_chunks`].
    BlobId[32];
    /// Names a slot within (space, device).
    SlotId[16];
    /// Drawn at each process start; with the device it makes the automerge actor.
    Salt[16];
    /// A file's chunk or any other content hash (BLAKE3).
    Hash[32];
    /// A rendezvous of two devices that link.
    MailboxId[16];
    /// Ed25519 signature.
    Signature[64];
    /// X25519 public key (HPKE).
    KemPublic[32];
    /// Ed25519 public key that is not a device's.
    VerifyKey[32];
}

/// An epoch is named by the op that brought it.
pub type EpochId = EntryId;

/// A document: UUIDv8 (RFC 9562) cut from BLAKE3, see `homing-model`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocId(pub Uuid);

impl DocId {
    /// Cuts a UUIDv8 from a hash: its first 122 bits, with version and variant set.
    pub fn from_hash(hash: &[u8; 32]) -> Self {
        let mut cut = [0u8; 16];
        cut.copy_from_slice(hash.split_at(16).0);
        Self(Uuid::new_v8(cut))
    }

    /// The 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// From exactly 16 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        Uuid::from_slice(bytes).ok().map(Self)
    }
}

impl fmt::Display for DocId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for DocId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocId({})", self.0)
    }
}

impl std::str::FromStr for DocId {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        Uuid::parse_str(text).map(Self).map_err(|_| BadId)
    }
}

impl<C> Encode<C> for DocId {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(self.as_bytes())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for DocId {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::from_slice(d.bytes()?).ok_or_else(|| minicbor::decode::Error::message("document id"))
    }
}

impl<C> CborLen<C> for DocId {
    fn cbor_len(&self, _: &mut C) -> usize {
        17
    }
}

/// Somebody a space's rights are given to: a person, or a whole team.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode, CborLen)]
pub enum Member {
    /// One person.
    #[n(0)]
    Person(#[n(0)] PersonId),
    /// Everybody who is a member of the team's space.
    #[n(1)]
    Team(#[n(0)] SpaceId),
}

/// What a space is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode, CborLen)]
#[cbor(index_only)]
pub enum SpaceKind {
    /// One person's own devices.
    #[n(0)]
    Personal,
    /// The staff of a business.
    #[n(1)]
    Team,
    /// A team and one client relation.
    #[n(2)]
    Client,
    /// Any other set of people; one conversation.
    #[n(3)]
    Talk,
}

/// What a space's id is cut from. It stands in the genesis op, so anybody can check the id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
pub enum SpaceOrigin {
    /// One per person.
    #[n(0)]
    Personal(#[n(0)] PersonId),
    /// A person's team, with a random nonce.
    #[n(1)]
    Team(#[n(0)] PersonId, #[cbor(n(1), with = "minicbor::bytes")] [u8; 16]),
    /// A team's relation with one contact: two offline devices that begin with the same contact mean one space.
    #[n(2)]
    Client(#[n(0)] SpaceId, #[n(1)] DocId),
    /// A person's talk, with a random nonce.
    #[n(3)]
    Talk(#[n(0)] PersonId, #[cbor(n(1), with = "minicbor::bytes")] [u8; 16]),
}

impl SpaceOrigin {
    /// The kind of space that begins so.
    pub fn kind(&self) -> SpaceKind {
        match self {
            Self::Personal(_) => SpaceKind::Personal,
            Self::Team(..) => SpaceKind::Team,
            Self::Client(..) => SpaceKind::Client,
            Self::Talk(..) => SpaceKind::Talk,
        }
    }
}

impl SpaceId {
    /// BLAKE3 derive_key over the canonical form of the origin.
    pub fn derive(origin: &SpaceOrigin) -> Self {
        Self(blake3::derive_key("homing 2026-11 space id v1", &crate::codec::encode(origin)))
    }
}

impl BlobId {
    /// The id of a file whose encrypted chunks have these BLAKE3 hashes, in order.
    pub fn of_chunks(chunks: &[Hash]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("homing 2026-11 blob id v1");
        for chunk in chunks {
            hasher.update(&chunk.0);
        }
        Self(*hasher.finalize().as_bytes())
    }
}

impl Hash {
    /// BLAKE3 of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}
