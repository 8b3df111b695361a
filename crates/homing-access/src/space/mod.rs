//! A space's op chain: its members, invitations and epochs.

mod anchors;
mod epochs;
mod fresh;
mod history;
mod invites;
mod judge;
mod members;
mod moment;
mod verdict;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use homing_wire::{
    AccountOpId, DeviceId, Entry, EntryId, EpochId, InviteId, KemPublic, Member, PersonId, Role, SealedSeed,
    SpaceId, SpaceKind, SpaceOrigin,
};

pub(crate) use epochs::{member_recipients, recipient_of, recipients};
pub use fresh::RotationReason;
use history::History;
pub use history::{Cut, CutScope, EpochRecord, RoleChange};
pub(crate) use invites::NAME_BYTES;
pub use judge::{Applied, Step};
pub(crate) use moment::Present;
pub use verdict::Verdict;

use crate::{AccessError, Directory};

/// An open invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// Public half of the link's secret.
    pub id: InviteId,
    /// X25519 public half.
    pub kem: KemPublic,
    /// Role the joiner gets.
    pub role: Role,
    /// Unix ms.
    pub expires_ms: u64,
    /// Joining needs nobody's approval, and the secret opens the current epoch.
    pub instant: bool,
    /// The member it was made as.
    pub written_as: Member,
    /// Who made it.
    pub inviter: PersonId,
    /// On which device.
    pub device: DeviceId,
    /// Who asked to come in by it.
    pub asked: BTreeSet<PersonId>,
}

/// Somebody who waits for approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinRequest {
    /// The op that asked.
    pub id: EntryId,
    /// Who asks.
    pub person: PersonId,
    /// The asker's account head.
    pub account: AccountOpId,
    /// By which invitation.
    pub invite: InviteId,
    /// The role that invitation was for.
    pub role: Role,
    /// The asker's name, sealed to owners and admins; see [`crate::open::request_name`].
    pub names: Vec<SealedSeed>,
}

/// The state of a space's op chain.
#[derive(Debug, Clone)]
pub struct SpaceState {
    id: SpaceId,
    origin: SpaceOrigin,
    head: EntryId,
    places: HashMap<EntryId, usize>,
    present: Present,
    history: History,
    /// Seals of the current epoch's seed: those of its op and those added since.
    seals: Vec<SealedSeed>,
    used_invites: BTreeSet<InviteId>,
    /// As which members each device has written ops.
    writers: BTreeMap<(PersonId, DeviceId), BTreeSet<Member>>,
}

impl SpaceState {
    /// Rebuilds a space from its ops (entry and receive time), the genesis first.
    pub fn replay<'a>(
        ops: impl IntoIterator<Item = (&'a Entry, u64)>,
        dir: &dyn Directory,
    ) -> Result<Self, AccessError> {
        let mut ops = ops.into_iter();
        let (first, _) = ops.next().ok_or(AccessError::Malformed("empty chain"))?;
        let mut state = Self::genesis(first, dir)?;
        for (entry, received_ms) in ops {
            state.apply(entry, received_ms, dir)?;
        }
        Ok(state)
    }

    /// The space.
    pub const fn id(&self) -> SpaceId {
        self.id
    }

    /// What its id is cut from.
    pub const fn origin(&self) -> &SpaceOrigin {
        &self.origin
    }

    /// Its kind.
    pub fn kind(&self) -> SpaceKind {
        self.origin.kind()
    }

    /// The last op.
    pub const fn head(&self) -> EntryId {
        self.head
    }

    /// Number of ops.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// A chain always has its genesis.
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// Whether the op is part of the chain.
    pub fn contains(&self, op: &EntryId) -> bool {
        self.places.contains_key(op)
    }

    /// Whether `older` is `newer` or comes before it; `None` when either is not known.
    pub fn is_ancestor(&self, older: &EntryId, newer: &EntryId) -> Option<bool> {
        Some(self.places.get(older)? <= self.places.get(newer)?)
    }

    /// Members and their roles.
    pub const fn members(&self) -> &BTreeMap<Member, Role> {
        &self.present.members
    }

    /// A member's role.
    pub fn role(&self, member: &Member) -> Option<Role> {
        self.present.members.get(member).copied()
    }

    /// The place of the op since which somebody is a member, or was one last; `None` if they never were.
    pub fn member_since(&self, member: &Member) -> Option<usize> {
        self.history.since(member)
    }

    /// A member's role after an op; `None` when not a member then, or the op is not known.
    pub fn role_at(&self, op: &EntryId, member: &Member) -> Option<Role> {
        self.history.role(*self.places.get(op)?, member)
    }

    /// The account head that was anchored after an op.
    pub fn account_at(&self, op: &EntryId, person: &PersonId) -> Option<AccountOpId> {
        self.history.account(*self.places.get(op)?, person)
    }

    /// The anchored head of a person's account.
    pub fn anchored_account(&self, person: &PersonId) -> Option<AccountOpId> {
        self.present.accounts.get(person).copied()
    }

    /// The anchored head of a team.
    pub fn anchored_team(&self, team: &SpaceId) -> Option<EntryId> {
        self.present.teams.get(team).copied()
    }

    /// Everybody who was ever a member: their account logs and team chains are needed to judge old entries.
    pub fn members_ever(&self) -> impl Iterator<Item = &Member> {
        self.history.members_ever()
    }

    /// Open invitations, expired ones included until somebody closes them.
    pub const fn invites(&self) -> &BTreeMap<InviteId, Invite> {
        &self.present.invites
    }

    /// Open requests to come in.
    pub const fn requests(&self) -> &BTreeMap<EntryId, JoinRequest> {
        &self.present.requests
    }

    /// The least version of the rules that fresh entries carry.
    pub const fn minimum_rules(&self) -> u32 {
        self.present.rules
    }

    /// The id of the current epoch.
    pub fn epoch(&self) -> EpochId {
        // The genesis brings an epoch, so there is always a last one.
        self.history.epochs.last().map_or(self.head, |epoch| epoch.id)
    }

    /// An epoch by its id.
    pub fn epoch_record(&self, epoch: &EpochId) -> Option<&EpochRecord> {
        self.epoch_at(epoch).filter(|record| record.id == *epoch)
    }

    /// The epoch that was current after an op.
    pub fn epoch_at(&self, op: &EntryId) -> Option<&EpochRecord> {
        self.history.epoch(*self.places.get(op)?)
    }

    /// All epochs, the first first.
    pub fn epochs(&self) -> &[EpochRecord] {
        &self.history.epochs
    }

    /// To whom the current epoch's seed is sealed, and the seals.
    pub fn seals(&self) -> &[SealedSeed] {
        &self.seals
    }

    /// All cuts, the first first.
    pub fn cuts(&self) -> &[Cut] {
        &self.history.cuts
    }

    /// Devices that wrote ops as a member, with their persons.
    pub fn op_writers(&self, member: &Member) -> impl Iterator<Item = (&PersonId, &DeviceId)> {
        self.writers
            .iter()
            .filter(move |(_, as_members)| as_members.contains(member))
            .map(|((person, device), _)| (person, device))
    }

    pub(crate) const fn present(&self) -> &Present {
        &self.present
    }

    fn place(&self, op: &EntryId) -> Option<usize> {
        self.places.get(op).copied()
    }
}
