//! The engine against the real relay, in one process and without sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod devices;
mod flows;
mod tools;
mod world;
