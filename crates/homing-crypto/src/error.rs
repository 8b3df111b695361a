//! What can go wrong, with a stable code for each case.

use thiserror::Error;

/// Failure of a cryptographic operation or of reading something a person typed.
///
/// The variants carry positions and counts only, never bytes or words, so an error may be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CryptoError {
    /// The signature doesn't fit the key, the domain or the bytes.
    #[error("the signature is not valid")]
    BadSignature,
    /// The bytes aren't a canonical public key, or are one nobody can own.
    #[error("the public key is not valid")]
    BadPublicKey,
    /// Wrong key, wrong associated data, or changed bytes. Deliberately not told apart.
    #[error("the sealed data can't be opened with this key")]
    OpenFailed,
    /// The data is larger than the cipher may take.
    #[error("the data is too large to seal")]
    TooLarge,
    /// Sealed with a suite this version doesn't know.
    #[error("the sealed data uses an unknown cipher suite ({0})")]
    UnknownSuite(u8),
    /// A seed opened well but isn't the one that was committed to.
    #[error("the opened key is not the announced one")]
    WrongCommitment,
    /// A word of a recovery phrase isn't in the list; counted from one.
    #[error("word {position} is not a recovery word")]
    UnknownWord { position: usize },
    /// A recovery phrase has the wrong number of words.
    #[error("a recovery phrase has 24 words, this one has {found}")]
    WordCount { found: usize },
    /// All recovery words are known, but they don't belong together in this order.
    #[error("the recovery words don't belong together: one is wrong or two are swapped")]
    WordChecksum,
    /// A link code has a character outside its alphabet, or the wrong length.
    #[error("this is not a link code")]
    BadLinkCode,
    /// A passphrase without a character.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// Stretching parameters outside the bounds this version accepts.
    #[error("the passphrase parameters are out of bounds")]
    BadParams,
    /// The memory for stretching could not be had.
    #[error("there is not enough memory to stretch the passphrase")]
    Stretch,
    /// Padding that this version would not have made.
    #[error("the padding is not valid")]
    BadPadding,
    /// A blob chunk of a length its position doesn't allow.
    #[error("the chunk has the wrong length")]
    BadChunk,
}

impl CryptoError {
    /// The stable name of this failure, for scripts and for the screen's details.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadSignature => "crypto.bad_signature",
            Self::BadPublicKey => "crypto.bad_public_key",
            Self::OpenFailed => "crypto.open_failed",
            Self::TooLarge => "crypto.too_large",
            Self::UnknownSuite(_) => "crypto.unknown_suite",
            Self::WrongCommitment => "crypto.wrong_commitment",
            Self::UnknownWord { .. } => "crypto.unknown_word",
            Self::WordCount { .. } => "crypto.word_count",
            Self::WordChecksum => "crypto.word_checksum",
            Self::BadLinkCode => "crypto.bad_link_code",
            Self::EmptyPassphrase => "crypto.empty_passphrase",
            Self::BadParams => "crypto.bad_params",
            Self::Stretch => "crypto.stretch",
            Self::BadPadding => "crypto.bad_padding",
            Self::BadChunk => "crypto.bad_chunk",
        }
    }
}
