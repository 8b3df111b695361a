//! An account that has lived for many years: its log is longer than a frame.

use homing_access::build::{self, AccountKey};
use homing_access::{AccountState, open};
use homing_crypto::{DeviceSecret, Seed32};
use homing_engine::api::{Call, Nothing, RecoveryUse, RecoveryWords, Status};
use homing_sim::{DeviceId as Device, RELAY, World};
use homing_store::accounts;
use homing_wire::{AccountOp, ClientFrame, DeviceId, RelayFrame, limits};
use rand::RngExt;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::disk::{self, Stolen};
use crate::house::{at_rest, same_messages, world};
use crate::relay_loss::wipe;

/// What the account of a device whose process has ended goes through: many devices, and more and more person keys.
fn years(world: &World, device: Device) -> Vec<AccountOp> {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let store = disk::open(world, device);
    let stolen = Stolen::from(&store.read());
    let log: Vec<AccountOp> = accounts::list(&store.read(), &stolen.person)
        .unwrap()
        .iter()
        .map(|row| AccountOp::decode(&row.bytes).unwrap())
        .collect();
    let mut state = AccountState::replay(&log).unwrap();
    let device = stolen.device();
    let id = DeviceId(device.signing().public());
    let mut seed = open::person_seed(&state, &id, device.kem()).unwrap();
    let (mut ops, mut bytes) = (Vec::new(), 0);
    while bytes < limits::FRAME + limits::FRAME / 4 {
        let signer = AccountKey::Device(device.signing());
        let op = if ops.len() < 60 {
            let other = DeviceSecret::from_seed(&Seed32::from_bytes(rng.random()));
            let consent = build::consent(&stolen.person, &other);
            build::add_device(&mut rng, &state, signer, consent, &seed).unwrap()
        } else {
            let (op, next) = build::rotate_person_key(&mut rng, &state, signer, &seed).unwrap();
            seed = next;
            op
        };
        state.apply(&op).unwrap();
        bytes += op.encode().len();
        ops.push(op);
    }
    ops
}

fn recover(world: &mut World, name: &str, words: &str) -> Device {
    let device = world.add_device(name, 0).unwrap();
    let call = RecoveryUse { words: words.to_owned(), relay: RELAY.to_owned(), name: Some(name.to_owned()) };
    let status: Status = world.ask(device, Call::RecoveryUse(call)).unwrap();
    assert!(status.person.is_some());
    device
}

#[test]
fn a_log_longer_than_a_frame_is_read_recovered_and_given_back_to_a_relay() {
    let mut world = world(300);
    let laptop = world.add_device("laptop", 0).unwrap();
    world.init(laptop, "Ada").unwrap();
    let notes = world.conversation(laptop, "Notes", &[]).unwrap();
    world.send(laptop, &notes, "long ago").unwrap();
    world.settle().unwrap();
    let words: RecoveryWords = world.ask(laptop, Call::RecoveryShow(Nothing {})).unwrap();
    let words = words.words.join(" ");

    world.crash(laptop).unwrap();
    let frames: Vec<ClientFrame> = (1..)
        .zip(years(&world, laptop))
        .map(|(req, op)| ClientFrame::AccountPush { req, op: op.encode() })
        .collect();
    let answers = world.as_stranger(&frames).unwrap();
    let acked = answers.iter().filter(|frame| matches!(frame, RelayFrame::Ack { .. })).count();
    assert_eq!(acked, frames.len());
    world.start(laptop).unwrap();
    world.settle().unwrap();
    world.send(laptop, &notes, "much later").unwrap();
    world.settle().unwrap();
    at_rest(&mut world, &[laptop]);

    let tablet = recover(&mut world, "tablet", &words);
    world.settle().unwrap();
    assert_eq!(same_messages(&mut world, &[laptop, tablet], &notes), ["long ago", "much later"]);

    world.crash_relay().unwrap();
    wipe(&world);
    world.set_online(tablet, false).unwrap();
    world.start_relay().unwrap();
    world.run_for(10 * 60_000).unwrap();
    let phone = recover(&mut world, "phone", &words);
    world.settle().unwrap();
    let all = [laptop, tablet, phone];
    assert_eq!(same_messages(&mut world, &all, &notes), ["long ago", "much later"]);
    at_rest(&mut world, &all);
}
