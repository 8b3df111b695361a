//! The store through its public interface, on real files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod backup;
mod belonging;
mod conversations;
mod deleting;
mod doctor;
mod file;
mod log;
mod messages;
mod outbox;
mod records;
mod search;
mod support;
mod tables;
