//! Frames of the WebSocket `/v1/sync`: one canonical CBOR array per binary message.

use minicbor::{CborLen, Decode, Encode};

use crate::codec::{CodecError, decode, encode};
use crate::{
    AccountOpId, BlobId, DeviceId, EntryId, Hash, Head, InviteId, MailboxId, Member, PersonId, ScheduleTag,
    Scheduled, Signature, SignedHead, SpaceId, Stored, Timed, VerifyKey, limits,
};

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

/// What a device says.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
pub enum ClientFrame {
    /// First frame: the versions the device speaks.
    #[n(0)]
    Hello {
        /// Rising.
        #[n(0)]
        versions: Vec<u32>,
    },
    /// Registers an account (genesis) or appends to one (compare-and-set). Taken before `Auth` too: every op
    /// carries its own proof of right, and a device that enrols itself (recovery words, backup) has no session yet.
    #[n(1)]
    AccountPush {
        /// Answered by `Ack` or `Nack` with this number.
        #[n(0)]
        req: u64,
        /// Encoded [`crate::AccountOp`].
        #[cbor(n(1), with = "minicbor::bytes")]
        op: Vec<u8>,
    },
    /// Binds the session to a device.
    #[n(2)]
    Auth {
        /// The account.
        #[n(0)]
        person: PersonId,
        /// The device.
        #[n(1)]
        device: DeviceId,
        /// Over [`auth_bytes`] (domain `Auth`).
        #[n(2)]
        signature: Signature,
    },
    /// Follow feeds from here: own person and every team the device knows it belongs to.
    #[n(3)]
    Feed {
        /// Generation the cursors belong to.
        #[n(0)]
        generation: u64,
        /// One per feed.
        #[n(1)]
        cursors: Vec<FeedCursor>,
    },
    /// Live entries, slots and ephemeral frames of a space that is open.
    #[n(4)]
    Sub {
        /// The space.
        #[n(0)]
        space: SpaceId,
        /// False ends it.
        #[n(1)]
        on: bool,
    },
    /// Asks for entries: with `backwards` those before `from` (0 = from the head), newest first;
    /// else those after `from`, oldest first.
    #[n(5)]
    Pull {
        /// Answered by `Page`.
        #[n(0)]
        req: u64,
        /// The space.
        #[n(1)]
        space: SpaceId,
        /// Exclusive.
        #[n(2)]
        from: u64,
        /// Direction.
        #[n(3)]
        backwards: bool,
        /// Ops only, or all.
        #[n(4)]
        lane: Lane,
        /// Bytes of entries wanted at most (at least one entry comes).
        #[n(5)]
        bytes: u32,
    },
    /// Asks for the op chain of a space by an instant or team invitation, before joining. Answered by `Page`.
    #[n(6)]
    Peek {
        /// Request number.
        #[n(0)]
        req: u64,
        /// The space.
        #[n(1)]
        space: SpaceId,
        /// The invitation.
        #[n(2)]
        invite: InviteId,
        /// By the invitation's key over [`crate::peek_bytes`] with the session's challenge (domain `InviteProof`).
        #[n(3)]
        proof: Signature,
        /// Exclusive.
        #[n(4)]
        from: u64,
    },
    /// Asks for an account log after an op (none = from its genesis). Answered by `Account`.
    #[n(7)]
    PullAccount {
        /// Request number.
        #[n(0)]
        req: u64,
        /// The account.
        #[n(1)]
        person: PersonId,
        /// Exclusive.
        #[n(2)]
        after: Option<AccountOpId>,
    },
    /// Asks for slots written after a slot sequence. Answered by `Slots`.
    #[n(8)]
    PullSlots {
        /// Request number.
        #[n(0)]
        req: u64,
        /// The space.
        #[n(1)]
        space: SpaceId,
        /// Exclusive.
        #[n(2)]
        since: u64,
    },
    /// A fresh entry of the session's own device (a first op registers its space).
    #[n(9)]
    Push {
        /// Answered by `Ack` or `Nack`.
        #[n(0)]
        req: u64,
        /// Encoded [`crate::Entry`].
        #[cbor(n(1), with = "minicbor::bytes")]
        entry: Vec<u8>,
    },
    /// A slot of the session's own device.
    #[n(10)]
    PushSlot {
        /// Answered by `SlotAck` or `Nack`.
        #[n(0)]
        req: u64,
        /// Encoded [`crate::Slot`].
        #[cbor(n(1), with = "minicbor::bytes")]
        slot: Vec<u8>,
    },
    /// Asks which ids a space's log holds, from a sequence on. Answered by `Ids`. For refilling a relay.
    #[n(11)]
    Ids {
        /// Request number.
        #[n(0)]
        req: u64,
        /// The space.
        #[n(1)]
        space: SpaceId,
        /// Exclusive.
        #[n(2)]
        from: u64,
    },
    /// Proves entries to have been part of a log this relay signed before it was restored or wiped.
    #[n(12)]
    Prove {
        /// Answered by `Ack` or `Nack`.
        #[n(0)]
        req: u64,
        /// The space.
        #[n(1)]
        space: SpaceId,
        /// A run of the old chain.
        #[n(2)]
        proof: ChainProof,
    },
    /// Entries, own or others', that the relay lost; ops in order, each after `Prove` covered it.
    #[n(13)]
    Repush {
        /// Answered by `Ack` (all taken or known) or `Nack`.
        #[n(0)]
        req: u64,
        /// The space.
        #[n(1)]
        space: SpaceId,
        /// At most a frame full.
        #[n(2)]
        entries: Vec<Repush>,
    },
    /// Account ops the relay lost.
    #[n(14)]
    RepushAccount {
        /// Answered by `Ack` or `Nack`.
        #[n(0)]
        req: u64,
        /// Encoded ops from the genesis on, or from behind one that the relay has.
        #[n(1)]
        ops: Vec<minicbor::bytes::ByteVec>,
    },
    /// An owner's device says that the refilled op chain up to `op_head` is what it knows.
    #[n(15)]
    ConfirmGeneration {
        /// Answered by `Ack` or `Nack`.
        #[n(0)]
        req: u64,
        /// The space.
        #[n(1)]
        space: SpaceId,
        /// Generation confirmed.
        #[n(2)]
        generation: u64,
        /// The op chain's head.
        #[n(3)]
        op_head: EntryId,
    },
    /// Not stored; given to members whose device has the space open.
    #[n(16)]
    Ephemeral {
        /// The space.
        #[n(0)]
        space: SpaceId,
        /// Sealed by the sender.
        #[cbor(n(1), with = "minicbor::bytes")]
        content: Vec<u8>,
    },
    /// Before or after `Auth`: puts a message into a linking mailbox and/or reads it. Answered by `Mail`.
    #[n(17)]
    Mail {
        /// Request number.
        #[n(0)]
        req: u64,
        /// Derived from the one-time code.
        #[n(1)]
        mailbox: MailboxId,
        /// Message to add, sealed under the code's key.
        #[n(2)]
        put: Option<minicbor::bytes::ByteVec>,
        /// Messages seen so far; newer ones are pushed as `Mail` frames with `req` 0 while connected.
        #[n(3)]
        seen: u32,
    },
    /// More bytes may be sent live to this session.
    #[n(18)]
    Credit {
        /// Bytes.
        #[n(0)]
        bytes: u32,
    },
    /// Before `Auth`: asks for the account log that names this recovery key, to enrol a new device with the
    /// recovery words. Answered by `Account` or `Nack` (`NotFound`).
    #[n(20)]
    Recover {
        /// Request number.
        #[n(0)]
        req: u64,
        /// Public half of the recovery words, or of the person key.
        #[n(1)]
        recovery: VerifyKey,
        /// By the recovery key over [`recover_bytes`] with the session's challenge (domain `Auth`).
        #[n(2)]
        proof: Signature,
        /// Exclusive; none = from its genesis. A log may be longer than a frame: an answer that leaves no room for one more
        /// op in half a frame may have more behind it. Absent with relays of before, which refuse it.
        #[n(3)]
        after: Option<AccountOpId>,
        /// Of this account, whose newest person key it is instead (its enrolling half), to enrol with a backup.
        #[n(4)]
        person: Option<PersonId>,
    },
    /// Allows members of a space to fetch a file.
    #[n(19)]
    Grant {
        /// Answered by `Ack` or `Nack`.
        #[n(0)]
        req: u64,
        /// The space.
        #[n(1)]
        space: SpaceId,
        /// The file.
        #[n(2)]
        blob: BlobId,
    },
    /// Session version 2. Everything that the session's device has scheduled in a space from here on, in the order of its
    /// release. All are kept or none.
    #[n(21)]
    Schedule {
        /// Answered by `Ack` or `Nack`.
        #[n(0)]
        req: u64,
        /// The space.
        #[n(1)]
        space: SpaceId,
        /// None: the device has nothing scheduled here any more.
        #[n(2)]
        entries: Vec<Timed>,
    },
    /// Session version 2. Takes back what any of the person's devices scheduled. Answered by `Ack`, or `Nack` (`NotFound`: the relay
    /// keeps nothing under this tag).
    #[n(22)]
    Unschedule {
        /// Request number.
        #[n(0)]
        req: u64,
        /// The space.
        #[n(1)]
        space: SpaceId,
        /// What.
        #[n(2)]
        tag: ScheduleTag,
    },
    /// Session version 2. Asks what the relay keeps of the person, and for news of it from then on. Answered by `Scheduled`.
    #[n(23)]
    PullScheduled {
        /// Request number.
        #[n(0)]
        req: u64,
    },
}

/// What the relay says.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
pub enum RelayFrame {
    /// Answer to `Hello`: the version spoken, the relay's key, a nonce to sign.
    #[n(0)]
    Challenge {
        /// Chosen version.
        #[n(0)]
        version: u32,
        /// The relay's Ed25519 key.
        #[n(1)]
        relay: VerifyKey,
        /// Random.
        #[n(2)]
        nonce: Hash,
        /// Generation of the relay's store.
        #[n(3)]
        generation: u64,
    },
    /// The session is bound.
    #[n(1)]
    Welcome {
        /// Generation of the relay's store.
        #[n(0)]
        generation: u64,
        /// The account's head as the relay has it.
        #[n(1)]
        account: AccountOpId,
        /// Limits.
        #[n(2)]
        limits: RelayLimits,
        /// Bearer token for blobs, good for this session.
        #[n(3)]
        blob_token: String,
        /// The relay's clock, Unix ms.
        #[n(4)]
        now_ms: u64,
    },
    /// What moved since the cursors, then live.
    #[n(2)]
    Feed {
        /// In order per feed.
        #[n(0)]
        items: Vec<FeedItem>,
        /// True on the last frame of the answer to `Feed`.
        #[n(1)]
        caught_up: bool,
    },
    /// Entries that were asked for.
    #[n(3)]
    Page {
        /// Request number.
        #[n(0)]
        req: u64,
        /// The space.
        #[n(1)]
        space: SpaceId,
        /// In the order asked for.
        #[n(2)]
        entries: Vec<Stored>,
        /// The log's head now.
        #[n(3)]
        head: SignedHead,
        /// There is more in this direction and lane.
        #[n(4)]
        more: bool,
    },
    /// An account log.
    #[n(4)]
    Account {
        /// Request number.
        #[n(0)]
        req: u64,
        /// The account.
        #[n(1)]
        person: PersonId,
        /// Encoded ops.
        #[n(2)]
        ops: Vec<minicbor::bytes::ByteVec>,
    },
    /// Slots.
    #[n(5)]
    Slots {
        /// Request number; 0 = live.
        #[n(0)]
        req: u64,
        /// The space.
        #[n(1)]
        space: SpaceId,
        /// (slot sequence, encoded [`crate::Slot`]).
        #[n(2)]
        slots: Vec<(u64, minicbor::bytes::ByteVec)>,
        /// There are more after the last.
        #[n(3)]
        more: bool,
    },
    /// Durable (fsynced). For `Push`: where it stands.
    #[n(6)]
    Ack {
        /// Request number.
        #[n(0)]
        req: u64,
        /// Place and receive time of a pushed entry.
        #[n(1)]
        placed: Option<Placed>,
    },
    /// A slot is durable.
    #[n(7)]
    SlotAck {
        /// Request number.
        #[n(0)]
        req: u64,
        /// Its slot sequence.
        #[n(1)]
        sequence: u64,
    },
    /// Not taken.
    #[n(8)]
    Nack {
        /// Request number.
        #[n(0)]
        req: u64,
        /// Why.
        #[n(1)]
        code: NackCode,
        /// For `NeedsRotation`: accounts whose log moved. For `Cloned`: nothing.
        #[n(2)]
        people: Vec<PersonId>,
        /// Milliseconds to wait before another try, if any.
        #[n(3)]
        retry_after_ms: Option<u64>,
    },
    /// A new entry of a subscribed space. Follows in sequence or the device pages.
    #[n(9)]
    Event {
        /// The space.
        #[n(0)]
        space: SpaceId,
        /// The entry.
        #[n(1)]
        stored: Stored,
        /// The head after it.
        #[n(2)]
        head: SignedHead,
    },
    /// A member's ephemeral frame.
    #[n(10)]
    Ephemeral {
        /// The space.
        #[n(0)]
        space: SpaceId,
        /// The sending device (the session's, so not forged by other members).
        #[n(1)]
        device: DeviceId,
        /// Sealed.
        #[cbor(n(2), with = "minicbor::bytes")]
        content: Vec<u8>,
    },
    /// Ids of a log.
    #[n(11)]
    Ids {
        /// Request number.
        #[n(0)]
        req: u64,
        /// The space.
        #[n(1)]
        space: SpaceId,
        /// In order after `from`.
        #[n(2)]
        ids: Vec<EntryId>,
        /// There are more.
        #[n(3)]
        more: bool,
        /// The log's head now.
        #[n(4)]
        head: SignedHead,
        /// True: this space takes no fresh op until an owner's device confirms.
        #[n(5)]
        held: bool,
    },
    /// Messages of a mailbox.
    #[n(12)]
    Mail {
        /// Request number; 0 = live.
        #[n(0)]
        req: u64,
        /// The mailbox.
        #[n(1)]
        mailbox: MailboxId,
        /// Messages after `seen`.
        #[n(2)]
        messages: Vec<minicbor::bytes::ByteVec>,
    },
    /// Live mode of a space ended (credit used up): page from the cursor and subscribe again.
    #[n(13)]
    Overflow {
        /// The space.
        #[n(0)]
        space: SpaceId,
    },
    /// The relay closes this session.
    #[n(14)]
    GoAway {
        /// Why.
        #[n(0)]
        code: NackCode,
        /// Milliseconds to wait before connecting again.
        #[n(1)]
        retry_after_ms: Option<u64>,
    },
    /// Session version 2. What the relay keeps of the person until its time: all of it, or, with `req` 0, what changed.
    #[n(15)]
    Scheduled {
        /// Request number; 0 = news.
        #[n(0)]
        req: u64,
        /// By space and release time.
        #[n(1)]
        items: Vec<Scheduled>,
    },
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

impl ClientFrame {
    /// Checks size and form.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        decode("frame", bytes, limits::FRAME)
    }

    /// The canonical form.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

impl RelayFrame {
    /// Checks size and form.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        decode("frame", bytes, limits::FRAME)
    }

    /// The canonical form.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}
