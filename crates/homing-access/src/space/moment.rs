//! Who is what at one moment: now, at an earlier op, or by the newest knowledge.

use std::collections::BTreeMap;

use homing_wire::{AccountOpId, DeviceId, EntryId, InviteId, Member, PersonId, Role, SpaceId};

use super::history::History;
use super::{Invite, JoinRequest};
use crate::rights::limited;
use crate::{AccessError, Acting, Directory, Missing};

/// What is true after the last op. Cloned for each op that is judged, so a refused op leaves no trace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Present {
    pub members: BTreeMap<Member, Role>,
    pub accounts: BTreeMap<PersonId, AccountOpId>,
    pub teams: BTreeMap<SpaceId, EntryId>,
    pub invites: BTreeMap<InviteId, Invite>,
    pub requests: BTreeMap<EntryId, JoinRequest>,
    pub rules: u32,
    /// A member left since the current epoch was made.
    pub left: bool,
    /// An instant invitation was withdrawn without a new epoch.
    pub withdrawn: bool,
    /// Somebody can't open the current epoch.
    pub unopenable: bool,
}

/// A moment that can be asked for roles and heads.
#[derive(Clone, Copy)]
pub(crate) enum Moment<'a> {
    /// After an op that is being judged, or after the last one.
    Present(&'a Present),
    /// After the op at a place of the chain.
    Place(&'a History, usize),
    /// The last op of this space, but accounts and teams as they are known by now.
    Newest(&'a Present),
}

impl Moment<'_> {
    pub fn role(&self, member: &Member) -> Option<Role> {
        match self {
            Self::Present(present) | Self::Newest(present) => present.members.get(member).copied(),
            Self::Place(history, place) => history.role(*place, member),
        }
    }

    fn account(&self, dir: &dyn Directory, person: &PersonId) -> Option<AccountOpId> {
        match self {
            Self::Present(present) => present.accounts.get(person).copied(),
            Self::Place(history, place) => history.account(*place, person),
            Self::Newest(_) => dir.account(person).map(crate::AccountState::head),
        }
    }

    fn team(&self, dir: &dyn Directory, team: &SpaceId) -> Option<EntryId> {
        match self {
            Self::Present(present) => present.teams.get(team).copied(),
            Self::Place(history, place) => history.team(*place, team),
            Self::Newest(_) => dir.team(team).map(super::SpaceState::head),
        }
    }

    /// In which capacity a person writes as a member.
    pub fn acting(
        &self,
        dir: &dyn Directory,
        person: &PersonId,
        written_as: &Member,
    ) -> Result<Acting, AccessError> {
        let role = self.role(written_as).ok_or(AccessError::NotAMember)?;
        match written_as {
            Member::Person(member) if member == person => Ok(Acting { role, staff: None }),
            Member::Person(_) => Err(AccessError::NotAMember),
            Member::Team(id) => {
                let head = self.team(dir, id).ok_or(Missing::Team(*id))?;
                let team = dir.team(id).filter(|team| team.contains(&head)).ok_or(Missing::Team(*id))?;
                let staff = team.role_at(&head, &Member::Person(*person)).ok_or(AccessError::NotAMember)?;
                Ok(Acting { role: limited(role, staff), staff: Some(staff) })
            }
        }
    }

    /// Whether a device speaks for a person: the account log holds it, and no anchored head revokes it.
    pub fn check_device(
        &self,
        dir: &dyn Directory,
        person: &PersonId,
        device: &DeviceId,
        written_as: &Member,
    ) -> Result<(), AccessError> {
        let account = dir.account(person).ok_or(Missing::Account(*person))?;
        let through_team = match written_as {
            Member::Person(_) => None,
            Member::Team(id) => {
                let head = self.team(dir, id).ok_or(Missing::Team(*id))?;
                let team = dir.team(id).filter(|team| team.contains(&head)).ok_or(Missing::Team(*id))?;
                team.account_at(&head, person)
            }
        };
        for head in [self.account(dir, person), through_team].into_iter().flatten() {
            if account.was_revoked_at(&head, device).ok_or(Missing::Account(*person))? {
                return Err(AccessError::Revoked);
            }
        }
        if account.was_ever(device) { Ok(()) } else { Err(Missing::Device(*person, *device).into()) }
    }
}
