//! Files that had no way to the relay yet go on from a restored backup, when the device that had them is lost.

use homing_engine::api::{AttachmentState, Call, Draft, DraftAttach, FileSource, Restore};
use homing_relay::Limits;
use homing_sim::{DeviceId, World};

use crate::house::House;
use crate::records::photo;

/// How long a transfer that met trouble may rest.
const REST_MS: u64 = 6 * 60_000;
const PASSPHRASE: &str = "correct horse battery";

fn restart(world: &mut World, limits: Limits) {
    world.limits = limits;
    world.crash_relay().unwrap();
    world.start_relay().unwrap();
    world.run_for(60_000).unwrap();
}

fn bytes_of(name: &str) -> Vec<u8> {
    name.repeat(1_000).into_bytes()
}

/// The file of a conversation's newest message, once it could be fetched.
fn arrives(world: &mut World, device: DeviceId, conversation: &str, message: &str) -> Vec<u8> {
    let shown = world.file_row(device, conversation, message).unwrap();
    world.fetch_file(device, &shown.id).unwrap();
    world.run_for(REST_MS).unwrap();
    world.read_file(device, &shown.id).unwrap()
}

#[test]
fn files_that_were_not_brought_go_on_from_a_restored_backup() {
    let mut house = House::new(410);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let world = &mut house.world;
    let property = world.property(laptop, &[homing_sim::text("title", "Mill Lane 4")]).unwrap().id;
    world.settle().unwrap();

    // One is too large for the relay, all others find no room.
    world.set_online(laptop, false).unwrap();
    world.send_file(laptop, &two, "refused", &bytes_of("refused")).unwrap();
    restart(world, Limits { blob_bytes: 5_000, ..Limits::default() });
    world.set_online(laptop, true).unwrap();
    world.run_for(60_000).unwrap();
    assert_eq!(world.file_row(laptop, &two, "refused").unwrap().state, AttachmentState::TooLarge);
    restart(world, Limits { account_blob_bytes: 0, ..Limits::default() });
    world.send_file(laptop, &two, "waiting", &bytes_of("waiting")).unwrap();
    world.add_photo(laptop, &property, "front.png", &photo("the front")).unwrap();
    let attach = DraftAttach {
        conversation: two.clone(),
        files: vec![FileSource::Bytes {
            name: "cellar.txt".into(),
            mime: String::new(),
            base64: data_encoding::BASE64.encode(&bytes_of("cellar")),
            voice: None,
        }],
        draft: None,
    };
    let _: Draft = world.ask(laptop, Call::DraftAttach(attach)).unwrap();
    world.draft_set(laptop, &two, "the cellar", "").unwrap();
    world.run_for(60_000).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ada.backup");
    world.backup(laptop, &file, PASSPHRASE).unwrap();
    world.crash(laptop).unwrap();

    let phoenix = world.add_device("phoenix", 0).unwrap();
    let file = file.to_str().unwrap().to_owned();
    world.restore(phoenix, &Restore { file, passphrase: Some(PASSPHRASE.into()), words: None }).unwrap();
    restart(world, Limits::default());
    world.run_for(REST_MS).unwrap();
    assert_eq!(world.file_row(phoenix, &two, "refused").unwrap().state, AttachmentState::Ready);
    assert_eq!(world.photos(phoenix, &property).unwrap()[0].state, AttachmentState::Ready);
    world.draft_send(desktop, &two).unwrap();
    world.run_for(REST_MS).unwrap();
    assert_eq!(arrives(world, ben, &two, "refused"), bytes_of("refused"));
    assert_eq!(arrives(world, ben, &two, "waiting"), bytes_of("waiting"));
    assert_eq!(arrives(world, ben, &two, "the cellar"), bytes_of("cellar"));
    let shown = world.photos(desktop, &property).unwrap().remove(0);
    world.fetch_file(desktop, &shown.id).unwrap();
    world.run_for(REST_MS).unwrap();
    assert_eq!(world.read_file(desktop, &shown.id).unwrap(), photo("the front"));
}
