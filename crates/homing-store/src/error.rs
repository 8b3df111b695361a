//! What can go wrong, without a word of content in it.

/// An error of the local store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file was written by a newer version of the app.
    #[error("the profile was written by a newer version (schema {found}, this version knows {known})")]
    TooNew {
        /// Schema of the file.
        found: u32,
        /// Newest schema this version knows.
        known: u32,
    },
    /// The key does not open the file, or its first page is damaged.
    #[error("the key does not open the profile")]
    WrongKey,
    /// Another process owns the profile.
    #[error("the profile is in use by another process")]
    InUse,
    /// The disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// A stored value is not what its column promises, or a page is damaged.
    #[error("the profile is damaged ({0})")]
    Damaged(&'static str),
    /// The place, name or number is taken by something else.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// A number beyond what the store holds (2^63 - 1); nobody honest reaches it.
    #[error("number out of range")]
    OutOfRange,
    /// What the call is about does not exist.
    #[error("not found: {0}")]
    NotFound(&'static str),
    /// A file could not be read or written.
    #[error("file: {0}")]
    Io(#[from] std::io::Error),
    /// Anything else SQLite reports.
    #[error("database: {message} (code {code})")]
    Database {
        /// SQLite's extended result code, or 0.
        code: i32,
        /// SQLite's message; names tables and columns, never content.
        message: String,
    },
}

/// Result with [`StoreError`].
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl StoreError {
    /// A row with such a value is there already.
    pub(crate) fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database { code: rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE, .. })
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match &error {
            rusqlite::Error::SqliteFailure(failure, message) => match failure.code {
                Code::NotADatabase => Self::WrongKey,
                Code::DiskFull => Self::DiskFull,
                Code::DatabaseCorrupt => Self::Damaged("page"),
                _ => Self::Database {
                    code: failure.extended_code,
                    message: message.clone().unwrap_or_else(|| failure.to_string()),
                },
            },
            rusqlite::Error::ToSqlConversionFailure(_) => Self::OutOfRange,
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..) => Self::Damaged("value"),
            _ => Self::Database { code: 0, message: error.to_string() },
        }
    }
}
