//! Gets the seeds back out of account logs and epochs.
//!
//! Whatever is opened is compared with what the log announced, so a member who sealed something else is found out
//! here: the caller then writes `Unopenable`, and the next writer who can rotates.

use homing_crypto::{
    CryptoError, EpochKey, InviteSecret, KemSecret, PersonSecret, RecoverySecret, Seed32, hpke_open,
};
use homing_wire::{
    DeviceId, Epoch, EpochId, Hash, InviteId, KemPublic, PersonId, PersonKey, Recipient, SealedSeed, SpaceId,
    seal_info,
};

use crate::account::announced;
use crate::build::BuildError;
use crate::seals::{name_info, person_seed_info, recipient_data, split_linked_seed};
use crate::{AccountState, EpochRecord, JoinRequest, SpaceState};

/// The secrets at hand.
pub trait Keys {
    /// The person seed of a generation.
    fn person(&self, person: &PersonId, generation: u32) -> Option<Seed32>;

    /// The seed of a team's epoch.
    fn team(&self, team: &SpaceId, epoch: &EpochId) -> Option<Seed32>;

    /// The secret of an invitation.
    fn invite(&self, invite: &InviteId) -> Option<InviteSecret>;
}

fn secret_for(to: &Recipient, keys: &dyn Keys) -> Option<KemSecret> {
    match to {
        Recipient::Person(person, generation) => {
            keys.person(person, *generation).map(|seed| PersonSecret::from_seed(&seed).kem().clone())
        }
        Recipient::Team(team, epoch) => keys.team(team, epoch).map(|seed| EpochKey::from_seed(seed).kem()),
        Recipient::Invite(invite) => keys.invite(invite).map(|secret| secret.kem()),
    }
}

fn sealed_epoch(
    space: &SpaceId,
    (commitment, team_kem): (&Hash, Option<&KemPublic>),
    seals: &[SealedSeed],
    keys: &dyn Keys,
) -> Result<EpochKey, BuildError> {
    let mut failed = BuildError::NoKey;
    for seal in seals {
        let Some(secret) = secret_for(&seal.to, keys) else { continue };
        let opened =
            hpke_open(&secret, &seal_info(space, commitment), &recipient_data(&seal.to), &seal.sealed)
                .and_then(|plain| Seed32::from_slice(&plain).ok_or(CryptoError::OpenFailed))
                .and_then(|seed| EpochKey::from_announced(seed, &commitment.0))
                .and_then(|key| check_team_kem(key, team_kem));
        match opened {
            Ok(key) => return Ok(key),
            Err(error) => failed = error.into(),
        }
    }
    Err(failed)
}

/// A team key that the epoch's seed doesn't give would take client spaces away from the team.
fn check_team_kem(key: EpochKey, announced: Option<&KemPublic>) -> Result<EpochKey, CryptoError> {
    match announced {
        Some(kem) if kem.0 != key.kem().public() => Err(CryptoError::WrongCommitment),
        _ => Ok(key),
    }
}

/// Opens a space's current epoch with any of the secrets at hand.
pub fn current_epoch(state: &SpaceState, keys: &dyn Keys) -> Result<EpochKey, BuildError> {
    let record = state.epochs().last().ok_or(BuildError::NoKey)?;
    sealed_epoch(&state.id(), (&record.commitment, record.team_kem.as_ref()), state.seals(), keys)
}

/// Opens the epoch of an op, with the seals that op carries.
pub fn epoch(space: &SpaceId, epoch: &Epoch, keys: &dyn Keys) -> Result<EpochKey, BuildError> {
    sealed_epoch(space, (&epoch.commitment, epoch.team_kem.as_ref()), &epoch.sealed, keys)
}

/// Opens the epoch before an epoch; `None` for the first.
pub fn previous_epoch(
    state: &SpaceState,
    record: &EpochRecord,
    key: &EpochKey,
) -> Result<Option<(EpochId, EpochKey)>, BuildError> {
    let Some(previous) = &record.previous else { return Ok(None) };
    let before = state.epoch_record(&previous.epoch).ok_or(BuildError::NoKey)?;
    let (nonce, sealed) = split_linked_seed(&previous.sealed)?;
    let opened = key.open_previous(sealed, nonce, &before.commitment.0)?;
    Ok(Some((before.id, check_team_kem(opened, before.team_kem.as_ref())?)))
}

/// Opens all epochs from one back to the first, or as far as the links hold.
pub fn earlier_epochs(state: &SpaceState, from: &EpochId, key: &EpochKey) -> Vec<(EpochId, EpochKey)> {
    let mut found: Vec<(EpochId, EpochKey)> = Vec::new();
    let mut record = state.epoch_record(from);
    while let Some(at) = record {
        let key = found.last().map_or(key, |(_, key)| key);
        let Ok(Some((id, before))) = previous_epoch(state, at, key) else { break };
        record = state.epoch_record(&id);
        found.push((id, before));
    }
    found
}

fn person_seed_of(key: &PersonKey, secret: &KemSecret, sealed: &[u8]) -> Result<Seed32, BuildError> {
    let info = person_seed_info(key.generation, &key.enrol, &key.kem);
    let plain = hpke_open(secret, &info, &secret.public(), sealed)?;
    let seed = Seed32::from_slice(&plain).ok_or(CryptoError::OpenFailed)?;
    if PersonSecret::from_seed(&seed).public() == announced(key) {
        Ok(seed)
    } else {
        Err(CryptoError::WrongCommitment.into())
    }
}

/// Opens the current person seed with a device's key.
pub fn person_seed(
    account: &AccountState,
    device: &DeviceId,
    secret: &KemSecret,
) -> Result<Seed32, BuildError> {
    let sealed = account.sealed_to(device).ok_or(BuildError::NoKey)?;
    person_seed_of(account.person_key(), secret, sealed)
}

/// Opens the current person seed with the recovery words.
pub fn person_seed_by_recovery(
    account: &AccountState,
    recovery: &RecoverySecret,
) -> Result<Seed32, BuildError> {
    let key = account.person_key();
    person_seed_of(key, recovery.kem(), &key.recovery)
}

/// All person seeds by generation, from a generation's seed back to the first.
pub fn earlier_person_seeds(
    account: &AccountState,
    generation: u32,
    seed: &Seed32,
) -> Result<Vec<(u32, Seed32)>, BuildError> {
    let mut seeds = vec![(generation, seed.clone())];
    let mut at = account.generation(generation).ok_or(BuildError::NoKey)?;
    let mut secret = PersonSecret::from_seed(seed);
    while let Some(before) = at.generation.checked_sub(1).and_then(|number| account.generation(number)) {
        let (nonce, sealed) = split_linked_seed(&at.previous)?;
        let seed = secret.open_previous(sealed, nonce, &announced(before))?;
        secret = PersonSecret::from_seed(&seed);
        seeds.push((before.generation, seed));
        at = before;
    }
    Ok(seeds)
}

/// The name somebody gave who asks to come in; `None` when it was not sealed to a key at hand.
pub fn request_name(space: &SpaceId, request: &JoinRequest, keys: &dyn Keys) -> Option<String> {
    request.names.iter().find_map(|name| {
        let secret = secret_for(&name.to, keys)?;
        let info = name_info(space, &request.invite);
        let plain = hpke_open(&secret, &info, &recipient_data(&name.to), &name.sealed).ok()?;
        String::from_utf8(plain.to_vec()).ok()
    })
}
