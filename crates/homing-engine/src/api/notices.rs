//! What a person is told of: kinds, the centre's rows, and what each kind may do.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::FilesSaid;

macro_rules! notice_kinds {
    ($($(#[$doc:meta])* $kind:ident = $number:literal $name:literal desktop $desktop:literal;)*) => {
        /// What a person is told of. A new kind is one line here and its sentence in the window's catalogue.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
        #[serde(rename_all = "snake_case")]
        pub enum NoticeKind { $($(#[$doc])* $kind,)* }

        impl NoticeKind {
            /// All kinds, as settings list them.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// The number it is stored under; never given to another kind.
            pub const fn number(self) -> u8 { match self { $(Self::$kind => $number,)* } }

            /// The kind with this number; none if it is of a later version.
            pub fn from_number(number: u8) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.number() == number)
            }

            /// The name settings and scripts call it by.
            pub const fn name(self) -> &'static str { match self { $(Self::$kind => $name,)* } }

            /// What it does until somebody chooses otherwise.
            pub const fn by_default(self) -> Channels {
                match self { $(Self::$kind => Channels { in_app: true, desktop: $desktop, sound: $desktop },)* }
            }
        }
    };
}

notice_kinds! {
    /// Somebody wrote.
    Message = 1 "message" desktop true;
    /// Somebody named this person in a message.
    Mention = 2 "mention" desktop true;
    /// A conversation was given to this person to look after.
    Assignment = 3 "assignment" desktop true;
    /// An interest was noted, changed or taken back on the other side.
    Interest = 4 "interest" desktop true;
    /// Something else happened in a client's portal.
    Portal = 5 "portal" desktop false;
    /// Somebody asks to come in.
    Request = 6 "request" desktop true;
    /// Somebody came in, or this person was taken in.
    Joined = 7 "joined" desktop true;
    /// A message written earlier than what was already read arrived.
    Late = 8 "late" desktop true;
    /// An own message was not sent.
    NotSent = 9 "not_sent" desktop true;
    /// A device was added to this person's account.
    Device = 10 "device" desktop true;
    /// Somebody left or was taken out, or this person was.
    Left = 11 "left" desktop false;
    /// A snoozed conversation is back.
    Back = 12 "back" desktop true;
    /// A message planned for a time is late, or waits because the members are others now.
    Planned = 13 "planned" desktop true;
    /// An invitation of this person's is about to end, and nobody used it.
    InviteEnds = 14 "invite_ends" desktop true;
}

wire_types! {
/// Where a person is told.
#[derive(Copy, Eq)]
pub struct Channels {
    /// In the centre, in the bell's number, and in the window while it is looked at.
    pub in_app: bool,
    /// On the desktop while the window is not looked at.
    pub desktop: bool,
    /// On the desktop with a sound.
    pub sound: bool,
}

/// A line of the centre.
pub struct NoticeRow {
    pub id: String,
    pub kind: NoticeKind,
    pub at: String,
    pub unread: bool,
    /// Who did it; absent if nobody did.
    pub person: Option<String>,
    /// That is this person.
    pub me: bool,
    /// Their name, or empty.
    pub name: String,
    /// What it is about: the conversation's or record's name. A conversation without one is one that nobody else is in.
    pub title: String,
    /// A few words of it.
    pub text: String,
    /// The message has no words, but these.
    pub files: Option<FilesSaid>,
    /// How many unread messages it stands for; 0 where that has no meaning.
    pub count: u32,
    pub conversation: Option<String>,
    pub message: Option<String>,
    pub record: Option<String>,
}

/// Newest first.
pub struct NoticePage { pub rows: Vec<NoticeRow>, pub next: Option<String>, pub unread: u32 }

pub struct Notices { #[serde(default)] pub after: Option<String>, #[serde(default)] pub unread: bool, pub limit: u32 }

/// `all`: whatever `ids` says.
pub struct NoticesRead { #[serde(default)] pub ids: Vec<String>, #[serde(default)] pub all: bool }

/// What a kind may do.
pub struct KindChannels { pub kind: NoticeKind, pub in_app: bool, pub desktop: bool, pub sound: bool }

/// When nothing but the bell and the badges tells of anything. Times are this device's.
pub struct QuietHours {
    pub on: bool,
    /// 1 is Monday, 7 Sunday: the days on which the quiet begins.
    pub days: Vec<u8>,
    /// `HH:MM`.
    pub from: String,
    /// `HH:MM`; not after `from`: on the next day.
    pub to: String,
    /// Mentions are told all the same.
    pub mentions: bool,
}

/// What follows the person to all devices.
pub struct NotifySettings {
    pub kinds: Vec<KindChannels>,
    pub quiet: QuietHours,
    /// It is quiet on this device now.
    pub quiet_now: bool,
}

/// Only what is given is changed.
#[derive(Default)]
pub struct NotifySet {
    #[serde(default)] pub kind: Option<KindChannels>,
    #[serde(default)] pub quiet: Option<QuietHours>,
}

/// What of a conversation is announced. `all`: what the settings say.
#[derive(Copy, Eq, Default)]
pub enum Announce { #[default] All, Mentions, None }

pub struct ConversationAnnounce { pub conversation: String, pub announce: Announce }

/// What is announced of a conversation, and until when it is muted.
pub struct AnnounceState { pub announce: Announce, pub muted_until: Option<String> }
}
