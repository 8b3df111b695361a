//! What a client is made from: whom it speaks for, how patient it is, and how far it had come.

use std::collections::BTreeMap;

use homing_wire::{DeviceId, FeedCursor, Head, PersonId, SpaceId, VerifyKey};

/// Whom a session is bound to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The account.
    pub person: PersonId,
    /// The device.
    pub device: DeviceId,
}

/// Settings of a client. [`Config::new`] gives the usual ones.
#[derive(Clone, Debug)]
pub struct Config {
    /// The relay's host as the device dials it; it is part of what the device signs.
    pub host: String,
    /// Whom to speak for. `None`: a device that is being linked; only mail, recovery and
    /// account ops work.
    pub identity: Option<Identity>,
    /// The relay's key once it is known. Another key ends everything.
    pub relay_key: Option<VerifyKey>,
    /// Varies the waiting times between devices, so that a restarted relay is not stormed.
    pub seed: u64,
    /// Wait before the second try to connect; doubles from there.
    pub initial_backoff_ms: u64,
    /// Longest wait before another try.
    pub max_backoff_ms: u64,
    /// A request without an answer for this long ends the session.
    pub request_ms: u64,
    /// Bytes of entries asked for at once.
    pub page_bytes: u32,
    /// Pages on their way at once, over all spaces.
    pub parallel_pulls: usize,
    /// A space that lacks more entries than this is fetched ops first, then newest first.
    pub near: u64,
    /// Bytes of pushed entries without an answer, over all spaces.
    pub push_bytes: usize,
    /// Pushed entries without an answer, per space.
    pub push_entries: usize,
    /// Bytes of live frames the relay may be ahead.
    pub live_bytes: u32,
}

impl Config {
    /// The usual settings.
    pub fn new(host: String, identity: Option<Identity>, relay_key: Option<VerifyKey>, seed: u64) -> Self {
        Self {
            host,
            identity,
            relay_key,
            seed,
            initial_backoff_ms: 500,
            max_backoff_ms: 60_000,
            request_ms: 30_000,
            page_bytes: 256 * 1024,
            parallel_pulls: 8,
            near: 200,
            push_bytes: 512 * 1024,
            push_entries: 32,
            live_bytes: 1024 * 1024,
        }
    }
}

/// A hole in a held log: newest pages came first, older history is still to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gap {
    /// Lowest sequence held above the hole; everything from here to `tip` is held.
    pub low: u64,
    /// Newest head held. It is what the relay signed; the chain below it is checked when the hole closes.
    pub tip: Head,
}

/// How much of a space's log is held and applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogCursor {
    /// The relay's generation this is about; 0 = never synced.
    pub generation: u64,
    /// Everything from the first entry to here is held and leads to this chain.
    pub head: Head,
    /// What is held above `head`, with a hole between.
    pub gap: Option<Gap>,
    /// Every op up to this sequence is held, whatever holes there are.
    pub ops: u64,
}

impl LogCursor {
    /// Nothing held.
    pub fn empty(generation: u64) -> Self {
        Self { generation, head: Head::empty(generation), gap: None, ops: 0 }
    }

    /// The newest head held.
    pub fn tip(&self) -> Head {
        self.gap.map_or(self.head, |gap| gap.tip)
    }

    /// Where the next page of ops begins.
    pub(crate) fn ops_from(&self) -> u64 {
        self.ops.max(self.head.sequence)
    }
}

/// How far a device has followed a space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpaceCursor {
    /// The log.
    pub log: LogCursor,
    /// Slots up to this slot sequence are held.
    pub slots: u64,
}

impl SpaceCursor {
    /// Nothing held yet.
    pub fn empty(generation: u64) -> Self {
        Self { log: LogCursor::empty(generation), slots: 0 }
    }
}

/// What the store knows when the client starts.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// Encoded genesis of the account, if the relay has not acknowledged it yet.
    pub register: Option<Vec<u8>>,
    /// Generation the feed cursors belong to; 0 = never connected.
    pub generation: u64,
    /// Feeds to follow, with what was persisted from [`crate::Effect::CursorMoved`] (0 = from the beginning).
    pub feeds: Vec<FeedCursor>,
    /// Known spaces.
    pub spaces: BTreeMap<SpaceId, SpaceCursor>,
}
