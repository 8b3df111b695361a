//! Entries that a relay keeps until their time; the protocol's page says how and why.

use minicbor::{CborLen, Decode, Encode};

use crate::{DeviceId, EntryId, NackCode, ScheduleTag, SpaceId};

/// An entry to be kept until its time.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Timed {
    /// What it is.
    #[n(0)]
    pub tag: ScheduleTag,
    /// When it is released, Unix ms by the relay's clock.
    #[n(1)]
    pub release_ms: u64,
    /// The entry it takes the place of, as the relay told it; absent if the relay keeps none under this tag.
    #[n(2)]
    pub over: Option<EntryId>,
    /// Encoded [`crate::Entry`].
    #[cbor(n(3), with = "minicbor::bytes")]
    pub entry: Vec<u8>,
}

/// What became of something scheduled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
pub enum ScheduleState {
    /// It waits for its time.
    #[n(0)]
    Waiting,
    /// It can't be released as it is: it is kept until somebody takes it back or seals it anew.
    #[n(1)]
    Stuck(#[n(0)] NackCode),
    /// It is kept no longer: released or taken back.
    #[n(2)]
    Gone,
}

/// What a relay keeps of a person.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Scheduled {
    /// The space.
    #[n(0)]
    pub space: SpaceId,
    /// What it is.
    #[n(1)]
    pub tag: ScheduleTag,
    /// The entry.
    #[n(2)]
    pub entry: EntryId,
    /// The device that sealed it.
    #[n(3)]
    pub device: DeviceId,
    /// When it is released, Unix ms.
    #[n(4)]
    pub release_ms: u64,
    /// What became of it.
    #[n(5)]
    pub state: ScheduleState,
}
