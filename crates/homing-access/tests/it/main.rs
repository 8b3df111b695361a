//! Tests of the account and membership state machines through their public interface.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed helper is a failed test"
)]

mod accounts;
mod anchors;
mod epochs;
mod genesis;
mod history;
mod invites;
mod members;
mod oracle;
mod replay;
mod support;
mod verdicts;
