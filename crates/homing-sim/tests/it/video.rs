//! The service a person makes video calls with follows them to all their devices.

use homing_engine::api::{Call, Code, Nothing, Settings, SettingsSet};
use homing_sim::{DeviceId, World};

use crate::house::House;

fn change(address: &str) -> Call {
    Call::SettingsSet(SettingsSet { video_call: Some(address.to_owned()), ..SettingsSet::default() })
}

fn set(world: &mut World, device: DeviceId, address: &str) -> String {
    let settings: Settings = world.ask(device, change(address)).unwrap();
    settings.video_call
}

fn held(world: &mut World, device: DeviceId) -> String {
    let settings: Settings = world.ask(device, Call::Settings(Nothing {})).unwrap();
    settings.video_call
}

#[test]
fn the_address_is_checked_and_follows_the_person_and_nobody_else() {
    let mut house = House::new(71);
    let (laptop, desktop, ben) = (house.laptop, house.desktop, house.ben);
    let world = &mut house.world;
    assert_eq!(held(world, laptop), "");
    world.set_online(laptop, false).unwrap();
    for bad in ["http://meet.example.org/{room}", "meet.example.org", "https://a:b@example.org/"] {
        assert_eq!(world.refusal(laptop, change(bad)).unwrap().code, Code::InvalidArgument, "{bad}");
    }
    let address = "https://meet.example.org/{room}";
    assert_eq!(set(world, laptop, address), address);
    world.run_for(60_000).unwrap();
    assert_eq!(held(world, desktop), "", "the laptop is offline");
    world.set_online(laptop, true).unwrap();
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(held(world, device), address, "device {device}");
    }
    assert_eq!(held(world, ben), "", "it is Ada's own");
    // Other settings leave it alone, and it can be taken out again.
    let compact = SettingsSet { compact_list: Some(true), ..SettingsSet::default() };
    let after: Settings = world.ask(desktop, Call::SettingsSet(compact)).unwrap();
    assert_eq!((after.video_call.as_str(), after.compact_list), (address, true));
    assert_eq!(set(world, desktop, " "), "");
    world.settle().unwrap();
    for device in [laptop, desktop] {
        assert_eq!(held(world, device), "", "device {device}");
    }
}
