//! The engine against the real relay, in one process and without sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod backup_files;
mod devices;
mod flows;
mod held_up;
mod lists;
mod tidying;
mod tools;
mod world;
