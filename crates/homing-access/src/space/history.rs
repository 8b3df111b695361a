//! What held at every op: one timeline per member, account and team, so a lookup costs a binary search.

use std::collections::BTreeMap;

use homing_wire::{
    AccountOpId, DeviceId, EntryId, EpochId, Hash, KemPublic, Member, PersonId, Pin, PreviousSeed, Role,
    SpaceId,
};

use super::moment::Present;
use crate::AccessError;
use crate::build::LastEntry;

/// An epoch, as everybody may keep it: without its seals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochRecord {
    /// The op that brought it.
    pub id: EpochId,
    /// What its seed must hash to.
    pub commitment: Hash,
    /// In team spaces: the team's public key.
    pub team_kem: Option<KemPublic>,
    /// The seed before, sealed under this one.
    pub previous: Option<PreviousSeed>,
    pub(crate) place: usize,
}

/// Whose earlier entries an op cuts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CutScope {
    /// All that was written as this member.
    Member(Member),
    /// All that this person wrote as the team.
    Staff(SpaceId, PersonId),
    /// All that this device of this person wrote.
    Device(PersonId, DeviceId),
}

impl CutScope {
    /// Whether what this device of this person wrote as this member is concerned.
    pub fn covers(&self, person: &PersonId, device: &DeviceId, written_as: &Member) -> bool {
        match self {
            Self::Member(member) => member == written_as,
            Self::Staff(team, staff) => staff == person && *written_as == Member::Team(*team),
            Self::Device(owner, cut) => owner == person && cut == device,
        }
    }
}

/// What an op that takes a right away leaves valid of earlier entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The op.
    pub op: EntryId,
    /// Whose entries.
    pub scopes: Vec<CutScope>,
    /// Where they end. A device without a pin has none left.
    pub pins: BTreeMap<DeviceId, Option<EntryId>>,
    pub(crate) place: usize,
}

impl Cut {
    /// Whether it concerns what this device wrote as this member.
    pub fn covers(&self, person: &PersonId, device: &DeviceId, written_as: &Member) -> bool {
        self.scopes.iter().any(|scope| scope.covers(person, device, written_as))
    }

    /// Checks the pins against the last entries a relay holds, one for each (device, member) that wrote here: a pin
    /// that is missing or is not the last entry would cut away what was written by right.
    pub fn check_pins(&self, writers: &[LastEntry]) -> Result<(), AccessError> {
        let ends: BTreeMap<DeviceId, EntryId> =
            writers.iter().map(|entry| (entry.device, entry.last)).collect();
        for (device, pin) in &self.pins {
            if pin.is_some() && ends.get(device) != pin.as_ref() {
                return Err(AccessError::BehindPin);
            }
        }
        let mut covered = writers.iter().filter(|at| self.covers(&at.person, &at.device, &at.written_as));
        if covered.all(|at| self.pin(&at.device).is_some()) { Ok(()) } else { Err(AccessError::PinMissing) }
    }

    /// The last entry of a device that stays valid.
    pub fn pin(&self, device: &DeviceId) -> Option<EntryId> {
        self.pins.get(device).copied().flatten()
    }
}

/// Pins by device; `None` when a device has two.
pub(crate) fn pin_map(pins: &[Pin]) -> Option<BTreeMap<DeviceId, Option<EntryId>>> {
    let map: BTreeMap<_, _> = pins.iter().map(|pin| (pin.device, pin.last)).collect();
    (map.len() == pins.len()).then_some(map)
}

/// A member's role before and after an op.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleChange {
    /// Who.
    pub member: Member,
    /// Before; `None` = not a member.
    pub before: Option<Role>,
    /// After; `None` = not a member.
    pub after: Option<Role>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    roles: BTreeMap<Member, Vec<(usize, Option<Role>)>>,
    accounts: BTreeMap<PersonId, Vec<(usize, AccountOpId)>>,
    teams: BTreeMap<SpaceId, Vec<(usize, EntryId)>>,
    rules: Vec<(usize, u32)>,
    pub epochs: Vec<EpochRecord>,
    pub cuts: Vec<Cut>,
}

fn at<T: Copy>(line: &[(usize, T)], place: usize) -> Option<T> {
    let after = line.partition_point(|(since, _)| *since <= place);
    line.get(after.checked_sub(1)?).map(|(_, value)| *value)
}

impl History {
    pub fn role(&self, place: usize, member: &Member) -> Option<Role> {
        self.roles.get(member).and_then(|line| at(line, place)).flatten()
    }

    /// Where the last time of a member began, whether it goes on or not.
    pub fn since(&self, member: &Member) -> Option<usize> {
        let line = self.roles.get(member)?;
        let last = line.iter().rposition(|(_, role)| role.is_some())?;
        let before = line.get(..last)?.iter().rposition(|(_, role)| role.is_none());
        line.get(before.map_or(0, |gone| gone + 1)).map(|(place, _)| *place)
    }

    pub fn account(&self, place: usize, person: &PersonId) -> Option<AccountOpId> {
        self.accounts.get(person).and_then(|line| at(line, place))
    }

    pub fn team(&self, place: usize, team: &SpaceId) -> Option<EntryId> {
        self.teams.get(team).and_then(|line| at(line, place))
    }

    pub fn rules(&self, place: usize) -> u32 {
        at(&self.rules, place).unwrap_or(0)
    }

    pub fn epoch(&self, place: usize) -> Option<&EpochRecord> {
        let after = self.epochs.partition_point(|epoch| epoch.place <= place);
        self.epochs.get(after.checked_sub(1)?)
    }

    /// Cuts by ops after `older` and up to `newer`.
    pub fn cuts_between(&self, older: usize, newer: usize) -> &[Cut] {
        let from = self.cuts.partition_point(|cut| cut.place <= older);
        let to = self.cuts.partition_point(|cut| cut.place <= newer);
        self.cuts.get(from..to).unwrap_or_default()
    }

    /// Cuts by ops after a place.
    pub fn cuts_after(&self, place: usize) -> &[Cut] {
        self.cuts_between(place, usize::MAX)
    }

    pub fn members_ever(&self) -> impl Iterator<Item = &Member> {
        self.roles.keys()
    }

    /// Writes down what an op changed.
    pub fn record(&mut self, place: usize, before: &Present, after: &Present) -> Vec<RoleChange> {
        let mut changes = Vec::new();
        for (member, role) in &after.members {
            let old = before.members.get(member).copied();
            if old != Some(*role) {
                changes.push(RoleChange { member: *member, before: old, after: Some(*role) });
            }
        }
        for (member, role) in &before.members {
            if !after.members.contains_key(member) {
                changes.push(RoleChange { member: *member, before: Some(*role), after: None });
            }
        }
        for change in &changes {
            self.roles.entry(change.member).or_default().push((place, change.after));
        }
        for (person, head) in &after.accounts {
            if before.accounts.get(person) != Some(head) {
                self.accounts.entry(*person).or_default().push((place, *head));
            }
        }
        for (team, head) in &after.teams {
            if before.teams.get(team) != Some(head) {
                self.teams.entry(*team).or_default().push((place, *head));
            }
        }
        if before.rules != after.rules {
            self.rules.push((place, after.rules));
        }
        changes
    }
}
