//! What a client wants done.

use homing_wire::{
    AccountOpId, BlobId, DeviceId, EntryId, FeedCursor, Hash, InviteId, Lane, MailboxId, Member, NackCode,
    PersonId, Placed, RelayLimits, ScheduleTag, Scheduled, SignedHead, SlotId, SpaceId, Stored, VerifyKey,
};

use crate::{Fault, LogCursor, SpaceCursor};

/// Names something handed to the store; answered once by `Applied` or `StorageFailed`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ticket(pub u64);

/// How a relay contradicts what it said before, within one generation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Divergence {
    /// Its head is behind one it had shown.
    Rollback,
    /// Its chain does not lead to the head it signed, or not over the one we hold.
    Fork,
    /// It leaves out entries that it says exist.
    Withheld,
}

/// Why the relay takes nothing new for now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hold {
    /// Its disk has no room.
    Full,
    /// The person's share of it, or the space's, is used up.
    Quota,
    /// It lost what it had, and others have to bring their part of the space first.
    Refill,
    /// It lost what it had: ops of the space wait for a device of its owner.
    Owner,
}

/// Output of [`crate::Client::handle`], to be carried out in order.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Open a socket now. Answer: `SocketOpened` or `SocketClosed` with this number.
    Connect {
        /// Names the socket.
        link: u64,
    },
    /// Close the socket; it is forgotten already.
    Disconnect {
        /// Names the socket.
        link: u64,
        /// Why, for the log.
        reason: Fault,
    },
    /// Send a binary message.
    Send {
        /// Names the socket.
        link: u64,
        /// Encoded frame.
        bytes: Vec<u8>,
    },
    /// Sign with the device key, domain `Auth`. Answer: `Signed`.
    SignAuth {
        /// Names the socket.
        link: u64,
        /// What to sign.
        bytes: Vec<u8>,
    },
    /// The relay's generation is not the known one: it may have forgotten this person, who could then never bind a
    /// session.
    /// Answer: `OwnAccount`.
    WantAccount {
        /// Names the socket.
        link: u64,
    },
    /// Sign with the invitation's key, domain `InviteProof`. Answer: `PeekSigned`.
    SignPeek {
        /// Names the socket.
        link: u64,
        /// The space.
        space: SpaceId,
        /// The invitation.
        invite: InviteId,
        /// What to sign.
        bytes: Vec<u8>,
    },
    /// Sign with the recovery key, domain `Auth`. Answer: `RecoverSigned`.
    SignRecover {
        /// Names the socket.
        link: u64,
        /// What to sign.
        bytes: Vec<u8>,
    },
    /// No account has these recovery words.
    RecoverRefused {
        /// Why.
        code: NackCode,
    },
    /// The relay holds the account's genesis.
    Registered,
    /// The session is bound.
    Welcome {
        /// The relay's key: pin it if there was none.
        relay: VerifyKey,
        /// Generation of the relay's store.
        generation: u64,
        /// Limits.
        limits: RelayLimits,
        /// Bearer token for files, for this session.
        blob_token: String,
        /// The relay's clock.
        now_ms: u64,
        /// The account's head as the relay has it.
        account: AccountOpId,
        /// The session's challenge.
        nonce: Hash,
    },
    /// The session is over (the reason is in `Disconnect`, if it was ours).
    Offline,
    /// The relay takes nothing new for now, of one space or at all; or it does again. What it did not take waits here.
    Holding {
        /// Of this space; without one of all.
        space: Option<SpaceId>,
        /// Why; without a reason it goes on.
        hold: Option<Hold>,
    },
    /// The relay refuses the session. `stopped`: no more tries until the program starts again.
    GoAway {
        /// Why.
        code: NackCode,
        /// No more tries.
        stopped: bool,
    },
    /// The relay's key is not the pinned one. Nothing was said to it, and no more tries are made.
    RelayChanged {
        /// The pinned key.
        pinned: VerifyKey,
        /// What answered.
        offered: VerifyKey,
    },
    /// The relay was restored or wiped. Answer: `RepushAccounts`.
    GenerationRaised {
        /// The generation before.
        old: u64,
        /// The generation now.
        new: u64,
    },
    /// Entries in rising order. Check the relay's signature under `head` (`BadHead` if it is wrong), store them and
    /// `cursor` in one transaction, then say `Applied`. Entries may have been seen before.
    Entries {
        /// The space; it may be unknown as yet.
        space: SpaceId,
        /// For the answer.
        ticket: Ticket,
        /// In rising order; each may be of a version this one doesn't know, see [`crate::entry_id`].
        entries: Vec<Stored>,
        /// The newest signed head.
        head: SignedHead,
        /// Ops only, or all.
        lane: Lane,
        /// They came live, or from an own push; else by paging.
        live: bool,
        /// What is held once they are stored.
        cursor: LogCursor,
    },
    /// A hole closed and its chain is good. Store the cursor, then say `Applied`.
    Verified {
        /// The space.
        space: SpaceId,
        /// For the answer.
        ticket: Ticket,
        /// What is held, now without a hole.
        cursor: LogCursor,
    },
    /// Slots. Store them and the cursor in one transaction, then say `Applied`.
    Slots {
        /// The space.
        space: SpaceId,
        /// For the answer.
        ticket: Ticket,
        /// (slot sequence, encoded [`homing_wire::Slot`]).
        slots: Vec<(u64, Vec<u8>)>,
        /// What is held once they are stored.
        cursor: u64,
        /// They came live.
        live: bool,
    },
    /// Read lines of the held log. Answer: `Chain`.
    ReadChain {
        /// The space.
        space: SpaceId,
        /// Exclusive.
        after: u64,
        /// At most so many.
        limit: usize,
    },
    /// A pushed entry is durable.
    Acked {
        /// The space.
        space: SpaceId,
        /// The entry.
        id: EntryId,
        /// Where it stands.
        placed: Placed,
    },
    /// A pushed entry was not taken. `retry`: it stays queued and the same bytes are sent again later. Else it left
    /// the queue.
    Refused {
        /// The space.
        space: SpaceId,
        /// The entry.
        id: EntryId,
        /// Why.
        code: NackCode,
        /// For `NeedsRotation`: accounts whose log moved.
        people: Vec<PersonId>,
        /// It stays queued.
        retry: bool,
    },
    /// These were queued behind a refused entry and left the queue with it: seal them anew, in this order.
    Dropped {
        /// The space.
        space: SpaceId,
        /// In order.
        ids: Vec<EntryId>,
    },
    /// What the relay keeps until its time: all of it, once in a session, or what changed.
    Scheduled {
        /// All.
        all: bool,
        /// What.
        items: Vec<Scheduled>,
    },
    /// The relay keeps what was scheduled.
    ScheduleAcked {
        /// The space.
        space: SpaceId,
    },
    /// It does not; what it kept before it keeps.
    ScheduleRefused {
        /// The space.
        space: SpaceId,
        /// Why.
        code: NackCode,
        /// For `NeedsRotation`: accounts whose log moved.
        people: Vec<PersonId>,
    },
    /// Something scheduled was taken back, or could not be (`NotFound`: the relay kept it no longer).
    Unscheduled {
        /// The space.
        space: SpaceId,
        /// What.
        tag: ScheduleTag,
        /// Why not.
        refused: Option<NackCode>,
    },
    /// A slot is durable.
    SlotAcked {
        /// The space.
        space: SpaceId,
        /// Which.
        slot: SlotId,
        /// The counter that was written.
        counter: u64,
        /// Its slot sequence.
        sequence: u64,
    },
    /// A slot was not taken and left the queue.
    SlotRefused {
        /// The space.
        space: SpaceId,
        /// Which.
        slot: SlotId,
        /// Its counter.
        counter: u64,
        /// Why.
        code: NackCode,
        /// For `NeedsRotation`: accounts whose log moved.
        people: Vec<PersonId>,
    },
    /// An account op is durable.
    AccountAcked {
        /// The op.
        id: AccountOpId,
    },
    /// An account op was not taken and left the queue, with those behind it.
    AccountRefused {
        /// The op, then those behind it.
        ids: Vec<AccountOpId>,
        /// Why.
        code: NackCode,
    },
    /// A file may be fetched.
    Granted {
        /// The space.
        space: SpaceId,
        /// The file.
        blob: BlobId,
    },
    /// It may not.
    GrantRefused {
        /// The space.
        space: SpaceId,
        /// The file.
        blob: BlobId,
        /// Why.
        code: NackCode,
    },
    /// Persist: everything the feeds said up to here is applied.
    CursorMoved {
        /// Generation the cursors belong to.
        generation: u64,
        /// All followed feeds.
        cursors: Vec<FeedCursor>,
    },
    /// A feed's member lost access to a space. Another feed may still have it: the engine says `Forget`, or not.
    Gone {
        /// The space.
        space: SpaceId,
        /// Whose feed said so.
        feed: Member,
    },
    /// The relay has a newer account log. Answer with `PullAccount` or, if it is held, `AccountApplied`.
    AccountMoved {
        /// The account.
        person: PersonId,
        /// Its head.
        head: AccountOpId,
    },
    /// Ops of an account log, after what was asked; or, for `Recover`, of the account that was found.
    AccountLog {
        /// The account.
        person: PersonId,
        /// Encoded [`homing_wire::AccountOp`]s.
        ops: Vec<Vec<u8>>,
    },
    /// An account log can't be read.
    AccountUnreadable {
        /// The account.
        person: PersonId,
        /// Why.
        code: NackCode,
    },
    /// Ops behind an invitation (`Peek`) or of a team (`PullOps`).
    PeekPage {
        /// The space.
        space: SpaceId,
        /// Rising; sequences strictly rise over pages.
        entries: Vec<Stored>,
        /// The log's head.
        head: SignedHead,
        /// More pages follow by themselves.
        more: bool,
    },
    /// They can't be read.
    PeekRefused {
        /// The space.
        space: SpaceId,
        /// Why.
        code: NackCode,
    },
    /// Messages of a linking mailbox.
    Mail {
        /// The mailbox.
        mailbox: MailboxId,
        /// New since the last.
        messages: Vec<Vec<u8>>,
    },
    /// A mailbox can't be used; it is closed.
    MailRefused {
        /// The mailbox.
        mailbox: MailboxId,
        /// Why.
        code: NackCode,
    },
    /// A member's frame that is not stored.
    EphemeralIn {
        /// The space.
        space: SpaceId,
        /// The sending device.
        device: DeviceId,
        /// Sealed.
        content: Vec<u8>,
    },
    /// Everything the relay told of this space is applied, but for older history.
    CaughtUp {
        /// The space.
        space: SpaceId,
    },
    /// So it is for all spaces.
    AllCaughtUp,
    /// The relay won't let this space be read; it is left alone for this session.
    SpaceRefused {
        /// The space.
        space: SpaceId,
        /// Why.
        code: NackCode,
    },
    /// The relay contradicts itself about this space; it is left alone for this session.
    Diverged {
        /// The space.
        space: SpaceId,
        /// How.
        what: Divergence,
        /// What it signed, if that came into it.
        head: Option<SignedHead>,
    },
    /// Ids the relay holds, in order. When `more` is false, answer with `Missing`.
    CompareIds {
        /// The space.
        space: SpaceId,
        /// Sequence before the first id.
        from: u64,
        /// The ids.
        ids: Vec<EntryId>,
        /// More pages follow by themselves.
        more: bool,
        /// The relay's head; `None` if it doesn't know the space.
        head: Option<SignedHead>,
        /// It takes no fresh op until an owner's device confirms.
        held: bool,
    },
    /// Answer with the next entries the relay lacks (`Repush`).
    WantRepush {
        /// The space.
        space: SpaceId,
    },
    /// The relay did not take something of the refill; the rest goes on.
    RefillRefused {
        /// The space, or `None` for accounts.
        space: Option<SpaceId>,
        /// Why.
        code: NackCode,
    },
    /// A space is refilled. Store this cursor, forget the old places, push own slots again. The log comes anew.
    Refilled {
        /// The space.
        space: SpaceId,
        /// Empty, of the new generation.
        cursor: SpaceCursor,
    },
}
