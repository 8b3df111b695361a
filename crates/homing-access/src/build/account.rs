//! Account ops.

use homing_crypto::{
    CryptoError, DeviceSecret, Domain, PersonSecret, RecoverySecret, Seed32, SigningKey, hpke_seal,
    random_nonce,
};
use homing_wire::{
    AccountAction, AccountOp, AccountOpBody, AccountOpId, AccountSigner, DeviceId, DeviceKeys, KemPublic,
    PersonId, PersonKey, RecoveryKeys, SealedToDevice, Signature, VerifyKey, limits,
};
use rand_core::CryptoRng;

use super::BuildError;
use crate::seals::person_seed_info;
use crate::{AccessError, AccountState};

/// What signs an account op.
#[derive(Debug, Clone, Copy)]
pub enum AccountKey<'a> {
    /// A device of the account.
    Device(&'a SigningKey),
    /// The recovery words.
    Recovery(&'a RecoverySecret),
    /// The current person seed, as a backup holds it; adds devices only.
    Person(&'a PersonSecret),
}

impl AccountKey<'_> {
    fn sign(self, account: &AccountState, action: AccountAction) -> AccountOp {
        let (signer, key) = match self {
            Self::Device(key) => (AccountSigner::Device(DeviceId(key.public())), key),
            Self::Recovery(recovery) => (AccountSigner::Recovery, recovery.signing()),
            Self::Person(person) => {
                (AccountSigner::PersonKey(account.person_key().generation), person.enrol())
            }
        };
        sign(Some((account.person(), account.head())), signer, action, key)
    }
}

fn sign(
    place: Option<(PersonId, AccountOpId)>,
    signer: AccountSigner,
    action: AccountAction,
    key: &SigningKey,
) -> AccountOp {
    let body = AccountOpBody {
        version: limits::VERSION,
        person: place.map(|(person, _)| person),
        prev: place.map(|(_, prev)| prev),
        signer,
        action,
    };
    let mut op = AccountOp { body, signature: Signature([0; 64]) };
    op.signature = Signature(key.sign(Domain::AccountOp, &op.signed_bytes()));
    op
}

fn seal_seed(
    rng: &mut impl CryptoRng,
    seed: &Seed32,
    generation: u32,
    to: &KemPublic,
) -> Result<Vec<u8>, CryptoError> {
    let public = PersonSecret::from_seed(seed).public();
    let info = person_seed_info(generation, &VerifyKey(public.enrol), &KemPublic(public.kem));
    hpke_seal(rng, &to.0, &info, &to.0, seed.expose())
}

fn person_key(
    rng: &mut impl CryptoRng,
    generation: u32,
    devices: &[DeviceKeys],
    recovery: &RecoveryKeys,
    previous: Option<&Seed32>,
) -> Result<(PersonKey, Seed32), CryptoError> {
    let seed = Seed32::random(rng);
    let secret = PersonSecret::from_seed(&seed);
    let mut sealed = Vec::with_capacity(devices.len());
    for device in devices {
        let bytes = seal_seed(rng, &seed, generation, &device.kem)?;
        sealed.push(SealedToDevice { device: device.device, sealed: bytes });
    }
    let previous = match previous {
        None => Vec::new(),
        Some(before) => {
            let nonce = random_nonce(rng);
            [&nonce[..], &secret.seal_previous(before, nonce)?].concat()
        }
    };
    let public = secret.public();
    let key = PersonKey {
        generation,
        enrol: VerifyKey(public.enrol),
        kem: KemPublic(public.kem),
        devices: sealed,
        recovery: seal_seed(rng, &seed, generation, &recovery.kem)?,
        previous,
    };
    Ok((key, seed))
}

fn device_keys(device: &DeviceSecret) -> DeviceKeys {
    DeviceKeys { device: DeviceId(device.signing().public()), kem: KemPublic(device.kem().public()) }
}

fn recovery_keys(recovery: &RecoverySecret) -> RecoveryKeys {
    RecoveryKeys { verify: VerifyKey(recovery.signing().public()), kem: KemPublic(recovery.kem().public()) }
}

/// A new account: its first op, and the first person seed.
pub fn new_account(
    rng: &mut impl CryptoRng,
    device: &DeviceSecret,
    recovery: &RecoverySecret,
) -> Result<(AccountOp, Seed32), BuildError> {
    let (device_keys, recovery) = (device_keys(device), recovery_keys(recovery));
    let (person_key, seed) = person_key(rng, 1, &[device_keys], &recovery, None)?;
    let mut nonce = [0; 16];
    rng.fill_bytes(&mut nonce);
    let action = AccountAction::Genesis { device: device_keys, person_key, recovery, nonce };
    let op = sign(None, AccountSigner::Device(device_keys.device), action, device.signing());
    Ok((op, seed))
}

/// What a new device hands over to be added: its public keys, and its signature that it wants to belong to the person.
pub fn consent(person: &PersonId, device: &DeviceSecret) -> (DeviceKeys, Signature) {
    let keys = device_keys(device);
    let bytes = AccountOp::consent_bytes(person, &keys);
    (keys, Signature(device.signing().sign(Domain::AccountOp, &bytes)))
}

/// Adds a device, handing it the current person seed.
pub fn add_device(
    rng: &mut impl CryptoRng,
    account: &AccountState,
    signer: AccountKey<'_>,
    (device, consent): (DeviceKeys, Signature),
    person_seed: &Seed32,
) -> Result<AccountOp, BuildError> {
    let sealed = seal_seed(rng, person_seed, account.person_key().generation, &device.kem)?;
    Ok(signer.sign(account, AccountAction::AddDevice { device, sealed, consent }))
}

/// Revokes a device; the person key rotates with it.
pub fn revoke_device(
    rng: &mut impl CryptoRng,
    account: &AccountState,
    signer: AccountKey<'_>,
    device: DeviceId,
    person_seed: &Seed32,
) -> Result<(AccountOp, Seed32), BuildError> {
    let (person_key, seed) = next_key(rng, account, Some(&device), account.recovery(), person_seed)?;
    Ok((signer.sign(account, AccountAction::RevokeDevice { device, person_key }), seed))
}

/// Rotates the person key.
pub fn rotate_person_key(
    rng: &mut impl CryptoRng,
    account: &AccountState,
    signer: AccountKey<'_>,
    person_seed: &Seed32,
) -> Result<(AccountOp, Seed32), BuildError> {
    let (person_key, seed) = next_key(rng, account, None, account.recovery(), person_seed)?;
    Ok((signer.sign(account, AccountAction::RotateKey { person_key }), seed))
}

/// Sets new recovery words; the person key rotates with it, so the old words open nothing new.
pub fn set_recovery(
    rng: &mut impl CryptoRng,
    account: &AccountState,
    signer: AccountKey<'_>,
    recovery: &RecoverySecret,
    person_seed: &Seed32,
) -> Result<(AccountOp, Seed32), BuildError> {
    let recovery = recovery_keys(recovery);
    let (person_key, seed) = next_key(rng, account, None, &recovery, person_seed)?;
    Ok((signer.sign(account, AccountAction::SetRecovery { recovery, person_key }), seed))
}

fn next_key(
    rng: &mut impl CryptoRng,
    account: &AccountState,
    without: Option<&DeviceId>,
    recovery: &RecoveryKeys,
    person_seed: &Seed32,
) -> Result<(PersonKey, Seed32), BuildError> {
    let generation = account.person_key().generation.checked_add(1).ok_or(AccessError::BadKey)?;
    let active = account.devices().values().filter(|device| device.revoked_by.is_none());
    let left: Vec<DeviceKeys> =
        active.map(|device| device.keys).filter(|keys| without != Some(&keys.device)).collect();
    Ok(person_key(rng, generation, &left, recovery, Some(person_seed))?)
}
