//! Who lost access and holds the relay's whole database, beside all that ever lay on their own disk, opens nothing of
//! what came after.

use std::collections::{BTreeMap, BTreeSet};

use homing_access::{AccountState, open};
use homing_crypto::{
    EpochKey, InviteSecret, KemSecret, PersonSecret, RecoverySecret, Seed32, hpke_open, padding,
    recovery_from_words,
};
use homing_engine::api::{
    Call, Code, DeviceRow, Event, InviteTo, ItemRef, Nothing, PersonRef, RecoveryConfirm, RecoveryUse,
    RecoveryWords, Settings, SettingsSet, State,
};
use homing_sim::{DeviceId as Device, RELAY, Weather, World};
use homing_store::{epochs, meta, spaces};
use homing_wire::codec::encode;
use homing_wire::{
    AccountOp, Changes, DeviceId, Entry, EntryId, EntryKind, Hash, PersonId, Pin, SealedSeed, SpaceId,
    SpaceOp, VerifyKey, entry_of, seal_info,
};
use rusqlite::Connection;

use crate::disk::{self, Stolen};
use crate::forged::{all_refuse, message_at, not_taken};
use crate::forger::{Forgery, forge, forge_in, send, team};
use crate::house::{House, approve_all, at_rest, same_messages};
use crate::relay_loss::wipe;

/// All secrets somebody holds, and what they can make of a relay's database.
struct Thief {
    keys: Vec<KemSecret>,
    seeds: BTreeSet<[u8; 32]>,
}

impl Thief {
    /// Takes every secret from a device's disk.
    fn with_disk_of(world: &mut World, device: Device) -> Self {
        world.crash(device).unwrap();
        let store = disk::open(world, device);
        let db = store.read();
        let stolen = Stolen::from(&db);
        let mut thief = Self { keys: Vec::new(), seeds: BTreeSet::new() };
        let device_secret = stolen.device();
        thief.keys.push(device_secret.kem().clone());
        for seed in stolen.person_seeds() {
            thief.person_seed(&seed);
        }
        for row in spaces::list(&db).unwrap() {
            for epoch in epochs::list(&db, &row.space).unwrap() {
                thief.epoch_seed(*epoch.seed);
            }
        }
        for (_, secret) in meta::with_prefix(&db, "invite_secret/").unwrap() {
            let secret = InviteSecret::from_bytes(secret.as_slice().try_into().unwrap());
            thief.keys.push(secret.kem());
        }
        // Newer person keys, if they are sealed to the device or to the recovery words.
        let account = account_at(world, &stolen.person);
        let id = DeviceId(device_secret.signing().public());
        let by_device = open::person_seed(&account, &id, device_secret.kem()).ok();
        let by_words = stolen.words().and_then(|words| open::person_seed_by_recovery(&account, &words).ok());
        for seed in by_device.into_iter().chain(by_words) {
            thief.person_seed(&seed);
        }
        drop(store);
        world.start(device).unwrap();
        thief
    }

    fn person_seed(&mut self, seed: &Seed32) {
        self.keys.push(PersonSecret::from_seed(seed).kem().clone());
    }

    fn epoch_seed(&mut self, seed: [u8; 32]) {
        if self.seeds.insert(seed) {
            // It may be a team's, to which other spaces are sealed.
            self.keys.push(EpochKey::from_seed(Seed32::from_bytes(seed)).kem());
        }
    }

    /// Opens every seed of the log that any key opens, and with those the next, until nothing more opens.
    fn open_seeds(&mut self, log: &[Entry]) {
        let ops: Vec<(SpaceId, SpaceOp)> = log
            .iter()
            .filter(|entry| entry.header().kind == EntryKind::Op)
            .map(|entry| (entry.header().space, SpaceOp::decode(&entry.body.content).unwrap()))
            .collect();
        let mut commitments: BTreeMap<SpaceId, Vec<Hash>> = BTreeMap::new();
        for (space, op) in &ops {
            commitments.entry(*space).or_default().extend(op.epoch().map(|epoch| epoch.commitment));
        }
        let (mut from, mut more) = (0, true);
        while more {
            let tried = self.keys.len();
            let keys: Vec<KemSecret> = self.keys.get(from..).unwrap().to_vec();
            for (space, op) in &ops {
                for seal in seals(op) {
                    for commitment in &commitments[space] {
                        for key in &keys {
                            let info = seal_info(space, commitment);
                            if let Ok(seed) = hpke_open(key, &info, &encode(&seal.to), &seal.sealed) {
                                self.epoch_seed(seed.as_slice().try_into().unwrap());
                            }
                        }
                    }
                }
            }
            (from, more) = (tried, self.keys.len() > tried);
        }
    }

    /// The plain bytes of all entries that open.
    fn reads(&mut self, log: &[Entry]) -> Vec<Vec<u8>> {
        self.open_seeds(log);
        let keys: Vec<EpochKey> =
            self.seeds.iter().map(|seed| EpochKey::from_seed(Seed32::from_bytes(*seed))).collect();
        let mut plain = Vec::new();
        for entry in log.iter().filter(|entry| entry.header().kind == EntryKind::Data) {
            let header = entry.header();
            let ad = header.associated_data();
            let opened = keys.iter().find_map(|key| {
                homing_crypto::open(key.data_key(), header.nonce, &ad, &entry.body.content).ok()
            });
            if let Some(opened) = opened {
                let packed = padding::unpad(&opened).unwrap();
                let changes = Changes::decode(&zstd::stream::decode_all(packed).unwrap()).unwrap();
                plain.extend(changes.changes.into_iter().map(|change| change.change));
            }
        }
        plain
    }

    /// Which of these texts they read in the relay's database.
    fn finds<'a>(&mut self, world: &mut World, texts: &[&'a str]) -> Vec<&'a str> {
        let plain = self.reads(&relay_log(world));
        let holds =
            |text: &str| plain.iter().any(|one| one.windows(text.len()).any(|at| at == text.as_bytes()));
        texts.iter().copied().filter(|text| holds(text)).collect()
    }
}

/// The seeds an op hands out.
fn seals(op: &SpaceOp) -> Vec<&SealedSeed> {
    let mut seals: Vec<&SealedSeed> = op.epoch().map(|epoch| &epoch.sealed).into_iter().flatten().collect();
    match op {
        SpaceOp::Add { sealed, .. } => seals.push(sealed),
        SpaceOp::Invite { sealed, .. } => seals.extend(sealed),
        _ => {}
    }
    seals
}

fn relay_db(world: &mut World) -> Connection {
    world.crash_relay().unwrap();
    Connection::open(world.relay_folder().join("relay.db")).unwrap()
}

/// Everything in the logs of a relay that is not running any more.
fn relay_log(world: &mut World) -> Vec<Entry> {
    let db = relay_db(world);
    let mut all = db.prepare("SELECT line FROM entry ORDER BY place").unwrap();
    let rows = all.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    let log: Vec<Entry> = rows.map(|row| Entry::decode(entry_of(&row.unwrap()).unwrap()).unwrap()).collect();
    drop(all);
    drop(db);
    world.start_relay().unwrap();
    log
}

fn account_at(world: &mut World, person: &PersonId) -> AccountState {
    let db = relay_db(world);
    let mut all = db.prepare("SELECT op FROM account_op WHERE person = ?1 ORDER BY position").unwrap();
    let rows = all.query_map([person.0], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    let ops: Vec<AccountOp> = rows.map(|row| AccountOp::decode(&row.unwrap()).unwrap()).collect();
    drop(all);
    drop(db);
    world.start_relay().unwrap();
    AccountState::replay(&ops).unwrap()
}

/// Ben is removed from the group while he and Cora are off; Cora's text was written before she knew.
fn ben_removed(seed: u64) -> House {
    let mut house = House::new(seed);
    let (laptop, ben, cora, group) = (house.laptop, house.ben, house.cora, house.group.clone());
    let world = &mut house.world;
    world.send(laptop, &group, "for all three").unwrap();
    world.settle().unwrap();
    for device in [ben, cora] {
        world.set_online(device, false).unwrap();
    }
    world.send(cora, &group, "Cora did not know").unwrap();
    let members = world.members(laptop, &group).unwrap();
    let member = members.iter().find(|row| row.name == "Ben").unwrap().member.clone();
    world.remove_member(laptop, &group, &member).unwrap();
    world.run_for(30_000).unwrap();
    world.send(laptop, &group, "without Ben").unwrap();
    world.run_for(30_000).unwrap();
    world.set_online(cora, true).unwrap();
    world.run_for(60_000).unwrap();
    house
}

const BEFORE: &str = "for all three";
const AFTER: [&str; 2] = ["Cora did not know", "without Ben"];

/// Ben finds what he had, Ada finds everything.
fn ben_finds_nothing_new(house: &mut House) {
    let (laptop, ben) = (house.laptop, house.ben);
    let texts = [BEFORE, AFTER[0], AFTER[1]];
    let world = &mut house.world;
    assert_eq!(Thief::with_disk_of(world, ben).finds(world, &texts), [BEFORE]);
    assert_eq!(Thief::with_disk_of(world, laptop).finds(world, &texts), texts, "the search can find");
}

#[test]
fn a_removed_member_opens_nothing_of_what_came_after() {
    let mut house = ben_removed(50);
    ben_finds_nothing_new(&mut house);
    let stay = [house.laptop, house.desktop, house.cora];
    house.world.settle().unwrap();
    assert_eq!(same_messages(&mut house.world, &stay, &house.group).len(), 3);
    at_rest(&mut house.world, &stay);
}

#[test]
fn nor_after_the_relay_was_wiped() {
    let mut house = ben_removed(51);
    let world = &mut house.world;
    world.crash_relay().unwrap();
    wipe(world);
    world.settle().unwrap();
    world.settle().unwrap();
    let stay = [house.laptop, house.desktop, house.cora];
    assert_eq!(same_messages(world, &stay, &house.group).len(), 3);
    ben_finds_nothing_new(&mut house);
}

/// An entry of Ben's under the newest op and epoch, whose names he has from the relay's database.
fn push_of_ben(house: &mut House) -> Vec<Forgery> {
    let (ben, group) = (house.ben, house.group.clone());
    let log = relay_log(&mut house.world);
    let forgeries = forge(&mut house.world, ben, &group, |forger, _| {
        let ops: Vec<EntryId> = log
            .iter()
            .filter(|entry| entry.header().space == forger.space && entry.header().kind == EntryKind::Op)
            .map(Entry::id)
            .collect();
        // Whatever came last removed him and began the epoch.
        (forger.op_head, forger.epoch) = (*ops.last().unwrap(), *ops.last().unwrap());
        message_at(forger, 12, "Ben is still here");
    });
    send(&house.world, ben, &forgeries);
    forgeries
}

#[test]
fn nor_can_they_push() {
    let mut house = ben_removed(52);
    let forgeries = push_of_ben(&mut house);
    let stay = [house.laptop, house.desktop, house.cora];
    not_taken(&mut house.world, house.ben, &stay, &forgeries);
}

#[test]
fn nor_do_devices_take_what_a_helping_relay_pushes_for_them() {
    let mut house = ben_removed(53);
    let forgeries = push_of_ben(&mut house);
    let stay = [house.laptop, house.desktop, house.cora];
    all_refuse(&mut house, &stay, &forgeries, "access.not_a_member");
}

#[test]
fn a_revoked_device_opens_nothing_of_what_came_after() {
    let mut house = House::new(54);
    let (laptop, desktop, ben, cora) = (house.laptop, house.desktop, house.ben, house.cora);
    let (two, group) = (house.two.clone(), house.group.clone());
    let world = &mut house.world;
    world.send(laptop, &two, "before, to Ben").unwrap();
    world.settle().unwrap();
    for device in [desktop, ben] {
        world.set_online(device, false).unwrap();
    }
    // Ben, a client, writes before he can know. Ada writes as soon as she has revoked.
    world.send(ben, &two, "Ben did not know").unwrap();
    let lost = world.devices(laptop).unwrap().into_iter().find(|row: &DeviceRow| !row.current).unwrap().id;
    world.revoke_device(laptop, &lost).unwrap();
    world.send(laptop, &two, "at once, to Ben").unwrap();
    world.send(laptop, &group, "at once, to all").unwrap();
    world.run_for(30_000).unwrap();
    world.set_online(ben, true).unwrap();
    world.run_for(60_000).unwrap();
    world.send(cora, &two, "Cora, later").unwrap();
    world.run_for(60_000).unwrap();
    let after = ["Ben did not know", "at once, to Ben", "at once, to all", "Cora, later"];
    let texts: Vec<&str> = ["before, to Ben"].into_iter().chain(after).collect();
    assert_eq!(Thief::with_disk_of(world, desktop).finds(world, &texts), ["before, to Ben"]);
    assert_eq!(Thief::with_disk_of(world, laptop).finds(world, &texts), texts, "the search can find");
    world.crash_relay().unwrap();
    wipe(world);
    world.settle().unwrap();
    world.settle().unwrap();
    assert_eq!(Thief::with_disk_of(world, desktop).finds(world, &texts), ["before, to Ben"]);
}

fn words(world: &mut World, device: Device) -> String {
    let shown: RecoveryWords = world.ask(device, Call::RecoveryShow(Nothing {})).unwrap();
    shown.words.join(" ")
}

/// Somebody with these words on a new computer: an error's code, or none.
fn recovers(world: &mut World, name: &str, words: &str) -> Option<Code> {
    let phoenix = world.add_device(name, 0).unwrap();
    let args = RecoveryUse { words: words.to_owned(), relay: RELAY.to_owned(), name: None };
    world.try_call(phoenix, Call::RecoveryUse(args)).unwrap().err().map(|error| error.code)
}

#[test]
fn the_words_a_revoked_device_knew_let_nobody_in() {
    let mut house = House::new(55);
    let (laptop, desktop) = (house.laptop, house.desktop);
    let world = &mut house.world;
    let tablet = world.add_device("tablet", 0).unwrap();
    world.link_device(laptop, tablet).unwrap();
    world.settle().unwrap();
    let known = words(world, desktop);
    assert_eq!(words(world, laptop), known);
    // Written down at one device, they are written down.
    keeps_words(world, laptop);
    world.settle().unwrap();
    for device in [laptop, desktop, tablet] {
        let status = world.status(device).unwrap();
        assert!(status.recovery_confirmed && status.recovery_here);
        let later = SettingsSet {
            recovery_reminder_at: Some("2026-12-01T00:00:00.000Z".to_owned()),
            ..SettingsSet::default()
        };
        world.call(device, Call::SettingsSet(later)).unwrap();
    }
    let lost = world.status(desktop).unwrap().device.unwrap();
    world.revoke_device(laptop, &lost).unwrap();
    world.settle().unwrap();
    assert_eq!(recovers(world, "thief", &known), Some(Code::RecoveryInvalid));
    // New ones are to be written down where they were made; the other device knows none, but that they changed.
    for (device, here) in [(laptop, true), (tablet, false)] {
        let status = world.status(device).unwrap();
        assert_eq!((status.recovery_confirmed, status.recovery_here), (false, here));
        let settings: Settings = world.ask(device, Call::Settings(Nothing {})).unwrap();
        assert_eq!(settings.recovery_reminder_at, None);
    }
    let refusal = world.refusal(tablet, Call::RecoveryShow(Nothing {})).unwrap();
    assert_eq!(refusal.code, Code::RecoveryInvalid);
    let new = words(world, laptop);
    assert_ne!(new, known);
    // The reminder ends everywhere once they are written down, also where they can't be shown and after a crash.
    world.crash(tablet).unwrap();
    keeps_words(world, laptop);
    world.settle().unwrap();
    for device in [laptop, tablet] {
        assert!(world.status(device).unwrap().recovery_confirmed);
    }
    assert_eq!(recovers(world, "phoenix", &new), None);
}

/// Writes the words down, and proves it.
fn keeps_words(world: &mut World, device: Device) {
    let all = words(world, device);
    let some = all.split(' ').enumerate().step_by(8);
    let proof = some.map(|(place, word)| (u32::try_from(place).unwrap(), word.to_owned())).collect();
    world.call(device, Call::RecoveryConfirm(RecoveryConfirm { words: proof })).unwrap();
}

/// The recovery key the relay has for the person of a device.
fn recovery_key(world: &mut World, device: Device) -> VerifyKey {
    let person = world.status(device).unwrap().person.unwrap().parse().unwrap();
    account_at(world, &person).recovery().verify
}

#[test]
fn words_made_anew_survive_a_crash_at_any_moment() {
    let mut house = House::new(56);
    let (laptop, desktop) = (house.laptop, house.desktop);
    let world = &mut house.world;
    let lost = world.status(desktop).unwrap().device.unwrap();
    let mut between = false;
    for steps in 1.. {
        let old = recovery_key(world, laptop);
        world.run_for(60_000).unwrap();
        world.begin_call(laptop, Call::DeviceRevoke(ItemRef { id: lost.clone() })).unwrap();
        for _ in 0..steps {
            world.step().unwrap();
        }
        world.crash(laptop).unwrap();
        world.settle().unwrap();
        let named = recovery_key(world, laptop);
        let shown = recovery_from_words(&words(world, laptop)).unwrap();
        let shown = RecoverySecret::from_seed(&shown).signing().public();
        assert_eq!(VerifyKey(shown), named, "after {steps} steps");
        let rows = world.devices(laptop).unwrap();
        if rows.iter().any(|row| row.id == lost && row.revoked) {
            break;
        }
        between |= named != old;
    }
    assert!(between, "no crash fell between the two ops");
}

#[test]
fn a_colleague_who_was_taken_out_opens_nothing_of_what_came_after() {
    let mut house = House::new(58);
    let (laptop, desktop, ben, cora) = (house.laptop, house.desktop, house.ben, house.cora);
    let (two, group) = (house.two.clone(), house.group.clone());
    let world = &mut house.world;
    world.send(cora, &two, "by Cora, before").unwrap();
    world.settle().unwrap();
    let person = |world: &mut World, of: Device, name: &str| {
        world.people(of).unwrap().into_iter().find(|row| row.name == name).unwrap()
    };
    let (hers, his) = (person(world, laptop, "Cora"), person(world, laptop, "Ben"));
    assert!(hers.can_remove && !his.can_remove);
    // Who does not lead the team takes nobody out, and nobody takes out whom they share no team with.
    let adas = person(world, cora, "Ada");
    assert!(!adas.can_remove);
    let remove = |id: &str| Call::ColleagueRemove(PersonRef { person: id.to_owned() });
    assert_eq!(world.refusal(cora, remove(&adas.id)).unwrap().code, Code::RoleForbids);
    assert_eq!(world.refusal(laptop, remove(&his.id)).unwrap().code, Code::NotAMember);
    assert_eq!(world.refusal(laptop, remove(&adas.id)).unwrap().code, Code::InvalidArgument);

    // Cora writes before she can know, and so does Ben, who knows nothing of the team.
    world.set_online(cora, false).unwrap();
    world.set_online(ben, false).unwrap();
    world.send(cora, &two, "Cora did not know").unwrap();
    world.send(ben, &two, "Ben did not know").unwrap();
    world.call(laptop, remove(&hers.id)).unwrap();
    world.send(laptop, &two, "at once").unwrap();
    world.settle().unwrap();
    world.send(ben, &two, "by Ben, later").unwrap();
    world.settle().unwrap();
    let stay = [laptop, desktop, ben];
    let mut bodies = same_messages(world, &stay, &two);
    bodies.sort();
    assert_eq!(bodies, ["Ben did not know", "at once", "by Ben, later", "by Cora, before"]);
    at_rest(world, &stay);
    assert!(!person(world, laptop, "Cora").staff);
    // What she had stays readable, what she could not know any more is kept and not sent.
    let detail = world.conversation_detail(cora, &two).unwrap();
    assert!(!detail.row.can_write);
    let hers_now = world.messages(cora, &two).unwrap();
    assert!(hers_now.iter().any(|row| row.body == "by Cora, before"));
    let unsent = hers_now.iter().find(|row| row.body == "Cora did not know").unwrap();
    assert_eq!(unsent.state, State::Failed);
    assert!(!hers_now.iter().any(|row| ["at once", "by Ben, later"].contains(&row.body.as_str())));
    // Where she is a member herself she stays one.
    world.send(cora, &group, "still in the group").unwrap();
    world.settle().unwrap();
    assert_eq!(same_messages(world, &[laptop, desktop, ben, cora], &group), ["still in the group"]);

    let texts = ["by Cora, before", "Ben did not know", "at once", "by Ben, later"];
    assert_eq!(Thief::with_disk_of(world, cora).finds(world, &texts), ["by Cora, before"]);
    assert_eq!(Thief::with_disk_of(world, laptop).finds(world, &texts), texts, "the search can find");
    world.crash_relay().unwrap();
    wipe(world);
    world.settle().unwrap();
    world.settle().unwrap();
    assert_eq!(Thief::with_disk_of(world, cora).finds(world, &texts), ["by Cora, before"]);
    // She comes back, as anybody would, and reads all of it again.
    world.settle().unwrap();
    let staff = world.invite(laptop, InviteTo::Team { role: None }).unwrap();
    world.join(cora, &staff, None).unwrap();
    world.run_for(60_000).unwrap();
    approve_all(world, laptop);
    world.settle().unwrap();
    world.send(laptop, &two, "welcome back").unwrap();
    world.settle().unwrap();
    assert_eq!(same_messages(world, &[laptop, desktop, ben], &two).len(), 5);
    let back = world.bodies(cora, &two).unwrap();
    assert!(
        texts.iter().chain(&["welcome back"]).all(|text| back.iter().any(|body| body == text)),
        "{back:?}"
    );
    assert!(world.conversation_detail(cora, &two).unwrap().row.can_write);
    world.send(cora, &two, "and here I am").unwrap();
    world.settle().unwrap();
    assert!(world.bodies(ben, &two).unwrap().contains(&"and here I am".to_owned()));
    for device in [laptop, desktop, ben, cora] {
        assert!(world.doctor(device).unwrap().healthy);
    }
}

#[test]
fn a_space_waits_for_the_new_key_of_its_team() {
    let mut house = House::new(57);
    let (laptop, cora, two) = (house.laptop, house.cora, house.two.clone());
    let world = &mut house.world;
    let staff = world.invite(laptop, InviteTo::Team { role: None }).unwrap();
    let dan = world.add_device("dan", 0).unwrap();
    world.join(dan, &staff, Some("Dan")).unwrap();
    world.run_for(60_000).unwrap();
    approve_all(world, laptop);
    world.settle().unwrap();
    world.send(dan, &two, "with Cora").unwrap();
    world.settle().unwrap();
    let away = [laptop, house.desktop, house.ben];
    for device in away {
        world.set_online(device, false).unwrap();
    }
    // Cora leaves the team. Dan hears of it, but the relay is wiped before it has the key he makes, and takes no op of
    // the team before its owner is back.
    let conversation = two.parse().unwrap();
    let forgeries = forge_in(world, cora, conversation, &team, |forger, _| {
        let pin = Pin { device: forger.id(), last: forger.prev };
        forger.op(&SpaceOp::Leave { pins: vec![pin] });
    });
    send(world, cora, &forgeries);
    world.take_events(dan).unwrap();
    world.weather = Weather { latency_ms: 2_000, cut_one_in: 0 };
    world.start(cora).unwrap();
    while !world.take_events(dan).unwrap().iter().any(|event| matches!(event, Event::People {})) {
        assert!(world.step().unwrap());
    }
    world.crash_relay().unwrap();
    wipe(world);
    world.weather = Weather::CALM;
    world.start_relay().unwrap();
    world.run_for(60_000).unwrap();
    world.send(dan, &two, "without Cora").unwrap();
    world.run_for(60_000).unwrap();
    let texts = ["with Cora", "without Cora"];
    assert_eq!(Thief::with_disk_of(world, cora).finds(world, &texts), ["with Cora"]);
    world.settle().unwrap();
    world.settle().unwrap();
    assert_eq!(Thief::with_disk_of(world, cora).finds(world, &texts), ["with Cora"]);
    assert_eq!(Thief::with_disk_of(world, laptop).finds(world, &texts), texts, "the search can find");
    world.settle().unwrap();
    let stay = [laptop, house.desktop, house.ben, dan];
    assert_eq!(same_messages(world, &stay, &two).len(), 2);
    at_rest(world, &stay);
}
