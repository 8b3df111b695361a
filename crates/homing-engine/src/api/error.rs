//! Errors people and scripts can meet. A code, once released, keeps its meaning.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A stable name for a kind of failure; the window translates it, scripts match on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The profile has no identity yet: `init`, `join`, `link accept`, `restore` or `recovery use` comes first.
    NotInitialised,
    /// The profile already has an identity.
    AlreadyInitialised,
    /// Another process owns the profile and does not answer.
    ProfileInUseUnresponsive,
    /// The profile is locked; unlock it with its passphrase.
    Locked,
    /// The passphrase does not open this profile or file.
    WrongPassphrase,
    /// No such conversation, message, person, device or file.
    NotFound,
    /// A name or id prefix means more than one thing.
    AmbiguousName,
    /// The call's arguments are not of the form the call takes.
    InvalidArgument,
    /// No relay is set for this profile.
    RelayMissing,
    /// The relay does not answer.
    RelayUnreachable,
    /// The relay answered, but refused what was asked.
    RelayRefused,
    /// The relay's disk has no room: it takes nothing new now. What waits is sent once there is room.
    RelayFull,
    /// The person's share of the relay's storage is used up. What waits is sent once there is room.
    RelayQuota,
    /// The relay lost what it had, and waits for others to bring their part of it. What waits is sent then.
    RelayRefilling,
    /// The relay is of a version that doesn't know what was asked of it.
    RelayTooOld,
    /// Too many messages are scheduled already.
    ScheduleFull,
    /// The relay is not the one this profile knows (its key changed).
    RelayUntrusted,
    /// The invitation is past its time.
    InviteExpired,
    /// The invitation was cancelled or is not one of this relay.
    InviteInvalid,
    /// The person is not a member of the space.
    NotAMember,
    /// The role does not allow this.
    RoleForbids,
    /// The key for this content is not on this device (yet).
    KeyUnavailable,
    /// A file is not on this device (yet).
    FileNotHere,
    /// A file is not on this device, and the relay has it no longer.
    FileGone,
    /// The demo profile never talks to a relay.
    DemoProfile,
    /// The link belongs to another relay and wants a profile of its own.
    OtherRelay,
    /// The linking code is wrong or past its time.
    LinkFailed,
    /// The digits do not match: somebody may be in between.
    DigitsDiffer,
    /// The recovery words are not right.
    RecoveryInvalid,
    /// Neither a passphrase nor recovery words exist to protect a backup.
    BackupUnprotected,
    /// A file is too big.
    TooLarge,
    /// A file can't be read or written.
    FileFailed,
    /// No microphone gives sound: none is there, it is in use, or the system does not allow it.
    MicrophoneFailed,
    /// A file is a program: it is not opened from here.
    FileUnsafe,
    /// No translation service is named in the settings.
    TranslationOff,
    /// The translation service is neither on this computer nor in its own network: it is not asked.
    TranslationElsewhere,
    /// The translation service did not answer, or not with a translation.
    TranslationFailed,
    /// It is already on its way and can't be taken back.
    AlreadySent,
    /// The message is being sent by another device of this person.
    SendingElsewhere,
    /// This device was revoked.
    DeviceRevoked,
    /// The profile was copied or put back; it becomes a new device first.
    ProfileCloned,
    /// The stored data is damaged; `doctor` says more.
    Corrupt,
    /// The disk is full or can't be written.
    StorageFailed,
    /// The keychain did not answer.
    KeychainFailed,
    /// The profile was written by a newer version.
    VersionTooNew,
    /// Something that should not happen; the log has the place.
    Internal,
}

/// What a failed call answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// Stable name of the failure.
    pub code: Code,
    /// What happened, what is safe, what to do: one or two sentences for a person.
    pub message: String,
}

impl ApiError {
    /// An error with its sentence.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}
