//! What calls answer and events carry.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ApiError, Assignee, Colleague, FilesSaid, Named, Preview, Reaction, RecordChip, Template};

wire_types! {
/// How far an own message came. `local`: no relay is set; `scheduled`: it is sent at its time.
#[derive(Copy, Eq)]
pub enum State { Local, Scheduled, Pending, Sent, Delivered, Read, Failed }

/// What the connection to the relay does.
#[derive(Copy, Eq)]
pub enum Connection { None, Offline, Connecting, Online }

/// What protects the database key at rest.
#[derive(Copy, Eq)]
pub enum KeyProtection { Keychain, KeyFile, Passphrase }

/// The profile at a glance.
pub struct Status {
    /// Absent until the profile has an identity.
    pub person: Option<String>,
    pub device: Option<String>,
    pub name: Option<String>,
    pub device_name: Option<String>,
    /// Address of the relay, if one is set.
    pub relay: Option<String>,
    /// True for a loopback relay: it works on this computer only.
    pub relay_is_local: bool,
    pub connection: Connection,
    pub online: bool,
    /// Since when the relay has not been reached.
    pub offline_since: Option<String>,
    /// Changes waiting to be sent.
    pub outbox: u32,
    /// Changes that were refused for good, until somebody tries again or takes them back.
    pub refused: u32,
    /// Unread messages in conversations of the inbox that are neither muted nor silenced.
    pub unread: u32,
    /// Entries refused by the rules.
    pub quarantined: u32,
    /// Entries waiting for something unknown (an older entry, a key, an upgrade).
    pub parked: u32,
    pub locked: bool,
    pub demo: bool,
    /// Folder of the demo that lies beside this profile, if there is one; the demo's own status names its own.
    pub demo_profile: Option<String>,
    /// The person has written down the recovery words and proved it, on whichever device.
    pub recovery_confirmed: bool,
    /// This device can show the recovery words. Made anew, as when a device is shut out, only that device can.
    pub recovery_here: bool,
    pub key_protection: KeyProtection,
    /// Join requests that wait for this person.
    pub requests: u32,
    /// What stands at the bell: conversations with unread messages and other unread notices.
    pub notices: u32,
    /// What stands in the way, if anything does.
    pub problem: Option<ApiError>,
    pub version: String,
}

/// What kind of space a conversation lives in.
#[derive(Copy, Eq)]
pub enum SpaceKind { Personal, Team, Client, Talk }

/// A role in a space.
#[derive(Copy, Eq)]
pub enum RoleName { Owner, Admin, Member, Reader, Client, Ingest }

/// Somebody who can read a conversation.
pub struct Participant { pub person: String, pub name: String, pub role: RoleName, pub me: bool, pub team: bool }

/// A row of the conversation list.
pub struct ConversationRow {
    pub id: String,
    pub space: String,
    pub space_kind: SpaceKind,
    /// Empty when none was given; show the participants' names then.
    pub subject: String,
    /// What a list shows: subject, else the others' names; empty if nobody else is in it.
    pub title: String,
    pub participants: Vec<Participant>,
    pub unread: u32,
    pub marked_unread: bool,
    /// First 100 characters of the last message.
    pub preview: String,
    /// The last message has no words, but these.
    pub preview_files: Option<FilesSaid>,
    /// The last message was deleted: there are no words of it.
    pub preview_deleted: bool,
    /// Somebody named this person in it.
    pub named: bool,
    /// Author of the last message; absent if it is one's own.
    pub preview_author: Option<String>,
    pub last_at: String,
    /// State of the last message if it is one's own.
    pub last_state: Option<State>,
    pub archived: bool,
    pub has_draft: bool,
    /// First 100 characters of the draft.
    pub draft_preview: String,
    /// Own messages not yet at the relay.
    pub waiting: u32,
    pub can_write: bool,
    pub can_manage: bool,
    /// The records it is about.
    pub records: Vec<RecordChip>,
    /// Sorts the list, last first: pinned before the rest, what came back from its snooze at that time.
    pub order: String,
    /// Name of the client or team whose it is; empty in a talk.
    pub space_name: String,
    /// The last message is a remark among colleagues.
    pub preview_internal: bool,
    pub pinned: bool,
    /// All its files stay on this person's devices.
    pub keep_files: bool,
    /// Until when nothing is announced; the year 9999 stands for ever.
    pub muted_until: Option<String>,
    /// Until when it is out of sight, or when it came back.
    pub snoozed_until: Option<String>,
    /// Out of sight now.
    pub snoozed: bool,
    /// Everybody else in it is blocked.
    pub blocked: bool,
    /// A client's, and this person works for them: it can be assigned and commented.
    pub staffed: bool,
    pub assignee: Option<Assignee>,
}

/// A page of the conversation list, newest first.
pub struct ConversationPage { pub rows: Vec<ConversationRow>, pub next: Option<String>, pub revision: f64, pub unread_total: u32 }

/// A conversation with what its header and dialogs need.
pub struct ConversationDetail {
    pub row: ConversationRow,
    pub creator: String,
    pub created_at: String,
    /// First unread message, where the divider stands.
    pub first_unread: Option<String>,
    /// Name of the team or client the space belongs to.
    pub space_name: String,
    /// Other conversations of the same space: joining or leaving concerns them too.
    pub siblings: Vec<ConversationTitle>,
    /// The new members would read the whole history.
    pub can_invite: bool,
    pub can_leave: bool,
    /// Whether this person is part of it still: who was taken out keeps what they have.
    pub member: bool,
    /// They are not, because they left by themselves, on whichever device.
    pub left: bool,
    /// Conversations that go on in this one.
    pub parts: Vec<MergedPart>,
    /// Who works for this client, this person among them; empty for who does not.
    pub colleagues: Vec<Colleague>,
}

/// A conversation that goes on in another one.
pub struct MergedPart {
    pub id: String,
    pub title: String,
    /// Since when, by the relay's clock; absent while that waits here.
    pub at: Option<String>,
    /// Who brought them together; empty for this person, while it waits here.
    pub by: String,
}

pub struct ConversationTitle { pub id: String, pub title: String }

/// Delivery to one member. A team counts as one.
pub struct Receipt { pub person: String, pub name: String, pub delivered_at: Option<String>, pub read_at: Option<String>, pub delivered: bool, pub read: bool }

/// Where an attachment's bytes are. `refused`, `too_large`: on its author's devices only, since the relay does not take it.
#[derive(Copy, Eq)]
pub enum AttachmentState { Waiting, Uploading, Remote, Downloading, Ready, Failed, Stopped, Gone, Refused, TooLarge }

pub struct Attachment {
    pub id: String,
    pub name: String,
    pub mime: String,
    pub size: f64,
    pub state: AttachmentState,
    /// 0 to 1.
    pub progress: f64,
    /// Its bytes are on this device: a file that waits to be sent may be on another one of its author.
    pub here: bool,
    pub width: Option<u32>,
    pub height: Option<u32>,
    /// A small picture of it, to be shown before its bytes are here: the address of a picture in itself.
    pub thumbnail: Option<String>,
    pub voice: Option<VoiceShown>,
    /// It stays on this device however little room there is.
    pub pinned: bool,
    /// Why it waits, if the relay does not take it for now. It goes by itself once it does.
    pub held: Option<ApiError>,
}

/// What a recording of a voice is shown with. `peaks`: loudness in equal steps, 0 to 255.
pub struct VoiceShown { pub duration_ms: f64, pub peaks: Vec<u8> }

/// `files`: it has no words, but these.
pub struct Quote {
    pub id: String,
    pub author_name: String,
    pub preview: String,
    pub files: Option<FilesSaid>,
    /// It was deleted: there are no words of it.
    pub deleted: bool,
}

/// A message as the conversation shows it.
pub struct MessageRow {
    pub id: String,
    pub conversation: String,
    pub author: String,
    pub author_name: String,
    pub mine: bool,
    pub at: String,
    pub body: String,
    pub state: State,
    pub error: Option<ApiError>,
    pub receipts: Vec<Receipt>,
    pub attachments: Vec<Attachment>,
    pub reply_to: Option<Quote>,
    pub unread: bool,
    /// Written earlier than what was already read, arrived later.
    pub late: bool,
    pub deleted: bool,
    /// A remark among colleagues: no client sees it.
    pub internal: bool,
    /// Written by somebody of the own team, for the team.
    pub colleague: bool,
    /// By somebody who is blocked: shown when asked for.
    pub blocked: bool,
    pub can_delete: bool,
    pub can_edit: bool,
    /// Since when it has its present words, if it was edited.
    pub edited_at: Option<String>,
    pub reactions: Vec<Reaction>,
    /// People it names.
    pub mentions: Vec<Named>,
    pub mentions_me: bool,
    pub previews: Vec<Preview>,
    /// It was written elsewhere first.
    pub forwarded: bool,
    /// The quick reply it began as, if it is one of those that are here.
    pub template: Option<Template>,
    /// The record it is about.
    pub about: Option<String>,
    /// How many messages answer it.
    pub replies: u32,
    /// An edit of it or a reaction to it waits here.
    pub changing: Option<OutboxState>,
    /// Until when its sending can be undone.
    pub undo_until: Option<String>,
    /// Sorts as text within its conversation.
    pub order: String,
}

/// Oldest first. `older` / `newer` are cursors for the next pages.
pub struct MessagePage { pub rows: Vec<MessageRow>, pub older: Option<String>, pub newer: Option<String>, pub revision: f64 }

/// A sent (or queued) message.
pub struct Sent { pub id: String, pub conversation: String, pub state: State }

/// A draft being sent by a device of the same person.
pub struct Sending { pub device: String, pub device_name: String, pub here: bool }

pub struct Draft {
    /// Random per draft begun; empty while nothing was typed.
    pub id: String,
    pub conversation: String,
    /// It is typed of a remark among colleagues beside the conversation, and never goes into it.
    pub comment: bool,
    pub text: String,
    /// Token for `base` of the next `draft_set`: which text this one was typed on.
    pub revision: String,
    pub reply_to: Option<Quote>,
    pub sending: Option<Sending>,
    pub updated_at: Option<String>,
    /// The quick reply it began as.
    pub template: Option<String>,
    /// Other drafts begun apart for the same conversation.
    pub others: Vec<DraftRow>,
    /// Files that go with it, in their order.
    pub files: Vec<Attachment>,
    /// Files that another device added and that have not been told of here yet.
    pub files_coming: u32,
}

/// `comment`: to be a remark among colleagues beside the conversation, which never goes into it.
pub struct DraftRow { pub id: String, pub conversation: String, pub comment: bool, pub title: String, pub text: String, pub updated_at: String, pub sending: Option<Sending>, pub files: u32 }

#[derive(Copy, Eq)]
pub enum OutboxState { Queued, Sealed, Refused }

/// A change that has not reached the relay.
pub struct OutboxRow {
    pub id: String,
    /// What it is: `message`, `edit`, `deletion`, `reaction`, `conversation`, `membership`, `record`, `other`.
    pub kind: String,
    pub conversation: Option<String>,
    pub title: String,
    pub preview: String,
    /// It has no words, but these.
    pub files: Option<FilesSaid>,
    pub state: OutboxState,
    pub since: String,
    pub error: Option<ApiError>,
    pub can_cancel: bool,
    pub can_edit: bool,
    /// Other messages of its conversation wait too: their order can be changed.
    pub can_move: bool,
}

pub struct NewConversation { pub id: String, pub space: String }

pub struct PersonRow {
    pub id: String,
    pub name: String,
    pub me: bool,
    /// Safety number compared by the person.
    pub verified: bool,
    pub role: Option<RoleName>,
    /// Names of teams and clients both are part of.
    pub spaces: Vec<String>,
    pub client: bool,
    pub staff: bool,
    /// This person may take the colleague out of the team.
    pub can_remove: bool,
    /// The colleague was taken out of the team, which waits for the relay.
    pub leaves: bool,
    /// What they call themselves, if they are called otherwise here.
    pub own_name: Option<String>,
    pub blocked: bool,
}

pub struct Safety { pub person: String, pub name: String, pub digits: String, pub verified: bool, pub qr_svg: String }

pub struct MemberRow {
    /// Person or team id.
    pub member: String,
    pub name: String,
    pub team: bool,
    pub role: RoleName,
    pub me: bool,
    pub can_remove: bool,
    pub can_change_role: bool,
    /// What of this waits for the relay: until then they are what they were.
    pub waiting: Option<MemberChange>,
}

/// `Role`: the role of the row is the one they get.
#[derive(Copy, Eq)]
pub enum MemberChange { Added, Removed, Role }

pub struct Invitation {
    pub id: String,
    /// Shown only after the relay stored it.
    pub link: String,
    pub space: String,
    pub role: RoleName,
    pub expires_at: String,
    pub name: String,
    pub qr_svg: String,
    pub instant: bool,
    pub relay_is_local: bool,
}

pub struct InvitationRow { pub id: String, pub space: String, pub space_name: String, pub role: RoleName, pub expires_at: String, pub instant: bool }

/// What a link would do, before anything is done.
pub struct JoinPreview { pub relay: String, pub space: String, pub kind: SpaceKind, pub role: RoleName, pub inviter: String, pub space_name: String, pub expires_at: String, pub instant: bool, pub already_member: bool, pub other_relay: bool, pub relay_is_local: bool }

#[derive(Copy, Eq)]
pub enum JoinState { Joined, AwaitingApproval }

pub struct Joined { pub space: String, pub state: JoinState, pub conversation: Option<String> }

pub struct RequestRow { pub id: String, pub person: String, pub name: String, pub space: String, pub space_name: String, pub role: RoleName, pub asked_at: String }

#[derive(Copy, Eq)]
pub enum LinkStage { Waiting, Compare, Approved, Done, Failed }

/// Both sides of linking a device show this.
pub struct LinkState {
    pub code: Option<String>,
    pub qr_svg: Option<String>,
    pub digits: Option<String>,
    pub stage: LinkStage,
    pub device_name: Option<String>,
    pub expires_at: String,
    pub error: Option<ApiError>,
}

pub struct DeviceRow { pub id: String, pub name: String, pub current: bool, pub added_at: Option<String>, pub revoked: bool }

#[derive(Copy, Eq)]
pub enum Theme { System, Light, Dark }

pub struct Settings {
    pub theme: Theme,
    pub notifications: bool,
    /// Show names and text in desktop notifications.
    pub notification_content: bool,
    pub read_receipts: bool,
    pub enter_sends: bool,
    /// Percent, 50 to 200.
    pub zoom: u32,
    pub close_to_tray: bool,
    /// Minutes without input until the app locks; 0 = never. Needs a passphrase.
    pub lock_after_minutes: u32,
    pub compact_list: bool,
    /// Seconds in which a sent message can be taken back: 0, 5 or 10.
    pub undo_send_seconds: u32,
    /// Whether members see that this person is there, and this person sees them. On all devices of the person, as are
    /// `read_receipts`, `enter_sends`, `undo_send_seconds` and `link_previews`.
    pub presence: bool,
    /// Whether the pages of links this person types are asked what they are called.
    pub link_previews: bool,
    /// Whether the place and the camera are taken out of photos that are sent or put on records. On all devices of the
    /// person.
    pub clean_photos: bool,
    /// Address of the service this person makes video calls with; `{room}` stands for a name of a room. Empty: none.
    /// On all devices of the person.
    pub video_call: String,
    /// Address of a translation service on this computer or in its own network, for this device. Empty: none.
    pub translate_at: String,
    /// The language this device translates to, by its tag. Empty: the one the window speaks.
    pub translate_to: String,
    /// Whether the welcome steps were put away.
    pub welcome_done: bool,
    /// Until when the reminder to keep the recovery words is put off.
    pub recovery_reminder_at: Option<String>,
}

pub struct RecoveryWords { pub words: Vec<String>, pub confirmed: bool }

pub struct BackupReport { pub file: String, pub bytes: f64 }

pub struct Finding { pub code: String, pub message: String, pub repaired: bool }

pub struct DoctorReport { pub healthy: bool, pub findings: Vec<Finding> }

/// A file's bytes for the window, at most 50 MB.
pub struct FileData { pub name: String, pub mime: String, pub base64: String }

pub struct SyncReport { pub pushed: u32, pub pulled: u32 }

/// `seconds`: how long taking them in took, without writing, signing and sealing them.
pub struct SeedReport { pub messages: u32, pub conversations: u32, pub seconds: f64 }

/// Nothing to say beyond "done".
pub struct Done { pub done: bool }
}
