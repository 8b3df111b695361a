//! A person's account log: which devices speak for the person, and the person's keys.
//!
//! The log is one chain; an op names the one before it, so two ops that were made at once can't both be taken. Spaces
//! refer to a log by a head they have anchored, and ask here what held at that head.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use homing_crypto::{Domain, PersonPublic, verify};
use homing_wire::{
    AccountAction, AccountOp, AccountOpId, AccountSigner, DeviceId, DeviceKeys, KemPublic, PersonId,
    PersonKey, RecoveryKeys, SealedToDevice, VerifyKey, limits,
};

use crate::seals::{check_kem, check_linked_seed, check_sealed_seed};
use crate::{AccessError, Missing};

/// What an account log says about one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDevice {
    /// Its public keys.
    pub keys: DeviceKeys,
    /// The op that added it.
    pub added_by: AccountOpId,
    /// The op that revoked it.
    pub revoked_by: Option<AccountOpId>,
    added: usize,
    revoked: Option<usize>,
}

/// A person key generation and the place in the log from which on it is the current one.
#[derive(Debug, Clone)]
struct Generation {
    since: usize,
    key: PersonKey,
}

/// The state of an account log.
#[derive(Debug, Clone)]
pub struct AccountState {
    person: PersonId,
    head: AccountOpId,
    places: HashMap<AccountOpId, usize>,
    devices: BTreeMap<DeviceId, AccountDevice>,
    past: Vec<Generation>,
    current: Generation,
    /// Seals of the current seed to devices that were added since it was made.
    added_seals: BTreeMap<DeviceId, Vec<u8>>,
    recovery: RecoveryKeys,
}

impl AccountState {
    /// Begins a log with its first op.
    pub fn genesis(op: &AccountOp) -> Result<Self, AccessError> {
        let body = &op.body;
        let AccountAction::Genesis { device, person_key, recovery, .. } = &body.action else {
            return Err(AccessError::Malformed("genesis"));
        };
        if body.version != limits::VERSION
            || body.person.is_some()
            || body.prev.is_some()
            || body.signer != AccountSigner::Device(device.device)
        {
            return Err(AccessError::Malformed("genesis"));
        }
        let signed = op.signed_bytes();
        verify(Domain::AccountOp, &device.device.0, &signed, &op.signature.0)
            .map_err(|_| AccessError::BadSignature)?;
        check_kem(&device.kem)?;
        check_kem(&recovery.kem)?;
        check_person_key(person_key, 1, &BTreeSet::from([device.device]))?;
        let head = op.id();
        let record =
            AccountDevice { keys: *device, added_by: head, revoked_by: None, added: 0, revoked: None };
        Ok(Self {
            person: PersonId(head.0),
            head,
            places: HashMap::from([(head, 0)]),
            devices: BTreeMap::from([(device.device, record)]),
            past: Vec::new(),
            current: Generation { since: 0, key: person_key.clone() },
            added_seals: BTreeMap::new(),
            recovery: *recovery,
        })
    }

    /// Rebuilds a log from its ops, the genesis first.
    pub fn replay<'a>(ops: impl IntoIterator<Item = &'a AccountOp>) -> Result<Self, AccessError> {
        let mut ops = ops.into_iter();
        let mut state = Self::genesis(ops.next().ok_or(AccessError::Malformed("empty log"))?)?;
        for op in ops {
            state.apply(op)?;
        }
        Ok(state)
    }

    /// Takes the next op, or leaves the log as it was.
    pub fn apply(&mut self, op: &AccountOp) -> Result<(), AccessError> {
        let body = &op.body;
        let signed = op.signed_bytes();
        let id = AccountOpId(*homing_wire::Hash::of(&signed).as_bytes());
        if body.version != limits::VERSION {
            return Err(AccessError::Malformed("version"));
        }
        if body.person != Some(self.person) {
            return Err(AccessError::WrongLog);
        }
        if self.places.contains_key(&id) {
            return Err(AccessError::AlreadyApplied);
        }
        let prev = body.prev.ok_or(AccessError::Malformed("no predecessor"))?;
        if prev != self.head {
            return Err(match self.places.contains_key(&prev) {
                true => AccessError::StaleOps,
                false => Missing::Account(self.person).into(),
            });
        }
        let key = self.signer_key(&body.signer, &body.action)?;
        verify(Domain::AccountOp, &key, &signed, &op.signature.0).map_err(|_| AccessError::BadSignature)?;

        let place = self.places.len();
        match &body.action {
            AccountAction::Genesis { .. } => return Err(AccessError::Malformed("second genesis")),
            AccountAction::AddDevice { device, sealed, consent } => {
                self.check_addition(device, sealed, consent)?;
                let record = AccountDevice {
                    keys: *device,
                    added_by: id,
                    revoked_by: None,
                    added: place,
                    revoked: None,
                };
                self.devices.insert(device.device, record);
                self.added_seals.insert(device.device, sealed.clone());
            }
            AccountAction::RevokeDevice { device, person_key } => {
                // Who makes the next seed knows it, so nobody revokes the device they sign with.
                if body.signer == AccountSigner::Device(*device) {
                    return Err(AccessError::RoleForbids);
                }
                if !self.is_active(device) {
                    return Err(AccessError::Revoked);
                }
                let mut left = self.active_devices();
                left.remove(device);
                self.check_next_key(person_key, &left)?;
                if let Some(record) = self.devices.get_mut(device) {
                    record.revoked = Some(place);
                    record.revoked_by = Some(id);
                }
                self.take_key(person_key, place);
            }
            AccountAction::RotateKey { person_key } => {
                self.check_next_key(person_key, &self.active_devices())?;
                self.take_key(person_key, place);
            }
            AccountAction::SetRecovery { recovery, person_key } => {
                check_kem(&recovery.kem)?;
                self.check_next_key(person_key, &self.active_devices())?;
                self.recovery = *recovery;
                self.take_key(person_key, place);
            }
        }
        self.places.insert(id, place);
        self.head = id;
        Ok(())
    }

    /// Whose log it is.
    pub const fn person(&self) -> PersonId {
        self.person
    }

    /// The last op.
    pub const fn head(&self) -> AccountOpId {
        self.head
    }

    /// Number of ops.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// A log always has its genesis.
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// Whether the op is part of the log.
    pub fn contains(&self, op: &AccountOpId) -> bool {
        self.places.contains_key(op)
    }

    /// Whether `newer` comes after `older`; false too when either is not known.
    pub fn extends(&self, older: &AccountOpId, newer: &AccountOpId) -> bool {
        matches!((self.places.get(older), self.places.get(newer)), (Some(old), Some(new)) if old < new)
    }

    /// All devices ever, by id.
    pub const fn devices(&self) -> &BTreeMap<DeviceId, AccountDevice> {
        &self.devices
    }

    /// Devices that are not revoked.
    pub fn active_devices(&self) -> BTreeSet<DeviceId> {
        self.devices.iter().filter(|(_, device)| device.revoked.is_none()).map(|(id, _)| *id).collect()
    }

    /// Whether the device may speak for the person now.
    pub fn is_active(&self, device: &DeviceId) -> bool {
        self.devices.get(device).is_some_and(|device| device.revoked.is_none())
    }

    /// Whether the device was ever added.
    pub fn was_ever(&self, device: &DeviceId) -> bool {
        self.devices.contains_key(device)
    }

    /// Whether the device had been added and not revoked at a head; `None` when the head is not known.
    pub fn was_active_at(&self, head: &AccountOpId, device: &DeviceId) -> Option<bool> {
        let at = *self.places.get(head)?;
        Some(
            self.devices.get(device).is_some_and(|device| {
                device.added <= at && device.revoked.is_none_or(|revoked| revoked > at)
            }),
        )
    }

    /// Whether the device had been revoked at a head; `None` when the head is not known.
    pub fn was_revoked_at(&self, head: &AccountOpId, device: &DeviceId) -> Option<bool> {
        let at = *self.places.get(head)?;
        Some(
            self.devices
                .get(device)
                .is_some_and(|device| device.revoked.is_some_and(|revoked| revoked <= at)),
        )
    }

    /// Devices revoked after `older` and up to `newer`; `None` when either head is not known.
    pub fn revoked_between(&self, older: &AccountOpId, newer: &AccountOpId) -> Option<BTreeSet<DeviceId>> {
        let (old, new) = (*self.places.get(older)?, *self.places.get(newer)?);
        let between = |device: &AccountDevice| device.revoked.is_some_and(|at| at > old && at <= new);
        Some(self.devices.iter().filter(|(_, device)| between(device)).map(|(id, _)| *id).collect())
    }

    /// The current person key.
    pub const fn person_key(&self) -> &PersonKey {
        &self.current.key
    }

    /// The person key of a generation.
    pub fn generation(&self, generation: u32) -> Option<&PersonKey> {
        self.generations().find(|key| key.generation == generation)
    }

    /// All generations, the first first.
    pub fn generations(&self) -> impl Iterator<Item = &PersonKey> {
        self.past.iter().chain([&self.current]).map(|generation| &generation.key)
    }

    /// The person key that was current at a head.
    pub fn person_key_at(&self, head: &AccountOpId) -> Option<&PersonKey> {
        let at = *self.places.get(head)?;
        if self.current.since <= at {
            return Some(&self.current.key);
        }
        self.past.iter().rev().find(|generation| generation.since <= at).map(|generation| &generation.key)
    }

    /// The public key to which epoch seeds are sealed now.
    pub const fn kem(&self) -> KemPublic {
        self.current.key.kem
    }

    /// The recovery words' public half.
    pub const fn recovery(&self) -> &RecoveryKeys {
        &self.recovery
    }

    /// The current person seed, as it was sealed to a device.
    pub fn sealed_to(&self, device: &DeviceId) -> Option<&[u8]> {
        let of_generation = self.current.key.devices.iter().find(|sealed| sealed.device == *device);
        match of_generation {
            Some(SealedToDevice { sealed, .. }) => Some(sealed),
            None => self.added_seals.get(device).map(Vec::as_slice),
        }
    }

    fn signer_key(&self, signer: &AccountSigner, action: &AccountAction) -> Result<[u8; 32], AccessError> {
        match signer {
            AccountSigner::Device(device) if self.is_active(device) => Ok(device.0),
            AccountSigner::Device(device) if self.was_ever(device) => Err(AccessError::Revoked),
            AccountSigner::Device(_) => Err(AccessError::RoleForbids),
            AccountSigner::Recovery => Ok(self.recovery.verify.0),
            AccountSigner::PersonKey(generation) => {
                let VerifyKey(enrol) = self.current.key.enrol;
                match action {
                    AccountAction::AddDevice { .. } if *generation == self.current.key.generation => {
                        Ok(enrol)
                    }
                    AccountAction::AddDevice { .. } => Err(AccessError::BadKey),
                    _ => Err(AccessError::RoleForbids),
                }
            }
        }
    }

    fn check_addition(
        &self,
        device: &DeviceKeys,
        sealed: &[u8],
        consent: &homing_wire::Signature,
    ) -> Result<(), AccessError> {
        if self.was_ever(&device.device) {
            return Err(AccessError::DeviceUsed);
        }
        if self.devices.len() >= limits::DEVICES {
            return Err(AccessError::Limit("devices"));
        }
        check_kem(&device.kem)?;
        check_sealed_seed(sealed)?;
        let bytes = AccountOp::consent_bytes(&self.person, device);
        verify(Domain::AccountOp, &device.device.0, &bytes, &consent.0).map_err(|_| AccessError::BadSignature)
    }

    fn check_next_key(&self, key: &PersonKey, devices: &BTreeSet<DeviceId>) -> Result<(), AccessError> {
        let next = self.current.key.generation.checked_add(1).ok_or(AccessError::BadKey)?;
        // A seed that was used before is known to devices that have been revoked since.
        if self.generations().any(|used| used.kem == key.kem || used.enrol == key.enrol) {
            return Err(AccessError::BadKey);
        }
        check_person_key(key, next, devices)
    }

    fn take_key(&mut self, key: &PersonKey, since: usize) {
        let next = Generation { since, key: key.clone() };
        self.past.push(std::mem::replace(&mut self.current, next));
        self.added_seals.clear();
    }
}

/// What the log announces of a generation, in the form `homing-crypto` takes.
pub(crate) const fn announced(key: &PersonKey) -> PersonPublic {
    PersonPublic { enrol: key.enrol.0, kem: key.kem.0 }
}

fn check_person_key(
    key: &PersonKey,
    generation: u32,
    devices: &BTreeSet<DeviceId>,
) -> Result<(), AccessError> {
    if key.generation != generation {
        return Err(AccessError::BadKey);
    }
    check_kem(&key.kem)?;
    let sealed_to: BTreeSet<DeviceId> = key.devices.iter().map(|sealed| sealed.device).collect();
    if sealed_to.len() != key.devices.len() || sealed_to != *devices {
        return Err(AccessError::WrongRecipients);
    }
    for sealed in &key.devices {
        check_sealed_seed(&sealed.sealed)?;
    }
    check_sealed_seed(&key.recovery)?;
    match (generation, key.previous.is_empty()) {
        (1, true) => Ok(()),
        (1, false) | (_, true) => Err(AccessError::Malformed("previous seed")),
        (_, false) => check_linked_seed(&key.previous),
    }
}
