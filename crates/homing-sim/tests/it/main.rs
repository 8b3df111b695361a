//! Several people, devices and a relay, by seed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod disk;
mod drafts;
mod house;
mod random;
mod talk;
