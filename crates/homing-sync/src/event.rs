//! What can happen to a client.

use homing_wire::{
    AccountOpId, BlobId, ChainProof, EntryId, InviteId, MailboxId, Member, PersonId, Repush, ScheduleTag,
    Signature, SignedHead, SlotId, SpaceId, Timed, VerifyKey,
};

use crate::Ticket;

/// One line of a held log, as [`homing_wire::Head::next`] takes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChainItem {
    /// Place in the log.
    pub sequence: u64,
    /// The entry.
    pub id: EntryId,
    /// When the relay received it.
    pub received_ms: u64,
    /// The generation it was appended under.
    pub generation: u64,
}

/// Input of [`crate::Client::handle`]. The engine is trusted; only `Frame` is hostile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// Time has passed [`crate::Client::next_wake`]. Also the very first event.
    Wake,
    /// The network changed or the computer woke: try now, forget the waiting time.
    NetworkUp,
    /// The socket asked for by [`crate::Effect::Connect`] is open.
    SocketOpened {
        /// Of the `Connect`.
        link: u64,
    },
    /// The socket is closed, or could not be opened.
    SocketClosed {
        /// Of the `Connect`.
        link: u64,
    },
    /// A binary message, as it came.
    Frame {
        /// Of the `Connect`.
        link: u64,
        /// Undecoded.
        bytes: Vec<u8>,
    },
    /// Answer to [`crate::Effect::WantAccount`].
    OwnAccount {
        /// Of the `WantAccount`.
        link: u64,
        /// The encoded ops of the own account from the genesis on.
        ops: Vec<Vec<u8>>,
    },
    /// Answer to [`crate::Effect::SignAuth`].
    Signed {
        /// Of the `SignAuth`.
        link: u64,
        /// By the device, domain `Auth`.
        signature: Signature,
    },
    /// A space is on the screen: live, and before all others.
    OpenSpace(SpaceId),
    /// It no longer is.
    CloseSpace(SpaceId),
    /// A feed to follow from its beginning (a team that was joined).
    Follow(Member),
    /// A feed that is no longer followed.
    Unfollow(Member),
    /// The space is gone: nothing of it is asked or sent any more.
    Forget(SpaceId),
    /// A frozen entry to push. Per space in the order of `dseq`; the same entry may be given again.
    Push {
        /// The space.
        space: SpaceId,
        /// The entry's id.
        id: EntryId,
        /// Encoded [`homing_wire::Entry`].
        entry: Vec<u8>,
    },
    /// Like `Push`, before the pushes of other spaces (the order within a space stays).
    PushOp {
        /// The space.
        space: SpaceId,
        /// The op's id.
        id: EntryId,
        /// Encoded [`homing_wire::Entry`].
        entry: Vec<u8>,
    },
    /// A slot to write; an older counter that waits is forgotten.
    PushSlot {
        /// The space.
        space: SpaceId,
        /// Which slot.
        slot: SlotId,
        /// Its counter.
        counter: u64,
        /// Encoded [`homing_wire::Slot`].
        bytes: Vec<u8>,
    },
    /// An op for the own account's log, one after the other. Also without an identity (a device that enrols itself).
    PushAccount {
        /// Its id.
        id: AccountOpId,
        /// Encoded [`homing_wire::AccountOp`].
        bytes: Vec<u8>,
    },
    /// All that this device has scheduled in a space, sealed behind everything it wrote there; sent behind its pushes. Lost
    /// with the session, and with a relay that keeps nothing until its time ([`crate::Client::schedules`]).
    Schedule {
        /// The space.
        space: SpaceId,
        /// In the order of their release.
        entries: Vec<Timed>,
    },
    /// Take back what any device of the person scheduled. Lost with the session.
    Unschedule {
        /// The space.
        space: SpaceId,
        /// What.
        tag: ScheduleTag,
    },
    /// Lets members of a space fetch a file.
    Grant {
        /// The space.
        space: SpaceId,
        /// The file.
        blob: BlobId,
    },
    /// A sealed frame that is not stored; lost unless the space is live.
    Ephemeral {
        /// The space.
        space: SpaceId,
        /// Sealed.
        content: Vec<u8>,
    },
    /// Puts a message into a linking mailbox and listens to it, from `seen` on, over reconnects.
    Mail {
        /// The mailbox.
        mailbox: MailboxId,
        /// To add, sealed. Sent again after a reconnect unless it was answered: duplicates are possible.
        put: Option<Vec<u8>>,
        /// Messages seen so far.
        seen: u32,
    },
    /// No more of this mailbox.
    CloseMail(MailboxId),
    /// Read the op chain behind an invitation, before joining.
    Peek {
        /// The space.
        space: SpaceId,
        /// The invitation.
        invite: InviteId,
    },
    /// Read the op chain of a team that appears in an own space, without being its member.
    PullOps {
        /// The team's space.
        space: SpaceId,
        /// Exclusive; 0 = from the first.
        after: u64,
    },
    /// Answer to [`crate::Effect::SignPeek`].
    PeekSigned {
        /// Of the `SignPeek`.
        link: u64,
        /// The space.
        space: SpaceId,
        /// By the invitation's key, domain `InviteProof`.
        proof: Signature,
    },
    /// Find the account of the recovery words, while there is no identity. Answer: [`crate::Effect::SignRecover`].
    Recover {
        /// Public half of the words, or of the person key.
        recovery: VerifyKey,
        /// Whose newest person key it is; without it these are the words.
        person: Option<PersonId>,
    },
    /// Answer to [`crate::Effect::SignRecover`].
    RecoverSigned {
        /// Of the `SignRecover`.
        link: u64,
        /// By the recovery key, domain `Auth`.
        proof: Signature,
    },
    /// Read an account log.
    PullAccount {
        /// The account.
        person: PersonId,
        /// Exclusive; `None` = from the genesis.
        after: Option<AccountOpId>,
    },
    /// The store holds this account up to this op: answer to [`crate::Effect::AccountMoved`].
    AccountApplied {
        /// The account.
        person: PersonId,
        /// Its head.
        head: AccountOpId,
    },
    /// What a ticket stands for is durable, and so is the cursor that came with it.
    Applied {
        /// Of the effect.
        ticket: Ticket,
    },
    /// What a ticket stands for could not be stored: it will be asked again.
    StorageFailed {
        /// Of the effect.
        ticket: Ticket,
    },
    /// The relay's signature under a head is wrong: the session ends.
    BadHead {
        /// Of the effect.
        ticket: Ticket,
    },
    /// Answer to [`crate::Effect::ReadChain`]: some lines from there on, in order, without holes.
    Chain {
        /// The space.
        space: SpaceId,
        /// At least one, unless the store failed.
        items: Vec<ChainItem>,
    },
    /// Hold a newer head of this generation against the relay, after [`crate::Effect::Diverged`]: if it signed it and has
    /// lost it (its whole folder was put back), it raises its generation, and devices fill it again.
    ProveRollback {
        /// Signed by the relay earlier.
        head: SignedHead,
    },
    /// Answer to [`crate::Effect::GenerationRaised`]: accounts to give back, each as its encoded ops from the genesis.
    RepushAccounts(Vec<Vec<Vec<u8>>>),
    /// Answer to the last [`crate::Effect::CompareIds`] of a space.
    Missing {
        /// The space.
        space: SpaceId,
        /// The held chain under the last head the old generation signed; any length.
        proof: Option<ChainProof>,
        /// An owner's device confirms the op chain up to here.
        confirm: Option<EntryId>,
    },
    /// Answer to [`crate::Effect::WantRepush`]: the next entries the relay lacks; ops first, in order.
    Repush {
        /// The space.
        space: SpaceId,
        /// About a frame full.
        entries: Vec<Repush>,
        /// There are more.
        more: bool,
    },
}
