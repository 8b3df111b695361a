//! Whether an op is the next one of the chain, and what it changes.
//!
//! Judging changes a copy of the present and hands it back as a [`Step`]; committing puts it in place. So the relay
//! can judge, look at the pins, make its transaction durable and only then take the step.

use std::collections::{BTreeSet, HashMap};

use homing_crypto::{Domain, verify};
use homing_wire::{
    Entry, EntryBody, EntryHeader, EntryId, EntryKind, Epoch, EpochId, Grant, InviteId, Member, Pin, Role,
    SealedSeed, SpaceId, SpaceOp, SpaceOrigin, limits,
};

use super::SpaceState;
use super::epochs::{check_epoch, recipients};
use super::history::{Cut, CutScope, EpochRecord, History, RoleChange, pin_map};
use super::moment::{Moment, Present};
use crate::rights::{check_kind, works};
use crate::{AccessError, Acting, Directory, Missing};

/// An op that was judged valid, ready to be committed.
#[derive(Debug, Clone)]
pub struct Step {
    op_head: EntryId,
    id: EntryId,
    writer: (homing_wire::PersonId, homing_wire::DeviceId, Member),
    next: Present,
    cuts: Vec<Cut>,
    epoch: Option<Epoch>,
    seal: Option<SealedSeed>,
    used_invite: Option<InviteId>,
}

impl Step {
    /// The op.
    pub const fn id(&self) -> EntryId {
        self.id
    }

    /// What it cuts. The relay compares the pins with the last entries it holds, see [`Cut::check_pins`].
    pub fn cuts(&self) -> &[Cut] {
        &self.cuts
    }
}

/// What an op changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The op.
    pub id: EntryId,
    /// Members who came, went or have another role.
    pub roles: Vec<RoleChange>,
    /// Earlier entries that these cover are judged again.
    pub cuts: Vec<Cut>,
    /// The epoch it brought.
    pub epoch: Option<EpochId>,
}

/// One op under judgement.
pub(super) struct Judge<'a> {
    pub state: &'a SpaceState,
    pub header: &'a EntryHeader,
    pub id: EntryId,
    pub at_ms: u64,
    pub dir: &'a dyn Directory,
    pub next: Present,
    pub cuts: Vec<Cut>,
    pub epoch: Option<Epoch>,
    pub seal: Option<SealedSeed>,
    pub used_invite: Option<InviteId>,
}

fn check_op_header(header: &EntryHeader) -> Result<(), AccessError> {
    if header.version != limits::VERSION
        || header.kind != EntryKind::Op
        || header.epoch.is_some()
        || header.nonce != [0; 24]
    {
        return Err(AccessError::Malformed("op header"));
    }
    Ok(())
}

impl SpaceState {
    /// Begins a space with its first op.
    pub fn genesis(entry: &Entry, dir: &dyn Directory) -> Result<Self, AccessError> {
        let header = entry.header();
        check_op_header(header)?;
        let id = crate::verify_entry(entry)?;
        let op = SpaceOp::decode(&entry.body.content).map_err(|_| AccessError::Malformed("op"))?;
        let SpaceOp::Genesis { origin, members, accounts, teams, epoch } = op else {
            return Err(AccessError::Malformed("genesis"));
        };
        if header.op_head.is_some() || header.prev.is_some() {
            return Err(AccessError::Malformed("genesis"));
        }
        if SpaceId::derive(&origin) != header.space {
            return Err(AccessError::WrongLog);
        }
        if members.len() > limits::MEMBERS {
            return Err(AccessError::Limit("members"));
        }
        let mut present = Present::default();
        for Grant { member, role } in &members {
            check_kind(&origin, member, *role)?;
            if present.members.insert(*member, *role).is_some() {
                return Err(AccessError::AlreadyMember);
            }
        }
        for anchor in &accounts {
            let member = present.members.contains_key(&Member::Person(anchor.person));
            if !member || !anchor.pins.is_empty() {
                return Err(AccessError::Malformed("account anchor"));
            }
            if present.accounts.insert(anchor.person, anchor.head).is_some() {
                return Err(AccessError::Malformed("account anchor"));
            }
        }
        for anchor in &teams {
            let member = present.members.contains_key(&Member::Team(anchor.team));
            if !member || !anchor.pins.is_empty() {
                return Err(AccessError::Malformed("team anchor"));
            }
            if present.teams.insert(anchor.team, anchor.head).is_some() {
                return Err(AccessError::Malformed("team anchor"));
            }
        }
        if present.accounts.len() + present.teams.len() != present.members.len() {
            return Err(AccessError::Malformed("anchors"));
        }
        let moment = Moment::Present(&present);
        let acting = moment.acting(dir, &header.person, &header.written_as)?;
        let creator = match &origin {
            SpaceOrigin::Personal(person) | SpaceOrigin::Team(person, _) | SpaceOrigin::Talk(person, _) => {
                header.written_as == Member::Person(*person) && acting.role == Role::Owner
            }
            SpaceOrigin::Client(team, _) => {
                header.written_as == Member::Team(*team) && acting.staff.is_some_and(works)
            }
        };
        if !creator {
            return Err(AccessError::RoleForbids);
        }
        moment.check_device(dir, &header.person, &header.device, &header.written_as)?;
        check_epoch(&epoch, origin.kind(), &[], &recipients(&present, dir, 0)?)?;

        let mut history = History::default();
        history.record(0, &Present::default(), &present);
        history.epochs.push(EpochRecord {
            id,
            commitment: epoch.commitment,
            team_kem: epoch.team_kem,
            previous: None,
            place: 0,
        });
        let writer = BTreeSet::from([header.written_as]);
        Ok(Self {
            id: header.space,
            origin,
            head: id,
            places: HashMap::from([(id, 0)]),
            present,
            history,
            seals: epoch.sealed,
            used_invites: BTreeSet::new(),
            writers: [((header.person, header.device), writer)].into(),
        })
    }

    /// Judges and takes the next op. `received_ms` is when the relay received it; before that, the device's own clock.
    pub fn apply(
        &mut self,
        entry: &Entry,
        received_ms: u64,
        dir: &dyn Directory,
    ) -> Result<Applied, AccessError> {
        let step = self.judge(entry, received_ms, dir)?;
        self.commit(step)
    }

    /// Whether this is a valid next op. Changes nothing.
    pub fn judge(&self, entry: &Entry, received_ms: u64, dir: &dyn Directory) -> Result<Step, AccessError> {
        let header = entry.header();
        check_op_header(header)?;
        if header.space != self.id {
            return Err(AccessError::WrongLog);
        }
        let signed = entry.signed_bytes();
        let id = EntryBody::id_of(&signed);
        if self.contains(&id) {
            return Err(AccessError::AlreadyApplied);
        }
        let op_head = header.op_head.ok_or(AccessError::Malformed("second genesis"))?;
        if op_head != self.head {
            return Err(match self.contains(&op_head) {
                true => AccessError::StaleOps,
                false => Missing::OpHead(op_head).into(),
            });
        }
        verify(Domain::Entry, &header.device.0, &signed, &entry.signature.0)
            .map_err(|_| AccessError::BadSignature)?;
        let op = SpaceOp::decode(&entry.body.content).map_err(|_| AccessError::Malformed("op"))?;
        let mut judge = Judge {
            state: self,
            header,
            id,
            at_ms: received_ms,
            dir,
            next: self.present.clone(),
            cuts: Vec::new(),
            epoch: None,
            seal: None,
            used_invite: None,
        };
        judge.op(op)?;
        let Judge { next, cuts, epoch, seal, used_invite, .. } = judge;
        let writer = (header.person, header.device, header.written_as);
        Ok(Step { op_head, id, writer, next, cuts, epoch, seal, used_invite })
    }

    /// Takes a step that was judged at the present head.
    pub fn commit(&mut self, step: Step) -> Result<Applied, AccessError> {
        let Step { op_head, id, writer: (person, device, member), next, cuts, epoch, seal, used_invite } =
            step;
        if op_head != self.head {
            return Err(AccessError::StaleOps);
        }
        let place = self.places.len();
        self.places.insert(id, place);
        self.head = id;
        let roles = self.history.record(place, &self.present, &next);
        self.present = next;
        self.history.cuts.extend(cuts.iter().cloned());
        let brought = epoch.as_ref().map(|_| id);
        if let Some(Epoch { commitment, team_kem, sealed, previous }) = epoch {
            self.history.epochs.push(EpochRecord { id, commitment, team_kem, previous, place });
            self.seals = sealed;
        }
        self.seals.extend(seal);
        self.used_invites.extend(used_invite);
        self.writers.entry((person, device)).or_default().insert(member);
        Ok(Applied { id, roles, cuts, epoch: brought })
    }
}

impl Judge<'_> {
    fn op(&mut self, op: SpaceOp) -> Result<(), AccessError> {
        match op {
            SpaceOp::Genesis { .. } => Err(AccessError::Malformed("second genesis")),
            SpaceOp::Join { invite, account, proof, epoch } => self.join(&invite, account, &proof, epoch),
            SpaceOp::Request { invite, account, proof, names } => {
                self.request(&invite, account, &proof, names)
            }
            SpaceOp::Anchor { accounts, teams, epoch } => self.anchor(&accounts, &teams, epoch),
            SpaceOp::Add { grant, account, team, sealed, request } => {
                let acting = self.acting()?;
                self.add(acting, grant, account, team, sealed, request)
            }
            SpaceOp::Remove { member, pins, epoch } => {
                let acting = self.acting()?;
                self.remove(acting, &member, &pins, epoch)
            }
            SpaceOp::Leave { pins } => {
                let acting = self.acting()?;
                self.leave(acting, &pins)
            }
            SpaceOp::SetRole { grant, pins } => {
                let acting = self.acting()?;
                self.set_role(acting, &grant, &pins)
            }
            SpaceOp::Invite { invite, kem, role, expires_ms, instant, sealed } => {
                let acting = self.acting()?;
                self.invite(acting, (invite, kem), role, (expires_ms, instant), sealed)
            }
            SpaceOp::CancelInvite { invite, epoch } => {
                let acting = self.acting()?;
                self.cancel_invite(acting, &invite, epoch)
            }
            SpaceOp::Decline { request } => {
                let acting = self.acting()?;
                self.decline(acting, &request)
            }
            SpaceOp::Rotate { epoch } => {
                self.acting()?;
                self.take_epoch(epoch)
            }
            SpaceOp::MinimumRules { version } => {
                // It never falls again, and too high a version keeps everybody from writing.
                if self.acting()?.role != Role::Owner {
                    return Err(AccessError::RoleForbids);
                }
                if version <= self.next.rules {
                    return Err(AccessError::OldRules);
                }
                self.next.rules = version;
                Ok(())
            }
            SpaceOp::Unopenable { epoch } => {
                self.acting()?;
                if epoch != self.state.epoch() {
                    return Err(AccessError::StaleEpoch);
                }
                if self.next.unopenable {
                    return Err(AccessError::AlreadyApplied);
                }
                self.next.unopenable = true;
                Ok(())
            }
        }
    }

    /// In which capacity the op is written, by the heads as they stand in `next`.
    pub fn acting(&self) -> Result<Acting, AccessError> {
        let EntryHeader { person, device, written_as, .. } = self.header;
        let moment = Moment::Present(&self.next);
        let acting = moment.acting(self.dir, person, written_as)?;
        moment.check_device(self.dir, person, device, written_as)?;
        Ok(acting)
    }

    /// Checks and takes the op's epoch, after everything else in `next` is settled.
    pub fn take_epoch(&mut self, epoch: Epoch) -> Result<(), AccessError> {
        // Who holds an expired link is not sealed to, so the link is closed.
        let now = self.at_ms;
        self.next.invites.retain(|_, invite| invite.expires_ms > now);
        let recipients = recipients(&self.next, self.dir, now)?;
        check_epoch(&epoch, self.state.kind(), &self.state.history.epochs, &recipients)?;
        self.next.left = false;
        self.next.withdrawn = false;
        self.next.unopenable = false;
        self.epoch = Some(epoch);
        Ok(())
    }

    /// Adds a cut, if there is anything to cut.
    pub fn cut(&mut self, scopes: Vec<CutScope>, pins: &[Pin]) -> Result<(), AccessError> {
        let pins = pin_map(pins).ok_or(AccessError::Malformed("pins"))?;
        if scopes.is_empty() {
            return if pins.is_empty() { Ok(()) } else { Err(AccessError::Malformed("pins")) };
        }
        let cut = Cut { op: self.id, scopes, pins, place: self.state.len() };
        for ((person, device), members) in &self.state.writers {
            let covered = members.iter().any(|member| cut.covers(person, device, member));
            if covered && cut.pin(device).is_none() {
                return Err(AccessError::PinMissing);
            }
        }
        self.cuts.push(cut);
        Ok(())
    }

    /// Withdraws invitations whose maker could not make them any more.
    pub fn withdraw_invites(&mut self) -> Result<(), AccessError> {
        self.state.withdraw_invites(&mut self.next, self.dir)
    }
}
