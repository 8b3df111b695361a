//! The local store: one SQLCipher file per profile.
//!
//! [`Store`] owns the file (one process per profile) with one writing connection and one that can only
//! read. Everything that is changed goes through [`Store::write`], one transaction per thing a person did;
//! each table has its module of typed functions over [`Tx`] (writes) and [`Read`] (queries; a `Tx` is also a
//! `Read`). No SQLite type leaves this crate, and no clock or randomness enters it.
//!
//! Lists are read from projection tables with counters kept in the row, by key and through an index, because
//! counting and sorting on demand costs a thousand times more in a profile of a million messages.

mod error;
mod ids;
mod migrate;
#[cfg(test)]
mod plans;
mod sql;
mod store;

pub mod accounts;
pub mod attachments;
pub mod backup;
pub mod cache;
pub mod changes;
pub mod cleared;
pub mod conversations;
pub mod docs;
pub mod doctor;
pub mod draft_files;
pub mod drafts;
pub mod entries;
pub mod epochs;
pub mod feeds;
pub mod intervals;
pub mod members;
pub mod merging;
pub mod messages;
pub mod meta;
pub mod notices;
pub mod notified;
pub mod outbox;
pub mod parked;
pub mod people;
pub mod projections;
pub mod receipts;
pub mod records;
pub mod relations;
pub mod scheduled;
pub mod search;
pub mod slots;
pub mod spaces;
pub mod strays;
pub mod tidying;

pub use error::{Result, StoreError};
pub use intervals::IntervalSet;
pub use migrate::KNOWN as SCHEMA;
pub use sql::{Read, Tx};
pub use store::{Durability, Store, set_up};
