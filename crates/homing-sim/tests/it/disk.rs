//! What lies on a device's disk, for those who hold it.

use std::time::{Duration, Instant};

use homing_crypto::{DeviceSecret, RecoverySecret, Seed32};
use homing_engine::platform::keychain;
use homing_sim::{DeviceId, World};
use homing_store::{Read, Store, StoreError, meta};
use homing_wire::{PersonId, VerifyKey};
use minicbor::Decode;
use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// The secrets in a stored identity.
#[derive(Decode)]
#[cbor(map)]
pub struct Stolen {
    #[n(1)]
    pub person: PersonId,
    #[cbor(n(2), with = "minicbor::bytes")]
    device_seed: [u8; 32],
    #[n(5)]
    person_seeds: Vec<(u32, VerifyKey)>,
    #[n(6)]
    recovery_seed: Option<VerifyKey>,
}

impl Stolen {
    pub fn from(db: &Read<'_>) -> Self {
        minicbor::decode(&meta::get(db, "identity").unwrap().unwrap()).unwrap()
    }

    pub fn device(&self) -> DeviceSecret {
        DeviceSecret::from_seed(&Seed32::from_bytes(self.device_seed))
    }

    pub fn person_seeds(&self) -> Vec<Seed32> {
        self.person_seeds.iter().map(|(_, seed)| Seed32::from_bytes(seed.0)).collect()
    }

    pub fn words(&self) -> Option<RecoverySecret> {
        self.recovery_seed.map(|seed| RecoverySecret::from_seed(&Seed32::from_bytes(seed.0)))
    }
}

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

/// Does to a device's database what no version of today would.
pub fn alter(world: &World, device: DeviceId, sql: &str) {
    drop(open(world, device));
    raw(world, device).execute_batch(sql).unwrap();
}

/// The tables themselves, of a device whose process has ended.
pub fn raw(world: &World, device: DeviceId) -> Connection {
    let folder = world.profile(device).unwrap();
    let (key, _) = keychain::load(folder).unwrap().unwrap();
    let db = Connection::open(folder.join("homing.db")).unwrap();
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    db.execute_batch(&format!(
        "PRAGMA key = \"x'{hex}'\"; PRAGMA cipher_page_size = 2048; PRAGMA cipher_hmac_algorithm = HMAC_SHA256;"
    ))
    .unwrap();
    db
}

/// Everything that stands in a device's database, as whoever holds the device's keys can read it.
pub fn decrypted(world: &World, device: DeviceId) -> Vec<u8> {
    // Opened and closed once: what stood in the log beside the file is in the file.
    drop(open(world, device));
    let db = raw(world, device);
    let tables: Vec<String> = {
        let mut all =
            db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'search'").unwrap();
        all.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let mut plain = Vec::new();
    for table in tables {
        let mut rows = db.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let columns = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                match row.get_ref(column).unwrap() {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => plain.extend_from_slice(bytes),
                    _ => {}
                }
                plain.push(0);
            }
        }
    }
    plain
}

/// All files under a folder.
pub fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path))
        } else if path.is_file() {
            found.push(path)
        }
    }
    found
}
