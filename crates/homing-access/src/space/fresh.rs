//! What counts only now: whether a space must rotate before anything is written, and what a relay takes.
//!
//! These answers depend on the time and on how far accounts and teams are known, so they never decide about what is
//! already in a log.

use homing_wire::{
    Entry, EntryHeader, EntryKind, InviteId, Member, PersonId, Role, SlotHeader, SpaceId, SpaceOp,
};

use super::SpaceState;
use super::judge::Step;
use super::moment::Moment;
use super::verdict::Verdict;
use crate::rights::rank;
use crate::{AccessError, Directory};

/// Why the next writer must anchor or rotate first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RotationReason {
    /// A member left.
    MemberLeft,
    /// An instant invitation was withdrawn.
    InviteWithdrawn,
    /// An instant invitation expired.
    InviteExpired(InviteId),
    /// Somebody can't open the current epoch.
    Unopenable,
    /// A member revoked a device or has a new person key.
    Account(PersonId),
    /// A team has a new epoch, or staff or their devices lost rights.
    Team(SpaceId),
}

impl SpaceState {
    /// Why this space must anchor or rotate before anything else is written; empty = it need not.
    pub fn needs_rotation(&self, dir: &dyn Directory, now_ms: u64) -> Vec<RotationReason> {
        let present = &self.present;
        let mut reasons = Vec::new();
        if present.left {
            reasons.push(RotationReason::MemberLeft);
        }
        if present.withdrawn {
            reasons.push(RotationReason::InviteWithdrawn);
        }
        if present.unopenable {
            reasons.push(RotationReason::Unopenable);
        }
        let expired = present.invites.values().filter(|invite| invite.instant && invite.expires_ms <= now_ms);
        reasons.extend(expired.map(|invite| RotationReason::InviteExpired(invite.id)));
        for member in present.members.keys() {
            match member {
                Member::Person(person) if self.account_moved(dir, person) => {
                    reasons.push(RotationReason::Account(*person));
                }
                Member::Team(team) if self.team_moved(dir, team) => reasons.push(RotationReason::Team(*team)),
                Member::Person(_) | Member::Team(_) => {}
            }
        }
        reasons
    }

    /// Whether a member's account lost a device or a key since it was anchored.
    fn account_moved(&self, dir: &dyn Directory, person: &PersonId) -> bool {
        let (Some(account), Some(anchored)) = (dir.account(person), self.present.accounts.get(person)) else {
            return false;
        };
        // Revoking a device always makes a new generation.
        account.person_key_at(anchored).is_some_and(|key| key.generation != account.person_key().generation)
    }

    /// Whether a team has another key, or took rights away, since it was anchored.
    fn team_moved(&self, dir: &dyn Directory, id: &SpaceId) -> bool {
        let (Some(team), Some(anchored)) = (dir.team(id), self.present.teams.get(id)) else {
            return false;
        };
        let head = team.head();
        team.epoch_at(anchored).is_some_and(|epoch| epoch.id != team.epoch())
            || team.scopes_between(anchored, &head).is_some_and(|scopes| !scopes.is_empty())
    }

    /// The person's best role here by the newest knowledge, directly or through a team; `None` = may not read.
    pub fn access(&self, dir: &dyn Directory, person: &PersonId) -> Option<Role> {
        let moment = Moment::Newest(&self.present);
        let roles = self.present.members.keys().filter_map(|member| moment.acting(dir, person, member).ok());
        roles.map(|acting| acting.role).max_by_key(|role| rank(*role))
    }

    /// The members as which a person can write here, by the heads that are anchored.
    pub fn capacities(&self, dir: &dyn Directory, person: &PersonId) -> Vec<(Member, crate::Acting)> {
        let moment = Moment::Present(&self.present);
        let members = self.present.members.keys();
        members.filter_map(|member| Some((*member, moment.acting(dir, person, member).ok()?))).collect()
    }

    /// What a relay asks before it takes a fresh op; the caller then checks [`Step::cuts`] against its last entries.
    pub fn admit_op(&self, entry: &Entry, now_ms: u64, dir: &dyn Directory) -> Result<Step, AccessError> {
        let step = self.judge(entry, now_ms, dir)?;
        let header = entry.header();
        let newest = Moment::Newest(&self.present);
        let op = SpaceOp::decode(&entry.body.content).map_err(|_| AccessError::Malformed("op"))?;
        match op {
            SpaceOp::Join { invite, .. } | SpaceOp::Request { invite, .. } => {
                newest.check_device(dir, &header.person, &header.device, &header.written_as)?;
                let invite = self.present.invites.get(&invite).ok_or(AccessError::NoInvite)?;
                // Its maker may have lost the right in a head that nobody anchored here yet.
                if !self.invite_stands(newest, dir, invite)? {
                    return Err(AccessError::NeedsRotation);
                }
            }
            _ => self.check_newest(dir, &header.person, &header.device, &header.written_as)?,
        }
        Ok(step)
    }

    /// What a relay asks before it takes a fresh data entry of the session's device. Signature, `prev` and `dseq` are the
    /// caller's to check.
    pub fn admit_data(
        &self,
        header: &EntryHeader,
        dir: &dyn Directory,
        now_ms: u64,
    ) -> Result<Role, AccessError> {
        if header.kind != EntryKind::Data {
            return Err(AccessError::Malformed("kind"));
        }
        if header.op_head != Some(self.head) {
            return Err(match header.op_head {
                Some(op) if !self.contains(&op) => crate::Missing::OpHead(op).into(),
                _ => AccessError::StaleOps,
            });
        }
        // Written under the head, so no later op can have cut it.
        let role = match self.verdict(header, &self.head, dir, &|_, _| None) {
            Verdict::Accept { role, .. } => role,
            Verdict::Park(missing) => return Err(missing.into()),
            Verdict::Refuse(error) => return Err(error),
        };
        self.check_newest(dir, &header.person, &header.device, &header.written_as)?;
        if self.needs_rotation(dir, now_ms).is_empty() { Ok(role) } else { Err(AccessError::NeedsRotation) }
    }

    /// What a relay asks of an entry that it keeps until its time, when it gets it and again when it releases it. Ops that
    /// came since the entry was sealed don't matter, as long as it goes to those its author saw.
    pub fn admit_scheduled(
        &self,
        header: &EntryHeader,
        dir: &dyn Directory,
        now_ms: u64,
    ) -> Result<(), AccessError> {
        if header.kind != EntryKind::Data {
            return Err(AccessError::Malformed("kind"));
        }
        let op_head = header.op_head.ok_or(AccessError::Malformed("op head"))?;
        let place = self.place(&op_head).ok_or(crate::Missing::OpHead(op_head))?;
        if header.epoch != Some(self.epoch()) {
            return Err(AccessError::StaleEpoch);
        }
        if header.rules < self.minimum_rules() {
            return Err(AccessError::OldRules);
        }
        let newest = Moment::Newest(&self.present);
        if !newest.acting(dir, &header.person, &header.written_as)?.role.writes() {
            return Err(AccessError::RoleForbids);
        }
        newest.check_device(dir, &header.person, &header.device, &header.written_as)?;
        let was = |member: &Member| self.history.role(place, member).is_some();
        let is = |member: &Member| self.present.members.contains_key(member);
        if self.members_ever().any(|member| was(member) != is(member)) {
            return Err(AccessError::StaleOps);
        }
        // No pin can know an entry that is in no log yet: an op that cuts its device refuses it.
        match self.verdict(header, &op_head, dir, &|_, _| Some(false)) {
            Verdict::Accept { .. } => {}
            Verdict::Park(missing) => return Err(missing.into()),
            Verdict::Refuse(error) => return Err(error),
        }
        if self.needs_rotation(dir, now_ms).is_empty() { Ok(()) } else { Err(AccessError::NeedsRotation) }
    }

    /// What a relay asks before it takes a slot of the session's device. Signature and counter are the caller's to check.
    pub fn admit_slot(
        &self,
        header: &SlotHeader,
        dir: &dyn Directory,
        now_ms: u64,
    ) -> Result<Role, AccessError> {
        if header.epoch != self.epoch() {
            return Err(AccessError::StaleEpoch);
        }
        let role = match self.slot_verdict(header, dir) {
            Verdict::Accept { role, .. } => role,
            Verdict::Park(missing) => return Err(missing.into()),
            Verdict::Refuse(error) => return Err(error),
        };
        if self.needs_rotation(dir, now_ms).is_empty() { Ok(role) } else { Err(AccessError::NeedsRotation) }
    }

    fn check_newest(
        &self,
        dir: &dyn Directory,
        person: &PersonId,
        device: &homing_wire::DeviceId,
        written_as: &Member,
    ) -> Result<(), AccessError> {
        let newest = Moment::Newest(&self.present);
        newest.acting(dir, person, written_as)?;
        newest.check_device(dir, person, device, written_as)
    }
}
