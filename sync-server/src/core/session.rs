//! What the relay knows of one connection.

use std::collections::BTreeSet;
use std::net::IpAddr;

use homing_wire::{DeviceId, Hash, Member, PersonId, SpaceId};

use super::bucket::Bucket;
use super::refill::Proofs;

/// Names a connection within one run of the relay.
pub type SessionId = u64;

/// Where a connection comes from.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The relay's name as the device used it (the request's `Host`).
    pub host: String,
    /// The device's address.
    pub address: IpAddr,
}

/// How far the handshake is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was said.
    New,
    /// A challenge was sent.
    Challenged { version: u32, nonce: Hash },
    /// A device proved itself.
    Bound { version: u32, who: Who, nonce: Hash },
}

/// Whose session it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    /// The person.
    pub person: PersonId,
    /// The device.
    pub device: DeviceId,
}

/// A connection. Most of them idle, so everything that can be empty is.
#[derive(Debug)]
pub struct Session {
    pub peer: Peer,
    pub stage: Stage,
    pub since_ms: u64,
    pub frames: Bucket,
    /// Bytes of live frames until the device has to give credit.
    pub live_left: u64,
    pub subs: BTreeSet<SpaceId>,
    pub feeds: BTreeSet<Member>,
    /// Spaces opened by an invitation, until the session ends.
    pub peeked: BTreeSet<SpaceId>,
    pub token: String,
    pub proofs: Option<Box<Proofs>>,
    /// Is told what becomes of what its person has scheduled.
    pub hears_schedule: bool,
}

impl Session {
    /// Whose session it is, once a device proved itself.
    pub fn who(&self) -> Option<Who> {
        match self.stage {
            Stage::Bound { who, .. } => Some(who),
            Stage::New | Stage::Challenged { .. } => None,
        }
    }
}
