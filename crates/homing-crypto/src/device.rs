//! The keys of one device.

use crate::{KemSecret, Seed32, SigningKey, context};

/// A device's signing and sealing keys, both from one seed that never leaves the device.
#[derive(Debug, Clone)]
pub struct DeviceSecret {
    signing: SigningKey,
    kem: KemSecret,
}

impl DeviceSecret {
    /// Derives both keys.
    pub fn from_seed(seed: &Seed32) -> Self {
        Self {
            signing: SigningKey::from_seed(&seed.derive(context::DEVICE_SIGNING)),
            kem: KemSecret::from_seed(&seed.derive(context::DEVICE_KEM)),
        }
    }

    /// Signs everything this device writes; its public half is the device's name.
    pub const fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// Opens person seeds sealed to this device.
    pub const fn kem(&self) -> &KemSecret {
        &self.kem
    }
}
