//! The keys of a space, one epoch at a time.

use crate::seed::equal;
use crate::{CryptoError, KemSecret, NONCE_LEN, Seed32, context, open, seal};

/// The keys derived from one epoch's seed.
///
/// Who receives a seed from another member uses [`EpochKey::from_announced`]: the cipher doesn't commit to its key, so
/// without the check one member could give two others different keys for one epoch and show them different
/// texts under one signature.
#[derive(Debug, Clone)]
pub struct EpochKey {
    seed: Seed32,
    data: Seed32,
    slot: Seed32,
    ephemeral: Seed32,
    commitment: [u8; 32],
}

impl EpochKey {
    /// Derives the keys of a seed made here.
    pub fn from_seed(seed: Seed32) -> Self {
        Self {
            data: seed.derive(context::EPOCH_DATA),
            slot: seed.derive(context::EPOCH_SLOT),
            ephemeral: seed.derive(context::EPOCH_EPHEMERAL),
            commitment: *seed.derive(context::EPOCH_COMMITMENT).expose(),
            seed,
        }
    }

    /// Derives the keys of a seed received, if it is the one the epoch's op committed to.
    pub fn from_announced(seed: Seed32, commitment: &[u8; 32]) -> Result<Self, CryptoError> {
        let key = Self::from_seed(seed);
        if equal(&key.commitment, commitment) { Ok(key) } else { Err(CryptoError::WrongCommitment) }
    }

    /// The seed, to seal it to a member or store it.
    pub const fn seed(&self) -> &Seed32 {
        &self.seed
    }

    /// The public value the epoch's op announces. It says nothing about the keys.
    pub const fn commitment(&self) -> [u8; 32] {
        self.commitment
    }

    /// Seals entries.
    pub const fn data_key(&self) -> &Seed32 {
        &self.data
    }

    /// Seals slots.
    pub const fn slot_key(&self) -> &Seed32 {
        &self.slot
    }

    /// Seals frames nobody stores.
    pub const fn ephemeral_key(&self) -> &Seed32 {
        &self.ephemeral
    }

    /// The team's key, if this is an epoch of a team space: what is sealed to the team, its people open with it.
    pub fn kem(&self) -> KemSecret {
        KemSecret::from_seed(&self.seed.derive(context::TEAM_KEM))
    }

    /// Seals the previous epoch's seed under this one, so that a member who joins now can read what came before.
    pub fn seal_previous(&self, previous: &Seed32, nonce: [u8; NONCE_LEN]) -> Result<Vec<u8>, CryptoError> {
        let announced = previous.derive(context::EPOCH_COMMITMENT);
        seal(&self.chain(), nonce, &self.link_from(announced.expose()), previous.expose())
    }

    /// Opens the previous epoch's seed and checks it against the commitment its op announced.
    pub fn open_previous(
        &self,
        sealed: &[u8],
        nonce: [u8; NONCE_LEN],
        commitment: &[u8; 32],
    ) -> Result<Self, CryptoError> {
        let plain = open(&self.chain(), nonce, &self.link_from(commitment), sealed)?;
        let seed = Seed32::from_slice(&plain).ok_or(CryptoError::OpenFailed)?;
        Self::from_announced(seed, commitment)
    }

    fn chain(&self) -> Seed32 {
        self.seed.derive(context::EPOCH_CHAIN)
    }

    fn link_from(&self, previous: &[u8; 32]) -> Vec<u8> {
        [*previous, self.commitment].concat()
    }
}
