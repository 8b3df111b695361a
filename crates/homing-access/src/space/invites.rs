//! Invitations: opening, closing, coming in by them.

use std::collections::BTreeSet;

use homing_crypto::{Domain, HPKE_OVERHEAD, verify};
use homing_wire::{
    AccountOpId, EntryId, Epoch, Grant, InviteId, KemPublic, Member, Recipient, Role, SealedSeed, Signature,
    SpaceKind, limits, proof_bytes,
};

use super::epochs::recipient_of;
use super::judge::Judge;
use super::moment::{Moment, Present};
use super::{Invite, JoinRequest, SpaceState};
use crate::rights::rank;
use crate::seals::{check_kem, check_sealed_seed};
use crate::{AccessError, Acting, Directory, Missing};

/// How far an inviter's clock may be ahead of the relay's: a day, which covers a wrong time zone.
const CLOCK_SLACK_MS: u64 = 24 * 3600 * 1000;

/// How many people may ask by one link before it is of no more use: it was meant for one.
const ASKERS: usize = 8;

/// Bytes of an asker's name.
pub(crate) const NAME_BYTES: usize = 256;

fn invitable(kind: SpaceKind, role: Role) -> bool {
    match kind {
        SpaceKind::Personal => false,
        SpaceKind::Team => matches!(role, Role::Admin | Role::Member | Role::Reader),
        SpaceKind::Client => matches!(role, Role::Member | Role::Client | Role::Reader),
        SpaceKind::Talk => matches!(role, Role::Admin | Role::Member | Role::Client | Role::Reader),
    }
}

impl SpaceState {
    /// Whether who made an invitation could still make it.
    pub(super) fn invite_stands(
        &self,
        moment: Moment<'_>,
        dir: &dyn Directory,
        invite: &Invite,
    ) -> Result<bool, AccessError> {
        let acting = moment.acting(dir, &invite.inviter, &invite.written_as).and_then(|acting| {
            moment.check_device(dir, &invite.inviter, &invite.device, &invite.written_as)?;
            Ok(acting)
        });
        match acting {
            Ok(acting) => Ok(acting.may_grant(self.kind(), invite.role)),
            Err(AccessError::Missing(missing)) => Err(missing.into()),
            Err(_) => Ok(false),
        }
    }

    /// Withdraws invitations whose maker could not make them any more.
    pub(crate) fn withdraw_invites(
        &self,
        next: &mut Present,
        dir: &dyn Directory,
    ) -> Result<(), AccessError> {
        let mut fallen = Vec::new();
        for invite in next.invites.values() {
            if !self.invite_stands(Moment::Present(next), dir, invite)? {
                fallen.push(invite.id);
            }
        }
        for id in fallen {
            if next.invites.remove(&id).is_some_and(|invite| invite.instant) {
                next.withdrawn = true;
            }
        }
        Ok(())
    }
}

impl Judge<'_> {
    pub(super) fn invite(
        &mut self,
        acting: Acting,
        (id, kem): (InviteId, KemPublic),
        role: Role,
        (expires_ms, instant): (u64, bool),
        sealed: Option<SealedSeed>,
    ) -> Result<(), AccessError> {
        let kind = self.state.kind();
        // Staff are let in by a person, never by who holds a link.
        if !invitable(kind, role) || (instant && kind == SpaceKind::Team) {
            return Err(AccessError::KindForbids);
        }
        if !acting.may_grant(kind, role) {
            return Err(AccessError::RoleForbids);
        }
        if expires_ms <= self.at_ms {
            return Err(AccessError::Expired);
        }
        if expires_ms > self.at_ms.saturating_add(limits::INVITE_MS + CLOCK_SLACK_MS) {
            return Err(AccessError::Malformed("invitation's expiry"));
        }
        if self.state.used_invites.contains(&id) {
            return Err(AccessError::AlreadyApplied);
        }
        check_kem(&kem)?;
        match (&sealed, instant) {
            (Some(seal), true) if seal.to == Recipient::Invite(id) => check_sealed_seed(&seal.sealed)?,
            (Some(_), true) => return Err(AccessError::WrongRecipients),
            (None, false) => {}
            _ => return Err(AccessError::Malformed("invitation's seal")),
        }
        // Expired links that could read nothing need no op of their own to go.
        let now = self.at_ms;
        self.next.invites.retain(|_, invite| invite.instant || invite.expires_ms > now);
        if self.next.invites.len() >= limits::INVITES {
            return Err(AccessError::Limit("invitations"));
        }
        let invite = Invite {
            id,
            kem,
            role,
            expires_ms,
            instant,
            written_as: self.header.written_as,
            inviter: self.header.person,
            device: self.header.device,
            asked: BTreeSet::new(),
        };
        self.next.invites.insert(id, invite);
        self.used_invite = Some(id);
        self.seal = sealed;
        Ok(())
    }

    pub(super) fn cancel_invite(
        &mut self,
        acting: Acting,
        id: &InviteId,
        epoch: Option<Epoch>,
    ) -> Result<(), AccessError> {
        let invite = self.next.invites.remove(id).ok_or(AccessError::NoInvite)?;
        let expired = invite.expires_ms <= self.at_ms;
        if !expired && !acting.may_grant(self.state.kind(), invite.role) {
            return Err(AccessError::RoleForbids);
        }
        match (invite.instant, epoch) {
            (true, Some(epoch)) => self.take_epoch(epoch),
            (true, None) => Err(AccessError::EpochRequired),
            (false, None) => Ok(()),
            (false, Some(_)) => Err(AccessError::Malformed("epoch without need")),
        }
    }

    pub(super) fn join(
        &mut self,
        id: &InviteId,
        account: AccountOpId,
        proof: &Signature,
        epoch: Epoch,
    ) -> Result<(), AccessError> {
        let role = self.proven_invite(id, account, proof, true)?;
        let member = Member::Person(self.header.person);
        self.anchor_newcomer(&self.header.person, account)?;
        self.next.invites.remove(id);
        self.insert_member(Grant { member, role })?;
        self.take_epoch(epoch)
    }

    pub(super) fn request(
        &mut self,
        id: &InviteId,
        account: AccountOpId,
        proof: &Signature,
        names: Vec<SealedSeed>,
    ) -> Result<(), AccessError> {
        let role = self.proven_invite(id, account, proof, false)?;
        let person = self.header.person;
        self.check_names(&names)?;
        if self.next.requests.len() >= limits::INVITES {
            return Err(AccessError::Limit("requests"));
        }
        let invite = self.next.invites.get_mut(id).ok_or(AccessError::NoInvite)?;
        if invite.asked.len() >= ASKERS {
            return Err(AccessError::Limit("requests"));
        }
        if !invite.asked.insert(person) {
            return Err(AccessError::AlreadyApplied);
        }
        let request = JoinRequest { id: self.id, person, account, invite: *id, role, names };
        self.next.requests.insert(self.id, request);
        Ok(())
    }

    pub(super) fn decline(&mut self, acting: Acting, id: &EntryId) -> Result<(), AccessError> {
        let request = self.next.requests.remove(id).ok_or(AccessError::NoInvite)?;
        let may = acting.may_grant(self.state.kind(), request.role);
        if may { Ok(()) } else { Err(AccessError::RoleForbids) }
    }

    /// What joining and asking have in common: the link is open, in time, and its holder is who signs.
    fn proven_invite(
        &self,
        id: &InviteId,
        account: AccountOpId,
        proof: &Signature,
        instant: bool,
    ) -> Result<Role, AccessError> {
        let invite = self.next.invites.get(id).filter(|invite| invite.instant == instant);
        let invite = invite.ok_or(AccessError::NoInvite)?;
        if invite.expires_ms <= self.at_ms {
            return Err(AccessError::Expired);
        }
        let (person, device) = (self.header.person, self.header.device);
        let member = Member::Person(person);
        if self.header.written_as != member {
            return Err(AccessError::NotAMember);
        }
        let bytes = proof_bytes(&self.state.id, &person, &device, &self.state.head);
        verify(Domain::InviteProof, &id.0, &bytes, &proof.0).map_err(|_| AccessError::BadProof)?;
        let log = self.dir.account(&person).ok_or(Missing::Account(person))?;
        match log.was_active_at(&account, &device) {
            None => return Err(Missing::Account(person).into()),
            Some(true) => {}
            Some(false) if log.was_ever(&device) => return Err(AccessError::Revoked),
            Some(false) => return Err(Missing::Device(person, device).into()),
        }
        let present = self.next.members.get(&member);
        if present.is_some_and(|role| rank(*role) >= rank(invite.role)) {
            return Err(AccessError::AlreadyMember);
        }
        Ok(invite.role)
    }

    /// A name is sealed to owners and admins only, once to each.
    fn check_names(&self, names: &[SealedSeed]) -> Result<(), AccessError> {
        let mut managers = BTreeSet::new();
        for (member, _) in self.next.members.iter().filter(|(_, role)| role.manages()) {
            managers.insert(recipient_of(&self.next, self.dir, member)?.0);
        }
        for name in names {
            if !managers.remove(&name.to) {
                return Err(AccessError::WrongRecipients);
            }
            if name.sealed.len() > HPKE_OVERHEAD + NAME_BYTES {
                return Err(AccessError::Malformed("name"));
            }
        }
        Ok(())
    }
}
