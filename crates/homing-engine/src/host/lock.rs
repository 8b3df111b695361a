//! One process owns a profile, from before it looks for the key until after the database is closed; also while the
//! profile is locked by its passphrase and no database, with its own lock, is open.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::api::{ApiError, Code};

const LOCK_FILE: &str = "profile.lock";

/// Ownership of a profile; given up when dropped, and by the system when the process dies.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the profile.
    ///
    /// # Errors
    /// [`Code::ProfileInUseUnresponsive`] while another process owns it.
    pub fn take(profile: &Path) -> Result<Self, ApiError> {
        let failed = |error: std::io::Error| {
            ApiError::new(Code::FileFailed, format!("The profile's folder can't be written: {error}"))
        };
        let path = profile.join(LOCK_FILE);
        let file = OpenOptions::new().create(true).write(true).truncate(false).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(ApiError::new(
                Code::ProfileInUseUnresponsive,
                "Another Homing process has this profile open and does not answer. Close it, then try again.",
            )),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_has_one_owner_at_a_time() {
        let profile = tempfile::tempdir().unwrap();
        let first = Lock::take(profile.path()).unwrap();
        let refused = Lock::take(profile.path()).err().unwrap();
        assert_eq!(refused.code, Code::ProfileInUseUnresponsive);
        drop(first);
        assert!(Lock::take(profile.path()).is_ok());
    }
}
