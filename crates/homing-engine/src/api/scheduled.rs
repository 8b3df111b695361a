//! Messages that are sent at a time.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ApiError, Attachment};

wire_types! {
/// How far a scheduled message is. `waiting`: it is not at the relay yet; `files`: its files are not there yet; `held`: the relay sends it at its time, whether or
/// not a device of its author is on; `members_changed`: it waits for its author to say that it may go to those who are there
/// now; `lost`: the relay keeps it no longer and somebody has to plan it again; `taking_back`: it is a draft again, but
/// the relay has not said yet that it lets go of it; `sent_late`: it went out later than planned.
#[derive(Copy, Eq)]
pub enum ScheduledState { Waiting, Files, Held, MembersChanged, Lost, TakingBack, SentLate }

/// A message that is sent at a time. `id` is that of the message it becomes.
pub struct ScheduledRow {
    pub id: String,
    pub conversation: String,
    /// What the conversation is called.
    pub title: String,
    pub text: String,
    pub reply_to: Option<String>,
    /// Its files, in their order.
    pub files: Vec<Attachment>,
    pub at: String,
    pub state: ScheduledState,
    /// Its time is over, and it could not be sent so far.
    pub late: bool,
    /// The other device it waits on, if it is not at the relay yet.
    pub device_name: Option<String>,
    /// When it was sent, if that was late.
    pub sent_at: Option<String>,
    pub error: Option<ApiError>,
}

/// All, or those of one conversation.
#[derive(Default)]
pub struct ScheduledQuery { #[serde(default)] pub conversation: Option<String> }

/// Another time; the same one confirms it after its conversation's members changed. RFC 3339, any offset.
pub struct ScheduledTime { pub id: String, pub at: String }
}
