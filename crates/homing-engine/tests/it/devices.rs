//! Several devices of one person: linking, revoking, recovering, telling a copy apart.

use homing_engine::api::{
    Backup, Call, Code, InviteTo, Nothing, RecoveryConfirm, RecoveryUse, RecoveryWords, RelaySet, Restore,
    Status,
};

use crate::world::{People, RELAY, world};
use homing_sim::DeviceId;

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
}

#[test]
fn a_linked_device_has_everything_and_a_revoked_one_gets_nothing_more() {
    let mut world = world(11);
    let laptop = world.person("Ada");
    let invitation = world.invitation(laptop, InviteTo::Person);
    let ben = world.device("ben");
    let conversation = world.joins(ben, &invitation.link, Some("Ben")).conversation.unwrap();
    world.says(ben, &conversation, "before");
    world.syncs(ben);
    world.syncs(laptop);

    let desktop = world.device("desktop");
    world.links(laptop, desktop, "Desktop");
    world.syncs(desktop);
    assert_eq!(world.bodies(desktop, &conversation), ["before"]);
    assert_eq!(world.status(desktop).name.as_deref(), Some("Ada"));
    world.says(desktop, &conversation, "from the desktop");
    world.syncs(desktop);
    for device in [laptop, ben] {
        world.syncs(device);
        assert_eq!(world.bodies(device, &conversation), ["before", "from the desktop"]);
    }
    assert!(world.reads(laptop, &conversation)[1].mine);
    let rows = world.devices(laptop);
    assert!(rows.iter().any(|row| row.name == "Desktop" && !row.current), "{rows:?}");

    let rows = world.revokes(laptop, "Desktop");
    assert!(rows.iter().any(|row| row.name == "Desktop" && row.revoked), "{rows:?}");
    world.says(ben, &conversation, "after");
    world.syncs(ben);
    world.syncs(laptop);
    assert_eq!(world.bodies(laptop, &conversation), ["before", "from the desktop", "after"]);
    world.run_for(60_000).unwrap();
    assert_eq!(world.bodies(desktop, &conversation), ["before", "from the desktop"]);
    assert_eq!(world.status(desktop).problem.unwrap().code, Code::DeviceRevoked);
    world.says(laptop, &conversation, "still here");
    world.syncs(laptop);
    world.syncs(ben);
    assert_eq!(world.bodies(ben, &conversation).last().unwrap(), "still here");
}

#[test]
fn a_wrong_code_links_nothing() {
    let mut world = world(12);
    let laptop = world.person("Ada");
    world.does::<homing_engine::api::LinkState>(laptop, Call::LinkOffer(Nothing {}));
    let other = world.device("other");
    let accept = homing_engine::api::LinkAccept {
        code: "0000-0000-0000-0000".to_owned(),
        device_name: None,
        relay: Some(RELAY.to_owned()),
    };
    assert_eq!(world.fails(other, Call::LinkAccept(accept)).code, Code::LinkFailed);
    assert_eq!(world.status(other).person, None);
}

#[test]
fn recovery_words_let_a_new_device_in() {
    let mut world = world(13);
    let laptop = world.person("Ada");
    let invitation = world.invitation(laptop, InviteTo::Person);
    let ben = world.device("ben");
    let conversation = world.joins(ben, &invitation.link, Some("Ben")).conversation.unwrap();
    world.says(ben, &conversation, "hello");
    world.syncs(ben);
    let words: RecoveryWords = world.does(laptop, Call::RecoveryShow(Nothing {}));
    assert_eq!((words.words.len(), words.confirmed), (24, false));
    let some = [0u32, 7, 20].map(|place| (place, words.words[place as usize].clone())).to_vec();
    let status: Status = world.does(laptop, Call::RecoveryConfirm(RecoveryConfirm { words: some }));
    assert!(status.recovery_confirmed);
    world.syncs(laptop);
    world.crash(laptop).unwrap();

    let fresh = world.device("fresh");
    let mut wrong = words.words.clone();
    wrong.swap(0, 1);
    let wrong = RecoveryUse { words: wrong.join(" "), relay: RELAY.to_owned(), name: None };
    assert_eq!(world.fails(fresh, Call::RecoveryUse(wrong)).code, Code::RecoveryInvalid);
    let right =
        RecoveryUse { words: words.words.join(" "), relay: RELAY.to_owned(), name: Some("New".to_owned()) };
    let status: Status = world.does(fresh, Call::RecoveryUse(right));
    assert!(status.person.is_some());
    world.syncs(fresh);
    assert_eq!(world.bodies(fresh, &conversation), ["hello"]);
    assert_eq!(world.status(fresh).name.as_deref(), Some("Ada"));
    world.says(fresh, &conversation, "back again");
    world.syncs(fresh);
    world.syncs(ben);
    assert_eq!(world.bodies(ben, &conversation), ["hello", "back again"]);
}

#[test]
fn a_copied_profile_becomes_a_device_of_its_own_and_keeps_what_it_had_not_sent() {
    let mut world = world(14);
    let laptop = world.person("Ada");
    let invitation = world.invitation(laptop, InviteTo::Person);
    let ben = world.device("ben");
    let conversation = world.joins(ben, &invitation.link, Some("Ben")).conversation.unwrap();
    world.says(laptop, &conversation, "one");
    world.syncs(laptop);
    world.crash(laptop).unwrap();
    let twin = world.device("twin");
    world.crash(twin).unwrap();
    let (from, to) = (world.profile(laptop).unwrap().to_owned(), world.profile(twin).unwrap().to_owned());
    copy(&from, &to);
    world.start(laptop).unwrap();
    world.says(laptop, &conversation, "two, from the laptop");
    world.syncs(laptop);
    world.set_online(twin, false).unwrap();
    world.start(twin).unwrap();
    world.says(twin, &conversation, "three, from its copy");
    world.set_online(twin, true).unwrap();
    world.syncs(twin);
    world.syncs(laptop);
    world.syncs(ben);
    let all = ["one", "two, from the laptop", "three, from its copy"];
    for device in [laptop, twin, ben] {
        let mut bodies = world.bodies(device, &conversation);
        bodies.sort_by_key(|body| all.iter().position(|one| one == body));
        assert_eq!(bodies, all, "{device}");
    }
    assert_ne!(world.status(laptop).device, world.status(twin).device);
    assert_eq!(world.status(twin).problem, None);
    assert_eq!(world.devices(laptop).len(), 2);
}

#[test]
fn a_restored_backup_goes_on_as_a_new_device() {
    let mut world = world(17);
    let laptop = world.person("Ada");
    let invitation = world.invitation(laptop, InviteTo::Person);
    let ben = world.device("ben");
    let conversation = world.joins(ben, &invitation.link, Some("Ben")).conversation.unwrap();
    world.says(laptop, &conversation, "one");
    world.syncs(laptop);
    world.set_online(laptop, false).unwrap();
    world.says(laptop, &conversation, "two, not sent when it was backed up");
    let file = world.profile(laptop).unwrap().join("backup").to_string_lossy().into_owned();
    let passphrase = Some("correct horse".to_owned());
    let backup = Backup { file: file.clone(), passphrase: passphrase.clone() };
    world.does::<serde_json::Value>(laptop, Call::Backup(backup));
    world.set_online(laptop, true).unwrap();
    world.syncs(laptop);
    world.says(ben, &conversation, "three");
    world.syncs(ben);

    let fresh = world.device("fresh");
    let status: Status = world.does(fresh, Call::Restore(Restore { file, passphrase, words: None }));
    assert_eq!(status.name.as_deref(), Some("Ada"));
    world.run_for(20_000).unwrap();
    world.syncs(fresh);
    world.says(fresh, &conversation, "four");
    world.syncs(fresh);
    let all = ["one", "two, not sent when it was backed up", "three", "four"];
    for device in [laptop, fresh, ben] {
        world.syncs(device);
        let mut bodies = world.bodies(device, &conversation);
        bodies.sort_by_key(|body| all.iter().position(|one| one == body));
        assert_eq!(bodies, all, "{device}");
    }
    assert_ne!(world.status(laptop).device, world.status(fresh).device);
    assert_eq!(world.status(fresh).problem, None);
}

/// A backup of a device that has no recovery words, because another one made them anew; then a device is linked, and with
/// `shut_out` another one shut out.
fn restored_without_words(seed: u64, shut_out: bool) -> (People, DeviceId, DeviceId) {
    let mut world = world(seed);
    let laptop = world.person("Ada");
    let (desktop, old) = (world.device("desktop"), world.device("old"));
    for device in [desktop, old] {
        world.links(laptop, device, "another");
        world.syncs(laptop);
    }
    let olds = world.status(old).device.unwrap();
    world.revokes(desktop, &olds);
    world.syncs(laptop);
    assert!(!world.status(laptop).recovery_here);
    let file = world.profile(laptop).unwrap().join("backup").to_string_lossy().into_owned();
    let passphrase = Some("correct horse".to_owned());
    let backup = Backup { file: file.clone(), passphrase: passphrase.clone() };
    world.does::<serde_json::Value>(laptop, Call::Backup(backup));
    world.crash(laptop).unwrap();
    let tablet = world.device("tablet");
    world.links(desktop, tablet, "tablet");
    if shut_out {
        let tablets = world.status(tablet).device.unwrap();
        world.revokes(desktop, &tablets);
    }
    world.syncs(desktop);
    let fresh = world.device("fresh");
    world.does::<Status>(fresh, Call::Restore(Restore { file, passphrase, words: None }));
    world.run_for(20_000).unwrap();
    (world, desktop, fresh)
}

#[test]
fn a_backup_without_words_goes_on_after_a_device_was_linked() {
    let (mut world, desktop, fresh) = restored_without_words(19, false);
    let notes = world.conversation(desktop, "Notes", &[]).unwrap();
    world.says(desktop, &notes, "from the desktop");
    world.syncs(desktop);
    world.syncs(fresh);
    assert_eq!(world.bodies(fresh, &notes), ["from the desktop"]);
    assert_eq!(world.status(fresh).problem, None);
    assert_eq!(world.devices(desktop).iter().filter(|device| !device.revoked).count(), 4);
}

#[test]
fn a_backup_older_than_the_keys_says_what_to_do() {
    let (mut world, desktop, fresh) = restored_without_words(20, true);
    let problem = world.status(fresh).problem.unwrap();
    assert_eq!(problem.code, Code::RecoveryInvalid);
    assert!(problem.message.contains("recovery words") && problem.message.contains("link"), "{problem:?}");
    assert_eq!(world.devices(desktop).iter().filter(|device| !device.revoked).count(), 2);
}

#[test]
fn a_profile_that_never_had_a_relay_is_restored_and_registers_later() {
    let mut world = world(18);
    let laptop = world.device("laptop");
    world.alone(laptop, "Ada");
    let file = world.profile(laptop).unwrap().join("backup").to_string_lossy().into_owned();
    let passphrase = Some("correct horse".to_owned());
    let backup = Backup { file: file.clone(), passphrase: passphrase.clone() };
    world.does::<serde_json::Value>(laptop, Call::Backup(backup));
    world.crash(laptop).unwrap();
    let fresh = world.device("fresh");
    world.does::<Status>(fresh, Call::Restore(Restore { file, passphrase, words: None }));
    world.does::<Status>(fresh, Call::RelaySet(RelaySet { address: RELAY.to_owned() }));
    world.syncs(fresh);
    let invitation = world.invitation(fresh, InviteTo::Client { name: "Miller family".to_owned() });
    let cora = world.device("cora");
    let conversation = world.joins(cora, &invitation.link, Some("Cora")).conversation.unwrap();
    world.says(cora, &conversation, "hello");
    world.syncs(cora);
    world.syncs(fresh);
    assert_eq!(world.bodies(fresh, &conversation), ["hello"]);
    let status = world.status(fresh);
    assert_eq!((status.outbox, status.quarantined, status.parked), (0, 0, 0));
}
