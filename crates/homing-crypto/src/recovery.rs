//! Recovery: the keys behind 24 words on paper.

use bip39::{Language, Mnemonic};
use zeroize::Zeroizing;

use crate::{CryptoError, KemSecret, Seed32, SigningKey, context};

/// Number of words that carry a 32-byte seed.
pub const RECOVERY_WORDS: usize = 24;

/// The longest word of the list has eight letters; with a space each, the phrase never outgrows this.
const PHRASE_CAPACITY: usize = RECOVERY_WORDS * 9;

/// The keys of the recovery seed: the last way in when every device is lost.
#[derive(Debug, Clone)]
pub struct RecoverySecret {
    signing: SigningKey,
    kem: KemSecret,
}

impl RecoverySecret {
    /// Derives both keys.
    pub fn from_seed(seed: &Seed32) -> Self {
        Self {
            signing: SigningKey::from_seed(&seed.derive(context::RECOVERY_SIGNING)),
            kem: KemSecret::from_seed(&seed.derive(context::RECOVERY_KEM)),
        }
    }

    /// May enrol a device and rotate the person key.
    pub const fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// Opens the person seed sealed to the recovery key.
    pub const fn kem(&self) -> &KemSecret {
        &self.kem
    }
}

/// The words to write down, separated by single spaces.
pub fn recovery_words(seed: &Seed32) -> Result<Zeroizing<String>, CryptoError> {
    let mnemonic = Mnemonic::from_entropy_in(Language::English, seed.expose())
        .map_err(|_| CryptoError::WordCount { found: 0 })?;
    // Room for all from the start: a string that grows leaves copies of itself behind.
    let mut phrase = Zeroizing::new(String::with_capacity(PHRASE_CAPACITY));
    for word in mnemonic.words() {
        if !phrase.is_empty() {
            phrase.push(' ');
        }
        phrase.push_str(word);
    }
    Ok(phrase)
}

/// Reads the words back. Case, line breaks, numbers and punctuation around the words don't matter.
///
/// An unknown word is reported by its place, not by itself: the screen knows what was typed, a log must not.
pub fn recovery_from_words(phrase: &str) -> Result<Seed32, CryptoError> {
    let mut clean = Zeroizing::new(String::with_capacity(PHRASE_CAPACITY.max(phrase.len())));
    let mut found = 0;
    for token in phrase.split(|c: char| c.is_whitespace() || c == ',' || c == ';') {
        let word = token.trim_matches(|c: char| !c.is_alphabetic());
        if word.is_empty() {
            continue;
        }
        found += 1;
        if !clean.is_empty() {
            clean.push(' ');
        }
        let start = clean.len();
        clean.extend(word.chars().map(|c| c.to_ascii_lowercase()));
        let known = clean.get(start..).and_then(|word| Language::English.find_word(word));
        if known.is_none() {
            return Err(CryptoError::UnknownWord { position: found });
        }
    }
    if found != RECOVERY_WORDS {
        return Err(CryptoError::WordCount { found });
    }
    let mnemonic =
        Mnemonic::parse_in_normalized(Language::English, &clean).map_err(|_| CryptoError::WordChecksum)?;
    let entropy = Zeroizing::new(mnemonic.to_entropy());
    Seed32::from_slice(&entropy).ok_or(CryptoError::WordCount { found })
}
