//! Why something could not be read or made.

/// What went wrong in the model. Nothing in it names content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// Not a change, or not in the one form it may have.
    #[error("malformed change: {0}")]
    Malformed(&'static str),
    /// The bytes don't have the hash they carry.
    #[error("the change's bytes don't match its hash")]
    HashMismatch,
    /// A size, count or counter beyond its limit.
    #[error("{0} is beyond its limit")]
    Limit(&'static str),
    /// The edit does not fit the document's kind.
    #[error("the edit does not fit this kind of document")]
    WrongKind,
    /// The edit needs a document that does not exist yet.
    #[error("the document does not exist")]
    Missing,
    /// The edit creates what already exists.
    #[error("the document exists already")]
    Exists,
    /// The edit would change nothing.
    #[error("the edit changes nothing")]
    Unchanged,
    /// The edit holds something that may not be written.
    #[error("{0} can't be written")]
    Invalid(&'static str),
    /// Written in a form, or of a kind, that this version does not know.
    #[error("unknown form or kind")]
    Unknown,
    /// A draft's revision that this copy does not hold.
    #[error("this copy of the draft does not hold that revision")]
    UnknownRevision,
    /// A saved draft that can't be read.
    #[error("the saved draft can't be read")]
    BadDraft,
    /// automerge refused what had passed the checks.
    #[error("the document can't be built")]
    Document,
}

impl ModelError {
    /// Stable code for callers that show or store it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "change_malformed",
            Self::HashMismatch => "change_hash_mismatch",
            Self::Limit(_) => "over_limit",
            Self::WrongKind => "wrong_kind",
            Self::Missing => "not_found",
            Self::Exists => "exists",
            Self::Unchanged => "unchanged",
            Self::Invalid(_) => "invalid_value",
            Self::Unknown => "unknown_form",
            Self::UnknownRevision => "unknown_revision",
            Self::BadDraft => "bad_draft",
            Self::Document => "document_unbuildable",
        }
    }
}
