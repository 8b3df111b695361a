//! Account logs: who may add, revoke and rotate.

use homing_access::build::{
    AccountKey, BuildError, add_device, consent, new_account, revoke_device, rotate_person_key, set_recovery,
};
use homing_access::{AccessError, AccountState, Missing, open};
use homing_crypto::{CryptoError, DeviceSecret, Domain, PersonSecret, RecoverySecret, Seed32};
use homing_wire::{
    AccountAction, AccountOp, AccountOpId, AccountSigner, DeviceId, KemPublic, PersonId, Signature, limits,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

struct Ada {
    rng: ChaCha20Rng,
    laptop: DeviceSecret,
    recovery: RecoverySecret,
    account: AccountState,
    seed: Seed32,
}

fn secret(n: u8) -> DeviceSecret {
    DeviceSecret::from_seed(&Seed32::from_bytes([n; 32]))
}

fn name(device: &DeviceSecret) -> DeviceId {
    DeviceId(device.signing().public())
}

fn ada() -> Ada {
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let laptop = secret(1);
    let recovery = RecoverySecret::from_seed(&Seed32::from_bytes([2; 32]));
    let (op, seed) = new_account(&mut rng, &laptop, &recovery).unwrap();
    let account = AccountState::genesis(&op).unwrap();
    Ada { rng, laptop, recovery, account, seed }
}

impl Ada {
    fn addition(&mut self, device: &DeviceSecret) -> AccountOp {
        let consent = consent(&self.account.person(), device);
        let signer = AccountKey::Device(self.laptop.signing());
        add_device(&mut self.rng, &self.account, signer, consent, &self.seed).unwrap()
    }

    fn add(&mut self, device: &DeviceSecret) {
        let op = self.addition(device);
        self.account.apply(&op).unwrap();
    }

    fn revocation(&mut self, device: DeviceId) -> (AccountOp, Seed32) {
        let signer = AccountKey::Recovery(&self.recovery);
        revoke_device(&mut self.rng, &self.account, signer, device, &self.seed).unwrap()
    }

    fn revoke(&mut self, device: DeviceId) {
        let (op, seed) = self.revocation(device);
        self.account.apply(&op).unwrap();
        self.seed = seed;
    }

    fn rotation(&mut self) -> (AccountOp, Seed32) {
        let signer = AccountKey::Device(self.laptop.signing());
        rotate_person_key(&mut self.rng, &self.account, signer, &self.seed).unwrap()
    }

    fn refused(&mut self, op: &AccountOp, error: AccessError) {
        let head = self.account.head();
        assert_eq!(self.account.apply(op), Err(error));
        assert_eq!(self.account.head(), head, "a refused op leaves no trace");
    }
}

/// Changes an op and signs it again.
fn resigned(op: &AccountOp, key: &DeviceSecret, change: impl FnOnce(&mut AccountOp)) -> AccountOp {
    let mut op = op.clone();
    change(&mut op);
    op.signature = Signature(key.signing().sign(Domain::AccountOp, &op.signed_bytes()));
    op
}

fn next_key(op: &mut AccountOp) -> &mut homing_wire::PersonKey {
    match &mut op.body.action {
        AccountAction::Genesis { person_key, .. }
        | AccountAction::RevokeDevice { person_key, .. }
        | AccountAction::RotateKey { person_key }
        | AccountAction::SetRecovery { person_key, .. } => person_key,
        AccountAction::AddDevice { .. } => panic!("no key in an addition"),
    }
}

#[test]
fn the_first_op_names_the_person() {
    let ada = ada();
    assert_eq!(ada.account.person().0, ada.account.head().0);
    assert_eq!(ada.account.person_key().generation, 1);
    assert!(ada.account.is_active(&name(&ada.laptop)));
    let opened = open::person_seed(&ada.account, &name(&ada.laptop), ada.laptop.kem()).unwrap();
    assert_eq!(opened, ada.seed);
    assert_eq!(open::person_seed_by_recovery(&ada.account, &ada.recovery).unwrap(), ada.seed);
}

#[test]
fn a_genesis_is_signed_by_its_own_device_and_well_formed() {
    let mut ada = ada();
    let (good, _) = new_account(&mut ada.rng, &ada.laptop, &ada.recovery).unwrap();
    let refused = |op: &AccountOp| AccountState::genesis(op).unwrap_err();
    let mut forged = good.clone();
    forged.signature.0[3] ^= 1;
    assert_eq!(refused(&forged), AccessError::BadSignature);
    let other = secret(9);
    assert_eq!(refused(&resigned(&good, &other, |_| {})), AccessError::BadSignature);
    let own = &ada.laptop;
    let bad = |change: fn(&mut AccountOp)| refused(&resigned(&good, own, change));
    let malformed = AccessError::Malformed("genesis");
    assert_eq!(bad(|op| op.body.person = Some(PersonId([1; 32]))), malformed);
    assert_eq!(bad(|op| op.body.prev = Some(AccountOpId([1; 32]))), malformed);
    assert_eq!(bad(|op| op.body.signer = AccountSigner::Recovery), malformed);
    assert_eq!(bad(|op| op.body.version = 2), malformed);
    assert_eq!(bad(|op| next_key(op).generation = 2), AccessError::BadKey);
    assert_eq!(bad(|op| next_key(op).devices.clear()), AccessError::WrongRecipients);
    assert_eq!(bad(|op| next_key(op).kem = KemPublic([0; 32])), AccessError::BadKey);
    assert_eq!(bad(|op| next_key(op).recovery.clear()), AccessError::Malformed("sealed seed"));
    assert_eq!(bad(|op| next_key(op).previous = vec![0; 72]), AccessError::Malformed("previous seed"));
    let small = |op: &mut AccountOp| match &mut op.body.action {
        AccountAction::Genesis { device, .. } => device.kem = KemPublic([0; 32]),
        _ => unreachable!(),
    };
    assert_eq!(bad(small), AccessError::BadKey);
    let small = |op: &mut AccountOp| match &mut op.body.action {
        AccountAction::Genesis { recovery, .. } => recovery.kem = KemPublic([0; 32]),
        _ => unreachable!(),
    };
    assert_eq!(bad(small), AccessError::BadKey);
}

#[test]
fn a_device_comes_by_device_recovery_or_current_person_seed() {
    let mut ada = ada();
    ada.add(&secret(3));
    for n in [4, 5] {
        let consent = consent(&ada.account.person(), &secret(n));
        let person = PersonSecret::from_seed(&ada.seed);
        let signer = if n == 4 { AccountKey::Recovery(&ada.recovery) } else { AccountKey::Person(&person) };
        let op = add_device(&mut ada.rng, &ada.account, signer, consent, &ada.seed).unwrap();
        ada.account.apply(&op).unwrap();
    }
    for n in [3, 4, 5] {
        let opened = open::person_seed(&ada.account, &name(&secret(n)), secret(n).kem()).unwrap();
        assert_eq!(opened, ada.seed);
    }
}

#[test]
fn a_seed_older_than_a_rotation_adds_nothing() {
    let mut ada = ada();
    let backup = ada.seed.clone();
    let (op, seed) = ada.rotation();
    ada.account.apply(&op).unwrap();
    ada.seed = seed;
    let old = PersonSecret::from_seed(&backup);
    let consent = consent(&ada.account.person(), &secret(3));
    let op = add_device(&mut ada.rng, &ada.account, AccountKey::Person(&old), consent, &ada.seed).unwrap();
    ada.refused(&op, AccessError::BadSignature);
    let mut honest = op.clone();
    honest.body.signer = AccountSigner::PersonKey(1);
    honest.signature = Signature(old.enrol().sign(Domain::AccountOp, &honest.signed_bytes()));
    ada.refused(&honest, AccessError::BadKey);
}

#[test]
fn the_person_key_does_nothing_but_add_devices() {
    let mut ada = ada();
    ada.add(&secret(3));
    let person = PersonSecret::from_seed(&ada.seed);
    let signer = AccountKey::Person(&person);
    let (op, _) = revoke_device(&mut ada.rng, &ada.account, signer, name(&secret(3)), &ada.seed).unwrap();
    ada.refused(&op, AccessError::RoleForbids);
    let (op, _) = rotate_person_key(&mut ada.rng, &ada.account, signer, &ada.seed).unwrap();
    ada.refused(&op, AccessError::RoleForbids);
}

#[test]
fn an_addition_needs_the_devices_own_consent_to_this_person() {
    let mut ada = ada();
    let desk = secret(3);
    let op = ada.addition(&desk);
    let laptop = ada.laptop.clone();
    let without = resigned(&op, &laptop, |op| match &mut op.body.action {
        AccountAction::AddDevice { consent, .. } => *consent = Signature([0; 64]),
        _ => unreachable!(),
    });
    ada.refused(&without, AccessError::BadSignature);
    let elsewhere = consent(&PersonId([9; 32]), &desk);
    let signer = AccountKey::Device(laptop.signing());
    let op = add_device(&mut ada.rng, &ada.account, signer, elsewhere, &ada.seed).unwrap();
    ada.refused(&op, AccessError::BadSignature);
}

#[test]
fn a_device_id_is_used_once_for_ever() {
    let mut ada = ada();
    ada.add(&secret(3));
    let again = ada.addition(&secret(3));
    ada.refused(&again, AccessError::DeviceUsed);
    ada.revoke(name(&secret(3)));
    let back = ada.addition(&secret(3));
    ada.refused(&back, AccessError::DeviceUsed);
}

#[test]
fn an_addition_with_a_weak_key_or_a_bad_seal_is_refused() {
    let mut ada = ada();
    let desk = secret(3);
    let op = ada.addition(&desk);
    let laptop = ada.laptop.clone();
    let short = resigned(&op, &laptop, |op| match &mut op.body.action {
        AccountAction::AddDevice { sealed, .. } => sealed.truncate(20),
        _ => unreachable!(),
    });
    ada.refused(&short, AccessError::Malformed("sealed seed"));
    let weak = resigned(&op, &laptop, |op| {
        let person = op.body.person.unwrap();
        let AccountAction::AddDevice { device, consent, .. } = &mut op.body.action else { unreachable!() };
        device.kem = KemPublic([0; 32]);
        let bytes = AccountOp::consent_bytes(&person, device);
        *consent = Signature(desk.signing().sign(Domain::AccountOp, &bytes));
    });
    ada.refused(&weak, AccessError::BadKey);
}

#[test]
fn a_person_has_a_limited_number_of_devices() {
    let mut ada = ada();
    for n in 0..limits::DEVICES - 1 {
        ada.add(&secret(u8::try_from(n + 10).unwrap()));
    }
    let op = ada.addition(&secret(200));
    ada.refused(&op, AccessError::Limit("devices"));
}

#[test]
fn a_revoked_device_signs_nothing_and_opens_no_later_seed() {
    let mut ada = ada();
    let desk = secret(3);
    ada.add(&desk);
    let before = ada.account.head();
    ada.revoke(name(&desk));
    assert!(!ada.account.is_active(&name(&desk)));
    assert!(ada.account.was_ever(&name(&desk)));
    assert_eq!(ada.account.was_active_at(&before, &name(&desk)), Some(true));
    assert_eq!(ada.account.was_revoked_at(&ada.account.head(), &name(&desk)), Some(true));
    assert_eq!(ada.account.was_active_at(&AccountOpId([0; 32]), &name(&desk)), None);
    assert_eq!(open::person_seed(&ada.account, &name(&desk), desk.kem()).unwrap_err(), BuildError::NoKey);
    let back = consent(&ada.account.person(), &secret(4));
    let signer = AccountKey::Device(desk.signing());
    let op = add_device(&mut ada.rng, &ada.account, signer, back, &ada.seed).unwrap();
    ada.refused(&op, AccessError::Revoked);
    let (again, _) = ada.revocation(name(&desk));
    ada.refused(&again, AccessError::Revoked);
}

#[test]
fn a_stranger_signs_nothing() {
    let mut ada = ada();
    let mallory = secret(66);
    let op = ada.addition(&secret(3));
    let id = name(&mallory);
    let op = resigned(&op, &mallory, |op| op.body.signer = AccountSigner::Device(id));
    ada.refused(&op, AccessError::RoleForbids);
    let named = resigned(&op, &mallory, |op| op.body.signer = AccountSigner::Recovery);
    ada.refused(&named, AccessError::BadSignature);
}

#[test]
fn nobody_revokes_the_device_they_sign_with() {
    let mut ada = ada();
    ada.add(&secret(3));
    let signer = AccountKey::Device(ada.laptop.signing());
    let (op, _) = revoke_device(&mut ada.rng, &ada.account, signer, name(&ada.laptop), &ada.seed).unwrap();
    ada.refused(&op, AccessError::RoleForbids);
}

#[test]
fn a_new_key_is_next_fresh_linked_and_sealed_to_exactly_the_devices_left() {
    let mut ada = ada();
    let (desk, phone) = (secret(3), secret(4));
    ada.add(&desk);
    ada.add(&phone);
    let laptop = ada.laptop.clone();
    let signer = AccountKey::Device(laptop.signing());
    let (good, _) = revoke_device(&mut ada.rng, &ada.account, signer, name(&desk), &ada.seed).unwrap();
    let extra = good.clone();
    let mut bad = |error: AccessError, change: &dyn Fn(&mut AccountOp)| {
        let op = resigned(&good, &laptop, |op| change(op));
        ada.refused(&op, error);
    };
    bad(AccessError::BadKey, &|op| next_key(op).generation = 3);
    bad(AccessError::BadKey, &|op| next_key(op).generation = 1);
    bad(AccessError::BadKey, &|op| next_key(op).kem = KemPublic([1; 32].map(|_| 0)));
    bad(AccessError::WrongRecipients, &|op| {
        next_key(op).devices.pop();
    });
    bad(AccessError::WrongRecipients, &|op| {
        let mut more = next_key(&mut extra.clone()).devices[0].clone();
        more.device = name(&secret(3));
        next_key(op).devices.push(more);
    });
    bad(AccessError::WrongRecipients, &|op| {
        let twice = next_key(op).devices[0].clone();
        next_key(op).devices.push(twice);
    });
    bad(AccessError::Malformed("sealed seed"), &|op| next_key(op).devices[0].sealed.truncate(9));
    bad(AccessError::Malformed("sealed seed"), &|op| next_key(op).recovery.truncate(9));
    bad(AccessError::Malformed("previous seed"), &|op| next_key(op).previous.clear());
    bad(AccessError::Malformed("previous seed"), &|op| next_key(op).previous.truncate(40));
    ada.account.apply(&good).unwrap();
}

#[test]
fn an_old_key_never_comes_back() {
    let mut ada = ada();
    let first = ada.account.person_key().clone();
    let laptop = ada.laptop.clone();
    let (op, _) = ada.rotation();
    let kem = resigned(&op, &laptop, |op| next_key(op).kem = first.kem);
    ada.refused(&kem, AccessError::BadKey);
    let enrol = resigned(&op, &laptop, |op| next_key(op).enrol = first.enrol);
    ada.refused(&enrol, AccessError::BadKey);
}

#[test]
fn ops_follow_one_another() {
    let mut ada = ada();
    let (first, second) = (ada.addition(&secret(3)), ada.addition(&secret(4)));
    ada.account.apply(&first).unwrap();
    ada.refused(&first, AccessError::AlreadyApplied);
    ada.refused(&second, AccessError::StaleOps);
    let laptop = ada.laptop.clone();
    let ahead = resigned(&second, &laptop, |op| op.body.prev = Some(AccountOpId([4; 32])));
    let person = ada.account.person();
    ada.refused(&ahead, Missing::Account(person).into());
    let foreign = resigned(&second, &laptop, |op| op.body.person = Some(PersonId([4; 32])));
    ada.refused(&foreign, AccessError::WrongLog);
    let headless = resigned(&second, &laptop, |op| op.body.prev = None);
    ada.refused(&headless, AccessError::Malformed("no predecessor"));
    let head = ada.account.head();
    let future = resigned(&second, &laptop, |op| {
        op.body.prev = Some(head);
        op.body.version = 2;
    });
    ada.refused(&future, AccessError::Malformed("version"));
    let mut forged = ada.addition(&secret(5));
    forged.signature.0[0] ^= 1;
    ada.refused(&forged, AccessError::BadSignature);
    let (genesis, _) = new_account(&mut ada.rng, &laptop, &ada.recovery).unwrap();
    let again = resigned(&genesis, &laptop, |op| {
        op.body.person = Some(person);
        op.body.prev = Some(head);
    });
    ada.refused(&again, AccessError::Malformed("second genesis"));
}

#[test]
fn new_words_replace_the_old_ones() {
    let mut ada = ada();
    let new = RecoverySecret::from_seed(&Seed32::from_bytes([77; 32]));
    let signer = AccountKey::Device(ada.laptop.signing());
    let (op, seed) = set_recovery(&mut ada.rng, &ada.account, signer, &new, &ada.seed).unwrap();
    ada.account.apply(&op).unwrap();
    ada.seed = seed;
    assert_eq!(open::person_seed_by_recovery(&ada.account, &new).unwrap(), ada.seed);
    let failed = open::person_seed_by_recovery(&ada.account, &ada.recovery).unwrap_err();
    assert_eq!(failed, CryptoError::OpenFailed.into());
    let (op, _) = ada.revocation(name(&secret(1)));
    ada.refused(&op, AccessError::BadSignature);
    let weak = RecoverySecret::from_seed(&Seed32::from_bytes([78; 32]));
    let signer = AccountKey::Device(ada.laptop.signing());
    let (op, _) = set_recovery(&mut ada.rng, &ada.account, signer, &weak, &ada.seed).unwrap();
    let laptop = ada.laptop.clone();
    let op = resigned(&op, &laptop, |op| match &mut op.body.action {
        AccountAction::SetRecovery { recovery, .. } => recovery.kem = KemPublic([0; 32]),
        _ => unreachable!(),
    });
    ada.refused(&op, AccessError::BadKey);
}

#[test]
fn every_way_to_a_new_key_checks_it() {
    let mut ada = ada();
    let new = RecoverySecret::from_seed(&Seed32::from_bytes([77; 32]));
    let laptop = ada.laptop.clone();
    let signer = AccountKey::Device(laptop.signing());
    let (words, _) = set_recovery(&mut ada.rng, &ada.account, signer, &new, &ada.seed).unwrap();
    let (rotation, _) = ada.rotation();
    for op in [words, rotation] {
        let bad = resigned(&op, &laptop, |op| next_key(op).devices.clear());
        ada.refused(&bad, AccessError::WrongRecipients);
        let bad = resigned(&op, &laptop, |op| next_key(op).generation = 9);
        ada.refused(&bad, AccessError::BadKey);
    }
}

#[test]
fn a_new_device_reaches_every_earlier_seed() {
    let mut ada = ada();
    let mut seeds = vec![ada.seed.clone()];
    for _ in 0..3 {
        let (op, seed) = ada.rotation();
        ada.account.apply(&op).unwrap();
        ada.seed = seed.clone();
        seeds.push(seed);
    }
    let phone = secret(8);
    ada.add(&phone);
    let current = open::person_seed(&ada.account, &name(&phone), phone.kem()).unwrap();
    let all = open::earlier_person_seeds(&ada.account, 4, &current).unwrap();
    assert_eq!(all.len(), 4);
    for (generation, seed) in all {
        assert!(seeds[generation as usize - 1] == seed);
    }
}

#[test]
fn what_held_at_an_earlier_head_can_be_asked() {
    let mut ada = ada();
    let first = ada.account.head();
    ada.add(&secret(3));
    let second = ada.account.head();
    ada.revoke(name(&secret(3)));
    let third = ada.account.head();
    assert_eq!(ada.account.person_key_at(&second).unwrap().generation, 1);
    assert_eq!(ada.account.person_key_at(&third).unwrap().generation, 2);
    assert_eq!(ada.account.was_active_at(&first, &name(&secret(3))), Some(false));
    assert_eq!(ada.account.was_revoked_at(&second, &name(&secret(3))), Some(false));
    assert!(ada.account.extends(&first, &third) && !ada.account.extends(&third, &first));
    assert!(!ada.account.extends(&third, &third) && ada.account.contains(&second));
    let revoked = ada.account.revoked_between(&first, &third).unwrap();
    assert_eq!(revoked.into_iter().collect::<Vec<_>>(), vec![name(&secret(3))]);
    assert!(ada.account.revoked_between(&first, &second).unwrap().is_empty());
    assert!(ada.account.revoked_between(&third, &third).unwrap().is_empty());
    assert_eq!(ada.account.revoked_between(&third, &AccountOpId([0; 32])), None);
}
