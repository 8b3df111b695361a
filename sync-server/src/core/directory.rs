//! The states of accounts and spaces, loaded when needed by replaying what the database holds.

use std::collections::BTreeSet;

use homing_access::{AccountState, Directory, SpaceState};
use homing_wire::{AccountOp, Entry, EntryKind, Member, PersonId, SignedHead, SpaceId, SpaceOp};

use super::RelayCore;
use super::cache::Cache;
use crate::error::RelayError;
use crate::store::{AccountRow, SpaceRow};

/// An account in memory.
pub struct Account {
    pub row: AccountRow,
    pub state: AccountState,
}

/// A space in memory.
pub struct Space {
    pub row: SpaceRow,
    pub state: SpaceState,
    /// The head as it was signed last.
    pub signed: Option<SignedHead>,
}

/// What `homing-access` asks about accounts and teams: whatever is in memory, see [`RelayCore::know`].
pub struct Known<'a> {
    accounts: &'a Cache<PersonId, Account>,
    spaces: &'a Cache<SpaceId, Space>,
}

impl Directory for Known<'_> {
    fn account(&self, person: &PersonId) -> Option<&AccountState> {
        self.accounts.peek(person).map(|account| &account.state)
    }

    fn team(&self, team: &SpaceId) -> Option<&SpaceState> {
        self.spaces.peek(team).filter(|space| space.row.team).map(|space| &space.state)
    }
}

impl RelayCore {
    /// What is in memory, for a judgement.
    pub(super) fn known(&self) -> Known<'_> {
        Known { accounts: &self.accounts, spaces: &self.spaces }
    }

    /// Brings an account into memory; false if there is none.
    pub(super) fn load_account(&mut self, person: &PersonId) -> Result<bool, RelayError> {
        if self.accounts.get(person).is_some() {
            return Ok(true);
        }
        let Some(row) = self.store.account(person)? else { return Ok(false) };
        let state = self.replay_account(person)?;
        self.accounts.put(*person, Account { row, state });
        Ok(true)
    }

    fn replay_account(&self, person: &PersonId) -> Result<AccountState, RelayError> {
        let ops: Vec<AccountOp> = self
            .store
            .account_ops(person, 0)?
            .iter()
            .map(|op| AccountOp::decode(op))
            .collect::<Result<_, _>>()
            .map_err(|_| RelayError::Damaged("an account op"))?;
        AccountState::replay(&ops).map_err(|_| RelayError::Damaged("an account log"))
    }

    /// Brings a space into memory, with every account and team its judgements may ask for; false if there is none.
    pub(super) fn load_space(&mut self, id: &SpaceId) -> Result<bool, RelayError> {
        self.load(id, false)
    }

    /// With `team` only a team is loaded: an op may name any space as a team, also one that names this one.
    fn load(&mut self, id: &SpaceId, team: bool) -> Result<bool, RelayError> {
        if let Some(space) = self.spaces.get(id) {
            if team && !space.row.team {
                return Ok(false);
            }
            let members: Vec<Member> = space.state.members_ever().copied().collect();
            self.know(members)?;
            return Ok(true);
        }
        let Some(row) = self.store.space(id)?.filter(|row| row.team || !team) else { return Ok(false) };
        let ops: Vec<(Entry, u64)> = self
            .store
            .ops(row.number)?
            .into_iter()
            .map(|(entry, received_ms)| Entry::decode(&entry).map(|entry| (entry, received_ms)))
            .collect::<Result<_, _>>()
            .map_err(|_| RelayError::Damaged("an op"))?;
        let mut needed = BTreeSet::new();
        for (entry, _) in &ops {
            needed.extend(named(entry));
        }
        self.know(needed)?;
        let replayed = SpaceState::replay(ops.iter().map(|(entry, at)| (entry, *at)), &self.known());
        let state = replayed.map_err(|_| RelayError::Damaged("an op chain"))?;
        self.spaces.put(*id, Space { row, state, signed: None });
        Ok(true)
    }

    /// Brings members into memory. Who isn't known stays unknown: the judgement then says what is missing.
    pub(super) fn know(&mut self, members: impl IntoIterator<Item = Member>) -> Result<(), RelayError> {
        for member in members {
            match member {
                Member::Person(person) => self.load_account(&person)?,
                // A team has no teams among its members, so this goes one level deep.
                Member::Team(team) => self.load(&team, true)?,
            };
        }
        Ok(())
    }

    /// Writes the rows that changed since the last commit.
    pub(super) fn write_rows(&mut self) -> Result<(), RelayError> {
        for id in std::mem::take(&mut self.batch.spaces) {
            if let Some(space) = self.spaces.peek(&id) {
                self.store.put_space(&space.row)?;
            }
        }
        for person in std::mem::take(&mut self.batch.accounts) {
            if let Some(account) = self.accounts.peek(&person) {
                self.store.put_account(&account.row)?;
            }
        }
        Ok(())
    }
}

/// Whom an entry names, so that their logs are at hand when it is judged.
pub(super) fn named(entry: &Entry) -> Vec<Member> {
    let header = entry.header();
    let mut named = vec![Member::Person(header.person), header.written_as];
    if header.kind == EntryKind::Data {
        return named;
    }
    match SpaceOp::decode(&entry.body.content) {
        Ok(SpaceOp::Genesis { members, .. }) => {
            named.extend(members.iter().take(homing_wire::limits::MEMBERS).map(|grant| grant.member));
        }
        Ok(SpaceOp::Add { grant, .. }) => named.push(grant.member),
        _ => {}
    }
    named
}
