//! How far messages came: what a page needs of the members and receipts of its spaces.

use std::collections::{BTreeMap, BTreeSet};

use homing_store::Read;
use homing_store::members::MemberRow;
use homing_store::messages::MessageState;
use homing_store::receipts::{self, ReceiptRow};
use homing_wire::{DeviceId, Member, PersonId, SpaceId};

use super::members_of;
use crate::api::{ApiError, State};
use crate::commands::tells_read;

/// Members and receipts of the spaces of a page.
pub(super) struct Surroundings {
    members: BTreeMap<SpaceId, Vec<MemberRow>>,
    receipts: BTreeMap<SpaceId, Vec<ReceiptRow>>,
    /// Who does not tell what they read is not told what others read.
    tells_read: bool,
}

impl Surroundings {
    pub fn of(db: &Read<'_>, spaces: impl IntoIterator<Item = SpaceId>) -> Result<Self, ApiError> {
        let spaces: Vec<SpaceId> = spaces.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        let members = members_of(db, spaces.iter().copied())?;
        let mut receipts: BTreeMap<SpaceId, Vec<ReceiptRow>> = BTreeMap::new();
        for row in receipts::of(db, &spaces)? {
            receipts.entry(row.space).or_default().push(row);
        }
        Ok(Self { members, receipts, tells_read: tells_read(db)? })
    }

    pub fn members(&self, space: &SpaceId) -> &[MemberRow] {
        self.members.get(space).map_or(&[], Vec::as_slice)
    }

    /// How far one entry came with each member other than the one it was written as. A person who is no member by
    /// themselves belongs to the team.
    pub fn reached(
        &self,
        me: &PersonId,
        as_team: bool,
        space: &SpaceId,
        device: &DeviceId,
        dseq: u64,
    ) -> Vec<Reached> {
        let rows = self.receipts.get(space).map_or(&[] as &[ReceiptRow], Vec::as_slice);
        let persons: BTreeSet<PersonId> = self
            .members(space)
            .iter()
            .filter_map(|row| match row.member {
                Member::Person(person) => Some(person),
                Member::Team(_) => None,
            })
            .collect();
        self.members(space)
            .iter()
            .filter(|row| match row.member {
                Member::Person(person) => person != *me,
                Member::Team(_) => !as_team,
            })
            .map(|row| {
                let of_member = |receipt: &&ReceiptRow| {
                    receipt.device == *device
                        && match row.member {
                            Member::Person(person) => receipt.person == person,
                            Member::Team(_) => receipt.person != *me && !persons.contains(&receipt.person),
                        }
                };
                let read = rows.iter().filter(of_member).any(|receipt| receipt.read.contains(dseq));
                let delivered = rows.iter().filter(of_member).any(|receipt| receipt.delivered.contains(dseq));
                Reached { member: row.clone(), delivered: delivered || read, read: read && self.tells_read }
            })
            .collect()
    }
}

/// A member, and whether one entry came to them.
pub(super) struct Reached {
    pub member: MemberRow,
    pub delivered: bool,
    pub read: bool,
}

/// A group shows its least advanced member.
pub(super) fn state_of(stored: MessageState, reached: &[Reached]) -> State {
    match stored {
        MessageState::Local => State::Local,
        MessageState::Pending => State::Pending,
        MessageState::Failed => State::Failed,
        MessageState::Sent if reached.is_empty() => State::Sent,
        MessageState::Sent if reached.iter().all(|member| member.read) => State::Read,
        MessageState::Sent if reached.iter().all(|member| member.delivered) => State::Delivered,
        MessageState::Sent => State::Sent,
    }
}
