//! Who leaves on one device has left on all of theirs, and was taken out on none.

use homing_engine::api::{Call, Done, InviteTo, ItemRef, NoticeKind, NoticePage, Notices};
use homing_sim::people::reference;
use homing_sim::{DeviceId, World};

use crate::house::{House, at_rest};

fn leave(world: &mut World, device: DeviceId, conversation: &str) {
    let _: Done = world.ask(device, Call::ConversationLeave(reference(conversation))).unwrap();
}

/// Ben's house, with a second device of his.
fn with_phone(seed: u64) -> (House, DeviceId) {
    let mut house = House::new(seed);
    let phone = house.world.add_device("phone", 0).unwrap();
    house.world.link_device(house.ben, phone).unwrap();
    house.world.settle().unwrap();
    (house, phone)
}

/// What a device tells of the end: whether they are in it, left by themselves, and were told that they are not in it any more.
fn end(world: &mut World, device: DeviceId, conversation: &str) -> (bool, bool, usize) {
    let detail = world.conversation_detail(device, conversation).unwrap();
    let args = Notices { after: None, unread: false, limit: 100 };
    let page: NoticePage = world.ask(device, Call::Notices(args)).unwrap();
    let told = page.rows.iter().filter(|row| row.kind == NoticeKind::Left).count();
    (detail.member, detail.left, told)
}

fn remove_ben(world: &mut World, by: DeviceId, conversation: &str) {
    let members = world.members(by, conversation).unwrap();
    let ben = members.iter().find(|row| row.name == "Ben").unwrap().member.clone();
    world.remove_member(by, conversation, &ben).unwrap();
}

#[test]
fn who_leaves_on_one_device_left_on_all_whichever_news_came_first() {
    for seed in 350..356 {
        let (mut house, phone) = with_phone(seed);
        let (ben, group) = (house.ben, house.group.clone());
        let world = &mut house.world;
        world.send(ben, &group, "bye").unwrap();
        world.settle().unwrap();
        match seed % 3 {
            // Offline on both; what was done meanwhile comes in between.
            0 => {
                world.set_online(ben, false).unwrap();
                world.set_online(phone, false).unwrap();
                leave(world, ben, &group);
                assert!(end(world, ben, &group).0, "it waits for the relay");
                world.send(house.laptop, &group, "not knowing").unwrap();
                world.set_online(ben, true).unwrap();
                world.run_for(60_000).unwrap();
            }
            // The phone was off and hears of both at once.
            1 => {
                world.set_online(phone, false).unwrap();
                leave(world, ben, &group);
                world.run_for(60_000).unwrap();
            }
            _ => leave(world, ben, &group),
        }
        world.settle().unwrap();
        for device in [ben, phone] {
            assert_eq!(end(world, device, &group), (false, true, 0), "device {device}, seed {seed}");
        }
        at_rest(world, &[ben, phone, house.laptop]);
    }
}

#[test]
fn who_came_back_and_is_taken_out_is_told_so() {
    let (mut house, phone) = with_phone(360);
    let (laptop, ben, group) = (house.laptop, house.ben, house.group.clone());
    let world = &mut house.world;
    leave(world, ben, &group);
    world.settle().unwrap();
    let link = world.invite(laptop, InviteTo::Talk { conversation: group.clone() }).unwrap();
    world.settle().unwrap();
    world.join(ben, &link, None).unwrap();
    world.settle().unwrap();
    for device in [ben, phone] {
        assert_eq!(end(world, device, &group), (true, false, 0), "device {device}");
    }
    remove_ben(world, laptop, &group);
    world.settle().unwrap();
    for device in [ben, phone] {
        assert_eq!(end(world, device, &group), (false, false, 1), "device {device}");
    }
}

#[test]
fn a_leaving_that_was_taken_back_says_nothing() {
    let (mut house, phone) = with_phone(361);
    let (laptop, ben, group) = (house.laptop, house.ben, house.group.clone());
    let world = &mut house.world;
    world.set_online(ben, false).unwrap();
    leave(world, ben, &group);
    let waits = world.outbox(ben).unwrap();
    let row = waits.iter().find(|row| row.kind == "membership").unwrap().id.clone();
    let _: Done = world.ask(ben, Call::OutboxCancel(ItemRef { id: row })).unwrap();
    world.settle().unwrap();
    assert_eq!(end(world, phone, &group), (true, false, 0));
    remove_ben(world, laptop, &group);
    world.settle().unwrap();
    for device in [ben, phone] {
        assert_eq!(end(world, device, &group), (false, false, 1), "device {device}");
    }
}
