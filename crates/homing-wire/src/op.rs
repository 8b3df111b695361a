//! Ops: who is a member of a space, with which role, and under which keys.
//!
//! Ops are entries of kind `Op` in the space's log. An op's `op_head` is the op before it: relay and devices
//! accept exactly one op after another (compare-and-set), judged by `homing-access`.

use minicbor::{CborLen, Decode, Encode};

use crate::codec::{CodecError, decode, encode};
use crate::{
    AccountOpId, DeviceId, EntryId, EpochId, Hash, InviteId, KemPublic, Member, PersonId, Role, Signature,
    SpaceId, SpaceOrigin, limits,
};

/// Whom an epoch's seed is sealed to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode, Decode, CborLen)]
pub enum Recipient {
    /// A person, at a generation of the person key.
    #[n(0)]
    Person(#[n(0)] PersonId, #[n(1)] u32),
    /// A team, at an epoch of the team's space.
    #[n(1)]
    Team(#[n(0)] SpaceId, #[n(1)] EpochId),
    /// An open instant invitation.
    #[n(2)]
    Invite(#[n(0)] InviteId),
}

/// A seed sealed to one recipient.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct SealedSeed {
    /// The recipient.
    #[n(0)]
    pub to: Recipient,
    /// HPKE, leading suite byte; info = [`seal_info`].
    #[cbor(n(1), with = "minicbor::bytes")]
    pub sealed: Vec<u8>,
}

/// HPKE info of a sealed seed: binds it to its space and commitment.
pub fn seal_info(space: &SpaceId, commitment: &Hash) -> Vec<u8> {
    encode(&("epoch seed v1", *space, *commitment))
}

/// The seed before, sealed under the new one: who has this epoch can read the past.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct PreviousSeed {
    /// The epoch before.
    #[n(0)]
    pub epoch: EpochId,
    /// Nonce, then XChaCha20-Poly1305 ciphertext.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub sealed: Vec<u8>,
}

/// A new space key. Its id is the id of the op that carries it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Epoch {
    /// BLAKE3 derive_key of the seed: the cipher does not commit to its key, this does.
    #[n(0)]
    pub commitment: Hash,
    /// In team spaces: the team's public key, derived from the seed.
    #[n(1)]
    pub team_kem: Option<KemPublic>,
    /// Sealed to every member's current key and to every open instant invitation.
    #[n(2)]
    pub sealed: Vec<SealedSeed>,
    /// Absent in a genesis.
    #[n(3)]
    pub previous: Option<PreviousSeed>,
}

/// Where a device's entries in this space end for ever: only `last` and its `prev` ancestors stay valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Pin {
    /// The device.
    #[n(0)]
    pub device: DeviceId,
    /// Its last valid entry; absent = none.
    #[n(1)]
    pub last: Option<EntryId>,
}

/// An account's newer head, with pins for the devices it revoked.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct AccountAnchor {
    /// The person.
    #[n(0)]
    pub person: PersonId,
    /// Head of the account log.
    #[n(1)]
    pub head: AccountOpId,
    /// One for each device revoked since the last anchor that may have written here.
    #[n(2)]
    pub pins: Vec<Pin>,
}

/// A team's newer op head, with pins for the devices of staff who lost access.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct TeamAnchor {
    /// The team's space.
    #[n(0)]
    pub team: SpaceId,
    /// Head of its op chain.
    #[n(1)]
    pub head: EntryId,
    /// One for each device of a person who left the team that may have written here as the team.
    #[n(2)]
    pub pins: Vec<Pin>,
}

/// A member with a role.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Grant {
    /// Who.
    #[n(0)]
    pub member: Member,
    /// What they may do.
    #[n(1)]
    pub role: Role,
}

/// What an op does.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, CborLen)]
pub enum SpaceOp {
    /// The first op of a space.
    #[n(0)]
    Genesis {
        /// What the space's id is cut from.
        #[n(0)]
        origin: SpaceOrigin,
        /// First members; the creator (or the team) among them as owner.
        #[n(1)]
        members: Vec<Grant>,
        /// Accounts as the creator knew them.
        #[n(2)]
        accounts: Vec<AccountAnchor>,
        /// Teams as the creator knew them.
        #[n(3)]
        teams: Vec<TeamAnchor>,
        /// First epoch.
        #[n(4)]
        epoch: Epoch,
    },
    /// A member comes in and gets the current seed.
    #[n(1)]
    Add {
        /// Who, as what.
        #[n(0)]
        grant: Grant,
        /// Account head of a person.
        #[n(1)]
        account: Option<AccountOpId>,
        /// Op head of a team.
        #[n(2)]
        team: Option<EntryId>,
        /// The current epoch's seed.
        #[n(3)]
        sealed: SealedSeed,
        /// The join request this answers.
        #[n(4)]
        request: Option<EntryId>,
    },
    /// A member is removed; their invitations are cancelled; the space rotates.
    #[n(2)]
    Remove {
        /// Who.
        #[n(0)]
        member: Member,
        /// One for each of the member's devices that wrote here.
        #[n(1)]
        pins: Vec<Pin>,
        /// The next epoch.
        #[n(2)]
        epoch: Epoch,
    },
    /// A member goes; who writes next rotates.
    #[n(3)]
    Leave {
        /// One for each of the member's devices that wrote here.
        #[n(0)]
        pins: Vec<Pin>,
    },
    /// Another role. Lowering it pins what was written before.
    #[n(4)]
    SetRole {
        /// Who, as what.
        #[n(0)]
        grant: Grant,
        /// One for each of the member's devices that wrote here; empty when the role rises.
        #[n(1)]
        pins: Vec<Pin>,
    },
    /// An invitation is open.
    #[n(5)]
    Invite {
        /// Public half of the link's secret.
        #[n(0)]
        invite: InviteId,
        /// X25519 public half of the link's secret.
        #[n(1)]
        kem: KemPublic,
        /// Role the joiner gets.
        #[n(2)]
        role: Role,
        /// Unix ms.
        #[n(3)]
        expires_ms: u64,
        /// True: joining needs nobody's approval.
        #[n(4)]
        instant: bool,
        /// The current epoch's seed, sealed to an instant invitation.
        #[n(5)]
        sealed: Option<SealedSeed>,
    },
    /// An invitation is withdrawn or expired; an instant one could read, so the space rotates.
    #[n(6)]
    CancelInvite {
        /// Which.
        #[n(0)]
        invite: InviteId,
        /// The next epoch; absent if the invitation was not instant.
        #[n(1)]
        epoch: Option<Epoch>,
    },
    /// The holder of an instant invitation comes in. It is signed by the joiner's device.
    #[n(7)]
    Join {
        /// Which invitation.
        #[n(0)]
        invite: InviteId,
        /// The joiner's account head.
        #[n(1)]
        account: AccountOpId,
        /// By the invitation's key over [`proof_bytes`] (domain `InviteProof`).
        #[n(2)]
        proof: Signature,
        /// The next epoch, made by the joiner: the link's secret opens nothing that comes after.
        #[n(3)]
        epoch: Epoch,
    },
    /// The holder of an invitation that waits for approval asks to come in. Gives no right.
    #[n(8)]
    Request {
        /// Which invitation.
        #[n(0)]
        invite: InviteId,
        /// The account head of who asks.
        #[n(1)]
        account: AccountOpId,
        /// As in `Join`.
        #[n(2)]
        proof: Signature,
        /// The asker's name, HPKE-sealed to every owner and admin.
        #[n(3)]
        names: Vec<SealedSeed>,
    },
    /// A request is turned down.
    #[n(9)]
    Decline {
        /// The request.
        #[n(0)]
        request: EntryId,
    },
    /// Newer account and team heads enter the space. Changes no right that was not already lost.
    #[n(10)]
    Anchor {
        /// Accounts.
        #[n(0)]
        accounts: Vec<AccountAnchor>,
        /// Teams.
        #[n(1)]
        teams: Vec<TeamAnchor>,
        /// The next epoch, when the anchor takes access away or a key was superseded.
        #[n(2)]
        epoch: Option<Epoch>,
    },
    /// A new epoch.
    #[n(11)]
    Rotate {
        /// The next epoch.
        #[n(0)]
        epoch: Epoch,
    },
    /// From here on entries carry at least this version of the rules.
    #[n(12)]
    MinimumRules {
        /// Version.
        #[n(0)]
        version: u32,
    },
    /// The writer can't open the current epoch; the next writer who can rotates.
    #[n(13)]
    Unopenable {
        /// The epoch.
        #[n(0)]
        epoch: EpochId,
    },
}

impl SpaceOp {
    /// Decodes an op's canonical form.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        decode("op", bytes, limits::ENTRY)
    }

    /// The canonical form.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// The epoch this op brings.
    pub fn epoch(&self) -> Option<&Epoch> {
        match self {
            Self::Genesis { epoch, .. }
            | Self::Remove { epoch, .. }
            | Self::Join { epoch, .. }
            | Self::Rotate { epoch } => Some(epoch),
            Self::CancelInvite { epoch, .. } | Self::Anchor { epoch, .. } => epoch.as_ref(),
            _ => None,
        }
    }
}

/// What the invitation's key signs: this person's device may come in here, once, after this op.
pub fn proof_bytes(space: &SpaceId, person: &PersonId, device: &DeviceId, op_head: &EntryId) -> Vec<u8> {
    encode(&("invite proof v1", *space, *person, *device, *op_head))
}

/// What the invitation's key signs to read a space's op chain before joining.
pub fn peek_bytes(space: &SpaceId, device: &DeviceId, nonce: &[u8; 32]) -> Vec<u8> {
    encode(&("invite peek v1", *space, *device, Hash(*nonce)))
}
