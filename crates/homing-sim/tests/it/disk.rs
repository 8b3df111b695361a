//! What lies on a device's disk, for those who hold it.

use homing_engine::platform::keychain;
use homing_sim::{DeviceId, World};
use homing_store::Store;

/// Opens the database of a device whose process has ended.
pub fn open(world: &World, device: DeviceId) -> Store {
    assert!(!world.runs(device), "the device runs");
    let folder = world.profile(device).unwrap();
    let (key, _) = keychain::load(folder).unwrap().unwrap();
    Store::open(&folder.join("homing.db"), &key).unwrap()
}
