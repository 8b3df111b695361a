//! Messages with a time: sent once, when they should be, to those their author saw, whoever is on.

use homing_engine::api::{Code, RoleName, ScheduledState, State};
use homing_sim::{DeviceId, Weather, World};
use rand::RngExt;

use crate::house::{House, at_rest, same_messages};
use crate::relay_loss::wipe;

const HOUR: u64 = 3_600_000;

fn states(world: &mut World, device: DeviceId) -> Vec<ScheduledState> {
    world.scheduled(device).unwrap().into_iter().map(|row| row.state).collect()
}

/// Nothing is scheduled any more, and no draft is left of what was sent.
fn nothing_left(world: &mut World, own: &[DeviceId]) {
    for device in own {
        assert_eq!(world.scheduled(*device).unwrap(), [], "device {device}");
        assert_eq!(world.drafts(*device).unwrap(), [], "device {device}");
    }
}

fn time_of(world: &mut World, device: DeviceId, conversation: &str, body: &str) -> String {
    let rows = world.messages(device, conversation).unwrap();
    rows.into_iter().find(|row| row.body == body).unwrap().at
}

#[test]
fn sent_at_its_time_while_all_own_devices_are_off() {
    let mut house = House::new(201);
    let (everybody, group) = (house.devices(), house.group.clone());
    let (laptop, desktop, ben) = (house.laptop, house.desktop, house.ben);
    let world = &mut house.world;
    let at = world.now_ms() + 10 * HOUR;
    world.draft_set(laptop, &group, "Good morning", "").unwrap();
    let sent = world.draft_send_at(laptop, &group, at).unwrap();
    assert_eq!(sent.state, State::Scheduled);
    world.run_for(60_000).unwrap();
    // It stands among what is scheduled, on both devices, and not in the composer.
    for device in [laptop, desktop] {
        assert_eq!(states(world, device), [ScheduledState::Held], "device {device}");
        assert_eq!(world.draft(device, &group).unwrap().text, "");
        assert_eq!(world.drafts(device).unwrap(), []);
        assert_eq!(world.messages(device, &group).unwrap(), []);
    }
    world.crash(laptop).unwrap();
    world.crash(desktop).unwrap();
    world.run_for(9 * HOUR).unwrap();
    assert_eq!(world.bodies(ben, &group).unwrap(), [""; 0]);
    world.run_for(2 * HOUR).unwrap();
    assert_eq!(world.bodies(ben, &group).unwrap(), ["Good morning"]);
    // Both come back, go on writing, and the draft is done.
    world.settle().unwrap();
    nothing_left(world, &[laptop, desktop]);
    world.send(laptop, &group, "I am up, too").unwrap();
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &group), ["Good morning", "I am up, too"]);
    let message = &world.messages(laptop, &group).unwrap()[0];
    assert_eq!(message.id, sent.id);
    assert_eq!(message.state, State::Delivered, "receipts count for it as for any other");
    let at = chrono::DateTime::from_timestamp_millis(i64::try_from(at).unwrap()).unwrap();
    let shown = time_of(world, ben, &group, "Good morning");
    assert_eq!(chrono::DateTime::parse_from_rfc3339(&shown).unwrap(), at);
    at_rest(world, &everybody);
}

#[test]
fn what_is_written_meanwhile_does_not_keep_it_from_going() {
    let mut house = House::new(202);
    let (everybody, group) = (house.devices(), house.group.clone());
    let (laptop, desktop, ben) = (house.laptop, house.desktop, house.ben);
    let world = &mut house.world;
    let begin = world.now_ms();
    world.send_at(laptop, &group, "third", begin + 3 * HOUR).unwrap();
    world.send_at(laptop, &group, "first", begin + HOUR).unwrap();
    world.send_at(laptop, &group, "second", begin + 2 * HOUR).unwrap();
    for text in ["a", "b", "c"] {
        world.send(laptop, &group, text).unwrap();
        world.send(desktop, &group, &format!("{text}{text}")).unwrap();
    }
    // The last word leaves, and the lid closes at once.
    world.run_for(100).unwrap();
    world.crash(laptop).unwrap();
    world.crash(desktop).unwrap();
    world.run_for(4 * HOUR).unwrap();
    let bodies = world.bodies(ben, &group).unwrap();
    assert_eq!(bodies[bodies.len() - 3..], ["first", "second", "third"]);
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &group).len(), 9);
    nothing_left(world, &[laptop, desktop]);
    at_rest(world, &everybody);
}

#[test]
fn a_message_frozen_when_the_line_broke_goes_behind_what_was_released() {
    let mut house = House::new(203);
    let (everybody, group) = (house.devices(), house.group.clone());
    let (laptop, ben) = (house.laptop, house.ben);
    let world = &mut house.world;
    let at = world.now_ms() + HOUR;
    world.send_at(laptop, &group, "planned", at).unwrap();
    world.run_for(10_000).unwrap();
    // Sealed and on its way when everything on it is lost.
    world.send(laptop, &group, "on its way").unwrap();
    world.set_online(laptop, false).unwrap();
    world.run_for(2 * HOUR).unwrap();
    assert!(world.bodies(ben, &group).unwrap().contains(&"planned".to_owned()));
    world.settle().unwrap();
    let mut bodies = same_messages(world, &everybody, &group);
    bodies.sort();
    assert_eq!(bodies, ["on its way", "planned"]);
    nothing_left(world, &[laptop, house.desktop]);
    at_rest(world, &everybody);
}

#[test]
fn taken_back_on_the_other_device_it_is_a_draft_again() {
    let mut house = House::new(204);
    let (everybody, group) = (house.devices(), house.group.clone());
    let (laptop, desktop) = (house.laptop, house.desktop);
    let world = &mut house.world;
    let begin = world.now_ms();
    let first = world.send_at(laptop, &group, "Rather not", begin + HOUR).unwrap();
    world.send_at(laptop, &group, "This one stays", begin + 2 * HOUR).unwrap();
    world.run_for(10_000).unwrap();
    world.crash(laptop).unwrap();
    world.unschedule(desktop, &first).unwrap();
    assert_eq!(world.draft(desktop, &group).unwrap().text, "Rather not");
    // What stood behind it in the laptop's name goes on in the desktop's; then that is off, too.
    world.run_for(20_000).unwrap();
    assert_eq!(states(world, desktop), [ScheduledState::Held]);
    world.crash(desktop).unwrap();
    world.run_for(3 * HOUR).unwrap();
    assert_eq!(world.bodies(house.ben, &group).unwrap(), ["This one stays"]);
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &group), ["This one stays"]);
    for device in [laptop, desktop] {
        let drafts: Vec<String> = world.drafts(device).unwrap().into_iter().map(|row| row.text).collect();
        assert_eq!(drafts, ["Rather not"], "device {device}");
        assert_eq!(world.scheduled(device).unwrap(), []);
    }
    // The same draft can be planned again.
    let at = world.now_ms() + HOUR;
    world.draft_send_at(laptop, &group, at).unwrap();
    world.run_for(2 * HOUR).unwrap();
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &group), ["This one stays", "Rather not"]);
    nothing_left(world, &[laptop, desktop]);
    at_rest(world, &everybody);
}

#[test]
fn another_time_or_now() {
    let mut house = House::new(205);
    let (everybody, group) = (house.devices(), house.group.clone());
    let (laptop, desktop, ben) = (house.laptop, house.desktop, house.ben);
    let world = &mut house.world;
    let begin = world.now_ms();
    let later = world.send_at(laptop, &group, "later", begin + HOUR).unwrap();
    let now = world.send_at(laptop, &group, "now", begin + 2 * HOUR).unwrap();
    world.run_for(10_000).unwrap();
    world.reschedule(desktop, &later, begin + 5 * HOUR).unwrap();
    let call = homing_engine::api::Call::ScheduledSend(homing_engine::api::ItemRef { id: now.clone() });
    let sent: homing_engine::api::Sent = world.ask(laptop, call).unwrap();
    assert_eq!(sent.id, now);
    world.run_for(3 * HOUR).unwrap();
    assert_eq!(world.bodies(ben, &group).unwrap(), ["now"]);
    world.crash(laptop).unwrap();
    world.crash(desktop).unwrap();
    world.run_for(3 * HOUR).unwrap();
    assert_eq!(world.bodies(ben, &group).unwrap(), ["now", "later"]);
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &group), ["now", "later"]);
    nothing_left(world, &[laptop, desktop]);
    at_rest(world, &everybody);
}

#[test]
fn planned_offline_it_is_handed_in_or_sent_late_and_says_so() {
    let mut house = House::new(206);
    let (everybody, group) = (house.devices(), house.group.clone());
    let (laptop, desktop, ben) = (house.laptop, house.desktop, house.ben);
    let world = &mut house.world;
    let begin = world.now_ms();
    world.set_online(laptop, false).unwrap();
    world.send_at(laptop, &group, "in time", begin + 5 * HOUR).unwrap();
    let late = world.send_at(laptop, &group, "late", begin + HOUR).unwrap();
    assert_eq!(states(world, laptop), [ScheduledState::Waiting; 2]);
    world.crash(laptop).unwrap();
    world.run_for(3 * HOUR).unwrap();
    world.start(laptop).unwrap();
    world.set_online(laptop, true).unwrap();
    world.run_for(30_000).unwrap();
    assert_eq!(world.bodies(ben, &group).unwrap(), ["late"]);
    assert_eq!(states(world, laptop), [ScheduledState::SentLate, ScheduledState::Held]);
    let told = world.scheduled(laptop).unwrap();
    assert!(told[0].id == late && told[0].sent_at.is_some());
    world.unschedule(laptop, &late).unwrap();
    world.crash(laptop).unwrap();
    world.run_for(3 * HOUR).unwrap();
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &group), ["late", "in time"]);
    nothing_left(world, &[laptop, desktop]);
    at_rest(world, &everybody);
}

#[test]
fn after_its_members_changed_its_author_is_asked() {
    let mut house = House::new(207);
    let (group, laptop, desktop) = (house.group.clone(), house.laptop, house.desktop);
    let (ben, cora) = (house.ben, house.cora);
    let world = &mut house.world;
    let at = world.now_ms() + HOUR;
    let planned = world.send_at(laptop, &group, "To the three of us", at).unwrap();
    world.run_for(10_000).unwrap();
    world.crash(laptop).unwrap();
    world.crash(desktop).unwrap();
    let who = world.status(ben).unwrap().person.unwrap();
    let left: Result<homing_engine::api::Done, _> =
        world.ask(ben, homing_engine::api::Call::ConversationLeave(homing_sim::people::reference(&group)));
    left.unwrap();
    world.run_for(2 * HOUR).unwrap();
    assert_eq!(world.bodies(cora, &group).unwrap(), [""; 0], "{who} would have had it");
    world.start(laptop).unwrap();
    world.start(desktop).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(states(world, device), [ScheduledState::MembersChanged], "device {device}");
    }
    // One press on whichever device.
    let again = world.now_ms() + HOUR;
    world.reschedule(desktop, &planned, again).unwrap();
    world.run_for(10_000).unwrap();
    assert_eq!(states(world, laptop), [ScheduledState::Held]);
    world.crash(laptop).unwrap();
    world.crash(desktop).unwrap();
    world.run_for(2 * HOUR).unwrap();
    assert_eq!(world.bodies(cora, &group).unwrap(), ["To the three of us"]);
    world.settle().unwrap();
    nothing_left(world, &[laptop, desktop]);
    at_rest(world, &[laptop, desktop, cora]);
}

#[test]
fn a_new_epoch_alone_asks_nobody() {
    let mut house = House::new(208);
    let (everybody, group) = (house.devices(), house.group.clone());
    let (laptop, desktop, ben) = (house.laptop, house.desktop, house.ben);
    let world = &mut house.world;
    let tablet = world.add_device("tablet", 0).unwrap();
    world.link_device(ben, tablet).unwrap();
    world.settle().unwrap();
    let at = world.now_ms() + HOUR;
    world.send_at(laptop, &group, "planned", at).unwrap();
    world.run_for(10_000).unwrap();
    world.crash(laptop).unwrap();
    // Ben loses a device: the space gets a new key with the next word.
    let lost = world.status(tablet).unwrap().device.unwrap();
    world.revoke_device(ben, &lost).unwrap();
    world.send(ben, &group, "My tablet is gone").unwrap();
    world.run_for(60_000).unwrap();
    assert_eq!(states(world, desktop), [ScheduledState::Held], "the desktop sealed it anew");
    world.crash(desktop).unwrap();
    world.run_for(2 * HOUR).unwrap();
    assert_eq!(world.bodies(ben, &group).unwrap(), ["My tablet is gone", "planned"]);
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &group).len(), 2);
    nothing_left(world, &[laptop, desktop]);
    at_rest(world, &everybody);
}

#[test]
fn a_draft_planned_here_and_sent_there_is_one_message() {
    let mut house = House::new(209);
    let (everybody, group) = (house.devices(), house.group.clone());
    let (laptop, desktop) = (house.laptop, house.desktop);
    let world = &mut house.world;
    world.draft_set(laptop, &group, "Once", "").unwrap();
    world.run_for(60_000).unwrap();
    world.set_online(desktop, false).unwrap();
    let at = world.now_ms() + HOUR;
    let planned = world.draft_send_at(laptop, &group, at).unwrap();
    world.run_for(10_000).unwrap();
    let sent = world.draft_send(desktop, &group).unwrap();
    assert_eq!(planned.id, sent.id);
    world.set_online(desktop, true).unwrap();
    world.run_for(2 * HOUR).unwrap();
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &group), ["Once"]);
    nothing_left(world, &[laptop, desktop]);
    at_rest(world, &everybody);
}

#[test]
fn a_wiped_relay_gets_it_again_and_one_that_was_down_sends_it_when_it_is_back() {
    let mut house = House::new(210);
    let (everybody, group) = (house.devices(), house.group.clone());
    let (laptop, desktop, ben) = (house.laptop, house.desktop, house.ben);
    let world = &mut house.world;
    let begin = world.now_ms();
    world.send_at(laptop, &group, "after the wipe", begin + 2 * HOUR).unwrap();
    world.run_for(10_000).unwrap();
    world.crash_relay().unwrap();
    wipe(world);
    world.start_relay().unwrap();
    world.settle().unwrap();
    world.settle().unwrap();
    assert_eq!(states(world, laptop), [ScheduledState::Held]);
    world.crash(laptop).unwrap();
    world.crash(desktop).unwrap();
    world.crash_relay().unwrap();
    world.run_for(3 * HOUR).unwrap();
    world.start_relay().unwrap();
    world.run_for(10 * 60_000).unwrap();
    assert_eq!(world.bodies(ben, &group).unwrap(), ["after the wipe"]);
    world.settle().unwrap();
    assert_eq!(same_messages(world, &everybody, &group), ["after the wipe"]);
    nothing_left(world, &[laptop, desktop]);
    at_rest(world, &everybody);
}

/// Seeds in a normal run; HOMING_SIM_SEEDS sets another number.
const SEEDS: u64 = 8;

#[test]
fn by_seed_with_kills_losses_and_wrong_clocks_each_is_sent_once_or_a_draft_again() {
    let seeds: u64 =
        std::env::var("HOMING_SIM_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS);
    let first: u64 = std::env::var("HOMING_SIM_FIRST").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    for seed in first..first + seeds {
        one_day(seed);
    }
}

fn one_day(seed: u64) {
    let mut house = House::new(10_000 + seed);
    let (everybody, group) = (house.devices(), house.group.clone());
    let own = [house.laptop, house.desktop];
    let world = &mut house.world;
    let (mut planned, mut taken_back, mut said) = (Vec::new(), Vec::new(), 0);
    world.weather = Weather { latency_ms: 900, cut_one_in: 25 };
    let mut relay_up = true;
    for step in 0..60 {
        let device = own[world.rng().random_range(0..2usize)];
        match world.rng().random_range(0..12) {
            0..3 if world.runs(device) => {
                let ahead = world.rng().random_range(10_000..6 * HOUR);
                let text = format!("planned {step}");
                let at = world.now_ms() + ahead + 3 * HOUR;
                // A device whose clock is ahead may hold that for over.
                let id = match step % 3 {
                    0 => world.send_file_at(device, &group, (&text, text.as_bytes()), at),
                    _ => world.send_at(device, &group, &text, at),
                };
                planned.push((id.unwrap(), text));
            }
            3 if world.runs(device) && !planned.is_empty() => {
                let known: Vec<String> =
                    world.scheduled(device).unwrap().into_iter().map(|row| row.id).collect();
                let at = world.rng().random_range(0..planned.len());
                let (id, text) = planned[at].clone();
                if known.contains(&id) {
                    world.unschedule(device, &id).unwrap();
                    taken_back.push(text);
                }
            }
            4..6 if world.runs(device) => {
                world.send(device, &group, &format!("said {step}")).unwrap();
                said += 1;
            }
            6 if world.runs(device) => world.crash(device).unwrap(),
            7 if !world.runs(device) => world.start(device).unwrap(),
            8 => {
                let online = world.rng().random_range(0..2) == 0;
                world.set_online(device, online).unwrap();
            }
            9 => {
                let skew = world.rng().random_range(-7_200_000..7_200_000);
                world.set_skew(device, skew).unwrap();
            }
            10 if relay_up => {
                world.crash_relay().unwrap();
                relay_up = false;
            }
            10 => {
                world.start_relay().unwrap();
                relay_up = true;
            }
            _ => {
                let ms = world.rng().random_range(1_000..HOUR);
                world.run_for(ms).unwrap();
            }
        }
        let ms = world.rng().random_range(1..20_000);
        world.run_for(ms).unwrap();
    }
    for device in own {
        world.set_skew(device, 0).unwrap();
    }
    world.settle().unwrap();
    world.run_for(12 * HOUR).unwrap();
    world.settle().unwrap();
    let bodies = same_messages(world, &everybody, &group);
    let mut unique = bodies.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), bodies.len(), "seed {seed}: something was sent twice: {bodies:?}");
    for device in own {
        let left: Vec<_> = world.scheduled(device).unwrap();
        assert!(left.iter().all(|row| row.state == ScheduledState::SentLate), "seed {seed}: {left:?}");
        let drafts: Vec<String> = world.drafts(device).unwrap().into_iter().map(|row| row.text).collect();
        for (_, text) in &planned {
            let (sent, draft) = (bodies.contains(text), drafts.contains(text));
            assert!(sent != draft, "seed {seed}, device {device}: {text} sent: {sent}, draft: {draft}");
            assert!(sent || taken_back.contains(text), "seed {seed}: {text} was never taken back");
        }
    }
    assert_eq!(bodies.iter().filter(|body| body.starts_with("said")).count(), said, "seed {seed}");
    // What has a file came with it.
    for row in world.messages(house.ben, &group).unwrap() {
        for file in row.attachments {
            world.fetch_file(house.ben, &file.id).unwrap();
            world.run_for(10 * 60_000).unwrap();
            let came = world.read_file(house.ben, &file.id).unwrap();
            assert_eq!(came, row.body.as_bytes(), "seed {seed}");
        }
    }
    at_rest(world, &everybody);
}

/// What may not be sent any more keeps nothing else from going, nor from being taken back.
#[test]
fn who_may_only_read_now_sends_what_they_planned_elsewhere() {
    let mut house = House::new(231);
    let (laptop, cora, group) = (house.laptop, house.cora, house.group.clone());
    let world = &mut house.world;
    let other = world.conversation(cora, "Keys", &["Ada"]).unwrap();
    world.settle().unwrap();
    let begin = world.now_ms();
    world.send_at(cora, &group, "may not go", begin + HOUR).unwrap();
    world.send_at(cora, &other, "goes", begin + HOUR).unwrap();
    let back = world.send_at(cora, &other, "taken back", begin + 3 * HOUR).unwrap();
    world.run_for(10_000).unwrap();
    crate::forged::set_role(world, laptop, &group, cora, RoleName::Reader);
    world.run_for(2 * HOUR).unwrap();
    world.unschedule(cora, &back).unwrap();
    world.run_for(2 * HOUR).unwrap();
    world.settle().unwrap();
    assert_eq!(world.bodies(laptop, &other).unwrap(), ["goes"]);
    assert_eq!(world.bodies(laptop, &group).unwrap(), [""; 0]);
    let left = world.scheduled(cora).unwrap();
    let [left] = left.as_slice() else { panic!("{left:?}") };
    assert_eq!((left.text.as_str(), left.state), ("may not go", ScheduledState::Waiting));
    assert_eq!(left.error.as_ref().map(|error| error.code), Some(Code::RoleForbids));
}
