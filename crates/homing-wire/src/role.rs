//! Roles of a member in a space.

use minicbor::{CborLen, Decode, Encode};

/// What a member may do, see `homing-access` (ops) and `homing-model` (documents).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode, CborLen)]
#[cbor(index_only)]
pub enum Role {
    /// Everything, including owners.
    #[n(0)]
    Owner,
    /// Members, invitations, deletion; not owners.
    #[n(1)]
    Admin,
    /// Writes.
    #[n(2)]
    Member,
    /// Reads, acknowledges, nothing else.
    #[n(3)]
    Reader,
    /// Writes in conversations and about the shared records; the business's other side.
    #[n(4)]
    Client,
    /// A gateway: puts inquiries in, reads nothing.
    #[n(5)]
    Ingest,
}

impl Role {
    /// May write data entries.
    pub fn writes(self) -> bool {
        !matches!(self, Self::Reader)
    }

    /// May add, remove and invite.
    pub fn manages(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }
}
