//! What a client sends.

use minicbor::{CborLen, Decode, Encode};

use super::{ChainProof, FeedCursor, Lane, Repush};
use crate::codec::{CodecError, decode, encode};
use crate::{
    AccountOpId, BlobId, DeviceId, EntryId, InviteId, MailboxId, PersonId, ScheduleTag, Signature, SpaceId,
    Timed, VerifyKey, limits,
};

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
