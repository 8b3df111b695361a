//! What the relay sends.

use minicbor::{CborLen, Decode, Encode};

use super::{FeedItem, NackCode, Placed, RelayLimits};
use crate::codec::{CodecError, decode, encode};
use crate::{
    AccountOpId, DeviceId, EntryId, Hash, MailboxId, PersonId, Scheduled, SignedHead, SpaceId, Stored,
    VerifyKey, limits,
};

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
