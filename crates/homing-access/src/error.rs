//! Why an op, entry or slot is not taken, and what has to become known before it can be judged.

use homing_wire::{DeviceId, EntryId, NackCode, PersonId, SpaceId};

/// Something that is not known yet. What waits for it is kept and judged again; it is never refused for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Missing {
    /// An op of this space's chain.
    #[error("an earlier op is not known yet")]
    OpHead(EntryId),
    /// An account log, or its later part.
    #[error("an account is not known far enough")]
    Account(PersonId),
    /// A device that the account log, as far as it is known, doesn't hold.
    #[error("a device is not known yet")]
    Device(PersonId, DeviceId),
    /// A team's op chain, or its later part.
    #[error("a team is not known far enough")]
    Team(SpaceId),
    /// Entries between this pin and the entry that is judged.
    #[error("earlier entries of the device are not known yet")]
    Prev(EntryId),
}

/// Why something is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// Can't be judged yet.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// Not of the form its kind has; the text names the part.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// More of something than the limits allow.
    #[error("too many {0}")]
    Limit(&'static str),
    /// A signature is wrong.
    #[error("a signature is not valid")]
    BadSignature,
    /// The proof that somebody holds an invitation is wrong, or was made for another op.
    #[error("the proof of the invitation is not valid")]
    BadProof,
    /// Belongs to another space or account.
    #[error("belongs to another log")]
    WrongLog,
    /// It is already part of the log.
    #[error("already applied")]
    AlreadyApplied,
    /// Its predecessor is not the head: somebody else's op came first.
    #[error("the op chain has moved")]
    StaleOps,
    /// Not the epoch that was current.
    #[error("not the current epoch")]
    StaleEpoch,
    /// A head that doesn't continue the one already anchored.
    #[error("a head doesn't continue the anchored one")]
    NotAnExtension,
    /// The person is not a member, or not one of the team.
    #[error("not a member")]
    NotAMember,
    /// The member is in already.
    #[error("already a member")]
    AlreadyMember,
    /// The role doesn't allow it.
    #[error("the role doesn't allow it")]
    RoleForbids,
    /// This kind of space has no such members, roles or ops.
    #[error("this kind of space doesn't have it")]
    KindForbids,
    /// A space keeps an owner.
    #[error("the last owner can't go")]
    LastOwner,
    /// The device was revoked.
    #[error("the device was revoked")]
    Revoked,
    /// The device id was used before.
    #[error("the device is already known")]
    DeviceUsed,
    /// A key that was used before, is not the next one, or nobody can own.
    #[error("not a valid new key")]
    BadKey,
    /// Sealed to others than those who are to have it.
    #[error("sealed to the wrong recipients")]
    WrongRecipients,
    /// The op takes access away, or a key was superseded, and it brings no new epoch.
    #[error("needs a new epoch")]
    EpochRequired,
    /// Before anything else is written, the space must anchor or rotate.
    #[error("the space must rotate first")]
    NeedsRotation,
    /// A device that is known to have written has no pin.
    #[error("a pin is missing")]
    PinMissing,
    /// Not the pinned entry nor before it.
    #[error("behind a pin")]
    BehindPin,
    /// No open invitation or request of this name.
    #[error("no such invitation or request")]
    NoInvite,
    /// Past its time.
    #[error("expired")]
    Expired,
    /// Rules below the space's minimum.
    #[error("the rules' version is too old")]
    OldRules,
}

impl AccessError {
    /// The stable name, for scripts and for the screen's details.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "access.missing",
            Self::Malformed(_) => "access.malformed",
            Self::Limit(_) => "access.limit",
            Self::BadSignature => "access.bad_signature",
            Self::BadProof => "access.bad_proof",
            Self::WrongLog => "access.wrong_log",
            Self::AlreadyApplied => "access.already_applied",
            Self::StaleOps => "access.stale_ops",
            Self::StaleEpoch => "access.stale_epoch",
            Self::NotAnExtension => "access.not_an_extension",
            Self::NotAMember => "access.not_a_member",
            Self::AlreadyMember => "access.already_member",
            Self::RoleForbids => "access.role_forbids",
            Self::KindForbids => "access.kind_forbids",
            Self::LastOwner => "access.last_owner",
            Self::Revoked => "access.revoked",
            Self::DeviceUsed => "access.device_used",
            Self::BadKey => "access.bad_key",
            Self::WrongRecipients => "access.wrong_recipients",
            Self::EpochRequired => "access.epoch_required",
            Self::NeedsRotation => "access.needs_rotation",
            Self::PinMissing => "access.pin_missing",
            Self::BehindPin => "access.behind_pin",
            Self::NoInvite => "access.no_invite",
            Self::Expired => "access.expired",
            Self::OldRules => "access.old_rules",
        }
    }

    /// What has to become known first, if that is all that is wrong.
    pub const fn missing(&self) -> Option<Missing> {
        match self {
            Self::Missing(missing) => Some(*missing),
            _ => None,
        }
    }

    /// What the relay answers.
    ///
    /// `WrongRecipients` is answered with `StaleOps`: the usual cause is an invitation that expired between two
    /// clocks, and catching up and sealing anew mends it.
    pub const fn nack(&self) -> NackCode {
        match self {
            Self::Missing(_) | Self::NoInvite => NackCode::NotFound,
            Self::Malformed(_) | Self::WrongLog | Self::BadKey | Self::KindForbids => NackCode::Malformed,
            Self::Limit(_) => NackCode::TooLarge,
            Self::BadSignature | Self::BadProof => NackCode::BadSignature,
            Self::AlreadyApplied | Self::AlreadyMember | Self::DeviceUsed => NackCode::Exists,
            Self::StaleOps | Self::NotAnExtension | Self::WrongRecipients => NackCode::StaleOps,
            Self::StaleEpoch => NackCode::StaleEpoch,
            Self::NotAMember => NackCode::NotAMember,
            Self::RoleForbids | Self::LastOwner => NackCode::RoleForbids,
            Self::Revoked => NackCode::Revoked,
            Self::EpochRequired | Self::NeedsRotation => NackCode::NeedsRotation,
            Self::PinMissing | Self::BehindPin => NackCode::PinMismatch,
            Self::Expired => NackCode::Expired,
            Self::OldRules => NackCode::OldRules,
        }
    }
}

impl From<AccessError> for NackCode {
    fn from(error: AccessError) -> Self {
        error.nack()
    }
}
