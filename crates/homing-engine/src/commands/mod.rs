//! The calls of [`crate::api`] that need only this device.

mod cache;
mod changes;
mod choices;
mod comments;
mod conversation_files;
mod conversations;
mod draft_files;
mod drafts;
mod forward;
mod messages;
mod notices;
mod outbox;
mod people;
mod persons;
mod presence;
mod resolve;
mod scheduled;
mod settings;
mod status;
mod video;

pub(crate) use messages::Outgoing;
pub(crate) use notices::notice_id;
pub(crate) use outbox::TakenBack;
pub(crate) use resolve::id_range;
pub(crate) use settings::remind_now;
pub(crate) use status::checked_name;
