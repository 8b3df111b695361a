//! What commands print: the command line's own JSON, kept apart from the window's rows so that either can change
//! without breaking the other. A field, once released, keeps its name and meaning; snapshots guard that.

mod files;
mod message;
mod notices;
mod people;
mod profile;
mod quick;
mod records;
mod talk;
#[cfg(test)]
mod tests;

use std::fmt::{self, Display, Formatter};

use chrono::{DateTime, Local};
use homing_engine::api;
use serde::Serialize;

pub use files::{File, Room};
pub use message::{Message, Translation, Wording};
pub use notices::{Announced, Notice, Notify};
pub use people::{Device, Invitation, Invited, Joined, Member, Person, Preview, Request, Safety};
pub use profile::{
    Backup, Code, Demo, Digits, Doctor, Identity, LinkDone, Seeded, Settings, Status, Sync, Words,
    settings_keys,
};
pub use quick::{QuickImported, QuickReply, QuickTable, QuickUsed};
pub use records::{Ask, Csv, Preview as RecordPreview, Record, RecordDetail, digits, readable};
pub use talk::{Comparison, Conversation, Draft, Hit, New, OutboxItem, Planned, Sent, StoredDraft};

/// Nothing to say beyond that it is done.
#[derive(Serialize)]
pub struct Done {
    pub done: bool,
}

impl Display for Done {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Done.")
    }
}

/// A file that was written.
#[derive(Serialize)]
pub struct Saved {
    pub file: String,
}

impl Display for Saved {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Saved {}", self.file)
    }
}

/// An event, for `sync --watch`: JSON as the engine says it, text for what a person wants to see.
#[derive(Serialize)]
pub struct Event(pub api::Event);

impl Display for Event {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.0 {
            api::Event::Notify { hidden: true, .. } => f.write_str("Homing: something new"),
            api::Event::Notify { notice, .. } => f.write_str(&notices::told(notice)),
            api::Event::Status { status } if status.online => {
                write!(f, "Online, {} waiting", status.outbox)
            }
            api::Event::Status { status } => write!(f, "Offline, {} waiting", status.outbox),
            _ => Ok(()),
        }
    }
}

/// What a conversation is called; one without a name is one that nobody else is in.
fn titled(title: String) -> String {
    match title.as_str() {
        "" => "Just you".to_owned(),
        api::UNNAMED => called(String::new()),
        _ => title,
    }
}

/// What a person is called, also before their name has come.
fn called(name: String) -> String {
    if name.is_empty() { "Somebody".to_owned() } else { name }
}

/// What a device is called, also if nobody ever said.
fn called_device(name: String) -> String {
    if name.is_empty() { "A device".to_owned() } else { name }
}

/// The beginning of an id that is enough to name a thing.
fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// A time as the clock on this person's wall shows it.
fn clock(at: &str) -> String {
    match DateTime::parse_from_rfc3339(at) {
        Ok(time) => time.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string(),
        Err(_) => at.to_owned(),
    }
}

/// The name of a value that JSON writes as a word.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word.replace('_', " "),
        _ => String::new(),
    }
}
