//! Tests of the account and membership state machines through their public interface.

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
