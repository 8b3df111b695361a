//! Who must be able to open an epoch, and whether an op's new epoch is sealed to exactly those.

use std::collections::BTreeMap;

use homing_wire::{Epoch, KemPublic, Member, Recipient, SpaceKind};

use super::EpochRecord;
use super::moment::Present;
use crate::seals::{check_kem, check_linked_seed, check_sealed_seed};
use crate::{AccessError, Directory, Missing};

/// A member's current key, by the anchored head.
pub(crate) fn recipient_of(
    present: &Present,
    dir: &dyn Directory,
    member: &Member,
) -> Result<(Recipient, KemPublic), AccessError> {
    match member {
        Member::Person(person) => {
            let missing = Missing::Account(*person);
            let head = present.accounts.get(person).ok_or(missing)?;
            let key = dir.account(person).and_then(|account| account.person_key_at(head)).ok_or(missing)?;
            Ok((Recipient::Person(*person, key.generation), key.kem))
        }
        Member::Team(team) => {
            let missing = Missing::Team(*team);
            let head = present.teams.get(team).ok_or(missing)?;
            let epoch = dir.team(team).and_then(|state| state.epoch_at(head)).ok_or(missing)?;
            Ok((Recipient::Team(*team, epoch.id), epoch.team_kem.ok_or(AccessError::KindForbids)?))
        }
    }
}

/// The current keys of all members.
pub(crate) fn member_recipients(
    present: &Present,
    dir: &dyn Directory,
) -> Result<BTreeMap<Recipient, KemPublic>, AccessError> {
    present.members.keys().map(|member| recipient_of(present, dir, member)).collect()
}

/// The current keys of all members, and the open instant invitations.
pub(crate) fn recipients(
    present: &Present,
    dir: &dyn Directory,
    at_ms: u64,
) -> Result<BTreeMap<Recipient, KemPublic>, AccessError> {
    let mut all = member_recipients(present, dir)?;
    for invite in present.invites.values().filter(|invite| invite.instant && invite.expires_ms > at_ms) {
        all.insert(Recipient::Invite(invite.id), invite.kem);
    }
    Ok(all)
}

/// Checks everything about an epoch that can be seen from outside.
pub(crate) fn check_epoch(
    epoch: &Epoch,
    kind: SpaceKind,
    past: &[EpochRecord],
    recipients: &BTreeMap<Recipient, KemPublic>,
) -> Result<(), AccessError> {
    match (kind, &epoch.team_kem) {
        (SpaceKind::Team, Some(kem)) => check_kem(kem)?,
        (SpaceKind::Team, None) | (_, Some(_)) => return Err(AccessError::Malformed("team key")),
        (_, None) => {}
    }
    match (past.last(), &epoch.previous) {
        (None, None) => {}
        (Some(current), Some(previous)) if previous.epoch == current.id => {
            check_linked_seed(&previous.sealed)?
        }
        (Some(_), Some(_)) => return Err(AccessError::StaleEpoch),
        _ => return Err(AccessError::Malformed("previous epoch")),
    }
    // An epoch with an old seed would look like a rotation and be none.
    if past.iter().any(|used| used.commitment == epoch.commitment) {
        return Err(AccessError::BadKey);
    }
    let mut sealed_to = BTreeMap::new();
    for seal in &epoch.sealed {
        check_sealed_seed(&seal.sealed)?;
        if !recipients.contains_key(&seal.to) || sealed_to.insert(seal.to, ()).is_some() {
            return Err(AccessError::WrongRecipients);
        }
    }
    if sealed_to.len() == recipients.len() { Ok(()) } else { Err(AccessError::WrongRecipients) }
}
