//! Newer account and team heads come into a space.

use homing_wire::{AccountAnchor, Epoch, Member, TeamAnchor};

use super::SpaceState;
use super::epochs::member_recipients;
use super::history::CutScope;
use super::judge::Judge;
use crate::{AccessError, Missing};

impl Judge<'_> {
    pub(super) fn anchor(
        &mut self,
        accounts: &[AccountAnchor],
        teams: &[TeamAnchor],
        epoch: Option<Epoch>,
    ) -> Result<(), AccessError> {
        if accounts.is_empty() && teams.is_empty() {
            return Err(AccessError::Malformed("empty anchor"));
        }
        let before = member_recipients(&self.next, self.dir)?;
        for anchor in accounts {
            self.anchor_account(anchor)?;
        }
        for anchor in teams {
            self.anchor_team(anchor)?;
        }
        // Judged by the new heads: a new colleague may anchor their own coming, a former one nothing.
        self.acting()?;
        self.withdraw_invites()?;
        match epoch {
            Some(epoch) => self.take_epoch(epoch),
            None if member_recipients(&self.next, self.dir)? != before => Err(AccessError::EpochRequired),
            None => Ok(()),
        }
    }

    fn anchor_account(&mut self, anchor: &AccountAnchor) -> Result<(), AccessError> {
        let AccountAnchor { person, head, pins } = anchor;
        if !self.next.members.contains_key(&Member::Person(*person)) {
            return Err(AccessError::NotAMember);
        }
        let missing = Missing::Account(*person);
        let account = self.dir.account(person).filter(|account| account.contains(head)).ok_or(missing)?;
        let old = self.next.accounts.get(person).copied().ok_or(missing)?;
        if !account.extends(&old, head) {
            return Err(AccessError::NotAnExtension);
        }
        let revoked = account.revoked_between(&old, head).ok_or(missing)?;
        self.next.accounts.insert(*person, *head);
        self.cut(revoked.into_iter().map(|device| CutScope::Device(*person, device)).collect(), pins)
    }

    fn anchor_team(&mut self, anchor: &TeamAnchor) -> Result<(), AccessError> {
        let TeamAnchor { team: id, head, pins } = anchor;
        if !self.next.members.contains_key(&Member::Team(*id)) {
            return Err(AccessError::NotAMember);
        }
        let missing = Missing::Team(*id);
        let team = self.dir.team(id).filter(|team| team.contains(head)).ok_or(missing)?;
        let old = self.next.teams.get(id).copied().ok_or(missing)?;
        if old == *head || team.is_ancestor(&old, head) != Some(true) {
            return Err(AccessError::NotAnExtension);
        }
        self.next.teams.insert(*id, *head);
        self.cut(team.scopes_between(&old, head).ok_or(missing)?, pins)
    }
}

impl SpaceState {
    /// What a team's ops after `older` and up to `newer` cut in the spaces the team is a member of.
    pub(crate) fn scopes_between(
        &self,
        older: &homing_wire::EntryId,
        newer: &homing_wire::EntryId,
    ) -> Option<Vec<CutScope>> {
        let cuts = self.history.cuts_between(self.place(older)?, self.place(newer)?);
        let mut scopes: Vec<CutScope> = Vec::new();
        for scope in cuts.iter().flat_map(|cut| &cut.scopes) {
            let outside = match scope {
                CutScope::Member(Member::Person(person)) => CutScope::Staff(self.id, *person),
                CutScope::Device(person, device) => CutScope::Device(*person, *device),
                // A team has no teams among its members.
                CutScope::Member(Member::Team(_)) | CutScope::Staff(..) => continue,
            };
            if !scopes.contains(&outside) {
                scopes.push(outside);
            }
        }
        Some(scopes)
    }
}
