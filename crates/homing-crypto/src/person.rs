//! The keys a person's devices share, one generation at a time.

use crate::seed::equal;
use crate::{CryptoError, KemSecret, NONCE_LEN, Seed32, SigningKey, context, open, seal};

/// The public half of a generation, as the account log announces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonPublic {
    /// Verifies enrolments signed with the person key.
    pub enrol: [u8; 32],
    /// Epoch seeds are sealed to it.
    pub kem: [u8; 32],
}

/// One generation of a person key.
#[derive(Debug, Clone)]
pub struct PersonSecret {
    enrol: SigningKey,
    kem: KemSecret,
    chain: Seed32,
}

impl PersonSecret {
    /// Derives the keys of the generation that has this seed.
    pub fn from_seed(seed: &Seed32) -> Self {
        Self {
            enrol: SigningKey::from_seed(&seed.derive(context::PERSON_ENROL)),
            kem: KemSecret::from_seed(&seed.derive(context::PERSON_KEM)),
            chain: seed.derive(context::PERSON_CHAIN),
        }
    }

    /// May sign the enrolment of a device, so a passphrase backup can let a new one in.
    pub const fn enrol(&self) -> &SigningKey {
        &self.enrol
    }

    /// Opens what is sealed to the person.
    pub const fn kem(&self) -> &KemSecret {
        &self.kem
    }

    /// What the account log says about this generation.
    pub fn public(&self) -> PersonPublic {
        PersonPublic { enrol: self.enrol.public(), kem: self.kem.public() }
    }

    /// Seals the seed of the generation before this one, so that a new device reaches back to the first.
    pub fn seal_previous(&self, previous: &Seed32, nonce: [u8; NONCE_LEN]) -> Result<Vec<u8>, CryptoError> {
        let aad = Self::from_seed(previous).public().link_to(&self.public());
        seal(&self.chain, nonce, &aad, previous.expose())
    }

    /// Opens the seed of the generation before this one and checks that it makes the keys the log announced then.
    pub fn open_previous(
        &self,
        sealed: &[u8],
        nonce: [u8; NONCE_LEN],
        announced: &PersonPublic,
    ) -> Result<Seed32, CryptoError> {
        let aad = announced.link_to(&self.public());
        let plain = open(&self.chain, nonce, &aad, sealed)?;
        let seed = Seed32::from_slice(&plain).ok_or(CryptoError::OpenFailed)?;
        let found = Self::from_seed(&seed).public();
        if equal(&found.enrol, &announced.enrol) && equal(&found.kem, &announced.kem) {
            Ok(seed)
        } else {
            Err(CryptoError::WrongCommitment)
        }
    }
}

impl PersonPublic {
    fn link_to(&self, next: &Self) -> Vec<u8> {
        [self.enrol, self.kem, next.enrol, next.kem].concat()
    }
}
