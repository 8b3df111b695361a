//! New epochs.

use std::collections::BTreeMap;

use homing_crypto::{CryptoError, EpochKey, Seed32, hpke_seal, random_nonce};
use homing_wire::{
    Epoch, EpochId, Hash, KemPublic, PreviousSeed, Recipient, SealedSeed, SpaceId, SpaceKind, seal_info,
};
use rand_core::CryptoRng;

use super::BuildError;
use crate::seals::recipient_data;

/// Seals an epoch's seed to one recipient.
pub(super) fn seal_to(
    rng: &mut impl CryptoRng,
    space: &SpaceId,
    key: &EpochKey,
    (to, kem): (Recipient, KemPublic),
) -> Result<SealedSeed, CryptoError> {
    let info = seal_info(space, &Hash(key.commitment()));
    let sealed = hpke_seal(rng, &kem.0, &info, &recipient_data(&to), key.seed().expose())?;
    Ok(SealedSeed { to, sealed })
}

/// A new epoch sealed to these recipients, and its key.
pub fn new_epoch(
    rng: &mut impl CryptoRng,
    (space, kind): (&SpaceId, SpaceKind),
    recipients: &BTreeMap<Recipient, KemPublic>,
    previous: Option<(EpochId, &EpochKey)>,
) -> Result<(Epoch, EpochKey), BuildError> {
    let key = EpochKey::from_seed(Seed32::random(rng));
    let mut sealed = Vec::with_capacity(recipients.len());
    for (to, kem) in recipients {
        sealed.push(seal_to(rng, space, &key, (*to, *kem))?);
    }
    let previous = match previous {
        None => None,
        Some((epoch, before)) => {
            let nonce = random_nonce(rng);
            let link = key.seal_previous(before.seed(), nonce)?;
            Some(PreviousSeed { epoch, sealed: [&nonce[..], &link].concat() })
        }
    };
    let team_kem = (kind == SpaceKind::Team).then(|| KemPublic(key.kem().public()));
    Ok((Epoch { commitment: Hash(key.commitment()), team_kem, sealed, previous }, key))
}
