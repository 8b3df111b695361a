//! What lies on a device's disk, for those who hold it.

use std::time::{Duration, Instant};

use homing_engine::platform::keychain;
use homing_sim::{DeviceId, World};
use homing_store::{Store, StoreError};

/// Opens the database of a device whose process has ended.
pub fn open(world: &World, device: DeviceId) -> Store {
    assert!(!world.runs(device), "the device runs");
    let folder = world.profile(device).unwrap();
    let (key, _) = keychain::load(folder).unwrap().unwrap();
    // Another test may just have forked: its child holds copies of our locks until it becomes another program.
    let free_by = Instant::now() + Duration::from_secs(10);
    loop {
        match Store::open(&folder.join("homing.db"), &key) {
            Err(StoreError::InUse) if Instant::now() < free_by => std::thread::yield_now(),
            opened => return opened.unwrap(),
        }
    }
}
