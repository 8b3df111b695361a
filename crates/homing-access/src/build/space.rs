//! Space ops about members, anchors and epochs.

use std::collections::{BTreeMap, BTreeSet};

use homing_crypto::EpochKey;
use homing_wire::{
    AccountAnchor, DeviceId, EntryId, Epoch, Grant, Member, PersonId, Pin, SpaceId, SpaceOp, SpaceOrigin,
    TeamAnchor,
};
use rand_core::CryptoRng;

use super::BuildError;
use super::epochs::{new_epoch, seal_to};
use crate::rights::rank;
use crate::space::{Present, member_recipients, recipient_of, recipients};
use crate::{AccessError, CutScope, Directory, Missing, RotationReason, SpaceState};

/// The last entry of a device in a space, once for each member it wrote as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastEntry {
    /// The device's person.
    pub person: PersonId,
    /// The device.
    pub device: DeviceId,
    /// A member it wrote as.
    pub written_as: Member,
    /// Its last entry in the space, whomever it was written as.
    pub last: EntryId,
}

/// The first op of a space and its epoch's key. Accounts and teams are anchored as the directory knows them.
pub fn space_genesis(
    rng: &mut impl CryptoRng,
    origin: SpaceOrigin,
    members: Vec<Grant>,
    dir: &dyn Directory,
) -> Result<(SpaceOp, EpochKey), BuildError> {
    let mut present = Present::default();
    for Grant { member, role } in &members {
        anchor_newest(&mut present, dir, member)?;
        present.members.insert(*member, *role);
    }
    let space = SpaceId::derive(&origin);
    let (epoch, key) = new_epoch(rng, (&space, origin.kind()), &recipients(&present, dir, 0)?, None)?;
    let accounts = present.accounts.into_iter();
    let accounts = accounts.map(|(person, head)| AccountAnchor { person, head, pins: Vec::new() }).collect();
    let teams = present.teams.into_iter();
    let teams = teams.map(|(team, head)| TeamAnchor { team, head, pins: Vec::new() }).collect();
    Ok((SpaceOp::Genesis { origin, members, accounts, teams, epoch }, key))
}

fn anchor_newest(present: &mut Present, dir: &dyn Directory, member: &Member) -> Result<(), BuildError> {
    match member {
        Member::Person(person) => {
            let account = dir.account(person).ok_or(Missing::Account(*person))?;
            present.accounts.insert(*person, account.head());
        }
        Member::Team(team) => {
            let state = dir.team(team).ok_or(Missing::Team(*team))?;
            present.teams.insert(*team, state.head());
        }
    }
    Ok(())
}

/// Makes the next op of a space.
#[derive(Clone, Copy)]
pub struct SpaceOps<'a> {
    /// The space as it stands.
    pub state: &'a SpaceState,
    /// Accounts and teams as they are known.
    pub dir: &'a dyn Directory,
    /// The relay's clock as far as it is known, else the device's own.
    pub now_ms: u64,
}

impl SpaceOps<'_> {
    /// Lets a member in with the current epoch, perhaps in answer to a request.
    pub fn add_member(
        &self,
        rng: &mut impl CryptoRng,
        grant: Grant,
        request: Option<EntryId>,
        current: &EpochKey,
    ) -> Result<SpaceOp, BuildError> {
        let mut next = self.state.present().clone();
        anchor_newest(&mut next, self.dir, &grant.member)?;
        let to = recipient_of(&next, self.dir, &grant.member)?;
        let sealed = seal_to(rng, &self.state.id(), current, to)?;
        let (account, team) = match &grant.member {
            Member::Person(person) => (next.accounts.get(person).copied(), None),
            Member::Team(team) => (None, next.teams.get(team).copied()),
        };
        Ok(SpaceOp::Add { grant, account, team, sealed, request })
    }

    /// Lets in who asked, with the role the invitation was for.
    pub fn approve(
        &self,
        rng: &mut impl CryptoRng,
        request: EntryId,
        current: &EpochKey,
    ) -> Result<SpaceOp, BuildError> {
        let asked = self.state.requests().get(&request).ok_or(AccessError::NoInvite)?;
        let grant = Grant { member: Member::Person(asked.person), role: asked.role };
        self.add_member(rng, grant, Some(request), current)
    }

    /// Removes a member under a new epoch.
    pub fn remove_member(
        &self,
        rng: &mut impl CryptoRng,
        member: Member,
        writers: &[LastEntry],
        current: &EpochKey,
    ) -> Result<(SpaceOp, EpochKey), BuildError> {
        let mut next = self.state.present().clone();
        next.members.remove(&member);
        self.state.withdraw_invites(&mut next, self.dir)?;
        let (epoch, key) = self.epoch(rng, &next, current)?;
        let pins = pins(&[CutScope::Member(member)], writers);
        Ok((SpaceOp::Remove { member, pins, epoch }, key))
    }

    /// Takes the member one writes as out of the space.
    pub fn leave(&self, member: Member, writers: &[LastEntry]) -> SpaceOp {
        SpaceOp::Leave { pins: pins(&[CutScope::Member(member)], writers) }
    }

    /// Gives a member another role.
    pub fn set_role(&self, grant: Grant, writers: &[LastEntry]) -> Result<SpaceOp, BuildError> {
        let old = self.state.role(&grant.member).ok_or(AccessError::NotAMember)?;
        let lowered = rank(grant.role) < rank(old);
        let pins = if lowered { pins(&[CutScope::Member(grant.member)], writers) } else { Vec::new() };
        Ok(SpaceOp::SetRole { grant, pins })
    }

    /// A new epoch without any other change.
    pub fn rotate(
        &self,
        rng: &mut impl CryptoRng,
        current: &EpochKey,
    ) -> Result<(SpaceOp, EpochKey), BuildError> {
        let (epoch, key) = self.epoch(rng, self.state.present(), current)?;
        Ok((SpaceOp::Rotate { epoch }, key))
    }

    /// What must be written before anything else by this person as this member: an `Anchor` or `Rotate`, with the new
    /// epoch's key if there is one. `None` when nothing is due.
    ///
    /// Beside what [`SpaceState::needs_rotation`] says, staff who came to a team later anchor their own coming.
    pub fn anchor_if_needed(
        &self,
        rng: &mut impl CryptoRng,
        (person, written_as): (&PersonId, &Member),
        writers: &[LastEntry],
        current: &EpochKey,
    ) -> Result<Option<(SpaceOp, Option<EpochKey>)>, BuildError> {
        let reasons = self.state.needs_rotation(self.dir, self.now_ms);
        let mut people = BTreeSet::new();
        let mut moved_teams = BTreeSet::new();
        let mut rotate = false;
        for reason in &reasons {
            match reason {
                RotationReason::Account(person) => {
                    people.insert(*person);
                }
                RotationReason::Team(team) => {
                    moved_teams.insert(*team);
                }
                RotationReason::MemberLeft
                | RotationReason::InviteWithdrawn
                | RotationReason::InviteExpired(_)
                | RotationReason::Unopenable => rotate = true,
            }
        }
        if let Member::Team(team) = written_as {
            moved_teams.extend(self.comes_later(person, team)?.then_some(*team));
        }
        if people.is_empty() && moved_teams.is_empty() {
            let rotated = rotate.then(|| self.rotate(rng, current)).transpose()?;
            return Ok(rotated.map(|(op, key)| (op, Some(key))));
        }

        let mut next = self.state.present().clone();
        let mut accounts = Vec::with_capacity(people.len());
        for person in people {
            let account = self.dir.account(&person).ok_or(Missing::Account(person))?;
            let old = next.accounts.insert(person, account.head()).ok_or(Missing::Account(person))?;
            let revoked = account.revoked_between(&old, &account.head()).ok_or(Missing::Account(person))?;
            let scopes: Vec<_> = revoked.into_iter().map(|device| CutScope::Device(person, device)).collect();
            accounts.push(AccountAnchor { person, head: account.head(), pins: pins(&scopes, writers) });
        }
        let mut teams = Vec::with_capacity(moved_teams.len());
        for id in moved_teams {
            let team = self.dir.team(&id).ok_or(Missing::Team(id))?;
            let old = next.teams.insert(id, team.head()).ok_or(Missing::Team(id))?;
            let scopes = team.scopes_between(&old, &team.head()).ok_or(Missing::Team(id))?;
            teams.push(TeamAnchor { team: id, head: team.head(), pins: pins(&scopes, writers) });
        }
        self.state.withdraw_invites(&mut next, self.dir)?;
        let superseded =
            member_recipients(&next, self.dir)? != member_recipients(self.state.present(), self.dir)?;
        let (epoch, key) = match rotate || superseded || next.withdrawn {
            true => Some(self.epoch(rng, &next, current)?).unzip(),
            false => (None, None),
        };
        Ok(Some((SpaceOp::Anchor { accounts, teams, epoch }, key)))
    }

    /// Whether a person is staff by the team's newest head, but not with the same role by the anchored one.
    fn comes_later(&self, person: &PersonId, id: &SpaceId) -> Result<bool, BuildError> {
        let team = self.dir.team(id).ok_or(Missing::Team(*id))?;
        let anchored = self.state.anchored_team(id).ok_or(AccessError::NotAMember)?;
        let member = Member::Person(*person);
        Ok(anchored != team.head() && team.role_at(&anchored, &member) != team.role(&member))
    }

    pub(super) fn epoch(
        &self,
        rng: &mut impl CryptoRng,
        next: &Present,
        current: &EpochKey,
    ) -> Result<(Epoch, EpochKey), BuildError> {
        let recipients: BTreeMap<_, _> = recipients(next, self.dir, self.now_ms)?;
        let before = (self.state.epoch(), current);
        new_epoch(rng, (&self.state.id(), self.state.kind()), &recipients, Some(before))
    }
}

/// Pins for the devices that a cut with these scopes covers.
fn pins(scopes: &[CutScope], writers: &[LastEntry]) -> Vec<Pin> {
    let covered = writers.iter().filter(|entry| {
        scopes.iter().any(|scope| scope.covers(&entry.person, &entry.device, &entry.written_as))
    });
    let ends: BTreeMap<DeviceId, EntryId> = covered.map(|entry| (entry.device, entry.last)).collect();
    ends.into_iter().map(|(device, last)| Pin { device, last: Some(last) }).collect()
}
