//! What can go wrong inside the engine, and the sentence a person gets for it.

use homing_access::AccessError;
use homing_crypto::CryptoError;
use homing_model::ModelError;
use homing_store::StoreError;

use crate::api::{ApiError, Code};

/// A failure on its way out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fail {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// Something the engine itself promised does not hold; the text names the place.
    #[error("internal: {0}")]
    Internal(&'static str),
}

impl Fail {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self::Api(ApiError::new(code, message))
    }
}

impl From<Fail> for ApiError {
    fn from(fail: Fail) -> Self {
        match fail {
            Fail::Api(error) => error,
            Fail::Store(error) => store_error(&error),
            Fail::Model(error) => model_error(&error),
            Fail::Access(error) => access_error(error),
            Fail::Crypto(_) => internal("crypto"),
            Fail::Internal(place) => internal(place),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        store_error(&error)
    }
}

/// An error nobody should meet. The log names the place; the sentence says that nothing is lost.
pub(crate) fn internal(place: &'static str) -> ApiError {
    tracing::error!(place, "internal error");
    ApiError::new(
        Code::Internal,
        format!(
            "Something went wrong inside Homing ({place}). Nothing was changed. If it happens again, please report it."
        ),
    )
}

pub(crate) fn not_found(what: &str) -> Fail {
    Fail::new(Code::NotFound, format!("There is no such {what} here."))
}

pub(crate) fn invalid(message: impl Into<String>) -> Fail {
    Fail::new(Code::InvalidArgument, message)
}

pub(crate) fn forbidden(message: impl Into<String>) -> Fail {
    Fail::new(Code::RoleForbids, message)
}

fn store_error(error: &StoreError) -> ApiError {
    match error {
        StoreError::TooNew { .. } => ApiError::new(
            Code::VersionTooNew,
            "This profile was written by a newer version of Homing. Update the app to open it; nothing was changed.",
        ),
        StoreError::WrongKey => ApiError::new(
            Code::Corrupt,
            "The profile can't be opened with its key: the file is damaged or belongs to another key. Restore a backup, or link this device again.",
        ),
        StoreError::InUse => ApiError::new(
            Code::ProfileInUseUnresponsive,
            "Another Homing process has this profile open. Close it, or use it.",
        ),
        StoreError::DiskFull => ApiError::new(
            Code::StorageFailed,
            "The disk is full. Nothing was lost; free some space and try again.",
        ),
        StoreError::Damaged(_) | StoreError::Conflict(_) | StoreError::OutOfRange => {
            tracing::error!(%error, "store");
            ApiError::new(
                Code::Corrupt,
                "The stored data is damaged. Run \"homing doctor\" to find and mend it.",
            )
        }
        StoreError::NotFound(what) => ApiError::new(Code::NotFound, format!("There is no such {what} here.")),
        StoreError::Io(_) => ApiError::new(
            Code::FileFailed,
            "A file can't be read or written. Check the folder's permissions and free space.",
        ),
        StoreError::Database { .. } => {
            tracing::error!(%error, "store");
            ApiError::new(Code::StorageFailed, "The profile's file can't be written. Nothing was changed.")
        }
    }
}

fn model_error(error: &ModelError) -> ApiError {
    match error {
        ModelError::Invalid(what) => {
            ApiError::new(Code::InvalidArgument, format!("The {what} is empty, too long or not allowed."))
        }
        ModelError::Limit(what) => ApiError::new(Code::TooLarge, format!("This is too large ({what}).")),
        ModelError::Exists => ApiError::new(Code::AlreadySent, "This was already done."),
        ModelError::Missing => ApiError::new(Code::NotFound, "This does not exist here (any more)."),
        _ => internal("model"),
    }
}

fn access_error(error: AccessError) -> ApiError {
    match error {
        AccessError::RoleForbids => ApiError::new(Code::RoleForbids, "Your role here doesn't allow this."),
        AccessError::NotAMember => ApiError::new(Code::NotAMember, "This person is not a member here."),
        AccessError::AlreadyMember => {
            ApiError::new(Code::InvalidArgument, "This person is a member already.")
        }
        AccessError::KindForbids => {
            ApiError::new(Code::RoleForbids, "This kind of conversation can't have such members or roles.")
        }
        AccessError::LastOwner => {
            ApiError::new(Code::RoleForbids, "The last owner can't go. Make somebody else an owner first.")
        }
        AccessError::Expired => {
            ApiError::new(Code::InviteExpired, "The invitation has expired. Ask for a new one.")
        }
        AccessError::NoInvite | AccessError::BadProof => ApiError::new(
            Code::InviteInvalid,
            "This invitation was used, cancelled or is not valid. Ask for a new one.",
        ),
        AccessError::Revoked => ApiError::new(Code::DeviceRevoked, "This device was revoked."),
        AccessError::Missing(_) => ApiError::new(
            Code::KeyUnavailable,
            "Something needed for this has not arrived yet. Connect to the relay and try again.",
        ),
        AccessError::Limit(what) => ApiError::new(Code::TooLarge, format!("There are too many {what} here.")),
        other => {
            tracing::warn!(code = other.code(), "refused");
            ApiError::new(
                Code::Internal,
                format!("This could not be done ({}). Nothing was changed.", other.code()),
            )
        }
    }
}
