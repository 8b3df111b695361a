//! Frames of the WebSocket `/v1/sync`: one canonical CBOR array per binary message.

mod client;
mod relay;

use minicbor::{CborLen, Decode, Encode};

use crate::codec::encode;
use crate::{AccountOpId, EntryId, Hash, Head, Member, PersonId, SignedHead, SpaceId, Stored, VerifyKey};

pub use client::ClientFrame;
pub use relay::RelayFrame;

/// Why the relay did not take something.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Encode, Decode, CborLen)]
#[cbor(index_only)]
pub enum NackCode {
    /// Not of a form this relay knows.
    #[n(0)]
    Malformed,
    /// The entry, op or frame is over its limit.
    #[n(1)]
    TooLarge,
    /// A signature, proof or commitment is wrong.
    #[n(2)]
    BadSignature,
    /// No such space, account, blob or request, or no right to know of it.
    #[n(3)]
    NotFound,
    /// The session's person is not a member.
    #[n(4)]
    NotAMember,
    /// The role does not allow it.
    #[n(5)]
    RoleForbids,
    /// The op chain has moved: catch up, judge again, seal anew.
    #[n(6)]
    StaleOps,
    /// The epoch is not the current one: catch up and seal anew.
    #[n(7)]
    StaleEpoch,
    /// A member lost access or a key was superseded: anchor and rotate first.
    #[n(8)]
    NeedsRotation,
    /// `prev` is not this device's last entry here, or a counter was used: a copy of this profile is in use.
    #[n(9)]
    Cloned,
    /// A pin is not the last entry of its device.
    #[n(10)]
    PinMismatch,
    /// The device was revoked.
    #[n(11)]
    Revoked,
    /// The space or account exists already with another first op.
    #[n(12)]
    Exists,
    /// Over the quota of the account or space.
    #[n(13)]
    Quota,
    /// The disk is nearly full; nothing is taken.
    #[n(14)]
    DiskFull,
    /// Too fast; try again after a while.
    #[n(15)]
    RateLimited,
    /// After a restore: waits for an owner's confirmation, see SECURITY.
    #[n(16)]
    Held,
    /// Past its time.
    #[n(17)]
    Expired,
    /// The rules' version is below the space's minimum.
    #[n(18)]
    OldRules,
    /// The relay's own fault; try again.
    #[n(19)]
    Unavailable,
}

impl NackCode {
    /// True: the same bytes may be accepted later. False: they never will be.
    pub fn retry(self) -> bool {
        matches!(self, Self::Quota | Self::DiskFull | Self::RateLimited | Self::Held | Self::Unavailable)
    }
}

/// What moved, in a member's feed.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
pub enum Moved {
    /// A space: its head, and its slot sequence.
    #[n(0)]
    Space {
        /// The space.
        #[n(0)]
        space: SpaceId,
        /// Its head now.
        #[n(1)]
        head: Head,
        /// Its slot sequence now.
        #[n(2)]
        slots: u64,
    },
    /// The member's account log.
    #[n(1)]
    Account {
        /// The account.
        #[n(0)]
        person: PersonId,
        /// Its head now.
        #[n(1)]
        head: AccountOpId,
    },
    /// The member lost access to a space.
    #[n(2)]
    Gone {
        /// The space.
        #[n(0)]
        space: SpaceId,
    },
}

/// One line of a feed. Per (feed, thing) only the newest line is kept.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct FeedItem {
    /// Whose feed.
    #[n(0)]
    pub feed: Member,
    /// Rises per feed.
    #[n(1)]
    pub sequence: u64,
    /// What moved.
    #[n(2)]
    pub moved: Moved,
}

/// How far a device has followed one feed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct FeedCursor {
    /// Whose feed.
    #[n(0)]
    pub feed: Member,
    /// Last line applied.
    #[n(1)]
    pub sequence: u64,
}

/// Which entries a pull wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(index_only)]
pub enum Lane {
    /// Ops and data.
    #[n(0)]
    All,
    /// Ops only.
    #[n(1)]
    Ops,
}

/// An entry that is pushed again after the relay lost it, with what the old relay said of it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Repush {
    /// As it was stored.
    #[n(0)]
    pub stored: Stored,
}

/// Proof that ids were part of a log the relay once signed: `items` continue the chain from `from` to `until`.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct ChainProof {
    /// The first item's predecessor.
    #[n(0)]
    pub from: Head,
    /// (id, receive ms, generation) of each following entry.
    #[n(1)]
    pub items: Vec<(EntryId, u64, u64)>,
    /// The signed head they lead to, or absent when more frames follow.
    #[n(2)]
    pub until: Option<SignedHead>,
}

/// Limits the relay tells at welcome.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct RelayLimits {
    /// Bytes of a file.
    #[n(0)]
    pub blob_bytes: u64,
    /// Bytes a session may have unacknowledged before it must wait.
    #[n(1)]
    pub push_bytes: u64,
    /// Bytes of stored entries per account.
    #[n(2)]
    pub account_bytes: u64,
}

/// Where a pushed entry stands.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Placed {
    /// The entry.
    #[n(0)]
    pub id: EntryId,
    /// Place in the log.
    #[n(1)]
    pub sequence: u64,
    /// Receive time, Unix ms.
    #[n(2)]
    pub received_ms: u64,
    /// The log's head when it was acknowledged.
    #[n(3)]
    pub head: SignedHead,
}

/// What a device signs to bind a session: this relay, at this host, this challenge, this version.
pub fn auth_bytes(relay: &VerifyKey, host: &str, nonce: &Hash, version: u32, person: &PersonId) -> Vec<u8> {
    encode(&("homing auth v1", *relay, host, *nonce, version, *person))
}

/// What the recovery key signs to find its account.
pub fn recover_bytes(relay: &VerifyKey, nonce: &Hash) -> Vec<u8> {
    encode(&("homing recover v1", *relay, *nonce))
}
