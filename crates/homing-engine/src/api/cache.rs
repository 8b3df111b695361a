//! Files on this device: what comes by itself, how much room they take, which stay.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

wire_types! {
/// Which files come without being asked for: all, none, or those that are not larger than a size.
#[derive(Copy, Eq)]
pub enum Downloads { Always, OnDemand, UpTo }

/// How this device deals with files. `room_mb` 0: as much as there is.
#[derive(Copy, Eq)]
pub struct FileRules { pub downloads: Downloads, pub up_to_mb: u32, pub room_mb: u32 }

/// Only the fields given are changed.
#[derive(Default)]
pub struct FileRulesSet {
    #[serde(default)] pub downloads: Option<Downloads>,
    #[serde(default)] pub up_to_mb: Option<u32>,
    #[serde(default)] pub room_mb: Option<u32>,
}

/// What files take on this device. `free_bytes`: of those that could go, since the relay has them and nothing keeps them.
pub struct FileRoom { pub rules: FileRules, pub bytes: f64, pub files: u32, pub free_bytes: f64, pub free_files: u32 }

/// Keeps a file on this device however little room there is, or no longer.
pub struct FilePin { pub id: String, pub on: bool }
}
