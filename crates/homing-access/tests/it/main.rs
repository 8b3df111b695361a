//! Tests of the account and membership state machines through their public interface.

mod accounts;
mod anchors;
mod epochs;
mod genesis;
mod invites;
mod members;
mod replay;
mod support;
mod verdicts;
