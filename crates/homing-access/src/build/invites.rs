//! Space ops about invitations.

use homing_crypto::{Domain, EpochKey, InviteSecret, Seed32, SigningKey, hpke_seal};
use homing_wire::{
    DeviceId, EpochId, Grant, InviteId, KemPublic, Member, PersonId, Recipient, Role, SealedSeed, Signature,
    SpaceId, SpaceOp, limits, proof_bytes,
};
use rand_core::CryptoRng;

use super::epochs::seal_to;
use super::{BuildError, SpaceOps};
use crate::open::{self, Keys};
use crate::seals::{name_info, recipient_data};
use crate::space::{NAME_BYTES, recipient_of};
use crate::{AccessError, Missing};

/// The public half of an invitation's secret, by which it is known.
fn invite_id(secret: &InviteSecret) -> InviteId {
    InviteId(secret.signing().public())
}

/// A link's holder has no other key.
struct Holder<'a>(&'a InviteSecret);

impl Keys for Holder<'_> {
    fn person(&self, _: &PersonId, _: u32) -> Option<Seed32> {
        None
    }

    fn team(&self, _: &SpaceId, _: &EpochId) -> Option<Seed32> {
        None
    }

    fn invite(&self, invite: &InviteId) -> Option<InviteSecret> {
        (*invite == invite_id(self.0)).then(|| self.0.clone())
    }
}

impl SpaceOps<'_> {
    /// Opens an invitation that is good for [`limits::INVITE_MS`]. An instant one gets the current epoch's seed.
    pub fn invite(
        &self,
        rng: &mut impl CryptoRng,
        secret: &InviteSecret,
        role: Role,
        instant: bool,
        current: &EpochKey,
    ) -> Result<SpaceOp, BuildError> {
        let (invite, kem) = (invite_id(secret), KemPublic(secret.kem().public()));
        let sealed = match instant {
            true => Some(seal_to(rng, &self.state.id(), current, (Recipient::Invite(invite), kem))?),
            false => None,
        };
        let expires_ms = self.now_ms.saturating_add(limits::INVITE_MS);
        Ok(SpaceOp::Invite { invite, kem, role, expires_ms, instant, sealed })
    }

    /// Closes an invitation, with a new epoch if its holder could read.
    pub fn cancel_invite(
        &self,
        rng: &mut impl CryptoRng,
        invite: InviteId,
        current: &EpochKey,
    ) -> Result<(SpaceOp, Option<EpochKey>), BuildError> {
        let mut next = self.state.present().clone();
        let open = next.invites.remove(&invite).ok_or(AccessError::NoInvite)?;
        let (epoch, key) = match open.instant {
            true => Some(self.epoch(rng, &next, current)?).unzip(),
            false => (None, None),
        };
        Ok((SpaceOp::CancelInvite { invite, epoch }, key))
    }

    /// Comes in by an instant invitation. Gives the op, the epoch it brings, and the one the link opened.
    pub fn join(
        &self,
        rng: &mut impl CryptoRng,
        secret: &InviteSecret,
        person: &PersonId,
        device: &SigningKey,
    ) -> Result<(SpaceOp, EpochKey, EpochKey), BuildError> {
        let invite = invite_id(secret);
        let current = open::current_epoch(self.state, &Holder(secret))?;
        let mut next = self.state.present().clone();
        let role = next.invites.remove(&invite).ok_or(AccessError::NoInvite)?.role;
        let account = self.dir.account(person).ok_or(Missing::Account(*person))?.head();
        let Grant { member, role } = Grant { member: Member::Person(*person), role };
        next.accounts.insert(*person, account);
        next.members.insert(member, role);
        self.state.withdraw_invites(&mut next, self.dir)?;
        let (epoch, key) = self.epoch(rng, &next, &current)?;
        let proof = self.proof(secret, person, device);
        Ok((SpaceOp::Join { invite, account, proof, epoch }, key, current))
    }

    /// Asks to come in by an invitation that waits for approval. The name is for owners and admins only.
    pub fn request(
        &self,
        rng: &mut impl CryptoRng,
        secret: &InviteSecret,
        person: &PersonId,
        device: &SigningKey,
        name: &str,
    ) -> Result<SpaceOp, BuildError> {
        let invite = invite_id(secret);
        if name.len() > NAME_BYTES {
            return Err(AccessError::Limit("bytes of a name").into());
        }
        let account = self.dir.account(person).ok_or(Missing::Account(*person))?.head();
        let info = name_info(&self.state.id(), &invite);
        let mut names = Vec::new();
        for (member, _) in self.state.members().iter().filter(|(_, role)| role.manages()) {
            let (to, kem) = recipient_of(self.state.present(), self.dir, member)?;
            let sealed = hpke_seal(rng, &kem.0, &info, &recipient_data(&to), name.as_bytes())?;
            names.push(SealedSeed { to, sealed });
        }
        Ok(SpaceOp::Request { invite, account, proof: self.proof(secret, person, device), names })
    }

    fn proof(&self, secret: &InviteSecret, person: &PersonId, device: &SigningKey) -> Signature {
        let device = DeviceId(device.public());
        let bytes = proof_bytes(&self.state.id(), person, &device, &self.state.head());
        Signature(secret.signing().sign(Domain::InviteProof, &bytes))
    }
}
