//! Adding, removing, leaving, changing roles.

use homing_wire::{AccountOpId, EntryId, Epoch, Grant, Member, PersonId, Pin, Role, SealedSeed, limits};

use super::epochs::recipient_of;
use super::history::CutScope;
use super::judge::Judge;
use crate::rights::{check_kind, rank};
use crate::seals::check_sealed_seed;
use crate::{AccessError, Acting, Missing};

impl Judge<'_> {
    pub(super) fn add(
        &mut self,
        acting: Acting,
        grant: Grant,
        account: Option<AccountOpId>,
        team: Option<EntryId>,
        sealed: SealedSeed,
        request: Option<EntryId>,
    ) -> Result<(), AccessError> {
        check_kind(&self.state.origin, &grant.member, grant.role)?;
        if !acting.may_grant(self.state.kind(), grant.role) {
            return Err(AccessError::RoleForbids);
        }
        if self.next.members.contains_key(&grant.member) {
            return Err(AccessError::AlreadyMember);
        }
        match (&grant.member, account, team) {
            (Member::Person(person), Some(head), None) => self.anchor_newcomer(person, head)?,
            (Member::Team(id), None, Some(head)) => {
                let state =
                    self.dir.team(id).filter(|team| team.contains(&head)).ok_or(Missing::Team(*id))?;
                if self.next.teams.get(id).is_some_and(|old| state.is_ancestor(old, &head) != Some(true)) {
                    return Err(AccessError::NotAnExtension);
                }
                self.next.teams.insert(*id, head);
            }
            _ => return Err(AccessError::Malformed("head of the new member")),
        }
        if let Some(id) = request {
            let asked = self.next.requests.get(&id).ok_or(AccessError::NoInvite)?;
            if grant.member != Member::Person(asked.person) {
                return Err(AccessError::NoInvite);
            }
            // The link has served: nobody else comes in by it.
            let invite = asked.invite;
            self.next.invites.remove(&invite);
            self.next.requests.retain(|_, other| other.invite != invite);
        }
        self.insert_member(grant)?;
        let (to, _) = recipient_of(&self.next, self.dir, &grant.member)?;
        if sealed.to != to {
            return Err(AccessError::WrongRecipients);
        }
        check_sealed_seed(&sealed.sealed)?;
        self.seal = Some(sealed);
        Ok(())
    }

    pub(super) fn remove(
        &mut self,
        acting: Acting,
        member: &Member,
        pins: &[Pin],
        epoch: Epoch,
    ) -> Result<(), AccessError> {
        let role = self.next.members.get(member).copied().ok_or(AccessError::NotAMember)?;
        // Who goes must not be the one who makes the next seed: that is what `Leave` is for.
        if !acting.may_change(role) || *member == self.header.written_as {
            return Err(AccessError::RoleForbids);
        }
        // Only an owner removes an owner, and stays.
        self.next.members.remove(member);
        self.cut(vec![CutScope::Member(*member)], pins)?;
        self.withdraw_invites()?;
        self.take_epoch(epoch)
    }

    pub(super) fn leave(&mut self, acting: Acting, pins: &[Pin]) -> Result<(), AccessError> {
        // One colleague doesn't take the whole team out.
        if acting.staff.is_some_and(|staff| !staff.manages()) {
            return Err(AccessError::RoleForbids);
        }
        let member = self.header.written_as;
        self.next.members.remove(&member);
        self.keep_an_owner()?;
        self.cut(vec![CutScope::Member(member)], pins)?;
        self.withdraw_invites()?;
        self.next.left = true;
        Ok(())
    }

    pub(super) fn set_role(
        &mut self,
        acting: Acting,
        grant: &Grant,
        pins: &[Pin],
    ) -> Result<(), AccessError> {
        let old = self.next.members.get(&grant.member).copied().ok_or(AccessError::NotAMember)?;
        check_kind(&self.state.origin, &grant.member, grant.role)?;
        if !acting.may_change(old) || !acting.may_grant(self.state.kind(), grant.role) {
            return Err(AccessError::RoleForbids);
        }
        if old == grant.role {
            return Err(AccessError::AlreadyMember);
        }
        self.next.members.insert(grant.member, grant.role);
        self.keep_an_owner()?;
        let lowered = rank(grant.role) < rank(old);
        self.cut(if lowered { vec![CutScope::Member(grant.member)] } else { Vec::new() }, pins)?;
        self.withdraw_invites()
    }

    /// Takes in the account head that a person comes with.
    pub(super) fn anchor_newcomer(
        &mut self,
        person: &PersonId,
        head: AccountOpId,
    ) -> Result<(), AccessError> {
        let account = self.dir.account(person).ok_or(Missing::Account(*person))?;
        if !account.contains(&head) {
            return Err(Missing::Account(*person).into());
        }
        if let Some(old) = self.next.accounts.get(person).filter(|old| **old != head) {
            if !account.extends(old, &head) {
                return Err(AccessError::NotAnExtension);
            }
            // A present member's revoked devices need pins, and only an anchor carries them.
            let member = self.next.members.contains_key(&Member::Person(*person));
            if member && account.revoked_between(old, &head).is_none_or(|revoked| !revoked.is_empty()) {
                return Err(AccessError::NeedsRotation);
            }
        }
        self.next.accounts.insert(*person, head);
        Ok(())
    }

    pub(super) fn insert_member(&mut self, grant: Grant) -> Result<(), AccessError> {
        self.next.members.insert(grant.member, grant.role);
        if let Member::Person(person) = grant.member {
            self.next.requests.retain(|_, request| request.person != person);
        }
        if self.next.members.len() > limits::MEMBERS {
            return Err(AccessError::Limit("members"));
        }
        // The account head that came with the member may revoke a device on which somebody invited as a team.
        self.withdraw_invites()
    }

    fn keep_an_owner(&self) -> Result<(), AccessError> {
        let kept = self.next.members.values().any(|role| *role == Role::Owner);
        if kept { Ok(()) } else { Err(AccessError::LastOwner) }
    }
}
