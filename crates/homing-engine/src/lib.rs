//! The engine: everything Homing does, apart from drawing windows.
//!
//! [`api`] lists the calls a screen or script can make and the events it gets. `core` is the state machine of one
//! profile: one thread, no I/O but its database, one transaction per thing a person did. [`host`] runs it in a real
//! process: socket, transfers, timers, pages that links go to, a person's own translation service, the local socket for other processes. [`port`] is the line between the two,
//! which a simulation draws elsewhere.
//!
//! Inside the core, `replica` knows the person's spaces and keys; `author` turns edits into pending changes, `deliver`
//! seals and hands them over, `ingest` judges and applies what comes, `project` makes rows of documents, `ops`
//! changes members, `slots` and `drafts` keep what has a present but no history, `flows` are the things that take
//! several steps with the relay (joining, linking, recovery).

pub mod api;
pub mod core;
pub mod env;
pub mod files;
pub mod host;
pub mod pages;
pub mod platform;
pub mod port;
pub mod transfer;
pub mod translate;

mod attachments;
mod author;
mod belonging;
mod commands;
mod compare;
mod content;
mod deleting;
mod deliver;
mod docs;
mod drafts;
mod ephemeral;
mod events;
mod fail;
mod flows;
mod holds;
mod identity;
mod ingest;
mod leaving;
mod link;
mod marks;
mod mentions;
mod notices;
mod ops;
mod pairing;
mod project;
mod quick;
mod reach;
mod records;
mod refill;
mod reorder;
mod replica;
mod reply;
mod rows;
mod scheduled;
mod search;
mod slot_content;
mod slots;
mod snooze;
mod teams;
mod text;
mod tidying;
mod tools;
mod touched;
mod vault;
