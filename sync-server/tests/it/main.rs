//! The relay as devices see it: a real server, real sockets, raw frames.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed helper is a failed test"
)]

mod blobs;
mod core;
mod feeds;

mod limits;
mod log;
mod membership;
mod process;
mod refill;
mod schedule;
mod session;
mod slots;
mod support;
mod web;
