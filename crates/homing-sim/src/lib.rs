//! Several engines and a relay in one process: seeded clock, network and crashes, so that every run can be repeated.
//!
//! The engines and the relay are the real ones, with real databases on disk. What is simulated is only what lies
//! between them: sockets that are slow, are cut in the middle of a conversation and lose what was on its way, clocks
//! that are wrong, processes that end without a word.

mod files;
mod net;
pub mod people;
mod records;
mod world;

pub use net::Weather;
pub use records::{photo_file, text};
pub use world::{DeviceId, RELAY, World, copy_folder};
