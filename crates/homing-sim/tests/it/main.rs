//! Several people, devices and a relay, by seed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod backup_files;
mod belonging;
mod cache;
mod changed;
mod choices;
mod comments;
mod copies;
mod crash;
mod deleting;
mod disk;
mod draft_files;
mod drafts;
mod files;
mod forged;
mod forger;
mod house;
mod internal;
mod leaving;
mod linking;
mod long_account;
mod members;
mod mended;
mod no_room;
mod notices;
mod pages;
mod photos;
mod quick;
mod random;
mod records;
mod relay_loss;
mod scheduled;
mod scheduled_files;
mod search;
mod seized;
mod settings;
mod talk;
mod tidying;
mod translate;
mod upgrade;
mod video;
mod waiting;
