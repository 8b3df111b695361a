//! The calls of [`crate::api`] that need only this device.

mod cache;
mod changes;
mod choices;
mod comments;
mod conversation_files;
mod conversations;
mod deleting;
mod draft_files;
mod drafts;
mod following;
mod forward;
mod messages;
mod notices;
mod outbox;
mod overview;
mod people;
mod persons;
mod presence;
mod resolve;
mod scheduled;
mod settings;
mod status;
mod unsaved;
mod video;

pub(crate) use messages::Outgoing;
pub(crate) use notices::{notice_id, words_of};
pub(crate) use outbox::{TakenBack, withdraw};
pub(crate) use resolve::id_range;
pub(crate) use settings::{remind_now, tells_read};
pub(crate) use status::checked_name;
