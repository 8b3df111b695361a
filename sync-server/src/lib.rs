//! The relay: stores and passes on what it can't read.
//!
//! * [`core`]: the protocol of `homing-wire` as a state machine over SQLite, without sockets, clock or threads.
//!   Membership is judged by `homing-access`, the code the devices use; nothing is judged twice in two ways.
//! * [`Relay`]: the server around it. One committer thread owns the core, drains its queue into one transaction,
//!   commits, and only then releases acks and fan-out. A failed commit aborts the process.
//! * Files lie in the data folder beside the database ([`blob_files`]), the relay's key and generation in
//!   `relay.json` ([`identity`]).
//!
//! A relay sees accounts, memberships, sizes and times; its logs and metrics name nobody.

mod blob_files;
pub mod config;
pub mod core;
pub mod error;
pub mod identity;
mod metrics;
mod platform;
mod server;
mod store;

pub use blob_files::BlobFiles;
pub use config::{Config, Limits};
pub use core::RelayCore;
pub use error::RelayError;
pub use identity::Identity;
pub use metrics::Metrics;
pub use platform::stop_signal;
pub use server::{Relay, RunningRelay};
