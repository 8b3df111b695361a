//! The relay as devices see it: a real server, real sockets, raw frames.

mod blobs;
mod core;
mod feeds;

mod limits;
mod log;
mod membership;
mod process;
mod refill;
mod session;
mod slots;
mod support;
mod web;
