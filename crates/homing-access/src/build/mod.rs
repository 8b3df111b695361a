//! Makes account ops, space ops, entries and slots that pass.
//!
//! What is made here is not applied: the caller signs, applies and sends it. A new seed is handed back with the op
//! and is stored before the op leaves the device.

mod account;
mod epochs;
mod invites;
mod sign;
mod space;

pub use account::{
    AccountKey, add_device, consent, new_account, revoke_device, rotate_person_key, set_recovery,
};
pub use epochs::new_epoch;
pub use sign::{Author, sign_entry, sign_slot};
pub use space::{LastEntry, SpaceOps, space_genesis};

use homing_crypto::CryptoError;

use crate::AccessError;

/// Why something can't be made or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// It would not be valid, or can't be judged with what is known.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Sealing or opening failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// Nothing is sealed to a key at hand.
    #[error("no key at hand opens it")]
    NoKey,
}

impl BuildError {
    /// The stable name, for scripts and for the screen's details.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Access(error) => error.code(),
            Self::Crypto(error) => error.code(),
            Self::NoKey => "access.no_key",
        }
    }
}

impl From<crate::Missing> for BuildError {
    fn from(missing: crate::Missing) -> Self {
        Self::Access(missing.into())
    }
}
