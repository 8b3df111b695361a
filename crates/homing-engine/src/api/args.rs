//! Arguments of the calls. CONVERSATION and PERSON fields take an id, a unique prefix of at least six
//! characters, or an exact name.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{RoleName, Theme, VoiceShown};

wire_types! {
#[derive(Default)]
pub struct Nothing {}

pub struct Init { pub name: String, #[serde(default)] pub relay: Option<String>, #[serde(default)] pub device_name: Option<String> }

pub struct Passphrase { pub passphrase: String }

/// `new` absent: take the passphrase away.
pub struct PassphraseSet { #[serde(default)] pub old: Option<String>, #[serde(default)] pub new: Option<String> }

#[derive(Copy, Eq, Default)]
pub enum Filter { All, #[default] Active, Unread, Archived, Mentions, Snoozed, Drafts, Mine, Unassigned, Blocked }

pub struct Conversations { #[serde(default)] pub filter: Filter, #[serde(default)] pub after: Option<String>, pub limit: u32 }

pub struct ConversationRef { pub conversation: String }

/// Newest page without cursors; `before` / `after` a cursor, `around` a message id.
pub struct Messages {
    pub conversation: String,
    #[serde(default)] pub before: Option<String>,
    #[serde(default)] pub after: Option<String>,
    #[serde(default)] pub around: Option<String>,
    #[serde(default)] pub unread: bool,
    pub limit: u32,
}

/// A file to send: a path on this computer, what the desktop gave the window by its number (the shell puts the file in
/// its place), or bytes, with what a recording of a voice is shown with.
pub enum FileSource { Path { path: String }, Given { number: u32 }, Bytes { name: String, mime: String, base64: String, #[serde(default)] voice: Option<VoiceShown> } }

/// A message apart from the composer's draft (scripts, what a record's buttons ask).
#[derive(Default)]
pub struct Send {
    pub conversation: String,
    pub text: String,
    #[serde(default)] pub attachments: Vec<FileSource>,
    #[serde(default)] pub reply_to: Option<String>,
    /// The record it is about.
    #[serde(default)] pub about: Option<String>,
    /// When to send it, RFC 3339; absent: now.
    #[serde(default)] pub at: Option<String>,
}

/// Sends a draft with `text` as its final words. Which one: see [`DraftSet`].
#[derive(Default)]
pub struct DraftSend { pub conversation: String, pub text: String, #[serde(default)] pub draft: Option<String>, #[serde(default)] pub base: Option<String>, #[serde(default)] pub attachments: Vec<FileSource>,
    /// When to send it, RFC 3339; absent: now.
    #[serde(default)] pub at: Option<String>,
    /// Links in it whose previews go along, of those that were looked at.
    #[serde(default)] pub previews: Vec<String> }

/// Adds files to a draft; `draft` as in `DraftSet`.
pub struct DraftAttach { pub conversation: String, pub files: Vec<FileSource>, #[serde(default)] pub draft: Option<String> }

/// Takes a file out of a draft.
pub struct DraftDetach { pub conversation: String, pub id: String }

/// `text` replaces what `base` showed; what other devices typed meanwhile is merged, not overwritten. `draft` absent: the
/// one the composer shows; empty: a new one beside those that are there.
pub struct DraftSet { pub conversation: String, pub text: String, #[serde(default)] pub draft: Option<String>, #[serde(default)] pub base: Option<String>, #[serde(default)] pub reply_to: Option<String>, /** The quick reply it began as; empty: none, absent: as it was. */ #[serde(default)] pub template: Option<String> }

/// Which draft this device's composer shows; absent: none of those that are there.
pub struct DraftChoose { pub conversation: String, #[serde(default)] pub draft: Option<String> }

pub struct ItemRef { pub id: String }

/// `about`: records it is linked to.
pub struct ConversationNew { #[serde(default)] pub subject: Option<String>, pub with: Vec<String>, #[serde(default)] pub message: Option<String>, #[serde(default)] pub attachments: Vec<FileSource>, #[serde(default)] pub about: Vec<String> }

pub struct ConversationArchive { pub conversation: String, pub archived: bool }

pub struct ConversationRename { pub conversation: String, pub subject: String }

/// All of them, or none.
pub struct ConversationDelete { pub conversations: Vec<String>, pub everyone: bool }

/// All of them, or none: what was deleted of them last, for oneself.
pub struct ConversationRestore { pub conversations: Vec<String> }

/// Messages that were visible in a focused window.
pub struct Shown { pub conversation: String, pub messages: Vec<String> }

/// Which conversation the focused window shows; none when it is hidden or unfocused, or shows another view.
pub struct Focus {
    #[serde(default)] pub conversation: Option<String>,
    /// The window is focused, whatever it shows.
    #[serde(default)] pub attended: bool,
}

pub enum InviteTo { Person, Client { name: String }, Team { #[serde(default)] role: Option<RoleName> }, Talk { conversation: String } }

pub struct Invite { pub to: InviteTo }

/// `name` is needed when the profile has no identity yet.
pub struct Join { pub link: String, #[serde(default)] pub name: Option<String> }

pub struct LinkText { pub link: String }

pub struct LinkAccept { pub code: String, #[serde(default)] pub device_name: Option<String>, #[serde(default)] pub relay: Option<String> }

pub struct LinkApprove { pub digits: String }

pub struct DeviceRename { pub device: String, pub name: String }

pub struct MemberAdd { pub conversation: String, pub person: String, #[serde(default)] pub role: Option<RoleName> }

pub struct MemberRef { pub conversation: String, pub member: String }

pub struct MemberRole { pub conversation: String, pub member: String, pub role: RoleName }

pub struct PersonRef { pub person: String }

/// At most 200. Who is not known here is left out.
pub struct PeopleById { pub people: Vec<String> }

pub struct SafetyVerify { pub person: String, pub verified: bool }

/// Only the fields given are changed.
#[derive(Default)]
pub struct SettingsSet {
    #[serde(default)] pub theme: Option<Theme>,
    #[serde(default)] pub notifications: Option<bool>,
    #[serde(default)] pub notification_content: Option<bool>,
    #[serde(default)] pub read_receipts: Option<bool>,
    #[serde(default)] pub enter_sends: Option<bool>,
    #[serde(default)] pub zoom: Option<u32>,
    #[serde(default)] pub close_to_tray: Option<bool>,
    #[serde(default)] pub lock_after_minutes: Option<u32>,
    #[serde(default)] pub compact_list: Option<bool>,
    #[serde(default)] pub undo_send_seconds: Option<u32>,
    #[serde(default)] pub presence: Option<bool>,
    #[serde(default)] pub link_previews: Option<bool>,
    #[serde(default)] pub clean_photos: Option<bool>,
    #[serde(default)] pub video_call: Option<String>,
    #[serde(default)] pub translate_at: Option<String>,
    #[serde(default)] pub translate_to: Option<String>,
    #[serde(default)] pub welcome_done: Option<bool>,
    #[serde(default)] pub recovery_reminder_at: Option<String>,
}

pub struct ProfileName { pub name: String }

pub struct RelaySet { pub address: String }

/// Some of the words at their places (0 to 23), to prove they were written down.
pub struct RecoveryConfirm { pub words: Vec<(u32, String)> }

pub struct RecoveryUse { pub words: String, pub relay: String, pub name: Option<String> }

/// `passphrase` absent: protected by the recovery words.
pub struct Backup { pub file: String, #[serde(default)] pub passphrase: Option<String> }

pub struct Restore { pub file: String, #[serde(default)] pub passphrase: Option<String>, #[serde(default)] pub words: Option<String> }

pub struct Doctor { #[serde(default)] pub repair: bool }

pub struct FileSave { pub attachment: String, pub path: String }

#[derive(Default)]
pub struct DemoStart { #[serde(default)] pub fresh: bool }

pub struct Seed { pub messages: u32, pub conversations: u32, pub random_seed: u32 }
}
