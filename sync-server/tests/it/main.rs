//! The relay as devices see it: a real server, real sockets, raw frames.

mod blobs;
mod feeds;
mod fuzz;
mod limits;
mod log;
mod membership;
mod process;
mod refill;
mod session;
mod slots;
mod support;
mod web;
