//! What lies on a device's disk, for those who hold it.

use std::time::{Duration, Instant};

use homing_crypto::{DeviceSecret, RecoverySecret, Seed32};
use homing_engine::platform::keychain;
use homing_sim::{DeviceId, World};
use homing_store::{Read, Store, StoreError, meta};
use homing_wire::{PersonId, VerifyKey};
use minicbor::Decode;

/// The secrets in a stored identity.
#[derive(Decode)]
#[cbor(map)]
pub struct Stolen {
    #[n(1)]
    pub person: PersonId,
    #[cbor(n(2), with = "minicbor::bytes")]
    device_seed: [u8; 32],
    #[n(5)]
    person_seeds: Vec<(u32, VerifyKey)>,
    #[n(6)]
    recovery_seed: Option<VerifyKey>,
}

impl Stolen {
    pub fn from(db: &Read<'_>) -> Self {
        minicbor::decode(&meta::get(db, "identity").unwrap().unwrap()).unwrap()
    }

    pub fn device(&self) -> DeviceSecret {
        DeviceSecret::from_seed(&Seed32::from_bytes(self.device_seed))
    }

    pub fn person_seeds(&self) -> Vec<Seed32> {
        self.person_seeds.iter().map(|(_, seed)| Seed32::from_bytes(seed.0)).collect()
    }

    pub fn words(&self) -> Option<RecoverySecret> {
        self.recovery_seed.map(|seed| RecoverySecret::from_seed(&Seed32::from_bytes(seed.0)))
    }
}

/// Opens the database of a device whose process has ended.
pub fn open(world: &World, device: DeviceId) -> Store {
    assert!(!world.runs(device), "the device runs");
    let folder = world.profile(device).unwrap();
    let (key, _) = keychain::load(folder).unwrap().unwrap();
    // Another test may just have forked: its child holds copies of our locks until it becomes another program.
    let free_by = Instant::now() + Duration::from_secs(10);
    loop {
        match Store::open(&folder.join("homing.db"), &key) {
            Err(StoreError::InUse) if Instant::now() < free_by => std::thread::yield_now(),
            opened => return opened.unwrap(),
        }
    }
}
