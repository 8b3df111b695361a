//! What stops the relay, as opposed to what it refuses.

use std::path::PathBuf;

/// A fault of the relay's own machine. None of them is survived: acknowledging after one would be a guess.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The database failed or is damaged.
    #[error("database: {0}")]
    Database(#[from] rusqlite::Error),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `relay.json` is not what this program wrote.
    #[error("{0} is damaged; put back the copy from your backup")]
    Identity(PathBuf),
    /// The database was written by a newer version.
    #[error("the database has schema {found}, this version knows {known}; install a newer relay")]
    Schema {
        /// In the database.
        found: u32,
        /// In this program.
        known: u32,
    },
    /// Another relay has the data folder open.
    #[error("another relay uses {0}")]
    InUse(PathBuf),
    /// What the database holds contradicts itself.
    #[error("the database is damaged: {0}")]
    Damaged(&'static str),
    /// The system gave no randomness.
    #[error("no randomness from the system")]
    Randomness,
    /// The address is taken or not this machine's.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The thread that owns the database could not be started or is gone.
    #[error("the committer stopped")]
    Stopped,
}

impl RelayError {
    /// Names the file an operation failed on.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
