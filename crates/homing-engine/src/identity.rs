//! Who this device is: the secrets and facts kept in the encrypted database.

use std::collections::BTreeMap;

use homing_crypto::{DeviceSecret, PersonSecret, Seed32};
use homing_wire::codec::{decode, encode};
use homing_wire::{DeviceId, DeviceKeys, KemPublic, PersonId, VerifyKey};
use minicbor::{CborLen, Decode, Encode};

/// Version of the stored form.
const VERSION: u32 = 1;
const STORED_LIMIT: usize = 64 * 1024;

#[derive(Encode, Decode, CborLen)]
#[cbor(map)]
struct Stored {
    #[n(0)]
    version: u32,
    #[n(1)]
    person: PersonId,
    #[cbor(n(2), with = "minicbor::bytes")]
    device_seed: [u8; 32],
    #[n(3)]
    name: String,
    #[n(4)]
    device_name: String,
    #[n(5)]
    person_seeds: Vec<(u32, VerifyKey)>,
    #[n(6)]
    recovery_seed: Option<VerifyKey>,
    #[n(7)]
    recovery_confirmed: bool,
    #[n(8)]
    registered: bool,
}

/// The same in a backup: without the device, whose keys never leave it.
#[derive(Encode, Decode, CborLen)]
#[cbor(map)]
struct Portable {
    #[n(0)]
    version: u32,
    #[n(1)]
    person: PersonId,
    #[n(2)]
    name: String,
    #[n(3)]
    device_name: String,
    #[n(4)]
    person_seeds: Vec<(u32, VerifyKey)>,
    #[n(5)]
    recovery_seed: Option<VerifyKey>,
    #[n(6)]
    recovery_confirmed: bool,
    #[n(7)]
    registered: bool,
}

/// This person on this device.
pub(crate) struct Identity {
    pub person: PersonId,
    pub name: String,
    pub device_name: String,
    device_seed: Seed32,
    device: DeviceSecret,
    /// By generation of the person key.
    person_seeds: BTreeMap<u32, Seed32>,
    /// Present on devices that may show the recovery words.
    pub recovery_seed: Option<Seed32>,
    pub recovery_confirmed: bool,
    /// The relay has this account.
    pub registered: bool,
}

impl Identity {
    pub fn new(person: PersonId, name: String, device_name: String, device_seed: Seed32) -> Self {
        Self {
            person,
            name,
            device_name,
            device: DeviceSecret::from_seed(&device_seed),
            device_seed,
            person_seeds: BTreeMap::new(),
            recovery_seed: None,
            recovery_confirmed: false,
            registered: false,
        }
    }

    /// This profile goes on as another device of the same person.
    pub fn replace_device(&mut self, device_seed: Seed32) {
        self.device = DeviceSecret::from_seed(&device_seed);
        self.device_seed = device_seed;
    }

    pub fn device(&self) -> &DeviceSecret {
        &self.device
    }

    pub fn device_id(&self) -> DeviceId {
        DeviceId(self.device.signing().public())
    }

    pub fn person_seed(&self, generation: u32) -> Option<&Seed32> {
        self.person_seeds.get(&generation)
    }

    /// The newest this device knows of.
    pub fn newest_person_seed(&self) -> Option<&Seed32> {
        self.person_seeds.last_key_value().map(|(_, seed)| seed)
    }

    pub fn add_person_seed(&mut self, generation: u32, seed: Seed32) {
        self.person_seeds.insert(generation, seed);
    }

    pub fn person_secret(&self, generation: u32) -> Option<PersonSecret> {
        self.person_seeds.get(&generation).map(PersonSecret::from_seed)
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        // `VerifyKey` serves as the 32-byte string of the codec; these are secrets and stay in the database.
        encode(&Stored {
            version: VERSION,
            person: self.person,
            device_seed: *self.device_seed.expose(),
            name: self.name.clone(),
            device_name: self.device_name.clone(),
            person_seeds: self.person_seeds.iter().map(|(g, s)| (*g, VerifyKey(*s.expose()))).collect(),
            recovery_seed: self.recovery_seed.as_ref().map(|s| VerifyKey(*s.expose())),
            recovery_confirmed: self.recovery_confirmed,
            registered: self.registered,
        })
    }

    /// The person without the device, for a backup: whoever restores it goes on as a device of their own.
    pub fn to_portable(&self) -> Vec<u8> {
        encode(&Portable {
            version: VERSION,
            person: self.person,
            name: self.name.clone(),
            device_name: self.device_name.clone(),
            person_seeds: self.person_seeds.iter().map(|(g, s)| (*g, VerifyKey(*s.expose()))).collect(),
            recovery_seed: self.recovery_seed.as_ref().map(|s| VerifyKey(*s.expose())),
            recovery_confirmed: self.recovery_confirmed,
            registered: self.registered,
        })
    }

    /// The person of a backup, on a device that is not in the account yet.
    pub fn from_portable(bytes: &[u8], device_seed: Seed32) -> Option<Self> {
        let stored: Portable = decode("portable identity", bytes, STORED_LIMIT).ok()?;
        if stored.version != VERSION {
            return None;
        }
        let mut identity = Self::new(stored.person, stored.name, stored.device_name, device_seed);
        for (generation, seed) in stored.person_seeds {
            identity.add_person_seed(generation, Seed32::from_bytes(seed.0));
        }
        identity.recovery_seed = stored.recovery_seed.map(|s| Seed32::from_bytes(s.0));
        identity.recovery_confirmed = stored.recovery_confirmed;
        identity.registered = stored.registered;
        Some(identity)
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = decode("identity", bytes, STORED_LIMIT).ok()?;
        if stored.version != VERSION {
            return None;
        }
        let mut identity =
            Self::new(stored.person, stored.name, stored.device_name, Seed32::from_bytes(stored.device_seed));
        for (generation, seed) in stored.person_seeds {
            identity.add_person_seed(generation, Seed32::from_bytes(seed.0));
        }
        identity.recovery_seed = stored.recovery_seed.map(|s| Seed32::from_bytes(s.0));
        identity.recovery_confirmed = stored.recovery_confirmed;
        identity.registered = stored.registered;
        Some(identity)
    }
}

/// The public half of a device.
pub(crate) fn device_keys(device: &DeviceSecret) -> DeviceKeys {
    DeviceKeys { device: DeviceId(device.signing().public()), kem: KemPublic(device.kem().public()) }
}
